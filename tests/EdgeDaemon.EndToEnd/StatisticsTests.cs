using System.Text.Json;
using EdgeDaemon.Tests.Protocol.Grpc;

namespace EdgeDaemon.EndToEnd;

/// <summary>The counters of Triton's statistics extension: what they count, and what they do not.</summary>
[TestClass]
public sealed class StatisticsTests
{
    private static readonly string[] Durations = ["success", "fail", "queue", "compute_input", "compute_infer", "compute_output", "cache_hit", "cache_miss"];

    [TestMethod]
    public async Task Statistics_CountAnswersOfBothWires_AndNotWhatValidationRefused()
    {
        await using Daemon daemon = await Daemon.StartAsync("", "digits/digits-s25", "bench/bench-mlp");
        using HttpConnection connection = daemon.Connect();
        using var http2 = new Http2Connection(daemon.State.InferenceSocket);
        JsonElement before = Of(connection, "digits");
        Assert.AreEqual((0UL, 0UL, 0UL), (Count(before, "inference_count"), Count(before, "execution_count"), Count(before, "last_inference")), "self-tests were counted");

        for (int i = 0; i < 3; i++)
        {
            Assert.AreEqual(200, connection.Ask(Digits.Binary(0, 4)).Status);
            Assert.AreEqual("0", http2.Ask(Http2Connection.Call(GrpcMessage.Infer), GrpcMessage.Frame(GrpcMessage.Digits(1))).Status);
            Assert.AreEqual(400, connection.Ask(BadRequest.Json("{}")).Status);
            Assert.AreEqual("3", http2.Ask(Http2Connection.Call(GrpcMessage.Infer), GrpcMessage.Frame(Proto.Text(1, "digits"))).Status);
        }

        JsonElement after = Of(connection, "digits");
        Assert.AreEqual("1", after.GetProperty("version").GetString());
        Assert.AreEqual((6UL, 6UL), (Count(after, "inference_count"), Count(after, "execution_count")));
        Assert.IsGreaterThan(1_600_000_000_000UL, Count(after, "last_inference"));
        JsonElement stats = after.GetProperty("inference_stats");
        foreach (string duration in Durations)
        {
            ulong expected = duration is "fail" or "cache_hit" or "cache_miss" ? 0UL : 6UL;
            Assert.AreEqual(expected, Count(stats.GetProperty(duration), "count"), duration);
            Assert.AreEqual(expected > 0, Count(stats.GetProperty(duration), "ns") > 0, duration);
        }

        // Another model's are its own, and all together are a list.
        Assert.AreEqual(0UL, Count(Of(connection, "bench-mlp"), "inference_count"));
        JsonElement all = connection.Get("/v2/models/stats").Json.GetProperty("model_stats");
        CollectionAssert.AreEquivalent((string[])["digits", "bench-mlp"], all.EnumerateArray().Select(model => model.GetProperty("name").GetString()).ToArray());
        Assert.AreEqual(404, connection.Get("/v2/models/nobody/stats").Status);
        Assert.AreEqual(404, connection.Get("/v2/models/digits/versions/9/stats").Status);
    }

    private static JsonElement Of(HttpConnection connection, string model)
    {
        HttpAnswer answer = connection.Get($"/v2/models/{model}/stats");
        Assert.AreEqual(200, answer.Status, answer.Text);
        return answer.Json.GetProperty("model_stats")[0];
    }

    private static ulong Count(JsonElement element, string name) => element.GetProperty(name).GetUInt64();
}
