using EdgeDaemon.Admission;
using EdgeDaemon.Core.Configuration;
using EdgeDaemon.Identity;
using Microsoft.Extensions.Logging.Abstractions;

namespace EdgeDaemon.Tests.Admission;

/// <summary>Connections counted by a configuration.</summary>
internal static class TestConnections
{
    /// <summary>For tests of something else: as many as the configuration has.</summary>
    public static ConnectionAdmission Unlimited(EdgedSettings settings)
    {
        var accounts = new TenantAccounts(new TenantDirectory(settings.Tenants, new AccountFiles()), settings.Limits);
        return new ConnectionAdmission(accounts, settings.Limits, new PenaltyBox(settings.Penalty, TimeProvider.System, NullLogger.Instance));
    }
}
