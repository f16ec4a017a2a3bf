using System.Collections.Concurrent;
using EdgeDaemon.Core.Configuration;
using EdgeDaemon.Identity;
using Microsoft.AspNetCore.Connections;

namespace EdgeDaemon.Admission;

/// <summary>
/// Open connections of all listeners together, against max_connections, counted from accept, so that silent ones count, too. Whoever the kernel
/// named is counted as its tenant's from the first moment; whoever has to prove it first has no more than the common half until then.
/// </summary>
internal sealed class ConnectionAdmission(TenantAccounts accounts, LimitSettings limits, PenaltyBox penalties)
{
    private readonly ConcurrentDictionary<string, ConnectionPlace> _open = new(StringComparer.Ordinal);

    /// <summary>All that there may be, and who has how many.</summary>
    public DividedBudget Places { get; } = new(accounts.Directory, limits.MaxConnections, _ => true);

    /// <summary>A place for a new connection, to be left when it ends; null when it is to be cut.</summary>
    /// <param name="caller">Null while nobody knows.</param>
    /// <param name="forOperators">Through this door also those come who are outside: whoever lets them in again must get in.</param>
    public ConnectionPlace? TryEnter(Caller? caller, bool forOperators = false)
    {
        var place = new ConnectionPlace(this, forOperators);
        return (caller is null ? Places.TryTake(null, 1) : Take(place, caller)) ? place : null;
    }

    /// <summary>The connections of this caller end: at once, or after the answers that they wait for.</summary>
    public void Close(string caller)
    {
        foreach ((_, ConnectionPlace place) in _open)
        {
            if (place.Caller?.Name == caller && !place.ForOperators)
            {
                place.Close();
            }
        }
    }

    /// <summary>What came on this connection was no HTTP: nobody but its caller can be at fault.</summary>
    public void BlameConnection(string id, string reason)
    {
        if (_open.TryGetValue(id, out ConnectionPlace? place) && place is { Caller: { } caller, ForOperators: false })
        {
            penalties.Blame(caller.Name, reason);
        }
    }

    /// <summary>The caller has proved who it is: the place is its tenant's from now on. False when the connection is to be cut.</summary>
    internal bool Identify(ConnectionPlace place, Caller caller)
    {
        if (!Take(place, caller))
        {
            return false;
        }

        Places.GiveBack(null, 1);
        return true;
    }

    /// <summary>From now on it can be closed. False when its caller was put outside meanwhile.</summary>
    internal bool Attach(ConnectionPlace place, ConnectionContext connection)
    {
        _open[connection.ConnectionId] = place;
        return place.ForOperators || !penalties.IsOutside(place.Caller!.Name);
    }

    internal void Leave(ConnectionPlace place)
    {
        if (place.Connection is { } connection)
        {
            _open.TryRemove(connection.ConnectionId, out _);
        }

        Places.GiveBack(place.Tenant, 1);
        if (place.Caller is not null)
        {
            accounts.UsageOf(place.Tenant).Disconnect();
        }
    }

    private bool Take(ConnectionPlace place, Caller caller)
    {
        if (!place.ForOperators && penalties.IsOutside(caller.Name))
        {
            return false;
        }

        Tenant? tenant = caller.TenantIn(accounts.Directory.Now);
        TenantUsage usage = accounts.UsageOf(tenant);
        if (!usage.TryConnect(tenant?.Settings.MaxConnections ?? 0))
        {
            return false;
        }

        if (!Places.TryTake(tenant, 1))
        {
            usage.Disconnect();
            return false;
        }

        place.Identified(caller, tenant);
        return true;
    }
}
