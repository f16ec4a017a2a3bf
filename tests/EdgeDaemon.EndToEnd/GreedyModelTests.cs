using System.Globalization;
using System.Text;
using EdgeDaemon.Tests.Monitoring;

namespace EdgeDaemon.EndToEnd;

/// <summary>Models that want more memory than they did at their first load, or than there is, and requests that leave a run that is shared: a clear refusal, others carry on, nothing stays taken.</summary>
[TestClass]
[DoNotParallelize]
public sealed class GreedyModelTests
{
    private const int Turns = 20_000;

    [TestMethod]
    public async Task ModelThatWantsMoreThanItsProbeSaid_IsStopped_AndOthersCarryOn()
    {
        using StateDirectory state = StateDirectory.Create("", "bench/bench-mlp");
        CraftedModels.Bundle(state, "swelling", CraftedModels.SwellingByInput(), 1);
        await using Daemon daemon = await Daemon.StartAsync(state);
        using HttpConnection caller = daemon.Connect(), other = daemon.Connect();
        Assert.AreEqual(200, caller.Ask(Ask("swelling", 1000)).Status, "control: what it needs it gets");
        long before = Anonymous(daemon);
        for (int round = 0; round < 3; round++)
        {
            Task<HttpAnswer> greedy = Task.Run(() => caller.Ask(Ask("swelling", 1_000_000_000)));
            do
            {
                Assert.AreEqual(200, other.Ask(Releases.Question()).Status);
                Assert.IsLessThan(before + (256L << 20), Anonymous(daemon), "four gigabytes were asked for");
            }
            while (!greedy.IsCompleted);
            HttpAnswer refused = await greedy;
            Assert.AreEqual((500, "the model took more memory for this input than expected and was stopped"), (refused.Status, refused.Error));
            Assert.AreEqual(200, caller.Ask(Ask("swelling", 1000)).Status);
        }

        PrometheusText page = MetricsTests.Scrape(daemon);
        Assert.AreEqual(3, page.Sum("edged_run_memory_overruns_total"));
        Assert.AreEqual(0, page.Sum("edged_run_memory_mismatch_bytes"));
        Assert.IsLessThan(16.0 * (1 << 20), page.Sum("edged_run_memory_held_bytes"));
        Assert.AreEqual(0, page.Sum("edged_tensor_memory_used_bytes"));
        Assert.AreEqual(0, page.Sum("edged_lanes_busy"));
        Assert.AreEqual(0, page.Sum("edged_engine_lost_lanes_total"));
    }

    [TestMethod]
    public async Task WhatTheBudgetNeverHas_IsTooLarge_AndWhatItHasNotNow_IsBusy()
    {
        await using Daemon daemon = await Daemon.StartAsync("[engine]\nlanes = 2\n[memory]\nmax_run_bytes = 16777216", "bench/bench-cnn", "bench/bench-mlp");
        using HttpConnection caller = daemon.Connect();
        Assert.AreEqual(200, caller.Ask(Cnn(1)).Status);
        HttpAnswer refused = caller.Ask(Cnn(256));
        Assert.AreEqual((413, "the model would need more memory for this input than it may have"), (refused.Status, refused.Error));
        Assert.AreEqual(200, caller.Ask(Releases.Question()).Status);

        // Two at once may fit or not; nothing else may come of it, and some are answered.
        int answered = 0;
        Parallel.For(0, 8, _ =>
        {
            using HttpConnection connection = daemon.Connect();
            for (int i = 0; i < 10; i++)
            {
                HttpAnswer answer = connection.Ask(Cnn(32));
                Assert.IsTrue(answer.Status is 200 or 503, answer.Text);
                Interlocked.Add(ref answered, answer.Status == 200 ? 1 : 0);
            }
        });
        Assert.IsGreaterThan(0, answered);
        PrometheusText page = MetricsTests.Scrape(daemon);
        Assert.IsLessThanOrEqualTo(16_777_216.0, page.Sum("edged_run_memory_held_bytes"));
        Assert.AreEqual(0, page.Sum("edged_run_memory_mismatch_bytes"));
        Assert.AreEqual(0, page.Sum("edged_tensor_memory_used_bytes"));
    }

    /// <summary>Of those who wait to share a run two go away and one has no time left: the others have their own answers, and nothing stays in the queue.</summary>
    [TestMethod]
    public async Task WhoLeavesASharedRun_HarmsNobody()
    {
        using StateDirectory state = StateDirectory.Create();
        CraftedModels.Bundle(state, "slow", CraftedModels.Loop(Turns, null), 1 + Turns, batching: "max_batch = 8");
        state.Configure("[engine]\nlanes = 1");
        await using Daemon daemon = await Daemon.StartAsync(state);
        int late = 0;
        for (int round = 0; round < 10; round++)
        {
            HttpConnection[] callers = [.. Enumerable.Range(0, 8).Select(_ => daemon.Connect())];
            for (int i = 0; i < callers.Length; i++)
            {
                callers[i].Send(Ask("slow", i, i == 7 ? ",\"parameters\":{\"timeout\":2000}" : ""));
            }

            callers[3].Dispose();
            callers[5].Dispose();
            for (int i = 0; i < callers.Length; i++)
            {
                if (i is 3 or 5)
                {
                    continue;
                }

                HttpAnswer answer = callers[i].Read()!;
                if (i == 7 && answer.Status == 504)
                {
                    late++;
                }
                else
                {
                    Assert.AreEqual(200, answer.Status, answer.Text);
                    StringAssert.Contains(answer.Text, string.Create(CultureInfo.InvariantCulture, $"\"data\":[{i + Turns}]"));
                }

                callers[i].Dispose();
            }
        }

        Assert.IsGreaterThan(0, late, "nobody was ever late: that part shows nothing");
        await Waiting.UntilAsync(() => MetricsTests.Scrape(daemon).Sum("edged_tenant_requests_in_flight") == 0);
        PrometheusText page = MetricsTests.Scrape(daemon);
        Assert.IsLessThan(page.Sum("edged_run_requests_sum", ("model", "slow")), page.Sum("edged_run_requests_count", ("model", "slow")), "no run was shared: the test shows nothing");
        Assert.AreEqual(0, page.Sum("edged_tensor_memory_used_bytes"));
        Assert.AreEqual(0, page.Sum("edged_lanes_busy"));
        Assert.AreEqual(0, page.Sum("edged_run_memory_mismatch_bytes"));
    }

    // VmRSS counts the pages of the reserve once for each time that they lie in the address space.
    private static long Anonymous(Daemon daemon) => long.Parse(
        File.ReadLines($"/proc/{daemon.Id}/status").First(line => line.StartsWith("RssAnon:", StringComparison.Ordinal))["RssAnon:".Length..^2], CultureInfo.InvariantCulture) << 10;

    private static byte[] Ask(string model, int x, string more = "") => Digits.Infer(
        model, Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $$"""{"inputs":[{"name":"x","datatype":"FP32","shape":[1],"data":[{{x}}]}]{{more}}}""")));

    private static byte[] Cnn(int rows) => Digits.Infer(
        "bench-cnn",
        Encoding.ASCII.GetBytes($$$"""{"parameters":{"binary_data_output":true},"inputs":[{"name":"x","datatype":"FP32","shape":[{{{rows}}},3,32,32],"parameters":{"binary_data_size":{{{rows * 12288}}}}}]}"""),
        new byte[rows * 12288]);
}
