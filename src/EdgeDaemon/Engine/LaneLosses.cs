using EdgeDaemon.Telemetry;
using Microsoft.Extensions.Logging;

namespace EdgeDaemon.Engine;

/// <summary>
/// What becomes of a model's lanes whose runs do not come back: another lane takes the place, an alarm is logged, and what was lost is counted. At most as
/// many are replaced at a time as the model has lanes: each takes a core and memory until it comes back, and whoever can hang one run can hang the next.
/// </summary>
/// <param name="model">For the log.</param>
/// <param name="pool">Where the lanes are.</param>
/// <param name="lanes">So many.</param>
internal sealed class LaneLosses(string model, LanePool pool, int lanes, LaneWatch watch, ILogger log)
{
    private readonly Lock _change = new();
    private readonly Queue<Lane> _unreplaced = [];
    private int _missing;

    /// <summary>Lanes that have not come back.</summary>
    public int Missing => Volatile.Read(ref _missing);

    public void Guard(Lane lane) => lane.Guard = new LaneGuard(lane, watch, Replace, Returned);

    private void Replace(Lane lost)
    {
        pool.Lose(lost);
        bool replaces;
        lock (_change)
        {
            replaces = ++_missing <= lanes;
            if (!replaces)
            {
                _unreplaced.Enqueue(lost);
            }
        }

        Log.LaneLost(log, model, watch.StuckAfter.TotalSeconds, _missing, replaces ? "another has taken its place" : "it is not replaced until one comes back");
        if (replaces)
        {
            Renew(lost);
        }
    }

    private void Returned(Lane lost)
    {
        pool.Found(lost);
        Lane? next;
        lock (_change)
        {
            _missing--;
            _unreplaced.TryDequeue(out next);
        }

        Log.LaneReturned(log, model, _missing);
        if (next is not null)
        {
            Renew(next);
        }
    }

    private void Renew(Lane lost)
    {
        Lane fresh = lost.Another();
        Guard(fresh);
        pool.Replace(fresh);
    }
}
