using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Core.Tensors;
using EdgeDaemon.Engine;
using EdgeDaemon.Native.Onnx;
using EdgeDaemon.Tests.Admission;
using EdgeDaemon.Tests.Native.Onnx;
using Microsoft.Extensions.Logging.Abstractions;

namespace EdgeDaemon.Tests.Engine;

/// <summary>A run that several share and that does not come back: one kernel of seconds, through the real library. Time is the test's.</summary>
[TestClass]
public sealed class LostBatchTests
{
    private const int Window = 60_001;
    private const int Length = 400_000;
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(180);

    private readonly TestClock _clock = new();

    [TestMethod]
    public async Task Those_who_shared_it_are_refused_and_the_next_lane_serves()
    {
        using var watch = new LaneWatch(Grace, _clock, NullLogger.Instance);
        using ModelEngine engine = Engine(watch);
        long before = TestRuntime.Pool.InUse;
        TensorBlock[] blocks = [.. Enumerable.Range(0, 3).Select(_ => Running.Block(Running.Floats([.. Enumerable.Repeat(1f, Length)])))];
        EngineInput[][] inputs = [.. blocks.Select(block => new[] { new EngineInput(Running.Shape(1, 1, Length), block, Length * 4L) })];
        Assert.IsTrue(engine.TryEnter(out Lane busy));
        Task<LaneTurn>[] waiting = [.. inputs.Select(input => engine.WaitAsync(new LaneWaiter(), new LaneRequest(0, 1, 5, input[0].Bytes, long.MaxValue, input), default).AsTask())];
        engine.Leave(busy);
        LaneTurn leader = await waiting[0].WaitAsync(Long);
        long deadline = _clock.GetTimestamp() + _clock.TimestampFrequency;
        Task<RunAnswer> run = leader.RunAsync(inputs[0], null, deadline, new RunPlace(true, work => new Thread(work.Execute).Start(), () => Assert.Fail("nobody is cut off"))).AsTask();
        Assert.IsTrue(SpinWait.SpinUntil(() => leader.Lane.PeakBytes > 0, Long), "the kernel has begun when it has its output's memory");
        _clock.Advance(TimeSpan.FromSeconds(1));
        watch.Look();
        _clock.Advance(Grace);
        watch.Look();
        Assert.AreEqual(Refusal.AdmissionDeadline, (await Assert.ThrowsExactlyAsync<RefusedException>(() => run.WaitAsync(Long))).Refusal);
        for (int i = 1; i < waiting.Length; i++)
        {
            RefusedException refused = await Assert.ThrowsExactlyAsync<RefusedException>(() => waiting[i].WaitAsync(Long));
            Assert.AreEqual(Refusal.EngineFailed, refused.Refusal);
        }

        engine.Leave(leader);
        Assert.AreEqual((1, 0), (engine.LostLanes, engine.Waiting));
        Array.ForEach(blocks, block => block.Return()); // What the run is over is a copy of theirs.
        Assert.IsGreaterThan(before, TestRuntime.Pool.InUse, "the copy goes when the run comes back");

        Assert.IsTrue(engine.TryEnter(out Lane fresh));
        Assert.AreNotSame(leader.Lane, fresh);
        TensorBlock two = Running.Block(Running.Floats(1, 1));
        RunAnswer answer = await new LaneTurn(fresh).RunAsync(
            new[] { new EngineInput(Running.Shape(1, 1, 2), two, 8) }, null, deadline + (100 * _clock.TimestampFrequency), new RunPlace(true, work => new Thread(work.Execute).Start(), () => { }));
        CollectionAssert.AreEqual(new[] { 1f, 1f }, Running.Floats(answer.OutputData(0)));
        engine.Leave(fresh);
        two.Return();
        Assert.IsTrue(SpinWait.SpinUntil(() => watch.Missing == 0, Long), "the kernel returns at last");
        Assert.AreEqual(0, engine.LostLanes);
    }

    /// <summary>What the kernel goes on taking is its tenant's: while it hangs, another's requests come first, though they came later. Without it (the control) they do not.</summary>
    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public async Task What_a_lost_run_takes_is_charged_to_its_tenant(bool hangs)
    {
        using var watch = new LaneWatch(Grace, _clock, NullLogger.Instance);
        using ModelEngine engine = Engine(watch);
        TensorBlock block = Running.Block(Running.Floats([.. Enumerable.Repeat(1f, Length)]));
        EngineInput[] large = [new EngineInput(Running.Shape(1, 1, Length), block, Length * 4L)];
        if (hangs)
        {
            Assert.IsTrue(engine.TryEnter(out Lane free), "nobody waits: the run has no turn that would be settled");
            long deadline = _clock.GetTimestamp() + _clock.TimestampFrequency;
            Task<RunAnswer> run = new LaneTurn(free).RunAsync(large, new First(), deadline, new RunPlace(true, work => new Thread(work.Execute).Start(), () => { })).AsTask();
            Assert.IsTrue(SpinWait.SpinUntil(() => free.PeakBytes > 0, Long), "the kernel has begun when it has its output's memory");
            _clock.Advance(TimeSpan.FromSeconds(1));
            watch.Look();
            _clock.Advance(Grace);
            watch.Look();
            await Assert.ThrowsExactlyAsync<RefusedException>(() => run.WaitAsync(Long));
            free.Guard!.Inherit(block.Return);
            engine.Leave(free);
        }

        Assert.IsTrue(engine.TryEnter(out Lane busy));
        var order = new List<int>();
        Task[] turns = [.. ((int[])[0, 0, 0, 1, 1, 1]).Select(ServeAsync)];
        engine.Leave(busy);
        await Task.WhenAll(turns).WaitAsync(Long);
        Assert.AreEqual(hangs ? 1 : 0, order[0], string.Join(' ', order));
        if (hangs)
        {
            CollectionAssert.AreEqual((int[])[1, 1, 1, 0, 0, 0], order, string.Join(' ', order));
        }

        Assert.IsTrue(SpinWait.SpinUntil(() => watch.Missing == 0, Long), "the kernel returns at last");
        if (!hangs)
        {
            block.Return();
        }

        async Task ServeAsync(int tenant)
        {
            LaneTurn turn = await engine.WaitAsync(new LaneWaiter(), new LaneRequest(tenant, 1, 5, large[0].Bytes, long.MaxValue, Alone: true), default);
            order.Add(tenant);
            engine.Leave(turn);
        }
    }

    /// <summary>The account of the tenant with index 0.</summary>
    private sealed class First : TensorAccount
    {
        public override int Holder => 1;

        public override bool TryCharge(long bytes) => true;

        public override void Refund(long bytes)
        {
        }

        public override RefusedException Refused(long bytes) => new(Refusal.AdmissionMemory, "never");
    }

    private static ModelEngine Engine(LaneWatch watch)
    {
        byte[] graph = Graph.Model(Graph.Of(
            [Graph.Node("MaxPool", ["x"], ["y"], Integers("kernel_shape", Window), Integers("pads", Window / 2, Window / 2), Integers("strides", 1))],
            [Graph.Port("x", Graph.Float, "B", 1, "N")],
            [Graph.Port("y", Graph.Float, "B", 1, "N")]));
        EnginePort Port(string name) => new(new TensorContract(name, ElementType.Float32, [-1, 1, -1]), name, ElementType.Float32);
        var care = new EngineCare(work => ThreadPool.UnsafeQueueUserWorkItem(work, preferLocal: false), watch) { Batching = SharedRuns.Rule(8), RowsAreCallers = true };
        return new EngineBuilder(TestRuntime.Get(), [new EngineMember("m", graph)], [Port("x")], [Port("y")], new OnnxSessionOptions(), TestRuntime.Pool)
            .Build(1, 10, care, sessionPerLane: false);
    }

    private static byte[] Integers(string name, params long[] values) =>
        [.. Wire.Text(1, name), .. values.SelectMany(value => Wire.Number(8, value)), .. Wire.Number(20, 7)];
}
