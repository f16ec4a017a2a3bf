using EdgeDaemon.Tests.Client;

namespace EdgeDaemon.Tests.Ctl.Commands;

[TestClass]
public sealed class ModelCommandTests
{
    private const string Digits =
        """
        {"folder":"digits","state":"READY","reason":"","name":"digits","version":"1","sequence":7,"release_digest":"0123456789abcdef","signed_by":["dev","ops"],
         "members":[{"name":"a","file":"a.onnx","sha256":"cd"}],"loaded_at":"2026-11-21T10:00:00Z","inference_count":5,"lineage":{"data":"uci"}}
        """;

    private const string Bad =
        """{"folder":"bad\u001b","state":"UNAVAILABLE","reason":"no trusted signature\nREADY","signed_by":[],"members":[],"inference_count":0}""";

    [TestMethod]
    public void Lists_served_and_refused_bundles_and_prints_nothing_a_terminal_obeys()
    {
        using var daemon = new FakeDaemon(_ => FakeDaemon.Json($$"""{"models":[{{Digits}},{{Bad}}]}"""));
        string[] lines = ToolRun.Of("model", "list", "--socket", daemon.SocketPath).Succeeded().Output.Split('\n');
        StringAssert.StartsWith(lines[0], "FOLDER");
        StringAssert.Matches(lines[1], new(@"^digits\s+digits\s+1\s+7\s+READY\s+0123456789ab\s+dev,ops$"));
        StringAssert.Matches(lines[2], new(@"^bad\\u\{1b\}\s+-\s+-\s+-\s+UNAVAILABLE\s+-\s+-$"));
        Assert.AreEqual(@"bad\u{1b}: no trusted signature\u{a}READY", lines[3]);
        Assert.AreEqual("", lines[4]);
    }

    [TestMethod]
    public void An_empty_list_says_so()
    {
        using var daemon = new FakeDaemon(_ => FakeDaemon.Json("""{"models":[]}"""));
        Assert.AreEqual("no bundles found\n", ToolRun.Of("model", "list", "--socket", daemon.SocketPath).Succeeded().Output);
    }

    [TestMethod]
    public void Status_is_0_for_a_ready_model_and_1_for_any_other()
    {
        using var ready = new FakeDaemon(_ => FakeDaemon.Json(Digits));
        ToolRun run = ToolRun.Of("model", "status", "digits", "--socket", ready.SocketPath).Succeeded();
        foreach (string line in new[] { "state      READY", "release    0123456789abcdef", "signed by  dev, ops", "loaded     2026-11-21 10:00:00Z", "member     a  a.onnx  sha256 cd", "lineage    data = uci" })
        {
            StringAssert.Contains(run.Output, line + "\n");
        }

        using var refused = new FakeDaemon(_ => FakeDaemon.Json(Bad));
        run = ToolRun.Of("model", "status", "bad", "--socket", refused.SocketPath);
        Assert.AreEqual(1, run.Code);
        StringAssert.Contains(run.Output, "reason     no trusted signature");

        using var none = new FakeDaemon(_ => FakeDaemon.Json("""{"error":"not found"}""", "404 Not Found"));
        ToolRun.Of("model", "status", "x", "--socket", none.SocketPath).Failed(1, "'x'", "model list");
    }

    [TestMethod]
    public void Shows_the_daemon_as_a_whole()
    {
        using var daemon = new FakeDaemon(_ => FakeDaemon.Json(
            """{"version":"0.1.0","framework":".NET 10.0.12","runtime":{"version":"1.30.0","sha256":"ab","path":"/x/y.so"},"uptime_seconds":93784.9,"models_ready":2,"models_refused":1}"""));
        string output = ToolRun.Of("status", "--socket", daemon.SocketPath).Succeeded().Output;
        foreach (string text in new[] { "edged 0.1.0 (.NET 10.0.12)\n", "ONNX Runtime 1.30.0\n", "/x/y.so", "1.02:03:04", "2 ready, 1 refused" })
        {
            StringAssert.Contains(output, text);
        }
    }
}
