using System.Collections.Immutable;
using System.Diagnostics;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Engine;

namespace EdgeDaemon.Models;

/// <summary>
/// Ways to spread a model's runs over the cores, each with every lane busy for a moment: a lane for each core over one session, the same with a session
/// each, and one lane with a thread for each core. In the probe, once for a release: whoever starts later reads what came of it.
/// </summary>
/// <param name="open">Makes the model's engine by a plan.</param>
/// <param name="zeros">A batch of zeros of size 1; called once, its blocks outlive the measurement.</param>
internal sealed class LayoutMeasurement(Func<LanePlan, ModelEngine> open, Func<EngineInput[]> zeros)
{
    // Below it the ways differ by less than what a request costs besides, and a session for each lane is what a model so small wants.
    private const double ShortestSeconds = 0.001;
    private const double LongestSeconds = 0.5;
    private static readonly TimeSpan Each = TimeSpan.FromMilliseconds(60);

    /// <param name="cores">That this process may use.</param>
    /// <param name="runSeconds">What a run takes, as it was measured.</param>
    /// <param name="small">A session for each lane comes into question.</param>
    /// <returns>In the order of preference; empty when there is nothing to choose, or the choice would cost more than it is worth.</returns>
    public ImmutableArray<ProbedLayout> Run(int cores, double runSeconds, bool small)
    {
        if (cores < 2 || runSeconds is < ShortestSeconds or > LongestSeconds)
        {
            return [];
        }

        int lanes = Math.Min(cores, LanePool.MostLanes);
        LanePlan[] plans =
        [
            new(lanes, 1, SessionPerLane: false, ""),
            .. small ? [new LanePlan(lanes, 1, SessionPerLane: true, "")] : Array.Empty<LanePlan>(),
            new(1, cores, SessionPerLane: false, ""),
        ];
        EngineInput[] inputs = zeros();
        var layouts = ImmutableArray.CreateBuilder<ProbedLayout>();
        foreach (LanePlan plan in plans)
        {
            using ModelEngine engine = open(plan);
            layouts.Add(new ProbedLayout(plan.Lanes, plan.Threads, plan.SessionPerLane, RunsPerSecond(engine, inputs)));
        }

        return layouts.ToImmutable();
    }

    private static double RunsPerSecond(ModelEngine engine, EngineInput[] inputs)
    {
        var lanes = new List<Lane>();
        while (engine.TryEnter(out Lane lane))
        {
            lanes.Add(lane);
            lane.Run(inputs); // The first run of a session lays out its memory.
        }

        long runs = 0;
        RefusedException? failed = null;
        var started = Stopwatch.StartNew();
        Thread[] threads = [.. lanes.Select(lane => new Thread(() =>
        {
            try
            {
                do
                {
                    lane.Run(inputs);
                    Interlocked.Increment(ref runs);
                }
                while (started.Elapsed < Each);
            }
            catch (RefusedException failure)
            {
                failed = failure;
            }
        }))];
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());
        double perSecond = runs / started.Elapsed.TotalSeconds;
        lanes.ForEach(engine.Leave);
        return failed is null ? perSecond : throw failed;
    }
}
