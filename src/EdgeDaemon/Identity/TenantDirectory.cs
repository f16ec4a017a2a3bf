using System.Collections.Immutable;
using EdgeDaemon.Core.Configuration;
using EdgeDaemon.Telemetry;
using Microsoft.Extensions.Logging;

namespace EdgeDaemon.Identity;

/// <summary>
/// The table that counts now. A reload makes a new one beside it and puts it in its place whole; so does a change of the device's accounts, by which a
/// name may stand for another number, or for none: a number that a removed account leaves behind is the next one's.
/// </summary>
internal sealed class TenantDirectory
{
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(1);

    private readonly Lock _change = new();
    private readonly Dictionary<string, int> _indexes = new(StringComparer.Ordinal);
    private readonly IAccounts _accounts;
    private readonly TimeProvider _clock;
    private readonly ILogger? _log;
    private readonly long _pause;
    private volatile TenantTable _now;
    private long _looked;

    /// <exception cref="AccountUnknownException">A caller names an account that is not there.</exception>
    public TenantDirectory(ImmutableArray<TenantSettings> tenants, IAccounts accounts, TimeProvider? clock = null, ILogger? log = null)
    {
        _accounts = accounts;
        _clock = clock ?? TimeProvider.System;
        _log = log;
        _pause = (long)(BetweenLooks.TotalSeconds * _clock.TimestampFrequency);
        _looked = _clock.GetTimestamp();
        _now = Prepare(tenants);
    }

    /// <summary>With the accounts as they are, or were within the last second.</summary>
    public TenantTable Now
    {
        get
        {
            TenantTable now = _now;
            if (!now.NamesAccounts)
            {
                return now;
            }

            long time = _clock.GetTimestamp();
            long looked = Volatile.Read(ref _looked);
            return time - looked < _pause || Interlocked.CompareExchange(ref _looked, time, looked) != looked ? now : LookAgain();
        }
    }

    /// <summary>A table of these tenants, not in force yet.</summary>
    /// <exception cref="AccountUnknownException">A caller names an account that is not there.</exception>
    public TenantTable Prepare(ImmutableArray<TenantSettings> tenants)
    {
        lock (_change)
        {
            return new TenantTable([.. tenants.Select(settings => new Tenant(settings, IndexOf(settings.Name)))], _accounts);
        }
    }

    public void Replace(TenantTable table)
    {
        lock (_change)
        {
            _now = table;
        }
    }

    // Callers of an account that has gone are strangers from here on, on open connections, too; the daemon goes on for all others.
    private TenantTable LookAgain()
    {
        lock (_change)
        {
            TenantTable now = _now;
            if (now.Accounts == _accounts.Stamp)
            {
                return now;
            }

            return _now = new TenantTable(now.Tenants, _accounts, reason =>
            {
                if (_log is not null)
                {
                    Log.AccountGone(_log, reason);
                }
            });
        }
    }

    // A name keeps its place over reloads: its counters go on, and nobody starts afresh by being renamed in between.
    private int IndexOf(string name)
    {
        if (!_indexes.TryGetValue(name, out int index))
        {
            _indexes.Add(name, index = _indexes.Count);
        }

        return index;
    }
}
