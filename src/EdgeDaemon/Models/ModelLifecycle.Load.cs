using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using EdgeDaemon.Audit;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Engine;
using EdgeDaemon.Native.Onnx;
using EdgeDaemon.Telemetry;

namespace EdgeDaemon.Models;

/// <summary>One bundle on its way: received, verified, tried in a child, staged, tested, warm.</summary>
internal sealed partial class ModelLifecycle
{
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
}
