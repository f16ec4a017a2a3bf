using System.Collections.Immutable;
using System.Text;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Configuration;
using EdgeDaemon.Engine;
using EdgeDaemon.Native.Onnx;
using EdgeDaemon.Telemetry;
using Microsoft.Extensions.Logging;

namespace EdgeDaemon.Models;

/// <summary>
/// The path of a model from a folder to the registry, and the only place that knows its order. A bundle that fails anywhere is
/// refused with its reason; the others serve.
/// </summary>
internal sealed class ModelLifecycle(
    EdgedSettings settings, TrustPolicy trust, OnnxRuntime runtime, TensorBlockPool pool, Action<IThreadPoolWorkItem> resume, Action<TimeSpan> moreTime, TimeProvider clock, ILogger log)
{
    private readonly ReleaseStore _releases = new(settings.StateDirectory);
    private readonly BundleIntake _intake = new(settings.Bundles, log);
    private readonly ModelProbe _probe = new(settings, moreTime, log);
    private readonly ModelStage _stage = new(
        runtime, pool, resume, settings.Engine.Lanes == 0 ? Math.Min(Environment.ProcessorCount, LanePool.MostLanes) : settings.Engine.Lanes, settings.Engine.IntraOpThreads, settings.Engine.Queue);

    private readonly DeviceIdentity _device = new(settings.Device.Fleet, settings.Device.Class, settings.Device.Id, Hosting.Build.Number);

    /// <summary>Loads every bundle of the state directory and publishes what serves and what was refused.</summary>
    public void LoadAll(ModelRegistry registry)
    {
        var refused = new List<RefusedBundle>();
        ReleaseHistory history;
        try
        {
            history = _releases.Read();
        }
        catch (Exception unusable) when (unusable is BundleException or IOException or UnauthorizedAccessException)
        {
            // Fail closed: without it nobody knows whether a release is an old one that somebody put back.
            Log.HistoryUnusable(log, unusable.Message);
            foreach (string folder in Folders())
            {
                Reject(refused, Path.GetFileName(folder), null, unusable.Message);
            }

            registry.Publish([], refused, new TrustState(trust.Version, trust.Expires, clock.GetUtcNow(), false, unusable.Message));
            return;
        }

        TrustedTime time = TrustedTime.Of(clock.GetUtcNow(), history.Time > Hosting.Build.Date ? history.Time : Hosting.Build.Date);
        if (time.ClockIsBehind)
        {
            Log.ClockIsBehind(log, clock.GetUtcNow(), time.Now);
        }

        if (settings.Probe.Run == ProbePolicy.Never)
        {
            Log.NeverProbes(log);
        }

        Dictionary<string, ServedModel> serving = LoadEach(new TrustContext(trust, history, _device, time.Now), refused);
        Record(history, time.Now, serving, refused);
        foreach (ServedModel model in serving.Values)
        {
            Log.ModelServes(log, model.Name, model.Manifest.Version, model.Manifest.Sequence, model.ReleaseDigest, string.Join(", ", model.SignedBy));
            if (model.Expired)
            {
                Log.ModelExpired(log, model.Name);
            }
        }

        registry.Publish(serving.Values, refused, new TrustState(trust.Version, trust.Expires, time.Now, time.ClockIsBehind, null));
    }

    private Dictionary<string, ServedModel> LoadEach(TrustContext context, List<RefusedBundle> refused)
    {
        var serving = new Dictionary<string, ServedModel>(StringComparer.Ordinal);
        foreach (string folder in Folders())
        {
            string shown = Path.GetFileName(folder);
            try
            {
                ServedModel model = Load(folder, shown, context);
                if (serving.TryGetValue(model.Name, out ServedModel? other))
                {
                    // Exactly one version of a name is served: the higher sequence, whichever folder comes first.
                    (ServedModel kept, ServedModel dropped) = other.Manifest.Sequence >= model.Manifest.Sequence ? (other, model) : (model, other);
                    dropped.Dispose();
                    serving[model.Name] = kept;
                    Reject(refused, dropped.Folder, dropped.Manifest, $"folder {kept.Folder} holds model {kept.Name} with sequence {kept.Manifest.Sequence}; one version of a name is served");
                    continue;
                }

                serving.Add(model.Name, model);
            }
            catch (BundleRefusedException reason)
            {
                Reject(refused, shown, reason.Manifest, reason.Message);
            }
        }

        return serving;
    }

    // Commit: what serves from here on is on the disk first. A new release that could not be recorded could be undone by a restart.
    private void Record(ReleaseHistory before, DateTimeOffset now, Dictionary<string, ServedModel> serving, List<RefusedBundle> refused)
    {
        ReleaseHistory after = before.See(trust.Version, now);
        foreach (ServedModel model in serving.Values)
        {
            after = after.Accept(model.Manifest, model.ReleaseDigest, now);
        }

        try
        {
            _releases.Write(after);
            _probe.Forget(after);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            Log.HistoryUnusable(log, failure.Message);
            foreach (ServedModel model in serving.Values.Where(model => !before.Holds(model.ReleaseDigest)).ToArray())
            {
                serving.Remove(model.Name);
                model.Dispose();
                Reject(refused, model.Folder, model.Manifest, $"its acceptance could not be recorded: {failure.Message}");
            }
        }
    }

    private ServedModel Load(string folder, string shown, TrustContext context)
    {
        using ReceivedBundle bundle = _intake.Receive(folder, context);
        ModelEngine? engine = null;
        try
        {
            // Trial: where it may crash, hang or swell without taking the daemon along.
            ProbeReport? report = _probe.Of(bundle);

            // Stage: the graphs, from the very bytes that were hashed; then the bundle's own tests once more, with the sessions that will answer.
            var contract = new ModelContract(bundle.Manifest);
            engine = _stage.Open(bundle.Manifest, contract, bundle.Bytes);
            SelfTestRun.All(engine, bundle.Manifest, contract, pool, bundle.Bytes);
            return new ServedModel(shown, bundle, report, contract, Labels(bundle), clock.GetUtcNow(), engine);
        }
        catch (Exception reason) when (reason is BundleException or OnnxException or OnnxContractException)
        {
            engine?.Dispose();
            throw new BundleRefusedException(reason.Message, bundle.Manifest, reason);
        }
    }

    private IEnumerable<string> Folders()
    {
        string models = Path.Combine(settings.StateDirectory, "models");
        return Directory.Exists(models) ? Directory.GetDirectories(models).Order(StringComparer.Ordinal) : [];
    }

    private static ImmutableArray<string> Labels(ReceivedBundle bundle)
    {
        string? file = bundle.Manifest.Outputs.Select(output => output.Labels).FirstOrDefault(labels => labels is not null);
        return file is null
            ? []
            : [.. Encoding.UTF8.GetString(bundle.Bytes(file).Span).TrimEnd('\n').Split('\n').Select(line => line.TrimEnd('\r'))];
    }

    private void Reject(List<RefusedBundle> refused, string folder, ModelManifest? manifest, string reason)
    {
        Log.BundleRefused(log, folder, reason);
        refused.Add(new RefusedBundle(folder, manifest?.Name, manifest?.Version, reason));
    }
}
