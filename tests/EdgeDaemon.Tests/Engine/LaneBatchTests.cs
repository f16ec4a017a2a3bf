using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Engine;
using EdgeDaemon.Tests.Native.Onnx;

namespace EdgeDaemon.Tests.Engine;

/// <summary>Requests of one tenant in one run: who is in it, who is not, and what becomes of each.</summary>
[TestClass]
public sealed class LaneBatchTests
{
    [TestMethod]
    public async Task Those_who_wait_share_a_run_and_each_gets_its_own_rows()
    {
        using var runs = new SharedRuns(SharedRuns.Rule(64));
        LaneTurn lane = runs.TakeLane();
        Task<float[]>[] asked = [runs.AskAsync(0, [1, 2, 3]), runs.AskAsync(0, [900]), runs.AskAsync(0, [5, 4])];
        Assert.AreEqual(3, runs.Pool.Waiting);
        runs.GiveBack(lane);
        CollectionAssert.AreEqual(Entries(1, 2, 3), await asked[0]);
        CollectionAssert.AreEqual(Entries(900), await asked[1]);
        CollectionAssert.AreEqual(Entries(5, 4), await asked[2]);
        Assert.AreEqual("6", Sizes(runs));
        ModelStatistics statistics = runs.Statistics;
        Assert.AreEqual((3UL, 1UL), (statistics.InferenceCount, statistics.ExecutionCount));
        Assert.AreEqual((6UL, 1UL), (statistics.Batches.Single().Size, statistics.Batches.Single().ComputeInfer.Count));
        Assert.AreEqual(0, runs.Pool.Busy, "the last one gave the lane back");
    }

    [TestMethod]
    public async Task Without_a_rule_each_has_a_run_of_its_own()
    {
        using var runs = new SharedRuns(null);
        await FourAsync(runs);
        Assert.AreEqual("1 1 1 1", Sizes(runs));
    }

    [TestMethod]
    [DataRow(0.81, "1 1 1 1")]
    [DataRow(0.79, "4")]
    public async Task A_size_that_was_not_measured_to_be_faster_is_never_made(double part, string expected)
    {
        using var runs = new SharedRuns(SharedRuns.Rule(64, measured: [(2, 1.2), (4, part), (8, 0.1)]));
        await FourAsync(runs);
        Assert.AreEqual(expected, Sizes(runs));
    }

    [TestMethod]
    public async Task The_fastest_size_is_made_and_the_rest_waits_for_the_next()
    {
        using var runs = new SharedRuns(SharedRuns.Rule(64, measured: [(2, 0.5), (4, 0.9), (8, 0.9)]));
        await FourAsync(runs);
        Assert.AreEqual("2 2", Sizes(runs));
    }

    [TestMethod]
    public async Task A_preferred_size_goes_before_a_faster_one_and_none_goes_beyond_the_most_rows()
    {
        using var runs = new SharedRuns(SharedRuns.Rule(6, [3], measured: [(2, 0.3), (4, 0.8), (8, 0.2)]));
        LaneTurn lane = runs.TakeLane();
        Task<float[]>[] asked = [.. Enumerable.Range(0, 13).Select(i => runs.AskAsync(0, [i]))];
        runs.GiveBack(lane);
        await Task.WhenAll(asked);
        Assert.AreEqual("3 3 3 3 1", Sizes(runs));

        using var bounded = new SharedRuns(SharedRuns.Rule(6));
        lane = bounded.TakeLane();
        asked = [.. Enumerable.Range(0, 13).Select(i => bounded.AskAsync(0, [i]))];
        bounded.GiveBack(lane);
        await Task.WhenAll(asked);
        Assert.AreEqual("6 6 1", Sizes(bounded));
    }

    [TestMethod]
    public async Task Another_shape_keeps_its_place_and_shares_with_its_like()
    {
        using var runs = new SharedRuns(SharedRuns.Rule(64));
        LaneTurn lane = runs.TakeLane();
        Task<float[]>[] asked = [runs.AskAsync(0, [1]), runs.AskAsync(0, [2, 3], width: 2), runs.AskAsync(0, [4]), runs.AskAsync(0, [5, 6, 7, 8], width: 2)];
        runs.GiveBack(lane);
        CollectionAssert.AreEqual(Entries(5, 6, 7, 8), await asked[3]);
        await Task.WhenAll(asked);
        Assert.AreEqual("2 6", Sizes(runs));
        CollectionAssert.AreEqual(Entries(1, 4), runs.Runs[0]);
    }

    [TestMethod]
    public async Task The_more_urgent_are_in_the_first_run()
    {
        using var runs = new SharedRuns(SharedRuns.Rule(2));
        LaneTurn lane = runs.TakeLane();
        Task<float[]>[] asked =
            [runs.AskAsync(0, [1]), runs.AskAsync(0, [2]), runs.AskAsync(0, [3], priority: 9), runs.AskAsync(0, [4], priority: 1), runs.AskAsync(0, [5], priority: 2)];
        runs.GiveBack(lane);
        await Task.WhenAll(asked);
        CollectionAssert.AreEqual(Entries(4, 5), runs.Runs[0]);
        CollectionAssert.AreEqual(Entries(1, 2), runs.Runs[1]);
        CollectionAssert.AreEqual(Entries(3), runs.Runs[2]);
    }

    [TestMethod]
    public async Task Whose_time_is_over_is_in_no_run()
    {
        using var runs = new SharedRuns(SharedRuns.Rule(64));
        LaneTurn lane = runs.TakeLane();
        long soon = runs.Clock.GetTimestamp() + 1000;
        Task<float[]>[] asked = [runs.AskAsync(0, [1], deadline: soon), runs.AskAsync(0, [2]), runs.AskAsync(0, [3], deadline: soon), runs.AskAsync(0, [4])];
        runs.Clock.AdvanceSilently(TimeSpan.FromMilliseconds(1));
        runs.GiveBack(lane);
        CollectionAssert.AreEqual(Entries(2), await asked[1]);
        CollectionAssert.AreEqual(Entries(4), await asked[3]);
        runs.Clock.Advance(TimeSpan.FromSeconds(1));
        runs.Pump();
        Assert.AreEqual(Refusal.AdmissionDeadline, (await Assert.ThrowsExactlyAsync<RefusedException>(() => asked[0])).Refusal);
        Assert.AreEqual(Refusal.AdmissionDeadline, (await Assert.ThrowsExactlyAsync<RefusedException>(() => asked[2])).Refusal);
        Assert.AreEqual("2", Sizes(runs));
        Assert.AreEqual((0, 0), (runs.Pool.Waiting, runs.Pool.Busy));
    }

    [TestMethod]
    public async Task Who_goes_away_before_or_in_a_run_harms_nobody()
    {
        using var runs = new SharedRuns(SharedRuns.Rule(64));
        using var before = new CancellationTokenSource();
        using var inside = new CancellationTokenSource();
        LaneTurn lane = runs.TakeLane();
        Task<float[]>[] asked =
            [runs.AskAsync(0, [1], begun: inside.Cancel), runs.AskAsync(0, [2], cancel: before.Token), runs.AskAsync(0, [3], cancel: inside.Token), runs.AskAsync(0, [4])];
        await before.CancelAsync();
        runs.GiveBack(lane);
        await Assert.ThrowsExactlyAsync<OperationCanceledException>(() => asked[1]);
        CollectionAssert.AreEqual(Entries(1), await asked[0]);
        CollectionAssert.AreEqual(Entries(3), await asked[2], "it was run already: nothing is saved by leaving");
        CollectionAssert.AreEqual(Entries(4), await asked[3]);
        Assert.AreEqual("3", Sizes(runs));
        Assert.AreEqual(0, runs.Pool.Busy);
    }

    [TestMethod]
    public async Task One_that_the_model_fails_at_fails_alone()
    {
        using var runs = new SharedRuns(SharedRuns.Rule(64));
        using var leaves = new CancellationTokenSource();
        LaneTurn lane = runs.TakeLane();
        long soon = runs.Clock.GetTimestamp() + 1000;
        Task<float[]>[] asked =
            [runs.AskAsync(0, [1]), runs.AskAsync(0, [SharedRuns.Entries]), runs.AskAsync(0, [3], cancel: leaves.Token), runs.AskAsync(0, [4, 5], begun: leaves.Cancel), runs.AskAsync(0, [6])];
        runs.GiveBack(lane);
        Assert.AreEqual(Refusal.EngineFailed, (await Assert.ThrowsExactlyAsync<RefusedException>(() => asked[1])).Refusal);
        CollectionAssert.AreEqual(Entries(1), await asked[0]);
        CollectionAssert.AreEqual(Entries(3), await asked[2]);
        CollectionAssert.AreEqual(Entries(4, 5), await asked[3]);
        CollectionAssert.AreEqual(Entries(6), await asked[4]);
        Assert.AreEqual("1 1 2 1", Sizes(runs));
        Assert.AreEqual(0, runs.Pool.Busy);
        Assert.AreEqual(4UL, runs.Statistics.ExecutionCount);
    }

    [TestMethod]
    public async Task A_run_done_again_for_each_passes_by_whoever_has_gone()
    {
        using var runs = new SharedRuns(SharedRuns.Rule(64));
        using var leaves = new CancellationTokenSource();
        LaneTurn lane = runs.TakeLane();
        Task<float[]>[] asked =
            [runs.AskAsync(0, [SharedRuns.Entries], begun: leaves.Cancel), runs.AskAsync(0, [2], cancel: leaves.Token), runs.AskAsync(0, [3])];
        runs.GiveBack(lane);
        Assert.AreEqual(Refusal.EngineFailed, (await Assert.ThrowsExactlyAsync<RefusedException>(() => asked[0])).Refusal);
        Assert.AreEqual(Refusal.EngineCancelled, (await Assert.ThrowsExactlyAsync<RefusedException>(() => asked[1])).Refusal);
        CollectionAssert.AreEqual(Entries(3), await asked[2]);
        Assert.AreEqual("1", Sizes(runs));
        Assert.AreEqual(0, runs.Pool.Busy);
    }

    /// <summary>What a run over several rows answers in fewer belongs to nobody: each asks again alone, and it is said once.</summary>
    [TestMethod]
    public async Task Another_number_of_rows_in_the_answer_ends_all_sharing()
    {
        var said = new List<string>();
        byte[] first = Graph.Model(Graph.Of(
            [Graph.Node("Gather", ["x", "zero"], ["row"]), Graph.Node("Cast", ["row"], ["y"], Graph.IntegerAttribute("to", Graph.Float))],
            [Graph.Port("x", Graph.Int64, "N", "M")],
            [Graph.Port("y", Graph.Float, "K", "M")],
            Graph.Constant("zero", Graph.Int64, [1], BitConverter.GetBytes(0L))));
        using var runs = new SharedRuns(SharedRuns.Rule(64, said: said), graph: first);
        for (int round = 0; round < 2; round++)
        {
            LaneTurn lane = runs.TakeLane();
            Task<float[]>[] asked = [.. Enumerable.Range(1, 3).Select(i => runs.AskAsync(0, [i]))];
            runs.GiveBack(lane);
            for (int i = 0; i < asked.Length; i++)
            {
                CollectionAssert.AreEqual(new float[] { i + 1 }, await asked[i]);
            }
        }

        Assert.AreEqual("output 0 of a run over 3 rows came with shape [1,1]", string.Join('\n', said));
        Assert.AreEqual("1 1 1 1 1 1", Sizes(runs));
    }

    /// <summary>Ten thousand requests of random tenants, sizes and shapes on three lanes: no run ever holds rows of two tenants. The same with a pool that takes all for one tenant shows that it would be seen.</summary>
    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public async Task No_run_has_rows_of_two_tenants(bool control)
    {
        const int Tenants = 4;
        int shared = 0, mixed = 0, wrong = 0;
        for (int seed = 0; seed < 20; seed++)
        {
            var random = new Random(seed);
            using var runs = new SharedRuns(SharedRuns.Rule(16, random.Next(2) == 0 ? [4, 8] : [], random.Next(2) == 0 ? TimeSpan.FromMilliseconds(3) : default), lanes: 3);
            if (control)
            {
                runs.Told = _ => 0;
            }

            var asked = new List<(long[] Entries, Task<float[]> Answer)>();
            var taken = new List<LaneTurn>();
            for (int step = 0; step < 500; step++)
            {
                if (runs.Pool.TryTake(out Lane lane))
                {
                    taken.Add(new LaneTurn(lane));
                }
                else if (taken.Count > 0 && random.Next(20) == 0)
                {
                    LaneTurn back = taken[random.Next(taken.Count)];
                    taken.Remove(back);
                    runs.GiveBack(back);
                }

                // Each entry says whose it is.
                int tenant = random.Next(Tenants);
                int width = random.Next(1, 3);
                long[] entries = [.. Enumerable.Range(0, width * random.Next(1, 5)).Select(_ => (long)((random.Next(SharedRuns.Entries / Tenants) * Tenants) + tenant))];
                asked.Add((entries, runs.AskAsync(tenant, entries, width, random.Next(1, 10))));
                runs.Clock.Advance(TimeSpan.FromMilliseconds(random.Next(2)));
                runs.Pump();
            }

            foreach (LaneTurn back in taken)
            {
                runs.GiveBack(back);
            }

            runs.Clock.Advance(TimeSpan.FromSeconds(1));
            runs.Pump();
            foreach ((long[] entries, Task<float[]> answer) in asked)
            {
                wrong += (await answer.WaitAsync(TimeSpan.FromSeconds(30))).SequenceEqual(Entries(entries)) ? 0 : 1;
            }

            Assert.AreEqual((0, 0), (runs.Pool.Waiting, runs.Pool.Busy));
            shared += asked.Count - runs.Runs.Count;
            mixed += runs.Runs.Count(run => run.Select(entry => (int)MathF.Round((entry + 7) / 1.25f) % Tenants).Distinct().Count() > 1);
        }

        Assert.AreEqual(0, wrong, "every answer is the asker's own");
        Assert.IsGreaterThan(2000, shared);
        if (control)
        {
            Assert.IsGreaterThan(500, mixed, "mixing would not be seen: the test shows nothing");
        }
        else
        {
            Assert.AreEqual(0, mixed);
        }
    }

    /// <summary>A shared run is paid once, by the time that it took: one tenant of which eight share a run of four units, and one whose runs of one unit nobody can share, have half of the time each.</summary>
    [TestMethod]
    public void A_shared_run_costs_its_tenant_what_it_took()
    {
        using var runs = new SharedRuns(SharedRuns.Rule(8));
        runs.Takes = rows => TimeSpan.FromMilliseconds(rows == 8 ? 40 : 10);
        LaneTurn lane = runs.TakeLane();
        int[] answered = new int[2];
        int width = 1;
        for (int i = 0; i < 64; i++)
        {
            Ask(0);
            Ask(1);
        }

        runs.GiveBack(lane);
        double sharer = 5.0 * answered[0], single = 10.0 * answered[1];
        Assert.IsGreaterThan(300, answered[0]);
        Assert.IsTrue(sharer / (sharer + single) is > 0.45 and < 0.55, $"{answered[0]} and {answered[1]} answers");

        // As fast as they are answered, others come; no two of tenant 1 have the same shape.
        async void Ask(int tenant)
        {
            await runs.AskAsync(tenant, tenant == 0 ? [1] : new long[++width], tenant == 0 ? 1 : width);
            if (++answered[tenant] > 0 && answered.Sum() < 600)
            {
                Ask(tenant);
            }
        }
    }

    private static async Task FourAsync(SharedRuns runs)
    {
        LaneTurn lane = runs.TakeLane();
        Task<float[]>[] asked = [.. Enumerable.Range(0, 4).Select(i => runs.AskAsync(0, [i]))];
        runs.GiveBack(lane);
        for (int i = 0; i < asked.Length; i++)
        {
            CollectionAssert.AreEqual(Entries(i), await asked[i]);
        }
    }

    private static string Sizes(SharedRuns runs) => string.Join(' ', runs.Runs.Select(run => run.Length));

    private static float[] Entries(params long[] entries) => [.. entries.Select(entry => SharedRuns.Entry((int)entry))];
}
