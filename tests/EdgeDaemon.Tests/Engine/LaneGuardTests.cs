using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Engine;
using EdgeDaemon.Native.Onnx;
using EdgeDaemon.Tests.Admission;
using EdgeDaemon.Tests.Native.Onnx;
using Microsoft.Extensions.Logging.Abstractions;

namespace EdgeDaemon.Tests.Engine;

/// <summary>Runs under the watch through the real library: a loop that can be stopped, and one kernel of seconds that cannot. Time is the test's.</summary>
[TestClass]
public sealed class LaneGuardTests
{
    private const int Window = 60_001;
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(120);

    private readonly TestClock _clock = new();

    [TestMethod]
    public async Task Loop_past_its_deadline_is_stopped_and_its_lane_answers_the_next()
    {
        using var rig = new Rig(Loop(), _clock);
        TensorBlock endless = Running.Block(Running.Floats(1e18f));
        Lane lane = rig.Lane();
        ValueTask run = lane.Guard!.RunAsync(new[] { new EngineInput(Running.Shape(1), endless, 4) }, null, In(1), Begin);
        await BegunAsync(rig.Runs(lane));
        Assert.IsFalse(run.IsCompleted);
        _clock.Advance(TimeSpan.FromSeconds(1));
        rig.Watch.Look();
        RefusedException late = await Assert.ThrowsExactlyAsync<RefusedException>(async () => await run.AsTask().WaitAsync(Long));
        Assert.AreEqual(Refusal.AdmissionDeadline, late.Refusal);
        Assert.IsFalse(lane.Guard.IsLost);
        rig.Engine.Leave(lane);
        endless.Return();

        TensorBlock three = Running.Block(Running.Floats(3));
        lane = rig.Lane();
        lane.Guard!.Run([new EngineInput(Running.Shape(1), three, 4)], null, In(1), () => Assert.Fail("nobody is cut off"));
        CollectionAssert.AreEqual(new[] { 6f }, Running.Floats(lane.OutputData(0)));
        rig.Engine.Leave(lane);
        three.Return();
        Assert.AreEqual((1L, 0L), (rig.Watch.StoppedRuns, rig.Watch.LostLanes));
    }

    [TestMethod]
    public async Task Expired_work_never_runs()
    {
        using var rig = new Rig(Loop(), _clock);
        Lane lane = rig.Lane();
        ValueTask run = lane.Guard!.RunAsync(default, null, In(0), Begin); // Without inputs a run would fail otherwise.
        RefusedException late = await Assert.ThrowsExactlyAsync<RefusedException>(async () => await run);
        Assert.AreEqual(Refusal.AdmissionDeadline, late.Refusal);
        rig.Engine.Leave(lane);
    }

    /// <summary>The same on the caller's own thread; with time left (the control) it runs, and fails without inputs.</summary>
    [TestMethod]
    public void Expired_work_never_runs_where_its_caller_is()
    {
        using var rig = new Rig(Loop(), _clock);
        Lane lane = rig.Lane();
        RefusedException late = Assert.ThrowsExactly<RefusedException>(() => lane.Guard!.Run([], null, In(0), () => Assert.Fail("nobody is cut off")));
        Assert.AreEqual(Refusal.AdmissionDeadline, late.Refusal);
        Assert.IsFalse(Assert.Throws<Exception>(() => lane.Guard!.Run([], null, In(1), () => Assert.Fail("nobody is cut off"))) is RefusedException { Refusal: Refusal.AdmissionDeadline });
        rig.Engine.Leave(lane);
    }

    /// <summary>A caller that goes while his run is just beginning, between two looks at the clock, ends it like any other: time does not move here, so that nothing else could.</summary>
    [TestMethod]
    [Timeout(300_000)]
    public async Task Who_goes_while_his_run_begins_ends_it()
    {
        var clock = new HookedClock(_clock);
        using var rig = new Rig(Loop(), _clock, clock);
        TensorBlock endless = Running.Block(Running.Floats(1e18f));
        Lane lane = rig.Lane();
        clock.Next = lane.Guard!.Hurry;
        ValueTask run = lane.Guard.RunAsync(new[] { new EngineInput(Running.Shape(1), endless, 4) }, null, In(100), Begin);
        await BegunAsync(rig.Runs(lane));
        Assert.IsNull(clock.Next, "control: he has gone");
        rig.Watch.Look();
        RefusedException ended = await Assert.ThrowsExactlyAsync<RefusedException>(async () => await run.AsTask().WaitAsync(Long));
        Assert.AreEqual(Refusal.AdmissionDeadline, ended.Refusal);
        Assert.AreEqual(1, rig.Watch.StoppedRuns);
        rig.Engine.Leave(lane);
        endless.Return();
    }

    [TestMethod]
    public async Task Kernel_that_does_not_return_costs_its_lane_and_its_caller_is_refused_while_it_is_inside()
    {
        using var rig = new Rig(Pooling(), _clock);
        (EngineInput[] large, TensorBlock block) = Row(50_000);
        Lane lane = rig.Lane();
        bool givenBack = false;
        ValueTask run = lane.Guard!.RunAsync(large, null, In(1), Begin);
        await BegunAsync(rig.Inside(lane));
        rig.PastGrace();
        RefusedException late = await Assert.ThrowsExactlyAsync<RefusedException>(async () => await run.AsTask().WaitAsync(Long));
        Assert.AreEqual(Refusal.AdmissionDeadline, late.Refusal);
        Assert.IsTrue(lane.Guard.IsLost);
        lane.Guard.Inherit(() =>
        {
            block.Return();
            givenBack = true;
        });
        rig.Engine.Leave(lane);
        Assert.AreEqual((1, false), (rig.Engine.LostLanes, givenBack), "it is still inside, and its memory with it");

        // Another lane has its place, with the same session.
        Assert.IsTrue(rig.Engine.TryEnter(out Lane fresh));
        Assert.AreNotSame(lane, fresh);
        Assert.AreEqual(lane.Index, fresh.Index);
        (EngineInput[] small, TensorBlock other) = Row(2);
        fresh.Guard!.Run(small, null, In(1), () => Assert.Fail("nobody is cut off"));
        CollectionAssert.AreEqual(new[] { 1f, 1f }, Running.Floats(fresh.OutputData(0)));
        rig.Engine.Leave(fresh);
        other.Return();

        Assert.IsTrue(SpinWait.SpinUntil(() => rig.Watch.Missing == 0, Long), "the kernel returns at last");
        Assert.IsTrue(givenBack);
        Assert.AreEqual((0, 1L), (rig.Engine.LostLanes, rig.Watch.LostLanes));
        bool atOnce = false;
        lane.Guard.Inherit(() => atOnce = true);
        Assert.IsTrue(atOnce);
    }

    [TestMethod]
    public void Caller_on_the_thread_that_hangs_is_cut_off_from_another()
    {
        using var rig = new Rig(Pooling(), _clock);
        (EngineInput[] large, TensorBlock block) = Row(50_000);
        Lane lane = rig.Lane();
        int cutBy = 0;
        Refusal refusal = Refusal.None;
        var caller = new Thread(() =>
        {
            try
            {
                lane.Guard!.Run(large, null, In(1), () => cutBy = Environment.CurrentManagedThreadId);
            }
            catch (RefusedException refused)
            {
                refusal = refused.Refusal;
            }
        });
        caller.Start();
        Assert.IsTrue(SpinWait.SpinUntil(rig.Inside(lane), Long));
        rig.PastGrace();
        Assert.AreEqual(Environment.CurrentManagedThreadId, cutBy);
        Assert.AreEqual(1, rig.Engine.LostLanes);
        Assert.IsTrue(caller.Join(Long));
        Assert.AreEqual(Refusal.AdmissionDeadline, refusal);
        rig.Engine.Leave(lane);
        block.Return();
        Assert.AreEqual(0, rig.Engine.LostLanes);
    }

    [TestMethod]
    public async Task No_more_lanes_are_replaced_than_there_are_until_one_comes_back()
    {
        using var rig = new Rig(Pooling(), _clock);
        var blocks = new List<TensorBlock>();
        for (int i = 0; i < 2; i++)
        {
            (EngineInput[] large, TensorBlock block) = Row(50_000);
            blocks.Add(block);
            Lane lane = rig.Lane();
            ValueTask run = lane.Guard!.RunAsync(large, null, In(1), Begin);
            await BegunAsync(rig.Inside(lane));
            rig.PastGrace();
            await Assert.ThrowsExactlyAsync<RefusedException>(async () => await run.AsTask().WaitAsync(Long));
            rig.Engine.Leave(lane);
        }

        Assert.AreEqual(2, rig.Engine.LostLanes);
        Assert.IsFalse(rig.Engine.TryEnter(out _), "one lane, one replacement");
        Lane? back = null;
        Assert.IsTrue(SpinWait.SpinUntil(() => rig.Engine.TryEnter(out back), Long));
        rig.Engine.Leave(back!);
        Assert.IsTrue(SpinWait.SpinUntil(() => rig.Watch.Missing == 0, Long));
        blocks.ForEach(block => block.Return());
    }

    private static void Begin(IThreadPoolWorkItem work) => new Thread(work.Execute).Start();

    private static async Task BegunAsync(Func<bool> runs)
    {
        for (var waited = System.Diagnostics.Stopwatch.StartNew(); !runs(); await Task.Delay(1))
        {
            Assert.IsLessThan(Long, waited.Elapsed);
        }
    }

    private static (EngineInput[] Inputs, TensorBlock Block) Row(int length)
    {
        TensorBlock block = Running.Block(Running.Floats([.. Enumerable.Repeat(1f, length)]));
        return ([new EngineInput(Running.Shape(1, 1, length), block, length * 4L)], block);
    }

    // x + 1, x times.
    private static byte[] Loop()
    {
        byte[] body = Graph.Of(
            [Graph.Node("Identity", ["go"], ["go_on"]), Graph.Node("Add", ["before", "one"], ["after"])],
            [Graph.Port("i", Graph.Int64), Graph.Port("go", Graph.Bool), Graph.Port("before", Graph.Float, 1)],
            [Graph.Port("go_on", Graph.Bool), Graph.Port("after", Graph.Float, 1)],
            Graph.Constant("one", Graph.Float, [1], Running.Floats(1)));
        return Graph.Model(Graph.Of(
            [Graph.Node("Cast", ["x"], ["n"], Graph.IntegerAttribute("to", Graph.Int64)), Graph.Node("Loop", ["n", "", "x"], ["y"], Graph.GraphAttribute("body", body))],
            [Graph.Port("x", Graph.Float, 1)],
            [Graph.Port("y", Graph.Float, 1)]));
    }

    // The greatest of a wide window around each element: one kernel, quadratic in its input.
    private static byte[] Pooling() => Graph.Model(Graph.Of(
        [Graph.Node("MaxPool", ["x"], ["y"], Integers("kernel_shape", Window), Integers("pads", Window / 2, Window / 2), Integers("strides", 1))],
        [Graph.Port("x", Graph.Float, 1, 1, "N")],
        [Graph.Port("y", Graph.Float, 1, 1, "N")]));

    private static byte[] Integers(string name, params long[] values) =>
        [.. Wire.Text(1, name), .. values.SelectMany(value => Wire.Number(8, value)), .. Wire.Number(20, 7)];

    private long In(double seconds) => _clock.GetTimestamp() + (long)(seconds * _clock.TimestampFrequency);

    /// <summary>Another clock's time. Something may happen between two looks at it.</summary>
    private sealed class HookedClock(TestClock clock) : TimeProvider
    {
        private Action? _next;

        /// <summary>Done once, at the next look.</summary>
        public Action? Next
        {
            get => Volatile.Read(ref _next);
            set => Volatile.Write(ref _next, value);
        }

        public override long TimestampFrequency => clock.TimestampFrequency;

        public override long GetTimestamp()
        {
            Interlocked.Exchange(ref _next, null)?.Invoke();
            return clock.GetTimestamp();
        }
    }

    private sealed class Rig : IDisposable
    {
        private readonly TestClock _clock;

        public Rig(byte[] graph, TestClock clock, TimeProvider? watch = null)
        {
            _clock = clock;
            Watch = new LaneWatch(Grace, watch ?? clock, NullLogger.Instance);
            var rank = graph.AsSpan().IndexOf("MaxPool"u8) >= 0 ? (System.Collections.Immutable.ImmutableArray<long>)[1, 1, -1] : [1];
            EnginePort Port(string name) => new(new Core.Tensors.TensorContract(name, Core.Tensors.ElementType.Float32, rank), name, Core.Tensors.ElementType.Float32);
            Engine = new EngineBuilder(TestRuntime.Get(), [new EngineMember("m", graph)], [Port("x")], [Port("y")], new OnnxSessionOptions(), TestRuntime.Pool)
                .Build(1, 0, new EngineCare(work => work.Execute(), Watch), sessionPerLane: false);
        }

        public LaneWatch Watch { get; }

        public ModelEngine Engine { get; }

        public Lane Lane()
        {
            Assert.IsTrue(Engine.TryEnter(out Lane lane));
            return lane;
        }

        public Func<bool> Runs(Lane lane) => () => lane.Guard!.Runs;

        /// <summary>The kernel has begun: it has asked for its output's memory. A run that is told to stop before it would end in time.</summary>
        public Func<bool> Inside(Lane lane) => () => lane.PeakBytes > 0;

        /// <summary>The deadline of a second has passed, and the grace after it.</summary>
        public void PastGrace()
        {
            _clock.Advance(TimeSpan.FromSeconds(1));
            Watch.Look();
            _clock.Advance(Grace);
            Watch.Look();
        }

        public void Dispose()
        {
            Engine.Dispose();
            Watch.Dispose();
        }
    }
}
