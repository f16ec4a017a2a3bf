using System.Runtime.InteropServices;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Core.Smoothing.Noise;
using EdgeDaemon.Core.Tensors;
using EdgeDaemon.Engine;
using EdgeDaemon.Engine.Smoothing;
using EdgeDaemon.Native.Onnx;
using EdgeDaemon.Tests.Admission;
using EdgeDaemon.Tests.Native.Onnx;
using Microsoft.Extensions.Logging.Abstractions;

namespace EdgeDaemon.Tests.Engine.Smoothing;

/// <summary>A certification whose lane is lost in a run: one kernel of seconds, through the real library, on the test's clock.</summary>
[TestClass]
public sealed class LostCertificationTests
{
    private const int Rows = 10;
    private const int Length = 50_000;
    private const int Window = 60_001;
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(180);

    private readonly TestClock _clock = new();

    [TestMethod]
    public async Task Its_caller_is_refused_its_keys_are_gone_and_its_memory_goes_when_the_kernel_returns()
    {
        using var memory = new TensorBlockPool(1 << 24);
        using var watch = new LaneWatch(Grace, _clock, NullLogger.Instance);
        using ModelEngine engine = Engine(watch, memory);
        using var seed = new NoiseSeed([.. Enumerable.Range(0, NoiseSeed.Size).Select(i => (byte)(3 * i))]);
        float[] x = [0.4f, 0];
        var input = new SmoothedInput(0, MemoryMarshal.AsBytes(x.AsSpan()).ToArray(), seed.Key(0), Questions.Fixed(100), 2, Questions.Away);
        float[] before = new float[2], after = new float[2];
        Assert.IsTrue(input.TryAdd(7, before));
        TensorBlock[] blocks = [.. Enumerable.Range(0, 2).Select(_ => memory.Rent(Rows * 2 * sizeof(float), null))];
        SmoothingBatch[] batches = [.. blocks.Select(block => new SmoothingBatch(block, Running.Shape(Rows, 2)))];
        var loop = new SmoothingLoop(new SmoothingRun([input]), batches[0], batches[1], 0, 2, _clock);
        long deadline = _clock.GetTimestamp() + _clock.TimestampFrequency;
        Lane? lost = null;
        bool givenBack = false;
        Task running = loop.RunAsync(
            _ =>
            {
                Assert.IsTrue(engine.TryEnter(out Lane lane), "the second run is never asked for");
                Volatile.Write(ref lost, lane);
                return new ValueTask<LaneTurn>(new LaneTurn(lane));
            },
            Leave, null, long.MaxValue, deadline, new RunPlace(true, work => new Thread(work.Execute).Start(), () => Assert.Fail("nobody is cut off")));
        Assert.IsTrue(SpinWait.SpinUntil(() => Volatile.Read(ref lost) is { PeakBytes: >= 2 * Length * sizeof(float) }, Long), "the kernel has begun when it has its output's memory beside its input");
        _clock.Advance(TimeSpan.FromSeconds(1));
        watch.Look();
        Assert.IsFalse(running.IsCompleted, "told to stop, and still inside");
        _clock.Advance(Grace);
        watch.Look();
        Assert.AreEqual(Refusal.AdmissionDeadline, (await Assert.ThrowsExactlyAsync<RefusedException>(() => running.WaitAsync(Long))).Refusal);

        // While the kernel is inside: nobody can draw its noise again, nobody writes any, its rows are still there, and another lane has the place.
        Assert.AreEqual((1, false), (engine.LostLanes, givenBack));
        Assert.IsTrue(input.TryAdd(7, after));
        CollectionAssert.AreNotEqual(before, after, "the key opens its noise still");
        Assert.IsTrue(Array.TrueForAll(batches, batch => batch.Filled.IsCompletedSuccessfully && batch.Used == 0));
        Assert.AreEqual((0, 0), (loop.Runs, loop.FailedRuns), "what a lost run would have answered counts for nothing");
        Assert.IsGreaterThan(0, memory.InUse);
        Assert.IsTrue(engine.TryEnter(out Lane fresh));
        Assert.AreNotSame(lost, fresh);
        engine.Leave(fresh);

        Assert.IsTrue(SpinWait.SpinUntil(() => watch.Missing == 0, Long), "the kernel returns at last");
        Assert.AreEqual((true, 0L, 0), (givenBack, memory.InUse, engine.LostLanes));

        // As the pipeline does it.
        void Leave(LaneTurn turn)
        {
            Assert.IsTrue(turn.Lane.Guard!.IsLost);
            turn.Lane.Guard.Inherit(() =>
            {
                Array.ForEach(blocks, block => block.Return());
                givenBack = true;
            });
            engine.Leave(turn);
        }
    }

    // y = x + 0 * (the greatest of what one kernel finds in a wide window around each of many elements): whatever x is.
    private static ModelEngine Engine(LaneWatch watch, TensorBlockPool memory)
    {
        byte[] graph = Graph.Model(Graph.Of(
            [
                Graph.Node("ReduceSum", ["x"], ["sum"], Graph.IntegerAttribute("keepdims", 0)), Graph.Node("Add", ["many", "sum"], ["row"]),
                Graph.Node("MaxPool", ["row"], ["pooled"], Integers("kernel_shape", Window), Integers("pads", Window / 2, Window / 2), Integers("strides", 1)),
                Graph.Node("ReduceMax", ["pooled"], ["most"], Graph.IntegerAttribute("keepdims", 0)), Graph.Node("Mul", ["most", "zero"], ["nothing"]), Graph.Node("Add", ["x", "nothing"], ["y"]),
            ],
            [Graph.Port("x", Graph.Float, "N", 2)],
            [Graph.Port("y", Graph.Float, "N", 2)],
            Graph.Constant("many", Graph.Float, [1, 1, Length], new byte[Length * sizeof(float)]),
            Graph.Constant("zero", Graph.Float, [1], new byte[4])));
        EnginePort Port(string name) => new(new TensorContract(name, ElementType.Float32, [-1, 2]), name, ElementType.Float32);
        return new EngineBuilder(TestRuntime.Get(), [new EngineMember("m", graph)], [Port("x")], [Port("y")], new OnnxSessionOptions(), memory)
            .Build(1, 0, new EngineCare(work => work.Execute(), watch), sessionPerLane: false);
    }

    private static byte[] Integers(string name, params long[] values) =>
        [.. Wire.Text(1, name), .. values.SelectMany(value => Wire.Number(8, value)), .. Wire.Number(20, 7)];
}
