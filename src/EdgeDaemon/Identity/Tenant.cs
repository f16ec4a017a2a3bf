using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Configuration;

namespace EdgeDaemon.Identity;

/// <summary>A tenant as one version of the configuration describes it.</summary>
/// <param name="settings">Its entry.</param>
/// <param name="index">Its place in whatever counts by tenant; the same for the same name as long as the daemon runs.</param>
internal sealed class Tenant(TenantSettings settings, int index)
{
    private readonly bool _all = settings.Models.Contains("*");

    public string Name => Settings.Name;

    public TenantSettings Settings { get; } = settings;

    public int Index { get; } = index;

    /// <summary>Whether all that comes of it comes from one and the same caller.</summary>
    public bool IsOneCaller { get; } =
        settings.Callers is [{ IsWildcard: false, Method: CallerMethod.Self or CallerMethod.UnixUser or CallerMethod.CertificateUri or CallerMethod.CertificateDns or CallerMethod.CertificateKey }];

    public bool Has(Roles role) => (Settings.Roles & role) != 0;

    /// <summary>Whether a model is granted to it.</summary>
    public bool Grants(ReadOnlySpan<char> model)
    {
        if (_all)
        {
            return true;
        }

        foreach (string pattern in Settings.Models)
        {
            if (NamePattern.Matches(pattern, model))
            {
                return true;
            }
        }

        return false;
    }
}
