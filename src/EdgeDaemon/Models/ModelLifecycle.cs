using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using EdgeDaemon.Audit;
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
    EdgedSettings settings, TrustPolicy trust, OnnxRuntime runtime, TensorBlockPool pool, EngineCare care, Action<TimeSpan> moreTime, AuditTrail audit, TimeProvider clock, ILogger log)
{
    // What the service manager is told that reading and judging one bundle may take; of a load, with a session for each lane.
    private const int LoadsAtMost = 2 * LanePool.MostLanes;
    private const int LongestDetail = 300;
    private static readonly TimeSpan UsualTime = TimeSpan.FromSeconds(90);

    private readonly ReleaseStore _releases = new(settings.StateDirectory);
    private readonly BundleIntake _intake = new(settings.Bundles, log);
    private readonly BoundaryStore _boundaries = new(settings.StateDirectory);
    private readonly ModelProbe _probe = new(settings, moreTime, log);
    private readonly ModelStage _stage = new(
        runtime, pool, care with { Alarm = (model, failure) => Log.MemberFailed(log, model, failure.Member, Printable.Of(failure.Detail, LongestDetail), failure.LeftOut) }, settings.Engine.Queue);

    /// <summary>Loads every bundle of the state directory and publishes what serves and what was refused.</summary>
    /// <param name="stop">Looked at between bundles and while one is probed; what a model's own load takes cannot be cut short.</param>
    /// <exception cref="OperationCanceledException">The daemon is to stop.</exception>
    public void LoadAll(ModelRegistry registry, CancellationToken stop)
    {
        var refused = new List<RefusedBundle>();
        string[] folders = [];
        try
        {
            folders = Folders();
            Change(registry, folders, _releases.Read(), new Dictionary<string, ServedModel>(StringComparer.Ordinal), refused, stop);
        }
        catch (Exception unusable) when (unusable is BundleException or IOException or UnauthorizedAccessException)
        {
            // Fail closed: without it nobody knows whether a release is an old one that somebody put back.
            Log.HistoryUnusable(log, unusable.Message);
            foreach (string folder in folders)
            {
                Reject(refused, Path.GetFileName(folder), null, unusable.Message);
            }

            registry.Publish([], refused, new TrustState(trust.Version, trust.Expires, clock.GetUtcNow(), false, unusable.Message));
        }
    }

    /// <summary>Why nothing could be judged now; null when it can.</summary>
    public string? Fault()
    {
        try
        {
            Folders();
            long inForce = _releases.Read().TrustVersion;
            return trust.Version >= inForce
                ? null
                : $"{settings.TrustFile}: the trust policy has version {trust.Version}, but version {inForce} was in force; a device never goes back to an older one";
        }
        catch (Exception unusable) when (unusable is BundleException or IOException or UnauthorizedAccessException)
        {
            return unusable.Message;
        }
    }

    /// <summary>
    /// Judges what serves once more and loads what is new, while the others serve. What the policy does not take any more goes out of service
    /// before anything is loaded; what a new release takes the place of goes on until that one is committed. By the policy that took it in, a model
    /// goes on also when its folder cannot be read or judged now; by a changed one, only what was verified by it does.
    /// </summary>
    /// <param name="policyChanged">Another trust policy than the one that judged what serves.</param>
    /// <param name="stop">As in <see cref="LoadAll"/>.</param>
    /// <exception cref="BundleException">The history or the folder of bundles cannot be read: everything stays as it is.</exception>
    /// <exception cref="IOException">The same.</exception>
    /// <exception cref="OperationCanceledException">The daemon is to stop.</exception>
    public void Reload(ModelRegistry registry, bool policyChanged, CancellationToken stop)
    {
        string[] folders = Folders();
        ReleaseHistory history = _releases.Read();
        TrustContext context = BundleIntake.Context(settings.Device, trust, history, clock.GetUtcNow());
        var kept = new Dictionary<string, ServedModel>(StringComparer.Ordinal);
        var refused = new List<RefusedBundle>();
        var left = new List<string>();
        foreach (string folder in folders)
        {
            stop.ThrowIfCancellationRequested();
            string shown = Path.GetFileName(folder);
            ServedModel? served = registry.Serving.FirstOrDefault(model => model.Folder == shown);
            if (served is null)
            {
                left.Add(folder);
                continue;
            }

            bool goesOn = !policyChanged;
            Attempt(refused, shown, () =>
            {
                moreTime(UsualTime);
                using ReceivedBundle bundle = _intake.Receive(folder, context);
                if (bundle.Verified.ReleaseDigest == served.ReleaseDigest)
                {
                    served.Judged(bundle);
                    goesOn = true;
                    return;
                }

                // Its own files are gone, so that a changed policy cannot be asked about it any more.
                goesOn &= bundle.Manifest.Name == served.Name;
                left.Add(folder);
            });
            if (goesOn)
            {
                kept.Add(served.Name, served);
            }
        }

        foreach (ServedModel model in registry.Serving.Where(model => !kept.ContainsKey(model.Name)))
        {
            Log.ModelWithdrawn(log, model.Name, model.ReleaseDigest);
            audit.Change(ModelStep.Retired, model.Folder, model.Audited, model.Manifest.Sequence, "it is not taken any more, or its folder is gone");
        }

        registry.Publish(kept.Values, refused, new TrustState(trust.Version, trust.Expires, context.Time.Now, context.Time.ClockIsBehind, null));
        Change(registry, [.. left], history, kept, refused, stop);
    }

    /// <param name="folders">Those to load, in the order of their names.</param>
    /// <param name="kept">What serves, and goes on unless one of them takes its place.</param>
    private void Change(ModelRegistry registry, string[] folders, ReleaseHistory history, Dictionary<string, ServedModel> kept, List<RefusedBundle> refused, CancellationToken stop)
    {
        TrustContext context = BundleIntake.Context(settings.Device, trust, history, clock.GetUtcNow());
        TrustedTime time = context.Time;
        if (time.ClockIsBehind)
        {
            Log.ClockIsBehind(log, clock.GetUtcNow(), time.Now);
        }

        if (settings.Probe.Run == ProbePolicy.Never)
        {
            Log.NeverProbes(log);
        }

        Dictionary<string, ServedModel> fresh = LoadEach(folders, context, kept, refused, stop);
        Record(history, time, kept, fresh, refused);
        foreach (ServedModel model in fresh.Values)
        {
            Log.ModelServes(log, model.Name, model.Manifest.Version, model.Manifest.Sequence, model.ReleaseDigest, string.Join(", ", model.SignedBy));
            audit.Change(ModelStep.Committed, model.Folder, model.Audited, model.Manifest.Sequence, $"signed by {string.Join(", ", model.SignedBy)}");
            if (kept.Remove(model.Name, out ServedModel? replaced))
            {
                audit.Change(ModelStep.Retired, replaced.Folder, replaced.Audited, replaced.Manifest.Sequence, "a newer release has its place");
                if (replaced.Folder != model.Folder)
                {
                    Reject(refused, replaced.Folder, replaced.Manifest, Outdone(model));
                }
            }
        }

        ServedModel[] serving = [.. kept.Values.Concat(fresh.Values).OrderBy(model => model.Folder, StringComparer.Ordinal)];
        foreach (ServedModel model in serving.Where(model => model.Expired))
        {
            Log.ModelExpired(log, model.Name);
        }

        registry.Publish(serving, refused, new TrustState(trust.Version, trust.Expires, time.Now, time.ClockIsBehind, null));
    }

    private Dictionary<string, ServedModel> LoadEach(string[] folders, TrustContext context, Dictionary<string, ServedModel> kept, List<RefusedBundle> refused, CancellationToken stop)
    {
        var fresh = new Dictionary<string, ServedModel>(StringComparer.Ordinal);
        try
        {
            foreach (string folder in folders)
            {
                stop.ThrowIfCancellationRequested();
                string shown = Path.GetFileName(folder);
                Attempt(refused, shown, () =>
                {
                    ServedModel model = Load(folder, shown, context, name => fresh.GetValueOrDefault(name) ?? kept.GetValueOrDefault(name), stop);
                    if (fresh.Remove(model.Name, out ServedModel? outdone))
                    {
                        outdone.Dispose();
                        Reject(refused, outdone.Folder, outdone.Manifest, Outdone(model));
                    }

                    fresh.Add(model.Name, model);
                });
            }

            return fresh;
        }
        catch
        {
            foreach (ServedModel model in fresh.Values)
            {
                model.Dispose();
            }

            throw;
        }
    }

    // One folder, whatever is in it, must not keep the others from serving.
    private void Attempt(List<RefusedBundle> refused, string shown, Action work)
    {
        try
        {
            work();
        }
        catch (BundleRefusedException reason)
        {
            Reject(refused, shown, reason.Manifest, reason.Message);
        }
        catch (Exception unforeseen) when (unforeseen is not OperationCanceledException)
        {
            Log.BundleBroke(log, shown, unforeseen);
            Reject(refused, shown, null, $"it could not be judged: {unforeseen.GetType().Name}: {Printable.Of(unforeseen.Message)}");
        }
    }

    private static string Outdone(ServedModel kept) => $"folder {kept.Folder} holds model {kept.Name} with sequence {kept.Manifest.Sequence}; one version of a name is served";

    // Commit: what serves from here on is on the disk first. A new release that could not be recorded could be undone by a restart.
    private void Record(ReleaseHistory before, TrustedTime time, Dictionary<string, ServedModel> kept, Dictionary<string, ServedModel> fresh, List<RefusedBundle> refused)
    {
        ReleaseHistory after = before.See(trust.Version, time.Now);
        foreach (ServedModel model in kept.Values.Concat(fresh.Values))
        {
            after = after.Accept(model.Manifest, model.ReleaseDigest, time);
        }

        try
        {
            _releases.Write(after);
            _probe.Forget(after);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            Log.HistoryNotWritten(log, failure.Message);
            foreach (ServedModel model in fresh.Values.Where(model => !before.Holds(model.ReleaseDigest)).ToArray())
            {
                fresh.Remove(model.Name);
                model.Dispose();
                audit.Change(ModelStep.RolledBack, model.Folder, model.Audited, model.Manifest.Sequence, $"its acceptance could not be recorded: {failure.Message}");
                Reject(refused, model.Folder, model.Manifest, $"its acceptance could not be recorded: {failure.Message}");
            }
        }
    }

    private ServedModel Load(string folder, string shown, TrustContext context, Func<string, ServedModel?> serving, CancellationToken stop)
    {
        moreTime(UsualTime);
        audit.Change(ModelStep.Received, shown, null, 0, "");
        using ReceivedBundle bundle = _intake.Receive(folder, context);
        AuditedModel release = Audited(bundle);
        audit.Change(ModelStep.Verified, shown, release, bundle.Manifest.Sequence, $"signed by {string.Join(", ", bundle.Verified.Signers.Keys.Select(key => key.Name))}");

        // Exactly one version of a name is served: the higher sequence, whichever folder comes first.
        if (serving(bundle.Manifest.Name) is { } other && other.Folder != shown && other.Manifest.Sequence >= bundle.Manifest.Sequence)
        {
            throw new BundleRefusedException(Outdone(other), bundle.Manifest, null);
        }

        ModelEngine? engine = null;
        try
        {
            // Trial: where it may crash, hang or swell without taking the daemon along.
            ProbeReport? report = _probe.Of(bundle, stop);
            if (report is not null)
            {
                moreTime(UsualTime + TimeSpan.FromSeconds(LoadsAtMost * report.LoadSeconds));
            }

            // Stage: the graphs, from the very bytes that were hashed; then the bundle's own tests once more, with the sessions that will answer.
            var contract = new ModelContract(bundle.Manifest);
            BatchRule? batching = MeasuredBatching.Of(bundle.Manifest.Batching, settings.Engine, report, why => Log.BatchingOff(log, bundle.Manifest.Name, why));
            LanePlan plan = LanePlan.Of(settings.Engine, bundle.Manifest, Environment.ProcessorCount, report);
            engine = _stage.Open(bundle.Manifest, contract, bundle.Bytes, plan, batching);
            foreach (ProbedBatch batch in report?.Batches ?? [])
            {
                engine.Expect(batch.InputBytes, batch.RunBytes);
            }

            SelfTestRun.All(engine, bundle.Manifest, contract, pool, bundle.Bytes);
            if (batching is not null && BatchTrial.Difference(engine, bundle.Manifest, contract, pool, bundle.Bytes) is { } difference)
            {
                batching.Stop(difference);
            }

            WarmUp.Run(engine, bundle.Manifest, contract, pool, bundle.Bytes, plan, zeros: report is { Batches: [{ Size: 1 }, ..] });
            ModelSmoothing? smoothing = ModelSmoothing.Prepare(bundle.Manifest, _boundaries, runtime.Digest, stop);
            Log.ModelLaidOut(log, bundle.Manifest.Name, plan.Lanes, plan.Threads, plan.SessionPerLane ? "a session each" : "one session", plan.Reason, Figures(report));
            return new ServedModel(shown, bundle, report, contract, Labels(bundle), plan, clock.GetUtcNow(), engine) { Smoothing = smoothing, Audited = release };
        }
        catch (Exception reason) when (reason is BundleException or OnnxException or OnnxContractException)
        {
            engine?.Dispose();
            throw new BundleRefusedException(reason.Message, bundle.Manifest, reason);
        }
    }

    /// <exception cref="IOException">There is something else where the bundles should be, or it cannot be read.</exception>
    private string[] Folders()
    {
        string models = Path.Combine(settings.StateDirectory, "models");
        return Directory.Exists(models) ? [.. Directory.GetDirectories(models).Order(StringComparer.Ordinal)]
            : Path.Exists(models) ? throw new IOException($"{models} is not a directory")
            : [];
    }

    private static string Figures(ProbeReport? report) => report is null ? "" : string.Concat(report.Layouts.Select(layout => string.Create(
        CultureInfo.InvariantCulture, $"; {layout.Lanes} x {layout.Threads}, {(layout.SessionPerLane ? "a session each" : "one session")}: {layout.RunsPerSecond:0.0}/s")));

    private static ImmutableArray<string> Labels(ReceivedBundle bundle)
    {
        string? file = bundle.Manifest.Outputs.Select(output => output.Labels).FirstOrDefault(labels => labels is not null);
        return file is null
            ? []
            : [.. Encoding.UTF8.GetString(bundle.Bytes(file).Span).TrimEnd('\n').Split('\n').Select(line => line.TrimEnd('\r'))];
    }

    private AuditedModel Audited(ReceivedBundle bundle) =>
        new(bundle.Manifest.Name, bundle.Manifest.Version, bundle.Verified.ReleaseDigest, audit.IsStrict(bundle.Manifest.Name), Labelled(bundle.Manifest));

    private static int Labelled(ModelManifest manifest)
    {
        int index = -1;
        for (int i = manifest.Outputs.Length - 1; i >= 0; i--)
        {
            index = manifest.Outputs[i].Labels is null ? index : i;
        }

        return index;
    }

    private void Reject(List<RefusedBundle> refused, string folder, ModelManifest? manifest, string reason)
    {
        audit.Reject(folder, manifest?.Name, manifest?.Version, manifest?.Sequence ?? 0, reason);
        Log.BundleRefused(log, folder, reason);
        refused.Add(new RefusedBundle(folder, manifest?.Name, manifest?.Version, reason));
    }
}
