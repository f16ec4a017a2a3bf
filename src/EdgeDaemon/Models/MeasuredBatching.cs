using System.Collections.Immutable;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Configuration;
using EdgeDaemon.Engine;

namespace EdgeDaemon.Models;

/// <summary>Which requests of a model may share a run: what its release allows, no more than the device leaves of it, and only where the probe saw that it is faster.</summary>
internal static class MeasuredBatching
{
    /// <param name="release">Null: requests never share a run.</param>
    /// <param name="device">May only tighten it.</param>
    /// <param name="report">What was measured; null: nobody did.</param>
    /// <param name="off">Told why the release's permission comes to nothing, now or later.</param>
    public static BatchRule? Of(ManifestBatching? release, EngineSettings device, ProbeReport? report, Action<string> off)
    {
        if (release is null)
        {
            return null;
        }

        int most = Math.Min(release.MaxBatch, device.MaxBatch);
        if (most == 1)
        {
            off("engine.max_batch is 1");
            return null;
        }

        if (report?.Batches.FirstOrDefault(batch => batch.Size == 1) is not { Seconds: > 0 } alone)
        {
            off("the probe measured no run of one row");
            return null;
        }

        // A size stands for all down to half of it: the smallest that holds the most rows is the last that can be used.
        ImmutableArray<(int Rows, double Part)> measured =
            [.. report.Batches.Where(batch => batch.Size > 1 && batch.Size / 2 < most).Select(batch => ((int)batch.Size, batch.Seconds / (batch.Size * alone.Seconds)))];
        if (!measured.Any(size => size.Part <= BatchGain.Worthwhile))
        {
            off("the probe saw no number of rows that is faster in one run than in as many");
            return null;
        }

        TimeSpan delay = release.MaxDelay < device.MaxBatchDelay ? release.MaxDelay : device.MaxBatchDelay;
        return new BatchRule(most, [.. release.Preferred.Where(size => size <= most)], delay, measured, off);
    }
}
