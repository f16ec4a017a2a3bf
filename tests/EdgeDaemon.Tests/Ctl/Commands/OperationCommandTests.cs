using System.Text;
using EdgeDaemon.Tests.Client;

namespace EdgeDaemon.Tests.Ctl.Commands;

/// <summary>The commands of operation, against a daemon that says what the test wants.</summary>
[TestClass]
public sealed class OperationCommandTests
{
    private const string Report =
        """{"error":"the configuration is not good","good":false,"applied":false,"errors":["/etc/edged/edged.toml:3:1: unknown key \u001b[2J"],"restart":["[engine] lanes"],"models_ready":2,"models_refused":1}""";

    [TestMethod]
    public void Reload_that_is_refused_prints_every_reason_and_fails()
    {
        using var daemon = new FakeDaemon(_ => FakeDaemon.Json(Report, "422 Unprocessable Content"));
        ToolRun run = ToolRun.Of("config", "reload", "--socket", daemon.SocketPath);
        Assert.AreEqual((1, ""), (run.Code, run.Error));
        Assert.AreEqual("/etc/edged/edged.toml:3:1: unknown key \\u{1b}[2J\nneeds a restart: [engine] lanes\nnothing was applied\n", run.Output);
        Assert.AreEqual("POST /control/reload HTTP/1.1", daemon.Requests.Single().Line);
        Assert.IsEmpty(daemon.Requests.Single().Body);

        run = ToolRun.Of("config", "reload", "--json", "--socket", daemon.SocketPath);
        Assert.AreEqual(1, run.Code);
        StringAssert.Contains(run.Output, "\"applied\":false");
    }

    [TestMethod]
    public void Reload_that_is_applied_says_what_serves()
    {
        using var daemon = new FakeDaemon(_ => FakeDaemon.Json("""{"good":true,"applied":true,"errors":[],"restart":[],"models_ready":2,"models_refused":1}"""));
        Assert.AreEqual("applied: 2 models serve, 1 bundles are refused\n", ToolRun.Of("config", "reload", "--socket", daemon.SocketPath).Succeeded().Output);
        Assert.AreEqual("good: a reload would apply it\n", ToolRun.Of("config", "check", "--socket", daemon.SocketPath).Succeeded().Output);
        Assert.AreEqual("POST /control/config/check HTTP/1.1", daemon.Requests[1].Line);
    }

    [TestMethod]
    [DataRow("drain", "403 Forbidden", "not permitted (request 1-2)", "needs the role admin")]
    [DataRow("tenants", "403 Forbidden", "not permitted (request 1-2)", "needs the role observe")]
    [DataRow("metrics", "404 Not Found", "no such endpoint (request 1-2)", "is it the control socket")]
    [DataRow("undrain", "401 Unauthorized", "a bearer token is needed (request 1-2)", "token")]
    [DataRow("drain", "503 Service Unavailable", "busy (request 1-2)", "503: busy")]
    public void A_refusal_says_what_it_means(string command, string status, string error, string words)
    {
        using var daemon = new FakeDaemon(_ => FakeDaemon.Json($$"""{"error":"{{error}}"}""", status));
        ToolRun.Of(command, "--socket", daemon.SocketPath).Failed(1, words, "1-2");
    }

    [TestMethod]
    public void The_audit_logs_state_is_shown_and_a_log_that_takes_nothing_fails()
    {
        const string Document =
            """
            {"enabled":true,"state":"running","accepts":true,"reason":"","since":"2026-11-21T10:00:00Z","directory":"/var/lib/edged/audit","size":120,"pending":3,"segment":2,"epoch":1,
             "checkpoint":{"size":118,"root":"AAAA","epoch":1,"time":"2026-11-21T10:05:00Z","note":"plant.example/7\n118\nAAAA\n"},"disk_bytes":4096,"free_bytes":8192}
            """;
        string document = Document;
        using var daemon = new FakeDaemon(_ => FakeDaemon.Json(document));
        string shown = ToolRun.Of("audit", "status", "--socket", daemon.SocketPath).Succeeded().Output;
        StringAssert.StartsWith(shown, "state        running\n");
        StringAssert.Contains(shown, "checkpoint   118 records, root AAAA, epoch 1, 2026-11-21 10:05:00Z\n");
        Assert.AreEqual("GET /control/audit HTTP/1.1", daemon.Requests.Single().Line);
        Assert.AreEqual("plant.example/7\n118\nAAAA\n", ToolRun.Of("audit", "status", "--checkpoint", "--socket", daemon.SocketPath).Succeeded().Output);

        document = Document.Replace("\"running\",\"accepts\":true,\"reason\":\"\"", "\"full\",\"accepts\":false,\"reason\":\"no room\\u001b[2J\"", StringComparison.Ordinal);
        ToolRun full = ToolRun.Of("audit", "status", "--socket", daemon.SocketPath);
        Assert.AreEqual((1, ""), (full.Code, full.Error));
        StringAssert.StartsWith(full.Output, "state        full; REQUESTS ARE REFUSED: no room\\u{1b}[2J (since 2026-11-21 10:00:00Z)\n");

        document = """{"enabled":false}""";
        StringAssert.StartsWith(ToolRun.Of("audit", "status", "--socket", daemon.SocketPath).Succeeded().Output, "nothing is recorded");
        ToolRun.Of("audit", "status", "--checkpoint", "--socket", daemon.SocketPath).Failed(1, "has no checkpoint");
    }

    [TestMethod]
    public void Penalties_are_listed_and_lifted_by_name()
    {
        const string Cert = "cert:spiffe://plant.example/camera/1";
        using var daemon = new FakeDaemon(request => request.Line.StartsWith("GET", StringComparison.Ordinal)
            ? FakeDaemon.Json($$"""{"penalties":[{"caller":"{{Cert}}","since":"2026-11-21T10:00:00Z","until":"2026-11-21T10:05:00Z","times":3,"reason":"HeadMalformedJson\nforged"}]}""")
            : FakeDaemon.Json("""{"penalties":[]}"""));
        string[] lines = ToolRun.Of("penalties", "list", "--socket", daemon.SocketPath).Succeeded().Output.Split('\n');
        Assert.HasCount(3, lines);
        StringAssert.Matches(lines[1], new(@"^cert:spiffe://plant\.example/camera/1\s+2026-11-21 10:05:00Z\s+3\s+HeadMalformedJson\\u\{a\}forged$"));
        Assert.AreEqual("nobody is left outside\n", ToolRun.Of("penalties", "lift", Cert, "--socket", daemon.SocketPath).Succeeded().Output);
        Assert.AreEqual("DELETE /control/penalties/cert%3Aspiffe%3A%2F%2Fplant.example%2Fcamera%2F1 HTTP/1.1", daemon.Requests[1].Line);
        using var none = new FakeDaemon(_ => FakeDaemon.Json("""{"error":"there is no such thing (request 1-2)"}""", "404 Not Found"));
        ToolRun.Of("penalties", "lift", "unix:7", "--socket", none.SocketPath).Failed(1, "no penalty of 'unix:7'");
    }

    [TestMethod]
    public void Tenants_are_listed_with_what_they_take()
    {
        using var daemon = new FakeDaemon(_ => FakeDaemon.Json(
            """
            {"tenants":[{"name":"line-1","callers":["unix:1000"],"roles":["infer","observe"],"models":["digits*"],"share":3,"limits":{"requests_per_second":10,"max_requests":null},
              "usage":{"requests_in_flight":2,"requests_waiting":1,"connections":4,"tensor_bytes":8192},"requests":{"ok":7,"invalid":2,"later_outcome":1},
              "request_body_bytes":1,"response_body_bytes":2,"later":true},
             {"name":"spare","callers":["self"],"roles":["admin"],"models":[],"share":1,"limits":{},"requests":{},"request_body_bytes":0,"response_body_bytes":0}]}
            """));
        string[] lines = ToolRun.Of("tenants", "--socket", daemon.SocketPath).Succeeded().Output.Split('\n');
        StringAssert.Matches(lines[1], new(@"^line-1\s+infer,observe\s+digits\*\s+3\s+2\s+4\s+7\s+3$"));
        StringAssert.Matches(lines[2], new(@"^spare\s+admin\s+-\s+1\s+-\s+-\s+0\s+0$"));
        StringAssert.Contains(ToolRun.Of("tenants", "--json", "--socket", daemon.SocketPath).Succeeded().Output, "\"requests_per_second\":10");
    }

    [TestMethod]
    public void Log_level_is_shown_and_set()
    {
        using var daemon = new FakeDaemon(_ => FakeDaemon.Json("""{"level":"debug"}"""));
        Assert.AreEqual("debug\n", ToolRun.Of("log-level", "--socket", daemon.SocketPath).Succeeded().Output);
        Assert.AreEqual("debug\n", ToolRun.Of("log-level", "debug", "--socket", daemon.SocketPath).Succeeded().Output);
        Assert.AreEqual(("GET /control/log-level HTTP/1.1", "PUT /control/log-level HTTP/1.1"), (daemon.Requests[0].Line, daemon.Requests[1].Line));
        Assert.AreEqual("""{"level":"debug"}""", daemon.Requests[1].Text);
        Assert.AreEqual(2, ToolRun.Of("log-level", "loud", "--socket", daemon.SocketPath).Code);
    }

    [TestMethod]
    public void Metrics_are_printed_as_they_came()
    {
        const string Page = "# HELP edged_x_total é\n# TYPE edged_x_total counter\nedged_x_total 1\n";
        using var daemon = new FakeDaemon(_ => FakeDaemon.Raw(Encoding.UTF8.GetBytes(Page), headers: "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"));
        Assert.AreEqual(Page, ToolRun.Of("metrics", "--socket", daemon.SocketPath).Succeeded().Output);
    }

    [TestMethod]
    public void Drain_says_what_is_left()
    {
        using var daemon = new FakeDaemon(request => FakeDaemon.Json(request.Line.Contains("undrain", StringComparison.Ordinal)
            ? """{"draining":false,"requests_in_flight":0}"""
            : """{"draining":true,"requests_in_flight":3}"""));
        Assert.AreEqual("draining, 3 requests in flight\n", ToolRun.Of("drain", "--socket", daemon.SocketPath).Succeeded().Output);
        Assert.AreEqual("serving\n", ToolRun.Of("undrain", "--socket", daemon.SocketPath).Succeeded().Output);
    }
}
