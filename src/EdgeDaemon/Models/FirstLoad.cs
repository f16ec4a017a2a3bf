using System.Collections.Immutable;
using System.Diagnostics;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Engine;
using EdgeDaemon.Native.Onnx;
using EdgeDaemon.Native.Posix;

namespace EdgeDaemon.Models;

/// <summary>The child's side of the probe: sessions, self-tests, measurement; the process is confined before this begins.</summary>
internal sealed class FirstLoad(OnnxRuntime runtime, ResidentMemory memory, FirstLoadLimits limits, bool filtered)
{
    /// <param name="release">Digest of the release, as the daemon computed it.</param>
    /// <param name="handed">What the daemon handed over.</param>
    /// <exception cref="BundleException">The release fails.</exception>
    /// <exception cref="OnnxException">The library refuses it.</exception>
    /// <exception cref="OnnxContractException">It does not keep the manifest's word.</exception>
    public ProbeReport Run(string release, Dictionary<string, byte[]> handed)
    {
        var started = Stopwatch.StartNew();
        ModelManifest manifest = ModelManifest.Parse(handed[ModelManifest.FileName], ModelManifest.FileName);
        var contract = new ModelContract(manifest);
        using var pool = new TensorBlockPool(limits.TensorBytes);
        var stage = new ModelStage(runtime, pool, new EngineCare(item => item.Execute()), Queue: 0);
        var plan = new LanePlan(1, limits.Threads, SessionPerLane: false, "");

        long baseline = memory.Now;
        memory.ResetPeak();
        var load = Stopwatch.StartNew();
        using ModelEngine engine = stage.Open(manifest, contract, file => handed[file], plan);
        double loadSeconds = load.Elapsed.TotalSeconds;
        long loadPeak = Math.Max(0, memory.Peak - baseline);

        SelfTestRun.All(engine, manifest, contract, pool, file => handed[file]);
        TimeSpan left = limits.Time - started.Elapsed;
        var (batches, unmeasured) = new BatchMeasurement(engine, manifest, contract, pool, memory, baseline, left / 4, limits.MemoryBytes).Run();
        return new ProbeReport(release, runtime.Digest, Hosting.Build.Version, limits.MemoryBytes, limits.Threads, filtered, loadSeconds, loadPeak, manifest.SelfTests.Length, batches, unmeasured)
        {
            Cores = limits.Cores,
            Layouts = Layouts(),
        };

        ImmutableArray<ProbedLayout> Layouts()
        {
            // Another session takes what the first one took; the measurement must not be what ends the probe.
            if (batches is not [{ } first, ..] || 4 * (Math.Max(loadPeak, first.PeakBytes) + baseline) > limits.MemoryBytes || 10 * (loadSeconds + first.Seconds) > (limits.Time - started.Elapsed).TotalSeconds)
            {
                return [];
            }

            var blocks = new List<TensorBlock>();
            try
            {
                return new LayoutMeasurement(other => stage.Open(manifest, contract, file => handed[file], other), () => ZeroBatch.Of(manifest, contract, first.Size, pool, blocks))
                    .Run(limits.Cores, first.Seconds, LanePlan.IsSmall(manifest, loadPeak));
            }
            catch (RefusedException)
            {
                return []; // It judges nothing.
            }
            finally
            {
                blocks.ForEach(block => block.Return());
            }
        }
    }
}

/// <summary>What the child may take.</summary>
/// <param name="Cores">To choose a layout for; 0 where there is nothing to choose.</param>
internal sealed record FirstLoadLimits(long MemoryBytes, TimeSpan Time, long TensorBytes, int Threads, int Cores);
