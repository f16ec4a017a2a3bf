using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Engine;
using EdgeDaemon.Engine.Voting;

namespace EdgeDaemon.Tests.Engine.Voting;

/// <summary>Ensembles of small members in the real runtime. Members are y = x * W, so that what each says can be computed here.</summary>
[TestClass]
public sealed class EnsembleTests
{
    // For x = [1, 0] these rows are the logits: a and b choose class 0, c chooses class 2. For x = [0, 1] all choose class 1.
    private static readonly float[] A = [3, 1, 0, 0, 2, 1], B = [2, 0, 1, 0, 3, 1], C = [0, 0.5f, 4, 0, 5, 2];

    private static readonly float[] Split = [1, 0], United = [0, 1];

    [TestMethod]
    public void Each_rule_gives_its_answer()
    {
        Near([5 / 3.0, 0.5, 5 / 3.0], Ask("rule = \"mean\"", Split));
        Near([(3 + 4 + 0) / 3.5, (1 + 0 + 0.25) / 3.5, (0 + 2 + 2) / 3.5], Ask("rule = \"mean\"\nweights = [1, 2, 0.5]", Split));
        Near([2 / 3.0, 0, 1 / 3.0], Ask("rule = \"majority\"", Split));
        Near([1 / 2.0, 0, 1 / 2.0], Ask("rule = \"majority\"\nweights = [1, 1, 2]", Split));
        double[][] soft = [.. new[] { A, B, C }.Select(w => Softmax([w[0], w[1], w[2]]))];
        Near([.. Enumerable.Range(0, 3).Select(c => soft.Average(p => p[c]))], Ask("rule = \"probabilities\"", Split));

        static float[] Ask(string ensemble, float[] x)
        {
            using VotingModel model = Three(ensemble);
            return model.Ask(x);
        }
    }

    [TestMethod]
    public void Rows_of_a_batch_are_answered_each_for_itself()
    {
        foreach (string ensemble in (string[])["rule = \"mean\"", "rule = \"probabilities\"", "rule = \"majority\"\nweights = [1, 2, 4]", "rule = \"mean\"\nconsensus = 2"])
        {
            using VotingModel model = Three(ensemble);
            var random = new Random(1);
            float[] batch = [.. Enumerable.Range(0, 40).Select(_ => (random.NextSingle() * 4) - 2)];
            float[] together = model.Ask(batch);
            for (int row = 0; row < 20; row++)
            {
                CollectionAssert.AreEqual(model.Ask(batch[(2 * row)..((2 * row) + 2)]), together[(3 * row)..((3 * row) + 3)], ensemble);
            }

            Assert.IsEmpty(model.Ask([]));
        }
    }

    [TestMethod]
    public void Votes_are_kept_for_the_stages_behind()
    {
        using VotingModel model = Three("rule = \"majority\"");
        model.Ask([.. Split, .. United], lane =>
        {
            VoteResult votes = lane.Ensemble!.Count.Result;
            Assert.AreEqual(2, votes.Rows);
            CollectionAssert.AreEqual((int[])[0, 0, 2], votes.Choices(0).ToArray());
            CollectionAssert.AreEqual((int[])[1, 1, 1], votes.Choices(1).ToArray());
            RowVote split = votes.Row(0), united = votes.Row(1);
            Assert.AreEqual((0, 3, 0, 2, 2, 1, 2 / 3f), (split.Answer, split.Members, split.Top, split.TopVotes, split.RunnerUp, split.RunnerUpVotes, split.Agreement));
            Assert.AreEqual((1, 3, 1, 3, Core.Smoothing.Votes.None, 0, 1f), (united.Answer, united.Members, united.Top, united.TopVotes, united.RunnerUp, united.RunnerUpVotes, united.Agreement));
            double[] mean = [.. Enumerable.Range(0, 3).Select(c => new[] { A, B, C }.Average(w => Softmax([w[0], w[1], w[2]])[c]))];
            Assert.AreEqual(-mean.Sum(p => p * Math.Log(p)), lane.Ensemble.Count.Entropy(0), 1e-9);
            return 0;
        });
        Assert.IsTrue(model.Engine.TryEnter(out var lane));
        Assert.AreEqual(0, lane.Ensemble!.Count.Result.Rows, "the votes outlive their request");
        model.Engine.Leave(lane);
        Assert.AreEqual((1L, 0L, 2L), (model.Engine.Votes.Votes, model.Engine.Votes.EarlyExits, model.Engine.Votes.Counts.Sum()));
        Assert.AreEqual(1 + (2 / 3.0), model.Engine.Votes.Agreement, 1e-6);
    }

    [TestMethod]
    public void Agreement_is_with_the_answer_not_with_the_majority()
    {
        // One member outweighs the two that agree with one another.
        using VotingModel model = Three("rule = \"majority\"\nweights = [1, 1, 5]");
        RowVote vote = model.Ask(Split, lane => lane.Ensemble!.Count.Result.Row(0));
        Assert.AreEqual((2, 0, 1 / 3f), (vote.Answer, vote.Top, vote.Agreement));
    }

    /// <summary>Logits that are no numbers: a row on which nobody has an opinion is no class under any rule, and above all not the first. A row beside it is answered as ever.</summary>
    [TestMethod]
    [DataRow("mean")]
    [DataRow("probabilities")]
    [DataRow("majority")]
    public void A_row_on_which_no_member_has_an_opinion_is_not_a_number(string rule)
    {
        float[] Blind(float[] weights) => [float.NaN, float.NaN, float.NaN, .. weights[3..]]; // x = [1, 0] is no opinion; x = [0, 1] is 0 * NaN, and none either.
        using VotingModel blind = Three($"rule = \"{rule}\"", VotingModel.Linear(Blind(A)), VotingModel.Linear(Blind(B)), VotingModel.Linear(Blind(C)));
        blind.Ask(Split, lane =>
        {
            Assert.IsTrue(Native.Onnx.Running.Floats(lane.OutputData(0)).All(float.IsNaN));
            RowVote vote = lane.Ensemble!.Count.Result.Row(0);
            Assert.AreEqual((Core.Smoothing.Votes.None, 3, Core.Smoothing.Votes.None, 0, 0f), (vote.Answer, vote.Members, vote.Top, vote.TopVotes, vote.Agreement));
            return 0;
        });

        // Infinite beyond the range of floats: the members choose on one row of two.
        using VotingModel huge = Three($"rule = \"{rule}\"", VotingModel.Linear([.. A.Select(w => w * 1e30f)]), VotingModel.Linear([.. B.Select(w => w * 1e30f)]), VotingModel.Linear([.. C.Select(w => w * 1e30f)]));
        huge.Ask([1e20f, 1e20f, 0, 1], lane =>
        {
            VoteResult votes = lane.Ensemble!.Count.Result;
            Assert.AreEqual((Core.Smoothing.Votes.None, 1), (votes.Row(0).Answer, votes.Row(1).Answer), "control: the row beside it has a class");
            float[] answer = Native.Onnx.Running.Floats(lane.OutputData(0));
            Assert.IsTrue(answer[..3].All(value => !float.IsFinite(value)) && answer[3..].All(float.IsFinite), string.Join(' ', answer));
            return 0;
        });
    }

    /// <summary>Of three members one sees nothing: the other two have the majority, with shares of all three.</summary>
    [TestMethod]
    public void Who_has_no_opinion_is_outvoted_and_keeps_its_weight()
    {
        using VotingModel model = Three("rule = \"majority\"\nweights = [1, 2, 5]", c: VotingModel.Linear([float.NaN, 0, 0, 0, 0, 0]));
        model.Ask(Split, lane =>
        {
            Near([3 / 8.0, 0, 0], Native.Onnx.Running.Floats(lane.OutputData(0)));
            RowVote vote = lane.Ensemble!.Count.Result.Row(0);
            Assert.AreEqual((0, 3, 2, 2 / 3f), (vote.Answer, vote.Members, vote.TopVotes, vote.Agreement));
            return 0;
        });
    }

    /// <summary>The largest and the smallest weights that a release may give, and a tie of two halves.</summary>
    [TestMethod]
    public void Weights_at_their_limits_decide_and_a_tie_goes_to_the_lowest_class()
    {
        using VotingModel model = Three("rule = \"majority\"\nweights = [1e-6, 1e-6, 1e6]");
        model.Ask(Split, lane =>
        {
            float[] shares = Native.Onnx.Running.Floats(lane.OutputData(0));
            Assert.AreEqual((2, 1f), (lane.Ensemble!.Count.Result.Row(0).Answer, shares[2]));
            Assert.AreEqual(2e-12, shares[0], 1e-15, "the smallest has not vanished");
            return 0;
        });
        using VotingModel tie = Three("rule = \"majority\"\nweights = [1, 1, 2]");
        Assert.AreEqual(0, tie.Ask(Split, lane => lane.Ensemble!.Count.Result.Row(0).Answer));
    }

    [TestMethod]
    public void Consensus_of_the_first_ends_early_row_by_row()
    {
        using VotingModel model = Three("rule = \"mean\"\nconsensus = 2", c: VotingModel.Failing(C));

        // a and b agree in both rows: c is not asked, as its failure over an 18 would show.
        Near([45, 9, 9], model.Ask(18, 0));
        Assert.AreEqual((1L, 1L), (model.Engine.Votes.Votes, model.Engine.Votes.EarlyExits));
        Assert.IsEmpty(model.Alarms);

        // x = [-1, 0] is [-3, -1, 0] to a and [-2, 0, -1] to b: c decides.
        Near([-5 / 3.0, -0.5, -5 / 3.0], model.Ask(-1, 0));
        Assert.AreEqual((2L, 1L), (model.Engine.Votes.Votes, model.Engine.Votes.EarlyExits));

        // Both rows at once: the first still has the answer of a and b alone.
        model.Ask([1, 0, -1, 0], lane =>
        {
            Near([2.5, 0.5, 0.5, -5 / 3.0, -0.5, -5 / 3.0], Native.Onnx.Running.Floats(lane.OutputData(0)));
            VoteResult votes = lane.Ensemble!.Count.Result;
            CollectionAssert.AreEqual((int[])[0, 0, VoteResult.NoChoice], votes.Choices(0).ToArray());
            CollectionAssert.AreEqual((int[])[2, 1, 0], votes.Choices(1).ToArray());
            Assert.AreEqual((2, 3), (votes.Row(0).Members, votes.Row(1).Members));
            return 0;
        });
        Assert.AreEqual((3L, 1L), (model.Engine.Votes.Votes, model.Engine.Votes.EarlyExits));
    }

    [TestMethod]
    public void A_failing_member_fails_the_request_and_the_next_is_answered()
    {
        using VotingModel model = Three("rule = \"mean\"", b: VotingModel.Failing(B));
        float[] before = model.Ask(Split);
        RefusedException refused = Assert.ThrowsExactly<RefusedException>(() => model.Ask(4, 0));
        Assert.AreEqual(Refusal.EngineFailed, refused.Refusal);
        StringAssert.StartsWith(refused.Message, "member 'b': ", StringComparison.Ordinal);
        CollectionAssert.AreEqual(before, model.Ask(Split));
        Assert.AreEqual((0L, 1L, 0L), (model.Engine.Ensemble!.Members[0].Failed, model.Engine.Ensemble.Members[1].Failed, model.Engine.Ensemble.Members[2].Failed));
        Assert.AreEqual(("b", false), (model.Alarms.Single().Member, model.Alarms.Single().Late));
    }

    [TestMethod]
    public void A_quorum_answers_without_those_that_fail()
    {
        using VotingModel model = Three("rule = \"mean\"\nweights = [1, 2, 4]\non_failure = \"quorum\"\nquorum = 2", a: VotingModel.Failing(A), c: VotingModel.Failing(C), threads: null);
        Near([(3 + 4 + 0) / 7.0, (1 + 0 + 2) / 7.0, (0 + 2 + 16) / 7.0], model.Ask(Split));

        // Both fail over a 4: one answer is below the quorum.
        RefusedException refused = Assert.ThrowsExactly<RefusedException>(() => model.Ask(4, 0));
        Assert.AreEqual("1 members answered, 2 must: a, c failed", refused.Message);

        using VotingModel one = Three("rule = \"mean\"\nweights = [1, 2, 4]\non_failure = \"quorum\"\nquorum = 2", a: VotingModel.Failing(A));
        one.Ask([4, 0], lane =>
        {
            // The first member is the one that is missing: shape and type come from the next.
            Near([4 * 4 / 6.0, 4 * 2 / 6.0, 4 * 18 / 6.0], Native.Onnx.Running.Floats(lane.OutputData(0)));
            Assert.AreEqual("[1,3]", lane.OutputShape(0).ToString());
            CollectionAssert.AreEqual((string[])["a"], lane.Ensemble!.Failed.ToArray());
            CollectionAssert.AreEqual((int[])[VoteResult.NoChoice, 0, 2], lane.Ensemble.Count.Result.Choices(0).ToArray());
            Assert.AreEqual(0.5f, lane.Ensemble.Count.Result.Row(0).Agreement);
            return 0;
        });
        CollectionAssert.AreEqual(Array.Empty<string>(), one.Ask(Split, lane => lane.Ensemble!.Failed.ToArray()), "a failure is the request's, not the member's for good");
    }

    [TestMethod]
    public void A_failure_among_the_first_is_no_consensus()
    {
        using VotingModel model = Three("rule = \"majority\"\nconsensus = 2\non_failure = \"quorum\"\nquorum = 2", a: VotingModel.Failing(A));
        Near([0.5, 0, 0.5], model.Ask(4, 0));
        Assert.AreEqual(0, model.Engine.Votes.EarlyExits);
    }

    [TestMethod]
    [Timeout(120_000)]
    public void A_late_member_is_stopped_and_counts_as_failed()
    {
        using var threads = new MemberThreads(2);
        foreach (MemberThreads? beside in (MemberThreads?[])[null, threads])
        {
            using VotingModel model = Three("rule = \"mean\"\non_failure = \"quorum\"\nquorum = 2\nmember_timeout_ms = 100", b: VotingModel.Slow(B), threads: beside);
            Near([5 / 3.0, 0.5, 5 / 3.0], model.Ask(Split));

            // 2^40 turns of a loop would not end in anybody's lifetime.
            const float Endless = 1L << 40;
            Near([Endless * 3 / 2, Endless * 1.5 / 2, Endless * 4 / 2], model.Ask(Endless, 0), 1e-5);
            Assert.AreEqual((0L, 1L), (model.Engine.Ensemble!.Members[1].Failed, model.Engine.Ensemble.Members[1].Late));
            Assert.IsTrue(model.Alarms.Single().Late);
            Near([5 / 3.0, 0.5, 5 / 3.0], model.Ask(Split));

            using VotingModel fails = Three("rule = \"mean\"\nmember_timeout_ms = 100", b: VotingModel.Slow(B), threads: beside);
            RefusedException refused = Assert.ThrowsExactly<RefusedException>(() => fails.Ask(Endless, 0));
            Assert.AreEqual("member 'b': it ran for longer than member_timeout_ms = 100", refused.Message);
            Near([5 / 3.0, 0.5, 5 / 3.0], fails.Ask(Split));
        }
    }

    [TestMethod]
    [Timeout(120_000)]
    public void A_deadline_that_falls_on_the_end_of_a_run_stops_that_run_or_none()
    {
        using VotingModel model = Three("rule = \"mean\"\non_failure = \"quorum\"\nquorum = 2\nmember_timeout_ms = 1", b: VotingModel.Slow(B));
        var random = new Random(6);
        (string Name, float[] Weights)[] members = [("a", A), ("b", B), ("c", C)];
        int asked = 500, answered = 0;
        for (int round = 0; round < asked; round++)
        {
            int turns = random.Next(100, 3000);
            try
            {
                model.Ask([turns, 0], lane =>
                {
                    // With a member or without it, and nothing in between. Any of them may be late: a busy machine can hold up the quick ones too.
                    string[] failed = [.. lane.Ensemble!.Failed];
                    float[][] counted = [.. members.Where(member => !failed.Contains(member.Name)).Select(member => member.Weights)];
                    Assert.IsTrue(counted.Length >= 2, "fewer than the quorum answered");
                    Near([.. Enumerable.Range(0, 3).Select(c => (double)turns * counted.Average(weights => weights[c]))], Native.Onnx.Running.Floats(lane.OutputData(0)));
                    return answered++;
                });
            }
            catch (RefusedException refused)
            {
                StringAssert.Contains(refused.Message, "members answered, 2 must", StringComparison.Ordinal);
            }
        }

        Assert.IsTrue(answered > 0);
        Assert.AreEqual(0L, model.Engine.Ensemble!.Members.Sum(member => member.Failed), "a late member is late, and did not fail");

        // Nothing of an earlier stop is left: a run of a few microseconds is never stopped for good.
        Assert.IsTrue(Enumerable.Range(0, 50).Any(_ => model.Ask(Split, lane => !lane.Ensemble!.Failed.Any())));
    }

    [TestMethod]
    public void A_run_that_is_told_to_end_blames_no_member_and_has_no_answer_by_those_that_were_done()
    {
        using VotingModel model = Three("rule = \"mean\"\non_failure = \"quorum\"\nquorum = 1");
        Assert.IsTrue(model.Engine.TryEnter(out Lane lane));
        lane.Stop();
        model.Engine.Leave(new LaneTurn(lane));
        RefusedException refused = Assert.ThrowsExactly<RefusedException>(() => model.Ask(Split));
        Assert.AreEqual(Refusal.AdmissionDeadline, refused.Refusal);
        Assert.AreEqual((0L, 0L), (model.Engine.Ensemble!.Members.Sum(member => member.Failed), model.Engine.Ensemble.Members.Sum(member => member.Late)));
        Assert.IsEmpty(model.Alarms);
        Assert.IsTrue(model.Engine.TryEnter(out lane));
        lane.Resume();
        model.Engine.Leave(new LaneTurn(lane));
        Near([5 / 3.0, 0.5, 5 / 3.0], model.Ask(Split));
    }

    [TestMethod]
    [Timeout(120_000)]
    public void Answers_are_the_same_bits_whoever_ran_the_members()
    {
        using var threads = new MemberThreads(4);
        var random = new Random(5);
        (string, byte[])[] members = [.. Enumerable.Range(0, 7).Select(i => ($"m{i}", VotingModel.Slow([.. Enumerable.Range(0, 8).Select(_ => random.NextSingle() - 0.5f)])))];
        foreach (string ensemble in (string[])["rule = \"mean\"\nweights = [1, 2, 3, 4, 5, 6, 7]", "rule = \"probabilities\"", "rule = \"mean\"\nconsensus = 3"])
        {
            using var alone = new VotingModel(ensemble, 4, members);
            using var beside = new VotingModel(ensemble, 4, members, threads, lanes: 3);
            float[][] questions = [.. Enumerable.Range(0, 20).Select(i => (float[])[random.NextSingle() - 0.5f, random.Next(50, 500)])];
            float[][] expected = [.. questions.Select(question => alone.Ask(question))];
            Parallel.For(0, 150, new ParallelOptions { MaxDegreeOfParallelism = 3 }, i => CollectionAssert.AreEqual(expected[i % 20], beside.Ask(questions[i % 20]), ensemble));
        }
    }

    [TestMethod]
    public void Members_that_break_the_contract_are_refused_at_load()
    {
        var refused = Assert.ThrowsExactly<EdgeDaemon.Native.Onnx.OnnxContractException>(() => Three("rule = \"mean\"", c: VotingModel.Linear([1, 2, 3, 4])));
        StringAssert.StartsWith(refused.Message, "member 'c': output 'y' has shape [-1,2]", StringComparison.Ordinal);
    }

    /// <summary>An input of 8 MB and three members: it lies in memory once, and no member's run takes more than what it answers.</summary>
    [TestMethod]
    public void The_input_lies_in_memory_once_however_many_read_it()
    {
        using VotingModel model = Three("rule = \"mean\"");
        model.Ask(new float[2_000_000], lane =>
        {
            int answer = lane.OutputData(0).Length;
            Assert.AreEqual(12_000_000, answer);
            Assert.AreEqual((8L << 20) + (16L << 20), model.Memory.InUse, "the input and the answer, in blocks of powers of two");
            Assert.IsLessThan(answer + (1L << 20), lane.PeakBytes, "a member has copied its input");
            return 0;
        });
    }

    [TestMethod]
    public void A_wide_row_is_summed_like_a_narrow_one()
    {
        const int Classes = 1500;
        var random = new Random(7);
        float[][] weights = [.. Enumerable.Range(0, 3).Select(_ => Enumerable.Range(0, 2 * Classes).Select(_ => random.NextSingle()).ToArray())];
        using var model = new VotingModel("rule = \"probabilities\"", Classes, [.. weights.Select((w, i) => ($"m{i}", VotingModel.Linear(w)))]);
        double[][] soft = [.. weights.Select(w => Softmax([.. w.Take(Classes).Select(value => (double)value)]))];
        model.Ask([1, 0], lane =>
        {
            Near([.. Enumerable.Range(0, Classes).Select(c => soft.Average(p => p[c]))], Native.Onnx.Running.Floats(lane.OutputData(0)));
            double[] mean = [.. Enumerable.Range(0, Classes).Select(c => soft.Average(p => p[c]))];
            Assert.AreEqual(-mean.Sum(p => p * Math.Log(p)), lane.Ensemble!.Count.Entropy(0), 1e-6);
            return 0;
        });
    }

    private static VotingModel Three(string ensemble, byte[]? a = null, byte[]? b = null, byte[]? c = null, MemberThreads? threads = null) =>
        new(ensemble, 3, [("a", a ?? VotingModel.Linear(A)), ("b", b ?? VotingModel.Linear(B)), ("c", c ?? VotingModel.Linear(C))], threads);

    private static double[] Softmax(double[] logits)
    {
        double sum = logits.Sum(Math.Exp);
        return [.. logits.Select(logit => Math.Exp(logit) / sum)];
    }

    private static void Near(double[] expected, float[] given, double tolerance = 1e-6)
    {
        Assert.HasCount(expected.Length, given);
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.AreEqual(expected[i], given[i], tolerance * Math.Max(1, Math.Abs(expected[i])));
        }
    }
}
