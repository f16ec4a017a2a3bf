using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using EdgeDaemon.Tests.Monitoring;
using EdgeDaemon.Tests.Protocol.Grpc;

namespace EdgeDaemon.EndToEnd;

/// <summary>Requests of one tenant that share runs, on a model whose run takes as long for one row as for many: what is seen of it from outside.</summary>
[TestClass]
public sealed class BatchingTests
{
    private const int Turns = 20_000;
    private const int Callers = 6;
    private const int Each = 5;

    private static readonly int[] Others = [61001, 61002];

    [TestMethod]
    public async Task RequestsOfOneTenant_ShareRuns_AndEachGetsItsOwnAnswer_OnBothWires()
    {
        using StateDirectory state = Slow("max_batch = 8", "lanes = 1");
        await using Daemon daemon = await Daemon.StartAsync(state);
        (ulong answers, ulong runs, JsonElement statistics) = Load(daemon);
        Assert.AreEqual((ulong)(2 * Callers * Each), answers);
        Assert.IsLessThan(answers / 2, runs, $"{runs} runs for {answers} requests");
        JsonElement[] sizes = [.. statistics.GetProperty("batch_stats").EnumerateArray()];
        Assert.AreEqual(runs, Sum(sizes, _ => 1), "every run has a size");
        Assert.IsTrue(sizes.All(size => Number(size, "batch_size") <= 8), statistics.GetRawText());
        ulong rows = Sum(sizes, size => Number(size, "batch_size"));
        Assert.AreEqual((ulong)(Callers * Each * (1 + 2)), rows, "REST asks about one row, gRPC about two");

        using HttpConnection connection = daemon.Connect();
        JsonElement config = connection.Get("/v2/models/slow/config").Json;
        Assert.AreEqual("""{"preferred_batch_size":[],"max_queue_delay_microseconds":0}""", config.GetProperty("dynamic_batching").GetRawText());
        Assert.AreEqual("""{"string_value":"8"}""", config.GetProperty("parameters").GetProperty("max_batch").GetRawText());
        Assert.AreEqual("""[{"name":"slow","kind":"KIND_CPU","count":1}]""", config.GetProperty("instance_group").GetRawText());

        using HttpConnection control = daemon.ConnectControl();
        PrometheusText page = PrometheusText.Read(control.Get("/metrics").Text);
        Assert.AreEqual((double)answers, page.Sum("edged_run_requests_sum", ("model", "slow")));
        Assert.AreEqual((double)runs, page.Sum("edged_run_requests_count", ("model", "slow")));
    }

    /// <summary>The control: the same model and callers, without the release's word, or against the device's.</summary>
    [TestMethod]
    [DataRow(null, "lanes = 1")]
    [DataRow("max_batch = 8", "lanes = 1\nmax_batch = 1")]
    public async Task WithoutPermission_EveryRequestHasARunOfItsOwn(string? batching, string engine)
    {
        using StateDirectory state = Slow(batching, engine);
        await using Daemon daemon = await Daemon.StartAsync(state);
        (ulong answers, ulong runs, _) = Load(daemon, gRpc: batching is not null);
        Assert.AreEqual(answers, runs);
        Assert.AreEqual(batching is not null, daemon.Errors.Contains("every request has a run of its own, although its release allows batches: engine.max_batch is 1", StringComparison.Ordinal));
    }

    /// <summary>Three users that always wait for one lane, one request each: as three tenants they never share a run, as one they do.</summary>
    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public async Task RequestsOfDifferentTenants_NeverShareARun(bool apart)
    {
        OtherUser.Require();
        using StateDirectory state = Slow("max_batch = 8", "lanes = 1\n" + (apart
            ? Tenant("main", "self") + Tenant("second", $"unix:{Others[0]}") + Tenant("third", $"unix:{Others[1]}")
            : Tenant("all", $"self\", \"unix:{Others[0]}\", \"unix:{Others[1]}")), "0660");
        OtherUser.Admit(state);
        await using Daemon daemon = await Daemon.StartAsync(state);
        DateTimeOffset begin = DateTimeOffset.UtcNow.AddSeconds(2);
        DateTimeOffset end = begin.AddSeconds(3);
        Process[] users = [.. ((int[])[0, .. Others]).Select(user => new OtherUser(state, user).Load(Ask(1), 1, begin, end))];
        foreach (Process user in users)
        {
            Assert.IsGreaterThan(5, OtherUser.Count(OtherUser.Result(user), "200"));
        }

        using HttpConnection connection = daemon.Connect();
        JsonElement statistics = Statistics(connection);
        ulong answers = Number(statistics, "inference_count"), runs = Number(statistics, "execution_count");
        if (apart)
        {
            Assert.AreEqual(answers, runs);
        }
        else
        {
            Assert.IsLessThan(answers, runs, "nobody would share anyway: the test shows nothing");
        }
    }

    /// <summary>A release that claims what its graph does not keep: its own test vectors give it away, and it serves one by one.</summary>
    [TestMethod]
    public async Task GraphThatMixesItsRows_IsFoundOutAtItsLoad()
    {
        using StateDirectory state = StateDirectory.Create();
        CraftedModels.Bundle(state, "mixing", CraftedModels.Mixing(), 0, controlFlow: false, batching: "max_batch = 8");
        await using Daemon daemon = await Daemon.StartAsync(state);
        daemon.Says("model mixing: every request has a run of its own, although its release allows batches: self-test 'one' with other rows in its run: output 'y'");
        using HttpConnection connection = daemon.Connect();
        HttpAnswer answer = connection.Ask(Digits.Infer("mixing", """{"inputs":[{"name":"x","datatype":"FP32","shape":[2],"data":[1,3]}]}"""u8));
        StringAssert.Contains(answer.Text, "\"data\":[-1,1]");
        Assert.IsFalse(connection.Get("/v2/models/mixing/config").Json.TryGetProperty("dynamic_batching", out _), "the release's word is not what happens");
    }

    private static StateDirectory Slow(string? batching, string engine, string mode = "0600")
    {
        StateDirectory state = StateDirectory.Create();
        CraftedModels.Bundle(state, "slow", CraftedModels.Loop(Turns, batching is null ? 1 : null), 1 + Turns, batching: batching);
        state.Configure("[engine]\n" + engine, inferenceMode: mode);
        return state;
    }

    // Everybody sends, then everybody reads: all wait at the same time. What is answered is x + Turns, in whole numbers that float holds exactly.
    private static (ulong Answers, ulong Runs, JsonElement Statistics) Load(Daemon daemon, bool gRpc = true)
    {
        HttpConnection[] rest = [.. Enumerable.Range(0, Callers).Select(_ => daemon.Connect())];
        Http2Connection[] http2 = [.. Enumerable.Range(0, gRpc ? Callers : 0).Select(_ => new Http2Connection(daemon.State.InferenceSocket))];
        for (int round = 0; round < Each; round++)
        {
            for (int i = 0; i < rest.Length; i++)
            {
                Assert.IsTrue(rest[i].Send(Ask((100 * round) + i)));
            }

            int[] calls = [.. http2.Select(connection => connection.Begin(Http2Connection.Call(GrpcMessage.Infer)))];
            for (int i = 0; i < http2.Length; i++)
            {
                http2[i].SendBody(calls[i], Message((100 * round) + 50 + i), end: true);
            }

            for (int i = 0; i < rest.Length; i++)
            {
                HttpAnswer answer = rest[i].Read()!;
                Assert.AreEqual(200, answer.Status, answer.Text);
                StringAssert.Contains(answer.Text, string.Create(CultureInfo.InvariantCulture, $"\"data\":[{(100 * round) + i + Turns}]"));
            }

            for (int i = 0; i < http2.Length; i++)
            {
                Http2Answer answer = http2[i].Read(calls[i]);
                Assert.AreEqual("0", answer.Status);
                float x = (100 * round) + 50 + i + Turns;
                byte[] expected = [.. BitConverter.GetBytes(x), .. BitConverter.GetBytes(-x + (2 * Turns))];
                Assert.IsGreaterThan(0, answer.Data.AsSpan().IndexOf(expected), "its rows are not there");
            }
        }

        JsonElement statistics = Statistics(rest[0]);
        Array.ForEach(rest, connection => connection.Dispose());
        Array.ForEach(http2, connection => connection.Dispose());
        return (Number(statistics, "inference_count"), Number(statistics, "execution_count"), statistics);
    }

    private static byte[] Ask(int x) => Digits.Infer(
        "slow", Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $$"""{"inputs":[{"name":"x","datatype":"FP32","shape":[1],"data":[{{x}}]}]}""")));

    // Two rows: x and what, with as many turns, answers its opposite.
    private static byte[] Message(int x) => GrpcMessage.Frame(Proto.Join(
        Proto.Text(1, "slow"), Proto.Input("x", "FP32", [2]), Proto.Field(7, [.. BitConverter.GetBytes((float)x), .. BitConverter.GetBytes(-(float)x)])));

    private static JsonElement Statistics(HttpConnection connection) => connection.Get("/v2/models/slow/stats").Json.GetProperty("model_stats")[0];

    private static ulong Sum(JsonElement[] sizes, Func<JsonElement, ulong> each) =>
        sizes.Aggregate(0UL, (sum, size) => sum + (each(size) * Number(size.GetProperty("compute_infer"), "count")));

    private static ulong Number(JsonElement element, string name) => element.GetProperty(name).GetUInt64();

    private static string Tenant(string name, string caller) => $"""

        [[tenant]]
        name = "{name}"
        callers = ["{caller}"]
        roles = ["infer", "observe"]
        models = ["*"]

        """;
}
