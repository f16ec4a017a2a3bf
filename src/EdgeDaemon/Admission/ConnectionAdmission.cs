using System.Collections.Concurrent;
using EdgeDaemon.Core.Configuration;
using EdgeDaemon.Identity;
using Microsoft.AspNetCore.Connections;

namespace EdgeDaemon.Admission;

/// <summary>
/// Open connections of all listeners together, against max_connections, counted from accept, so that silent ones count, too. Whoever the kernel
/// named is counted as its tenant's from the first moment; whoever has to prove it first has the common half until then, and when others have
/// taken that, places of their own: else nobody could prove that a part is kept for it.
/// </summary>
internal sealed class ConnectionAdmission(TenantAccounts accounts, LimitSettings limits, PenaltyBox penalties, bool provesLater = false)
{
    // Of all places.
    private const int StrangersPart = 8;

    private readonly int _mostUnproven = provesLater ? limits.UnprovenConnections : 0;
    private int _unproven;
    private readonly ConcurrentDictionary<string, ConnectionPlace> _open = new(StringComparer.Ordinal);

    /// <summary>All that there may be, and who has how many.</summary>
    public DividedBudget Places { get; } = new(accounts.Directory, limits.MaxConnections - (provesLater ? limits.UnprovenConnections : 0), _ => true);

    /// <summary>A place for a new connection, to be left when it ends; null when it is to be cut.</summary>
    /// <param name="caller">Null while nobody knows.</param>
    /// <param name="forOperators">Through this door also those come who are outside: whoever lets them in again must get in.</param>
    public ConnectionPlace? TryEnter(Caller? caller, bool forOperators = false)
    {
        var place = new ConnectionPlace(this, forOperators);
        return (caller is null ? TakeUnproven(place) : Take(place, caller)) ? place : null;
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

        GiveBackUnproven(place);
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

        if (place.Caller is null)
        {
            GiveBackUnproven(place);
            return;
        }

        Places.GiveBack(place.Tenant, 1);
        accounts.UsageOf(place.Tenant).Disconnect();
    }

    private bool TakeUnproven(ConnectionPlace place)
    {
        if (Places.TryTake(null, 1))
        {
            return true;
        }

        if (Interlocked.Increment(ref _unproven) > _mostUnproven)
        {
            Interlocked.Decrement(ref _unproven);
            return false;
        }

        place.IsReserved = true;
        return true;
    }

    private void GiveBackUnproven(ConnectionPlace place)
    {
        if (place.IsReserved)
        {
            place.IsReserved = false;
            Interlocked.Decrement(ref _unproven);
        }
        else
        {
            Places.GiveBack(null, 1);
        }
    }

    private bool Take(ConnectionPlace place, Caller caller)
    {
        if (!place.ForOperators && penalties.IsOutside(caller.Name))
        {
            return false;
        }

        Tenant? tenant = caller.TenantIn(accounts.Directory.Now);

        // Strangers ask for health, and need little: what tenants may take is not theirs to hold. They are counted by themselves: silent connections, which
        // have the common half as well, do not shut them out.
        TenantUsage usage = accounts.UsageOf(tenant);
        if (!usage.TryConnect(tenant?.Settings.MaxConnections ?? (int)Math.Max(1, Places.Total / StrangersPart)))
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
