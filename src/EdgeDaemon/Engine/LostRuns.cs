namespace EdgeDaemon.Engine;

/// <summary>
/// Runs that were given up and go on all the same, each on a core: what they take counts as turns of whose they are, for as long as they take it. Else
/// whoever can hang a run had a core for nothing, and his share of the lanes besides. It belongs to whoever holds its pool's lock.
/// </summary>
internal sealed class LostRuns
{
    private readonly List<(Lane Lane, int Tenant, long ChargedUntil)> _runs = [];

    /// <param name="lane">The run's; its guard knows whose it is.</param>
    /// <param name="since">What came before is paid for. In the pool's clock's timestamps.</param>
    public void Add(Lane lane, long since)
    {
        if (lane.Guard is { Tenant: >= 0 and var tenant })
        {
            _runs.Add((lane, tenant, since));
        }
    }

    /// <summary>Everything up to now.</summary>
    public void Charge(FairQueue<LaneWaiter> queue, long now)
    {
        for (int i = 0; i < _runs.Count; i++)
        {
            (Lane lane, int tenant, long until) = _runs[i];
            queue.Spend(tenant, Math.Max(0, now - until));
            _runs[i] = (lane, tenant, now);
        }
    }

    /// <summary>It has come back.</summary>
    public void Remove(Lane lane, FairQueue<LaneWaiter> queue, long now)
    {
        Charge(queue, now);
        _runs.RemoveAll(run => run.Lane == lane);
    }
}
