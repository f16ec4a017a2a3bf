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

/// <summary>What a certification meets on its way from turn to turn: members that fail or are late, a queue that is full, a daemon that stops, a budget.</summary>
[TestClass]
public sealed class SmoothingTurnsTests
{
    // Each chooses the larger of two features.
    private static readonly float[] Larger = [1, 0, 0, 1];

    private readonly TestClock _clock = new();

    [TestMethod]
    public async Task A_run_in_which_one_member_failed_is_against_the_class_though_a_quorum_answers()
    {
        // An element of 4 or more fails the second member; with noise of .25 about 3.5, about one row of forty.
        using VotingModel model = Three("on_failure = \"quorum\"\nquorum = 2", VotingModel.Failing(Larger));
        SmoothedInput input = Input(Questions.Fixed(300), 3.5f, 0), again = Input(Questions.Fixed(300), 3.5f, 0);
        SmoothingLoop loop = await RunAsync(model, input, rows: 1);
        int failing = 0;
        float[] row = new float[2];
        for (int sample = 0; sample < 320; sample++)
        {
            Assert.IsTrue(again.TryAdd(sample, row));
            failing += row.Max() >= 4 ? 1 : 0;
        }

        Assert.IsGreaterThan(2, failing, "control: some fail");
        Assert.AreEqual((failing, failing, 320), (loop.FailedRuns, input.Selected.Failed + input.Counted.Failed, loop.Runs));
        Assert.AreEqual(failing, model.Engine.Ensemble!.Members[1].Failed, "the other two answered each time: a plain request would have had an answer");
    }

    [TestMethod]
    [DataRow("mean")]
    [DataRow("probabilities")]
    [DataRow("majority")]
    public async Task Rows_on_which_no_member_has_an_opinion_are_no_class(string rule)
    {
        // Logits that are no numbers: shares of a majority of nobody are all 0, and the first class must not have them.
        using VotingModel model = new($"rule = \"{rule}\"", 2, [("a", VotingModel.Linear([float.NaN, 0, 0, 1])), ("b", VotingModel.Linear([float.NaN, 0, 0, 1]))]);
        SmoothedInput input = Input(Questions.Sequential(), 5, 0);
        await RunAsync(model, input, rows: 50, rule: Enum.Parse<VoteRule>(rule, ignoreCase: true));
        Assert.AreEqual((Votes.None, true, 0.0, Questions.Selection), (input.Class, input.Abstained, input.Radius, input.Selected.Failed));

        // Control: one member with an opinion outvotes one without.
        using VotingModel half = new($"rule = \"{rule}\"", 2, [("a", VotingModel.Linear([float.NaN, 0, 0, 1])), ("b", VotingModel.Linear(Larger))]);
        input = Input(Questions.Sequential(), 5, 0);
        await RunAsync(half, input, rows: 50, rule: Enum.Parse<VoteRule>(rule, ignoreCase: true));
        Assert.AreEqual(rule == "majority" ? 0 : Votes.None, input.Class);
    }

    [TestMethod]
    [Timeout(120_000)]
    public async Task Late_members_certify_nothing()
    {
        // Eight million turns of a loop take seconds on any machine: long enough for a timer that is itself late.
        using VotingModel model = Three("on_failure = \"quorum\"\nquorum = 2\nmember_timeout_ms = 1", VotingModel.Slow(Larger));
        RefusedException refused = await Assert.ThrowsExactlyAsync<RefusedException>(() => RunAsync(model, Input(Questions.Fixed(300), 8_000_000, 0), rows: 10));
        Assert.AreEqual((Refusal.EngineFailed, "members failed in a run of a certification: b"), (refused.Refusal, refused.Message));
        Assert.IsGreaterThan(0, model.Engine.Ensemble!.Members[1].Late);
    }

    [TestMethod]
    [Timeout(60_000)]
    public async Task A_queue_that_is_full_between_two_runs_is_asked_again_and_nothing_drawn_is_lost()
    {
        using VotingModel model = One();
        SmoothedInput input = Input(Questions.Fixed(200), 0.5f, 0);
        int asked = 0, refused = 0;
        Task<SmoothingLoop> running = RunAsync(model, input, rows: 20, before: () =>
        {
            // From the second run on, every turn is to be had at the third try.
            if (++asked > 1 && asked % 3 != 1)
            {
                refused++;
                throw new RefusedException(Refusal.AdmissionQueueFull, "full");
            }
        });
        await PassAsync(running);
        SmoothingLoop loop = await running;
        Assert.AreEqual((11, StoppedBy.Completed, 220, 20), (loop.Runs, input.Stopped, input.Samples, refused));
    }

    [TestMethod]
    [Timeout(60_000)]
    public async Task A_queue_that_stays_full_ends_with_the_budget_by_what_stands()
    {
        using VotingModel model = One();
        SmoothedInput input = Input(Questions.Sequential(), 0.5f, 0);
        int asked = 0;
        Task<SmoothingLoop> running = RunAsync(model, input, rows: 70, budget: TimeSpan.FromMilliseconds(500), before: () =>
        {
            if (++asked > 1)
            {
                throw new RefusedException(Refusal.AdmissionQueueFull, "full");
            }
        });
        await PassAsync(running);
        SmoothingLoop loop = await running;
        Assert.AreEqual((1, StoppedBy.Deadline, 70), (loop.Runs, input.Stopped, input.Samples), "a selection of 20 and one look of 50");
    }

    [TestMethod]
    public async Task A_queue_that_is_full_before_the_first_run_refuses_the_request()
    {
        using VotingModel model = One();
        RefusedException refused = await Assert.ThrowsExactlyAsync<RefusedException>(() =>
            RunAsync(model, Input(Questions.Fixed(200), 0.5f, 0), rows: 20, before: () => throw new RefusedException(Refusal.AdmissionQueueFull, "full")));
        Assert.AreEqual(Refusal.AdmissionQueueFull, refused.Refusal, "nothing was drawn that could be lost: whoever asks may try again");
    }

    // What the pipeline throws when the daemon is stopping, and what a queue throws whose wait has outlasted the budget.
    [TestMethod]
    [DataRow(0)]
    [DataRow(4)]
    public async Task A_daemon_that_stops_has_what_was_decided_answered(int runs)
    {
        using VotingModel model = One();
        SmoothedInput input = Input(Questions.Sequential(), 0.5f, 0);
        int asked = 0;
        SmoothingLoop loop = await RunAsync(model, input, rows: 50, before: () =>
        {
            if (asked++ == runs)
            {
                throw new RefusedException(Refusal.AdmissionDeadline, "the daemon is stopping");
            }
        });
        Assert.AreEqual((runs, StoppedBy.Deadline, runs * 50), (loop.Runs, input.Stopped, input.Samples));
        Assert.AreEqual(runs == 0, input.Abstained, "looks at 50, 100 and 150: a small radius is certain by then, without any sample nothing is");
    }

    // Each delay of the loop ends when its clock says so; the test's own wait has no part in what is answered.
    private async Task PassAsync(Task running)
    {
        while (!running.IsCompleted)
        {
            // Only while somebody waits for it: else the budget could pass before the first run has begun.
            if (_clock.Armed > 0)
            {
                _clock.Advance(TimeSpan.FromMilliseconds(5));
            }

            await Task.Yield();
        }
    }

    private static SmoothedInput Input(SmoothingQuestion question, params float[] x)
    {
        using var seed = new NoiseSeed([.. Enumerable.Range(0, NoiseSeed.Size).Select(i => (byte)(11 * i))]);
        return new SmoothedInput(0, MemoryMarshal.AsBytes(x.AsSpan()).ToArray(), seed.Key(0), question, 2, Questions.Away);
    }

    private static VotingModel One() => new("rule = \"mean\"", 2, [("a", VotingModel.Linear(Larger)), ("b", VotingModel.Linear(Larger))]);

    private static VotingModel Three(string failure, byte[] second) =>
        new($"rule = \"mean\"\n{failure}", 2, [("a", VotingModel.Linear(Larger)), ("b", second), ("c", VotingModel.Linear(Larger))]);

    private async Task<SmoothingLoop> RunAsync(VotingModel model, SmoothedInput input, int rows, TimeSpan? budget = null, Action? before = null, VoteRule rule = VoteRule.Mean)
    {
        TensorBlock[] blocks = [.. Enumerable.Range(0, 2).Select(_ => model.Memory.Rent(rows * VotingModel.Features * sizeof(float), null))];
        SmoothingBatch[] batches = [.. blocks.Select(block => new SmoothingBatch(block, Running.Shape(rows, VotingModel.Features)))];
        var loop = new SmoothingLoop(new SmoothingRun([input]), batches[0], batches[1], 0, 2, _clock, rule);
        long until = budget is { } time ? _clock.GetTimestamp() + (long)(time.TotalSeconds * _clock.TimestampFrequency) : long.MaxValue;
        try
        {
            await loop.RunAsync(Enter, turn => model.Engine.Leave(turn), null, until, long.MaxValue, default);
            return loop;
        }
        finally
        {
            Array.ForEach(blocks, block => block.Return());
        }

        ValueTask<LaneTurn> Enter(long bytes)
        {
            before?.Invoke();
            Assert.IsTrue(model.Engine.TryEnter(out Lane lane), "nobody else is there");
            return new ValueTask<LaneTurn>(new LaneTurn(lane));
        }
    }
}
