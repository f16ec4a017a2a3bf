using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace EdgeDaemon.EndToEnd;

/// <summary>The control surface on the published daemon: who may do what, and what each route does.</summary>
[TestClass]
public sealed class ControlTests
{
    private const string Bench = "bench/bench-mlp";
    private const string Everything = "\"infer\", \"observe\", \"fleet\", \"admin\"";

    // By hand, and not from the daemon's table: that is what is judged.
    private static readonly (string Role, string Method, string Path, string Body)[] Routes =
    [
        ("observe", "GET", "/metrics", ""),
        ("observe", "GET", "/control/status", ""),
        ("observe", "GET", "/control/models", ""),
        ("observe", "GET", "/control/models/bench-mlp", ""),
        ("observe", "GET", "/control/statistics", ""),
        ("observe", "GET", "/control/tenants", ""),
        ("observe", "GET", "/control/audit", ""),
        ("observe", "GET", "/control/penalties", ""),
        ("observe", "GET", "/control/log-level", ""),
        ("admin", "DELETE", "/control/penalties/unix%3A12345", ""),
        ("admin", "POST", "/control/config/check", ""),
        ("admin", "POST", "/control/reload", ""),
        ("admin", "PUT", "/control/log-level", """{"level":"info"}"""),
        ("admin", "POST", "/control/drain", ""),
        ("admin", "POST", "/control/undrain", ""),
    ];

    [TestMethod]
    public async Task EachRoute_IsOpenToItsRole_AndToNoOther()
    {
        using StateDirectory state = StateDirectory.Create("", Bench);
        state.Configure(Tenant(Everything));
        await using Daemon daemon = await Daemon.StartAsync(state);
        using HttpConnection control = daemon.ConnectControl();
        foreach (string role in new[] { "infer", "observe", "fleet", "admin" })
        {
            state.Configure(Tenant($"\"{role}\""));
            await daemon.ReloadAsync();
            foreach ((string needed, string method, string path, string body) in Routes)
            {
                int reloads = daemon.Count("configuration reloaded");
                HttpAnswer answer = control.Ask(Request(method, path, body));
                int expected = role != needed ? 403 : method == "DELETE" ? 404 : 200;
                Assert.AreEqual(expected, answer.Status, $"{method} {path} with {role}: {answer.Text}");
                if (path == "/control/reload" && expected == 200)
                {
                    await Waiting.UntilAsync(() => daemon.Count("configuration reloaded") > reloads); // Else the next one would take this one's line for its own.
                }

                if (role != needed)
                {
                    Assert.AreEqual("not permitted", answer.Error);
                }
            }
        }

        // The control: a stranger to every tenant may nothing, and the same connection may again once it is somebody.
        state.Configure("[[tenant]]\nname = \"t\"\ncallers = [\"unix:54321\"]\nroles = [\"observe\"]");
        await daemon.ReloadAsync();
        foreach ((string _, string method, string path, string body) in Routes)
        {
            Assert.AreEqual(403, control.Ask(Request(method, path, body)).Status, $"{method} {path} of a stranger");
        }

        state.Configure(Tenant(Everything));
        await daemon.ReloadAsync();
        Assert.AreEqual(200, control.Get("/control/status").Status);
    }

    [TestMethod]
    public async Task NoRoute_IsReachable_WhereOnlyInferenceIsExposed()
    {
        await using Daemon daemon = await Daemon.StartAsync("", Bench);
        using HttpConnection inference = daemon.Connect();
        using HttpConnection control = daemon.ConnectControl();
        foreach ((string _, string method, string path, string body) in Routes.Where(route => !route.Path.EndsWith("drain", StringComparison.Ordinal)))
        {
            HttpAnswer answer = inference.Ask(Request(method, path, body));
            Assert.AreEqual(404, answer.Status, $"{method} {path}");
            Assert.AreEqual("no such endpoint", answer.Error);
            Assert.AreEqual(method == "DELETE" ? 404 : 200, control.Ask(Request(method, path, body)).Status, $"{method} {path}");
        }

        Assert.AreEqual(404, inference.Ask(Request("POST", "/control/drain", "")).Status);
        Assert.AreEqual(200, inference.Ask(Releases.Question()).Status);
    }

    [TestMethod]
    public async Task OtherMethodsQueriesAndBodies_AreRefusedAsWhatTheyAre()
    {
        await using Daemon daemon = await Daemon.StartAsync("", Bench);
        using HttpConnection control = daemon.ConnectControl();
        HttpAnswer head = control.Ask(HttpConnection.Request("HEAD", "/control/status"), head: true);
        Assert.AreEqual(200, head.Status);
        Assert.AreEqual("application/json", head.Headers["Content-Type"]);
        foreach (string method in new[] { "OPTIONS", "PATCH", "TRACE", "POST" })
        {
            HttpAnswer answer = control.Ask(Request(method, "/control/status", ""));
            Assert.AreEqual(405, answer.Status, method);
            Assert.AreEqual("GET, HEAD", answer.Headers["Allow"]);
        }

        Assert.AreEqual("GET, HEAD, PUT", control.Ask(HttpConnection.Request("DELETE", "/control/log-level")).Headers["Allow"]);
        Assert.AreEqual((400, "a request parameter is not supported"), Short(control.Get("/control/status?verbose=1")));
        Assert.AreEqual((400, "a request parameter is not supported"), Short(control.Get("/metrics?")));
        Assert.AreEqual((404, "no such endpoint"), Short(control.Get("/control/status/")));
        Assert.AreEqual((404, "no such endpoint"), Short(control.Get("/control/%73tatus")));
        Assert.AreEqual((400, "unexpected additional input data"), Short(control.Ask(Request("POST", "/control/reload", "{}"))));
        Assert.AreEqual(0, daemon.Count("configuration reloaded"));
        foreach ((string body, int status) in new[]
        {
            ("", 400), ("{", 400), ("[]", 400), ("{}", 400), ("""{"level":1}""", 400), ("""{"level":"loud"}""", 400), ("""{"level":"info","level":"debug"}""", 400),
            ("""{"level":"info"}x""", 400), ("""{"level":"info","more":1}""", 400), ("""{"level":{"a":"info"}}""", 400), ("\"info\"", 400), (new string('[', 900), 400),
            ($$"""{"level":"{{new string('x', 2000)}}"}""", 413), ("{\"level\":\"\\ud800\"}", 400),
        })
        {
            using HttpConnection one = daemon.ConnectControl();
            HttpAnswer answer = one.Ask(Request("PUT", "/control/log-level", body));
            Assert.AreEqual(status, answer.Status, $"{body}: {answer.Text}");
        }

        using HttpConnection chunked = daemon.ConnectControl();
        Assert.AreEqual(411, chunked.Ask(Encoding.ASCII.GetBytes("PUT /control/log-level HTTP/1.1\r\nHost: edged\r\nTransfer-Encoding: chunked\r\n\r\n10\r\n{\"level\":\"info\"}\r\n0\r\n\r\n")).Status);
        Assert.AreEqual("info", control.Get("/control/log-level").Json.GetProperty("level").GetString());
        Assert.AreEqual(200, control.Ask(Request("PUT", "/control/log-level", """ { "level" : "debug" } """)).Status);
    }

    [TestMethod]
    public async Task LogLevel_ChangesAtOnce_UntilTheNextReload()
    {
        await using Daemon daemon = await Daemon.StartAsync("", Bench);
        using HttpConnection control = daemon.ConnectControl();
        using HttpConnection connection = daemon.Connect();
        string first = Refused();
        await Waiting.UntilAsync(() => daemon.Errors.Contains(first, StringComparison.Ordinal));
        Assert.AreEqual("error\n", Edgectl(daemon, "log-level", "error").Succeeded().Output);
        string silent = Refused();
        Assert.AreEqual("debug\n", Edgectl(daemon, "log-level", "debug").Succeeded().Output);
        string second = Refused();
        await Waiting.UntilAsync(() => daemon.Errors.Contains(second, StringComparison.Ordinal));
        Assert.IsFalse(daemon.Errors.Contains(silent, StringComparison.Ordinal));
        Assert.AreEqual("debug", control.Get("/control/status").Json.GetProperty("log_level").GetString());
        await daemon.ReloadAsync();
        Assert.AreEqual("info\n", Edgectl(daemon, "log-level").Succeeded().Output);

        // The id under which the log has it.
        string Refused()
        {
            string text = connection.Get("/v2/models/nobody").Json.GetProperty("error").GetString()!;
            return text[text.IndexOf("(request ", StringComparison.Ordinal)..].Trim('(', ')')["request ".Length..] + " ";
        }
    }

    [TestMethod]
    public async Task Drain_FinishesWhatRuns_TakesNothingNew_AndCanBeUndone()
    {
        await using Daemon daemon = await Daemon.StartAsync("", Bench);
        using HttpConnection control = daemon.ConnectControl();
        using HttpConnection running = daemon.Connect();
        using HttpConnection idle = daemon.Connect();
        byte[] question = Releases.Question();
        Assert.AreEqual(200, idle.Ask(question).Status);

        // In flight: its head is there, its body is not.
        running.Send(question.AsSpan(0, question.Length - 10));
        await Waiting.UntilAsync(() => control.Get("/control/status").Json.GetProperty("requests_in_flight").GetInt32() == 1);
        Assert.AreEqual("draining, 1 requests in flight\n", Edgectl(daemon, "drain").Succeeded().Output);
        Assert.IsTrue(control.Get("/control/status").Json.GetProperty("draining").GetBoolean());
        running.Send(question.AsSpan(question.Length - 10));
        Assert.AreEqual(200, running.Read()!.Status);

        Assert.AreEqual((503, "the server is shutting down"), Short(idle.Ask(question)));
        Assert.AreEqual(503, idle.Get("/v2/health/ready").Status);
        Assert.AreEqual(200, idle.Get("/v2/health/live").Status);
        Assert.ThrowsExactly<SocketException>(() => daemon.Connect().Dispose());
        Assert.AreEqual("draining, 0 requests in flight\n", Edgectl(daemon, "drain").Succeeded().Output);
        StringAssert.Contains(Edgectl(daemon, "status").Succeeded().Output, "DRAINING", StringComparison.Ordinal);

        for (int round = 0; round < 3; round++)
        {
            Assert.AreEqual("serving\n", Edgectl(daemon, "undrain").Succeeded().Output);
            Assert.AreEqual("serving\n", Edgectl(daemon, "undrain").Succeeded().Output);
            Assert.AreEqual(200, idle.Ask(question).Status);
            using (HttpConnection fresh = daemon.Connect())
            {
                Assert.AreEqual(200, fresh.Get("/v2/health/ready").Status);
                Assert.AreEqual(200, fresh.Ask(question).Status);
            }

            Assert.AreEqual(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(daemon.State.InferenceSocket));
            Edgectl(daemon, "drain").Succeeded();
        }

        // It can be stopped while it drains.
        await daemon.StopAsync();
    }

    [TestMethod]
    public async Task TenantsAndStatistics_ShowWhatWasAsked()
    {
        await using Daemon daemon = await Daemon.StartAsync(
            """
            [[tenant]]
            name = "line-1"
            callers = ["self"]
            roles = ["infer", "observe"]
            models = ["bench-*"]
            share = 3
            requests_per_second = 1000
            """,
            Bench);
        using HttpConnection connection = daemon.Connect();
        for (int i = 0; i < 4; i++)
        {
            Assert.AreEqual(200, connection.Ask(Releases.Question()).Status);
        }

        Assert.AreEqual(400, connection.Ask(Digits.Infer(Releases.Model, "{"u8)).Status);
        using HttpConnection control = daemon.ConnectControl();
        JsonElement tenant = control.Get("/control/tenants").Json.GetProperty("tenants").EnumerateArray().Single();
        Assert.AreEqual("line-1", tenant.GetProperty("name").GetString());
        Assert.AreEqual("[\"self\"]", tenant.GetProperty("callers").GetRawText());
        Assert.AreEqual("[\"infer\",\"observe\"]", tenant.GetProperty("roles").GetRawText());
        Assert.AreEqual(3, tenant.GetProperty("share").GetInt32());
        Assert.AreEqual(1000, tenant.GetProperty("limits").GetProperty("requests_per_second").GetInt32());
        Assert.AreEqual(JsonValueKind.Null, tenant.GetProperty("limits").GetProperty("max_requests").ValueKind);
        Assert.AreEqual(4, tenant.GetProperty("requests").GetProperty("ok").GetInt32());
        Assert.AreEqual(1, tenant.GetProperty("requests").GetProperty("invalid").GetInt32());
        JsonElement statistics = control.Get("/control/statistics").Json.GetProperty("model_stats").EnumerateArray().Single();
        Assert.AreEqual(4, statistics.GetProperty("inference_count").GetInt32());
        StringAssert.Matches(Edgectl(daemon, "tenants").Succeeded().Output, new(@"(?m)^line-1\s+infer,observe\s+bench-\*\s+3\s"));
        Assert.AreEqual("nobody is left outside\n", Edgectl(daemon, "penalties", "list").Succeeded().Output);
        Command refused = Edgectl(daemon, "drain");
        Assert.AreEqual(1, refused.ExitCode);
        StringAssert.Contains(refused.Errors, "needs the role admin", StringComparison.Ordinal);
    }

    private static string Tenant(string roles) => $"[[tenant]]\nname = \"t\"\ncallers = [\"self\"]\nroles = [{roles}]\nmodels = [\"*\"]";

    private static byte[] Request(string method, string path, string body) =>
        HttpConnection.Request(method, path, Encoding.UTF8.GetBytes(body), method is "GET" or "POST" ? [] : [$"Content-Length: {Encoding.UTF8.GetByteCount(body)}"]);

    private static (int Status, string Error) Short(HttpAnswer answer) => (answer.Status, answer.Error);

    private static Command Edgectl(Daemon daemon, params string[] arguments) => Command.Edgectl([.. arguments, "--socket", daemon.State.ControlSocket]);
}
