using System.Collections.Immutable;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Configuration;
using EdgeDaemon.Engine;

namespace EdgeDaemon.Models;

/// <summary>
/// How a model is spread over the cores: the device's configuration decides, then the bundle's wish, then what its first load measured, then a rule. The same
/// for the same release, configuration and report: nothing is measured where models serve.
/// </summary>
/// <param name="Lanes">Runs at once.</param>
/// <param name="Threads">For one operator.</param>
/// <param name="SessionPerLane">One session serialises its callers; several hold the weights several times.</param>
/// <param name="Reason">Whose decision it was, for status and log.</param>
internal sealed record LanePlan(int Lanes, int Threads, bool SessionPerLane, string Reason)
{
    // A layout that is no better than this is not worth being another one: what comes first in the list takes less memory or fewer cores.
    private const double Better = 1.1;
    private const int SmallModel = 8 << 20;

    // A small file can make much of itself: then once is enough.
    private const long SmallLoad = 64 << 20;

    /// <summary>Neither the device nor the bundle says how: a measurement may.</summary>
    public static bool IsOpen(EngineSettings device, ManifestSession session) => device is { Lanes: 0, IntraOpThreads: 0 } && session.IntraOpThreads == 0;

    /// <summary>Its weights may be held once a lane.</summary>
    public static bool IsSmall(ModelManifest manifest, long loadPeak) =>
        manifest.Members.Sum(member => manifest.Files.First(file => file.Path == member.File).Size) <= SmallModel && loadPeak <= SmallLoad;

    /// <param name="device">[engine] of edged.toml.</param>
    /// <param name="manifest">The bundle's word.</param>
    /// <param name="cores">That this process may use.</param>
    /// <param name="probe">What the first load saw; null: nobody knows.</param>
    public static LanePlan Of(EngineSettings device, ModelManifest manifest, int cores, ProbeReport? probe)
    {
        bool small = IsSmall(manifest, probe?.LoadPeakBytes ?? 0);
        if (IsOpen(device, manifest.Session) && probe is { Layouts: [_, ..] layouts } && probe.Cores == cores)
        {
            ProbedLayout best = Best(layouts);
            return new LanePlan(Math.Clamp(best.Lanes, 1, LanePool.MostLanes), Math.Clamp(best.Threads, 1, cores), best.SessionPerLane && small, "measured at its first load");
        }

        int most = device.IntraOpThreads == 0 ? cores : device.IntraOpThreads;
        int wish = manifest.Session.IntraOpThreads;
        int threads = wish > 0 ? Math.Min(wish, most) : Math.Max(1, device.IntraOpThreads);
        int lanes = device.Lanes > 0 ? device.Lanes : Math.Clamp(cores / threads, 1, LanePool.MostLanes);
        string reason = (wish > 0, device.Lanes > 0 || device.IntraOpThreads > 0) switch
        {
            (true, _) when threads < wish => $"model.toml wishes {wish} threads, the device gives fewer",
            (true, _) => "as model.toml wishes",
            (_, true) => "as edged.toml says",
            _ => "a lane for each core",
        };
        return new LanePlan(lanes, threads, small, reason);
    }

    /// <summary>The first that no other is a tenth better than.</summary>
    public static ProbedLayout Best(ImmutableArray<ProbedLayout> layouts)
    {
        ProbedLayout best = layouts[0];
        foreach (ProbedLayout layout in layouts)
        {
            if (layout.RunsPerSecond > best.RunsPerSecond * Better)
            {
                best = layout;
            }
        }

        return best;
    }
}
