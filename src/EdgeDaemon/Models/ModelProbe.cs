using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Configuration;
using EdgeDaemon.Native.Onnx;
using EdgeDaemon.Telemetry;
using Microsoft.Extensions.Logging;

namespace EdgeDaemon.Models;

/// <summary>The first load of a release, as the policy asks for it: in a child, once for each edged and library.</summary>
/// <param name="moreTime">Told before a probe how long it may take.</param>
internal sealed class ModelProbe(EdgedSettings settings, Action<TimeSpan> moreTime, ILogger log)
{
    private readonly ProbeStore _store = new(settings.StateDirectory);
    private readonly ProbeChild _child = new(settings);
    private readonly string _library = settings.Runtime.Sha256?.ToLowerInvariant() ?? OnnxLibraryPins.Current;

    /// <summary>What the child saw, now or at an earlier load; null when nobody probes.</summary>
    /// <exception cref="BundleException">The release failed there.</exception>
    /// <exception cref="OperationCanceledException">The daemon is to stop.</exception>
    public ProbeReport? Of(ReceivedBundle bundle, CancellationToken stop)
    {
        if (settings.Probe.Run == ProbePolicy.Never)
        {
            return null;
        }

        if (settings.Probe.Run == ProbePolicy.New && _store.Find(bundle.Verified.ReleaseDigest, _library, Hosting.Build.Version) is { } known
            && known.Filtered && known.Threads == ProbeChild.ThreadsFor(settings, bundle.Manifest) && known.Cores == ProbeChild.CoresFor(settings, bundle.Manifest) && known.MaxMemoryBytes <= settings.Probe.MaxMemoryBytes)
        {
            // Made under bounds at least as tight as today's, as the daemon will run it today.
            return known;
        }

        moreTime(_child.LongestTime);
        ProbeReport report = _child.Run(bundle, stop);
        Log.Probed(log, bundle.Manifest.Name, report.LoadSeconds, report.LoadPeakBytes, report.SelfTests);
        if (!report.Filtered)
        {
            Log.ProbeUnfiltered(log, bundle.Manifest.Name);
        }

        try
        {
            _store.Keep(report);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            Log.ProbeNotKept(log, bundle.Manifest.Name, failure.Message);
        }

        return report;
    }

    /// <summary>Drops the reports of releases that <paramref name="history"/> does not hold.</summary>
    public void Forget(ReleaseHistory history)
    {
        try
        {
            _store.Forget(history.Holds);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            Log.ProbeNotKept(log, "-", failure.Message);
        }
    }
}
