using System.Runtime.InteropServices;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Core.Smoothing;
using EdgeDaemon.Core.Smoothing.Certificates;
using EdgeDaemon.Core.Smoothing.Noise;
using EdgeDaemon.Engine;
using EdgeDaemon.Engine.Smoothing;
using EdgeDaemon.Native.Onnx;
using EdgeDaemon.Tests.Admission;
using EdgeDaemon.Tests.Engine.Voting;
using EdgeDaemon.Tests.Native.Onnx;

namespace EdgeDaemon.Tests.Engine.Smoothing;

/// <summary>Certifications on lanes of the real runtime: y = x * W over two features.</summary>
[TestClass]
public sealed class SmoothingLoopTests
{
    private static readonly float[] FirstOrSecond = [1, 0, 0, 1]; // the class is the larger feature

    [TestMethod]
    [DataRow(1)]
    [DataRow(37)]
    [DataRow(100)]
    public async Task What_a_lane_answers_is_what_was_counted(int rows)
    {
        using var rig = new Rig(VotingModel.Linear(FirstOrSecond), rows);
        SmoothedInput[] inputs = rig.Inputs(Questions.Sequential(), [0.4f, 0], [0, 0.1f]);
        SmoothingLoop loop = await rig.RunAsync(inputs);

        // Every sample once more, by itself and without the engine: the class of the larger feature of its noisy row.
        foreach ((SmoothedInput input, SmoothedInput again) in inputs.Zip(rig.Inputs(Questions.Sequential(), [0.4f, 0], [0, 0.1f])))
        {
            int[] counts = new int[2];
            float[] row = new float[2];
            for (int sample = Questions.Selection; sample < input.Samples; sample++)
            {
                Assert.IsTrue(again.TryAdd(sample, row));
                counts[row[0] >= row[1] ? 0 : 1]++;
            }

            Assert.AreEqual((counts[0], counts[1]), (input.Counted.Of(0), input.Counted.Of(1)));
        }

        Assert.AreEqual((0, 0), (inputs[0].Class, loop.FailedRuns));
        Assert.IsTrue(inputs[0].Radius >= 0.125, $"{inputs[0].Radius}");
        Assert.AreEqual(0, rig.Pool.Busy);
        Assert.IsTrue(loop.Runs <= ((inputs.Sum(input => input.Samples) + rows - 1) / rows) + 1 + (Questions.MaxSamples / rows), "no runs for nobody");
    }

    [TestMethod]
    public async Task Keys_are_gone_when_all_is_decided()
    {
        using var rig = new Rig(VotingModel.Linear(FirstOrSecond), 100);
        SmoothedInput[] inputs = rig.Inputs(Questions.Fixed(100), [0.4f, 0]);
        float[] before = new float[2], after = new float[2];
        Assert.IsTrue(inputs[0].TryAdd(7, before));
        await rig.RunAsync(inputs);
        Assert.IsTrue(inputs[0].TryAdd(7, after));
        CollectionAssert.AreNotEqual(before, after);
    }

    [TestMethod]
    public async Task A_run_that_fails_is_against_the_class_and_the_next_goes_on()
    {
        // Any element of 4 or more fails a run; with noise of .25, about one row of twenty.
        using var rig = new Rig(VotingModel.Failing(FirstOrSecond), 1);
        SmoothedInput[] inputs = rig.Inputs(Questions.Fixed(300), [3.6f, 0]);
        SmoothingLoop loop = await rig.RunAsync(inputs);
        Assert.IsTrue(loop.FailedRuns is > 2 and < 60, $"{loop.FailedRuns}");
        Assert.AreEqual(loop.FailedRuns, inputs[0].Selected.Failed + inputs[0].Counted.Failed);
        Assert.AreEqual((320, StoppedBy.Completed), (inputs[0].Samples, inputs[0].Stopped));
        double whole = Core.Smoothing.Statistics.CertifiedRadius.Of(Core.Smoothing.Statistics.ClopperPearson.Lower(300, 300, Questions.Alpha), Questions.Sigma);
        Assert.IsTrue(inputs[0].Radius < whole, "what failed counts against the class");
    }

    [TestMethod]
    public async Task A_model_that_fails_again_and_again_is_refused()
    {
        using var rig = new Rig(VotingModel.Failing(FirstOrSecond), 50);
        SmoothedInput[] inputs = rig.Inputs(Questions.Fixed(300), [5, 0]);
        RefusedException refused = await Assert.ThrowsExactlyAsync<RefusedException>(() => rig.RunAsync(inputs));
        Assert.AreEqual(Refusal.EngineFailed, refused.Refusal);
        Assert.AreEqual(0, rig.Pool.Busy, "the lane is back");
    }

    [TestMethod]
    public async Task Logits_that_are_no_numbers_are_no_class()
    {
        using var rig = new Rig(VotingModel.Linear([float.NaN, 0, 0, 1]), 50);
        SmoothedInput[] inputs = rig.Inputs(Questions.Sequential(), [5, 0]);
        await rig.RunAsync(inputs);
        Assert.AreEqual((Votes.None, true, 0.0), (inputs[0].Class, inputs[0].Abstained, inputs[0].Radius));
        Assert.AreEqual(Questions.Selection, inputs[0].Selected.Failed);
    }

    [TestMethod]
    public async Task When_the_time_is_over_what_stands_is_answered()
    {
        using var rig = new Rig(VotingModel.Linear(FirstOrSecond), 10) { RunTakes = TimeSpan.FromSeconds(1) };
        SmoothedInput[] inputs = rig.Inputs(Questions.Fixed(500), [0.5f, 0]);
        SmoothingLoop loop = await rig.RunAsync(inputs, budget: TimeSpan.FromSeconds(30));
        Assert.IsTrue(loop.Runs is >= 29 and <= 31, $"{loop.Runs}");
        Assert.AreEqual((StoppedBy.Deadline, loop.Runs * 10), (inputs[0].Stopped, inputs[0].Samples));
        Assert.AreEqual(280, inputs[0].Counted.Samples, 10);

        inputs = rig.Inputs(Questions.Sequential(), [0.5f, 0]);
        await rig.RunAsync(inputs, budget: TimeSpan.FromSeconds(9));
        Assert.AreEqual(StoppedBy.Deadline, inputs[0].Stopped);
        Assert.IsTrue(inputs[0].Radius > 0 && inputs[0].Radius < Questions.Radii[^1], $"{inputs[0].Radius}: the best that a look had found by then");

        inputs = rig.Inputs(Questions.Sequential(), [0.5f, 0]);
        loop = await rig.RunAsync(inputs, budget: TimeSpan.Zero);
        Assert.AreEqual((0, StoppedBy.Deadline, true, Votes.None), (loop.Runs, inputs[0].Stopped, inputs[0].Abstained, inputs[0].Class));
    }

    [TestMethod]
    public async Task Between_two_runs_whoever_waits_has_the_lane()
    {
        using var rig = new Rig(VotingModel.Linear(FirstOrSecond), 50);
        SmoothedInput[] inputs = rig.Inputs(Questions.Fixed(1000), [0.5f, 0]);
        var hadIt = new List<int>();
        Task[] others = new Task[3];
        int turns = 0;
        await rig.RunAsync(inputs, entered: () =>
        {
            if (turns < others.Length)
            {
                others[turns] = OtherAsync(rig.Pool, turns, hadIt);
            }

            turns++;
        });
        await Task.WhenAll(others);
        CollectionAssert.AreEqual(new[] { 1, 2, 3 }, hadIt, "each waited for one run, not for all of them");
        Assert.IsTrue(turns > 20);

        async Task OtherAsync(LanePool pool, int place, List<int> had)
        {
            LaneTurn turn = await pool.WaitAsync(new LaneWaiter(), new LaneRequest(place + 1, 1, RequestPriority.Default, 8, long.MaxValue), CancellationToken.None);
            had.Add(turns);
            pool.Leave(turn);
        }
    }

    [TestMethod]
    public async Task Nothing_is_left_of_the_pool_s_memory_when_a_certification_ends_or_fails()
    {
        using var rig = new Rig(VotingModel.Failing(FirstOrSecond), 50);
        long batches = rig.Memory.InUse;
        await rig.RunAsync(rig.Inputs(Questions.Fixed(300), [1, 0]));
        Assert.AreEqual(batches, rig.Memory.InUse);
        await Assert.ThrowsExactlyAsync<RefusedException>(() => rig.RunAsync(rig.Inputs(Questions.Fixed(300), [5, 0])));
        Assert.AreEqual(batches, rig.Memory.InUse, "its two batches are the caller's to give back");
    }

    /// <summary>One lane and its pool, on a clock that a run moves.</summary>
    private sealed class Rig : IDisposable
    {
        private readonly OnnxSession _session;
        private readonly TensorBlock[] _blocks;
        private readonly int _rows;
        private readonly NoiseSeed _seed = new([.. Enumerable.Range(0, NoiseSeed.Size).Select(i => (byte)(7 * i))]);
        private readonly TestClock _clock = new();

        public Rig(byte[] graph, int rows)
        {
            _session = TestRuntime.Get().CreateSession(graph, new OnnxSessionOptions());
            _rows = rows;
            _blocks = [.. Enumerable.Range(0, 2).Select(_ => Memory.Rent(rows * VotingModel.Features * sizeof(float), null))];
            Pool = new LanePool([new Lane(0, [new MemberPort("m", _session.NewRun(Memory), [0], [0])], Memory)], 100, work => work.Execute(), _clock);
        }

        public TensorBlockPool Memory { get; } = new(1 << 24);

        public LanePool Pool { get; }

        public TimeSpan RunTakes { get; init; }

        public SmoothedInput[] Inputs(SmoothingQuestion question, params float[][] inputs) =>
            [.. inputs.Select((input, place) => new SmoothedInput(place, MemoryMarshal.AsBytes(input.AsSpan()).ToArray(), _seed.Key((uint)place), question, 2, Questions.Away))];

        public async Task<SmoothingLoop> RunAsync(SmoothedInput[] inputs, TimeSpan? budget = null, Action? entered = null)
        {
            SmoothingBatch[] batches = [.. _blocks.Select(block => new SmoothingBatch(block, Running.Shape(_rows, VotingModel.Features)))];
            var loop = new SmoothingLoop(new SmoothingRun([.. inputs]), batches[0], batches[1], 0, 2, _clock);
            long until = budget is { } time ? _clock.GetTimestamp() + (long)(time.TotalSeconds * _clock.TimestampFrequency) : long.MaxValue;
            await loop.RunAsync(EnterAsync, Leave, null, until, long.MaxValue, default);
            return loop;

            async ValueTask<LaneTurn> EnterAsync(long bytes)
            {
                LaneTurn turn = Pool.TryTake(out Lane free) ? new LaneTurn(free) : await Pool.WaitAsync(new LaneWaiter(), new LaneRequest(0, 1, RequestPriority.Default, bytes, long.MaxValue), CancellationToken.None);
                entered?.Invoke();
                return turn;
            }

            void Leave(LaneTurn turn)
            {
                _clock.AdvanceSilently(RunTakes);
                Pool.Leave(turn);
            }
        }

        public void Dispose()
        {
            Pool.Dispose();
            _session.Dispose();
            Array.ForEach(_blocks, block => block.Return());
            Memory.Dispose();
        }
    }
}
