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

/// <summary>Several certifications at once on one lane of the real runtime: who shares a run with whom, and who waits for whom.</summary>
[TestClass]
public sealed class SharedTurnsTests
{
    private const int Rows = 100;

    // Each chooses the larger of two features.
    private static readonly float[] Larger = [1, 0, 0, 1];

    private readonly TestClock _clock = new();

    [TestMethod]
    [Timeout(120_000)]
    public async Task Certifications_of_one_tenant_that_wait_share_runs_and_those_of_others_do_not()
    {
        using var rig = new Rig(VotingModel.Linear(Larger), _clock);
        var one = new TenantCertifications();
        (SmoothedInput[] inputs, int runs) = await rig.TogetherAsync([.. Enumerable.Repeat((one, Questions.Predict(30), 0.5f), 10)]);
        Assert.AreEqual(3, runs, "300 samples in runs of 100");
        (SmoothedInput[] apart, int many) = await rig.TogetherAsync([.. Enumerable.Range(0, 10).Select(_ => (new TenantCertifications(), Questions.Predict(30), 0.5f))]);
        Assert.AreEqual(10, many, "control: of ten tenants each makes its own");
        CollectionAssert.AreEqual(apart.Select(Told).ToArray(), inputs.Select(Told).ToArray());
        Assert.IsTrue(inputs.All(input => input.Samples == 30 && input.Stopped == StoppedBy.Completed));
    }

    /// <summary>On threads and lanes that are really beside one another: what is answered is what each is answered alone.</summary>
    [TestMethod]
    [Timeout(300_000)]
    public async Task On_several_lanes_at_once_each_is_answered_as_alone()
    {
        const int Count = 16, Lanes = 3;
        using var rig = new Rig(VotingModel.Linear(Larger), _clock, Lanes);
        int lent = 0;
        for (int round = 0; round < 20; round++)
        {
            var random = new Random(round);
            TenantCertifications[] tenants = [new(), new()];
            (SmoothingQuestion Question, float X)[] asked = [.. Enumerable.Range(0, Count).Select(_ => (random.Next(3) switch
            {
                0 => Questions.Predict(random.Next(1, 150)), 1 => Questions.Fixed(random.Next(5, 150)), _ => Questions.Sequential(Questions.Period * random.Next(1, 8)),
            }, (float)random.NextDouble()))];
            SmoothedInput[] together = [.. asked.Select((one, number) => rig.Input(one.Question, one.X, (byte)number))];
            SmoothedInput[] alone = [.. asked.Select((one, number) => rig.Input(one.Question, one.X, (byte)number))];
            SmoothingRun[] runs = [.. together.Select((input, number) => new SmoothingRun([input], tenants[number % 2]))];
            Lane[] held = [.. Enumerable.Range(0, Lanes).Select(_ => rig.Pool.TryTake(out Lane lane) ? lane : throw new AssertFailedException("nobody else is there"))];
            Task<SmoothingLoop>[] loops = [.. runs.Select(run => rig.RunAsync(run))];
            Assert.IsTrue(SpinWait.SpinUntil(() => rig.Pool.Waiting == Count, TimeSpan.FromSeconds(60)));
            await Task.WhenAll(held.Select(lane => Task.Run(() => rig.Pool.Leave(new LaneTurn(lane)))));
            await Task.WhenAll(loops);
            for (int i = 0; i < Count; i++)
            {
                await rig.RunAsync(new SmoothingRun([alone[i]]));
                lent += runs[i].Lent;
                Assert.AreEqual(Told(alone[i]), Told(together[i]), $"round {round}, the {i}th");
            }

            Assert.AreEqual((0, 0, 0), (tenants[0].Count, tenants[1].Count, rig.Pool.Busy));
        }

        Assert.IsGreaterThan(1000, lent, "else hardly any run was shared");
    }

    [TestMethod]
    [Timeout(120_000)]
    public async Task Whose_rows_make_a_run_fail_fails_alone()
    {
        // An element of 4 or more fails a run.
        using var rig = new Rig(VotingModel.Failing(Larger), _clock);
        var one = new TenantCertifications();
        (SmoothedInput[] inputs, Task<SmoothingLoop>[] loops) = rig.Begin((one, Questions.Predict(30), 0.5f), (one, Questions.Predict(30), 9f), (one, Questions.Predict(30), 0.4f));
        Assert.AreEqual(Refusal.EngineFailed, (await Assert.ThrowsExactlyAsync<RefusedException>(() => loops[1])).Refusal, "as it is alone");
        int runs = (await loops[0]).Runs + (await loops[2]).Runs;
        Assert.AreEqual(3, runs, "the one that all three were in, and then each its own");
        Assert.AreEqual((0, 30, 0), (inputs[0].Counted.Failed, inputs[1].Counted.Failed, inputs[2].Counted.Failed));
        Assert.AreEqual((30, 30, 0), (inputs[0].Samples, inputs[2].Samples, rig.Pool.Busy));
    }

    [TestMethod]
    [DataRow("answered")]
    [DataRow("given back")]
    [DataRow("budget")]
    [DataRow("left")]
    [Timeout(120_000)]
    public async Task Who_has_all_his_samples_in_another_s_run_waits_for_its_end_and_holds_no_lane(string end)
    {
        using var rig = new Rig(VotingModel.Linear(Larger), _clock);
        var one = new TenantCertifications();
        using var left = new CancellationTokenSource();
        SmoothedInput input = rig.Input(Questions.Predict(30), 0.5f);
        SmoothingRun host = new([rig.Input(Questions.Predict(30), 0.4f)], one), guest = new([input], one);
        SmoothingBatch batch = rig.Batch();
        Assert.IsTrue(host.Plan(batch));
        batch.Fill();
        int turns = 0;

        // Its turn comes when the other's run has begun, on some other lane.
        Task<SmoothingLoop> waiting = rig.RunAsync(guest, TimeSpan.FromSeconds(10), entered: () =>
        {
            if (turns == 0)
            {
                Assert.IsTrue(host.Begin(batch));
                host.Invite(batch);
            }

            Interlocked.Increment(ref turns);
        }, left.Token);
        Assert.IsTrue(SpinWait.SpinUntil(() => Volatile.Read(ref turns) == 1 && rig.Pool.Busy == 0 && _clock.Armed == 1, TimeSpan.FromSeconds(60)), "who waits holds no lane, and no longer than its budget");
        Assert.AreEqual((30, false), (batch.Guests.Count, waiting.IsCompleted));
        switch (end)
        {
            case "answered":
                host.Settle(batch, [.. Enumerable.Repeat<float[]>([1, 0], Rows).SelectMany(row => row)], 2, VoteRule.Mean);
                Assert.AreEqual((0, 1), ((await waiting).Runs, turns));
                Assert.AreEqual((30, 30, StoppedBy.Completed), (input.Samples, input.Counted.Of(0), input.Stopped));
                break;
            case "given back":
                batch.Guests.GiveBack(alone: false);
                Assert.AreEqual((1, 2), ((await waiting).Runs, turns));
                Assert.AreEqual((30, StoppedBy.Completed), (input.Samples, input.Stopped), "its own run answered them");
                break;
            case "budget":
                _clock.Advance(TimeSpan.FromSeconds(11));
                Assert.AreEqual((0, 1), ((await waiting).Runs, turns));
                Assert.AreEqual((0, StoppedBy.Deadline, true), (input.Samples, input.Stopped, input.Abstained));
                break;
            default:
                await left.CancelAsync();
                Assert.AreEqual(Refusal.EngineCancelled, (await Assert.ThrowsExactlyAsync<RefusedException>(() => waiting)).Refusal);
                break;
        }

        // Whatever comes later comes to nobody.
        string told = Told(input);
        host.Settle(batch, new float[2 * Rows], 2, VoteRule.Mean);
        Assert.AreEqual((told, 0, 0), (Told(input), rig.Pool.Busy, one.Count));
    }

    private static string Told(SmoothedInput input) => $"{input.Class} {input.Radius} {input.Basis} {input.Stopped} {string.Join(',', input.Selected.Counts)} {string.Join(',', input.Counted.Counts)}";

    /// <summary>One lane and its pool.</summary>
    private sealed class Rig : IDisposable
    {
        private readonly OnnxSession _session;
        private readonly TestClock _clock;
        private readonly List<TensorBlock> _blocks = [];

        public Rig(byte[] graph, TestClock clock, int lanes = 1)
        {
            _clock = clock;
            _session = TestRuntime.Get().CreateSession(graph, new OnnxSessionOptions());
            Pool = new LanePool([.. Enumerable.Range(0, lanes).Select(lane => new Lane(lane, [new MemberPort("m", _session.NewRun(Memory), [0], [0])], Memory))], 100, work => work.Execute(), clock);
        }

        public TensorBlockPool Memory { get; } = new(1 << 24);

        public LanePool Pool { get; }

        public SmoothedInput Input(SmoothingQuestion question, float x, byte number = 0)
        {
            using var seed = new NoiseSeed([.. Enumerable.Range(0, NoiseSeed.Size).Select(i => (byte)(i + number))]);
            return new SmoothedInput(0, MemoryMarshal.AsBytes<float>([x, 0]).ToArray(), seed.Key(0), question, 2, Questions.Away);
        }

        public SmoothingBatch Batch()
        {
            TensorBlock block = Memory.Rent(Rows * VotingModel.Features * sizeof(float), null);
            lock (_blocks)
            {
                _blocks.Add(block);
            }

            return new SmoothingBatch(block, Running.Shape(Rows, VotingModel.Features));
        }

        public async Task<(SmoothedInput[] Inputs, int Runs)> TogetherAsync(params (TenantCertifications Tenant, SmoothingQuestion Question, float X)[] all)
        {
            (SmoothedInput[] inputs, Task<SmoothingLoop>[] loops) = Begin(all);
            return (inputs, (await Task.WhenAll(loops)).Sum(loop => loop.Runs));
        }

        /// <summary>All of them wait for the lane, in their order, before the first has it.</summary>
        public (SmoothedInput[] Inputs, Task<SmoothingLoop>[] Loops) Begin(params (TenantCertifications Tenant, SmoothingQuestion Question, float X)[] all)
        {
            Assert.IsTrue(Pool.TryTake(out Lane held));
            SmoothedInput[] inputs = [.. all.Select((one, number) => Input(one.Question, one.X, (byte)number))];
            var loops = new Task<SmoothingLoop>[all.Length];
            for (int i = 0; i < all.Length; i++)
            {
                loops[i] = RunAsync(new SmoothingRun([inputs[i]], all[i].Tenant));
                Assert.IsTrue(SpinWait.SpinUntil(() => Pool.Waiting == i + 1, TimeSpan.FromSeconds(60)));
            }

            Pool.Leave(new LaneTurn(held));
            return (inputs, loops);
        }

        public async Task<SmoothingLoop> RunAsync(SmoothingRun run, TimeSpan? budget = null, Action? entered = null, CancellationToken leaving = default)
        {
            var loop = new SmoothingLoop(run, Batch(), Batch(), 0, 2, _clock);
            long until = budget is { } time ? _clock.GetTimestamp() + (long)(time.TotalSeconds * _clock.TimestampFrequency) : long.MaxValue;
            await loop.RunAsync(EnterAsync, turn => Pool.Leave(turn), null, until, long.MaxValue, new RunPlace(false, work => work.Execute(), () => { }, () => leaving));
            return loop;

            async ValueTask<LaneTurn> EnterAsync(long bytes)
            {
                LaneTurn turn = Pool.TryTake(out Lane free) ? new LaneTurn(free) : await Pool.WaitAsync(new LaneWaiter(), new LaneRequest(0, 1, RequestPriority.Default, bytes, long.MaxValue), CancellationToken.None);
                entered?.Invoke();
                return turn;
            }
        }

        public void Dispose()
        {
            Pool.Dispose();
            _session.Dispose();
            _blocks.ForEach(block => block.Return());
            Memory.Dispose();
        }
    }
}
