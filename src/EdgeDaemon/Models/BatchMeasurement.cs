using System.Collections.Immutable;
using System.Diagnostics;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Engine;
using EdgeDaemon.Native.Onnx;
using EdgeDaemon.Native.Posix;

namespace EdgeDaemon.Models;

/// <summary>Time and memory of growing batches of zeros. Judges nothing: a model that cannot answer zeros is said not to be measured.</summary>
/// <param name="baseline">Resident bytes of the process before the model.</param>
/// <param name="time">That all of it may take.</param>
/// <param name="mostBytes">Memory of the process; no batch is begun that might reach it.</param>
internal sealed class BatchMeasurement(ModelEngine engine, ModelManifest manifest, ModelContract contract, TensorBlockPool pool, ResidentMemory memory, long baseline, TimeSpan time, long mostBytes)
{
    private const int SmallestLimit = 32;
    private const int MostRuns = 4;

    public (ImmutableArray<ProbedBatch> Batches, string? Unmeasured) Run()
    {
        var batches = ImmutableArray.CreateBuilder<ProbedBatch>();
        long started = Stopwatch.GetTimestamp();
        long largest = Math.Max(SmallestLimit, (long)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Max(manifest.Batching?.MaxBatch ?? 1, manifest.Smoothing?.Batch ?? 1)));
        bool callers = ZeroBatch.IsCallers(contract);
        for (long size = ZeroBatch.Least(manifest, contract); ; size *= 2)
        {
            TimeSpan before = Stopwatch.GetElapsedTime(started);
            try
            {
                batches.Add(Measure(size));
            }
            catch (RefusedException failure)
            {
                return (batches.ToImmutable(), Printable.Of($"batch {size}: {failure.Message}", 200));
            }

            // Twice the batch takes about twice of either; the next one must not be what ends the probe.
            TimeSpan now = Stopwatch.GetElapsedTime(started);
            if (!callers || size == largest)
            {
                return (batches.ToImmutable(), null);
            }

            if (now + (3 * (now - before)) > time || 3 * (batches[^1].PeakBytes + baseline) > mostBytes)
            {
                return (batches.ToImmutable(), $"larger batches than {size} would have come near the probe's limits");
            }
        }
    }

    private ProbedBatch Measure(long size)
    {
        var blocks = new List<TensorBlock>();
        engine.TryEnter(out Lane lane);
        try
        {
            EngineInput[] inputs = ZeroBatch.Of(manifest, contract, size, pool, blocks);
            memory.ResetPeak();
            long fastest = long.MaxValue, begun = Stopwatch.GetTimestamp();
            for (int run = 0; run < MostRuns && (run == 0 || Stopwatch.GetElapsedTime(begun).TotalSeconds < 0.2); run++)
            {
                long start = Stopwatch.GetTimestamp();
                lane.Run(inputs);
                fastest = Math.Min(fastest, Stopwatch.GetTimestamp() - start);
            }

            return new ProbedBatch(size, Stopwatch.GetElapsedTime(0, fastest).TotalSeconds, Math.Max(0, memory.Peak - baseline), inputs.Sum(input => input.Bytes), lane.PeakBytes);
        }
        finally
        {
            engine.Leave(lane);
            blocks.ForEach(block => block.Return());
        }
    }
}
