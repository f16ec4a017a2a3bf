using System.Net;
using EdgeDaemon.Client;
using EdgeDaemon.Client.Control;

namespace EdgeDaemon.Tests.Client;

[TestClass]
public sealed class ControlClientTests
{
    private const string Served =
        """
        {"folder":"digits","state":"READY","reason":"","name":"digits","version":"1","sequence":7,"release_digest":"ab","signed_by":["dev"],
         "members":[{"name":"a","file":"a.onnx","sha256":"cd"}],"loaded_at":"2026-11-21T10:00:00Z","inference_count":5,"lineage":{"data":"uci"},"later":true}
        """;

    private const string Refused =
        """{"folder":"bad","state":"UNAVAILABLE","reason":"no trusted signature","name":null,"version":null}""";

    [TestMethod]
    public async Task Reads_served_and_refused_bundles_and_ignores_what_a_newer_daemon_adds()
    {
        using var daemon = new FakeDaemon(_ => FakeDaemon.Json($$"""{"models":[{{Served}},{{Refused}}]}"""));
        using var control = new ControlClient(daemon.SocketPath);
        ModelStatusList list = await control.ModelsAsync();

        ModelStatus digits = list.Models[0];
        Assert.AreEqual(("digits", "READY", (ulong?)7, (ulong?)5), (digits.Name, digits.State, digits.Sequence, digits.InferenceCount));
        Assert.AreEqual(new MemberStatus("a", "a.onnx", "cd"), digits.Members!.Single());
        Assert.AreEqual(new DateTimeOffset(2026, 11, 21, 10, 0, 0, TimeSpan.Zero), digits.LoadedAt);
        Assert.AreEqual("uci", digits.Lineage!.Value.GetProperty("data").GetString());
        Assert.AreEqual(("bad", null, "no trusted signature"), (list.Models[1].Folder, list.Models[1].Name, list.Models[1].Reason));
        Assert.AreEqual("GET /control/models HTTP/1.1", daemon.Requests.Single().Line);
    }

    [TestMethod]
    public async Task What_is_printed_as_json_reads_back_the_same()
    {
        using var daemon = new FakeDaemon(_ => FakeDaemon.Json(Served));
        using var control = new ControlClient(daemon.SocketPath);
        string once = ControlClient.ToJson(await control.ModelAsync("digits"));
        using var again = new FakeDaemon(_ => FakeDaemon.Json(once));
        using var second = new ControlClient(again.SocketPath);
        Assert.AreEqual(once, ControlClient.ToJson(await second.ModelAsync("digits")));
        StringAssert.Contains(once, "\"release_digest\":\"ab\"");
    }

    [TestMethod]
    public async Task Reads_the_daemons_status()
    {
        using var daemon = new FakeDaemon(_ => FakeDaemon.Json(
            """{"version":"0.1.0","framework":".NET 10.0.12","runtime":{"version":"1.30.0","sha256":"ab","path":"/x"},"uptime_seconds":61.5,"models_ready":2,"models_refused":1}"""));
        using var control = new ControlClient(daemon.SocketPath);
        DaemonStatus status = await control.StatusAsync();
        Assert.AreEqual(("0.1.0", 61.5, 2, 1), (status.Version, status.UptimeSeconds, status.ModelsReady, status.ModelsRefused));
        Assert.AreEqual(new RuntimeStatus("1.30.0", "ab", "/x"), status.Runtime);
    }

    [TestMethod]
    [DataRow("""{"models":[{"folder":"x"}]}""")]
    [DataRow("""{"models":null}""")]
    [DataRow("""{}""")]
    [DataRow("""{"models":[""")]
    public async Task An_answer_that_lacks_what_is_promised_is_refused(string body)
    {
        using var daemon = new FakeDaemon(_ => FakeDaemon.Json(body));
        using var control = new ControlClient(daemon.SocketPath);
        EdgeClientException error = await Assert.ThrowsExactlyAsync<EdgeClientException>(() => control.ModelsAsync());
        Assert.AreEqual(EdgeClientFailure.AnswerInvalid, error.Failure);
    }

    [TestMethod]
    public async Task A_model_that_is_not_there_is_status_404()
    {
        using var daemon = new FakeDaemon(_ => FakeDaemon.Json("""{"error":"not found"}""", "404 Not Found"));
        using var control = new ControlClient(daemon.SocketPath);
        EdgeClientException error = await Assert.ThrowsExactlyAsync<EdgeClientException>(() => control.ModelAsync("x/../y"));
        Assert.AreEqual(HttpStatusCode.NotFound, error.Status);
        Assert.AreEqual("GET /control/models/x%2F..%2Fy HTTP/1.1", daemon.Requests.Single().Line);
    }
}
