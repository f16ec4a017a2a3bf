using System.Text;
using System.Text.RegularExpressions;
using EdgeDaemon.Control;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Core.Protocol.Grpc;
using EdgeDaemon.Tests.Protocol.Grpc;

namespace EdgeDaemon.EndToEnd;

/// <summary>
/// Who may do what: every route and every call, for each role alone, for somebody with another model, and for a stranger. The tables are written by hand:
/// they are the law, and whatever is added to the wire without a line here fails.
/// </summary>
[TestClass]
public sealed partial class AuthorisationTests
{
    // Columns: infer (digits), infer (bench-mlp), observe, fleet, admin, a user without a tenant.
    private static readonly uint[] Callers = [5001, 5002, 5003, 5004, 5005, 5006];

    private static readonly (string Route, string Answers)[] Rest =
    [
        ("GET /v2/health/live", "200 200 200 200 200 200"),
        ("GET /v2/health/ready", "200 200 200 200 200 200"),
        ("GET /v2", "200 200 200 403 403 403"),
        ("GET /v2/models/digits", "200 404 200 403 403 403"),
        ("GET /v2/models/digits/versions/1", "200 404 200 403 403 403"),
        ("GET /v2/models/digits/versions/9", "404 404 404 403 403 403"),
        ("GET /v2/models/digits/ready", "200 404 200 403 403 403"),
        ("GET /v2/models/digits/versions/1/ready", "200 404 200 403 403 403"),
        ("GET /v2/models/digits/config", "200 404 200 403 403 403"),
        ("GET /v2/models/digits/versions/1/config", "200 404 200 403 403 403"),
        ("GET /v2/models/digits/stats", "200 404 200 403 403 403"),
        ("GET /v2/models/digits/versions/1/stats", "200 404 200 403 403 403"),
        ("GET /v2/models/stats", "200 200 200 403 403 403"),
        ("POST /v2/models/digits/infer", "200 404 403 403 403 403"),
        ("POST /v2/models/digits/versions/1/infer", "200 404 403 403 403 403"),
        ("POST /v2/repository/index", "200 200 200 403 403 403"),
    ];

    // What passes is answered with anything but 403, 404 and 405: some routes want a body that is not sent here.
    private static readonly (string Route, string Answers)[] ControlLines =
    [
        ("GET /metrics", "403 403 pass 403 403 403"),
        ("GET /control/status", "403 403 pass 403 403 403"),
        ("GET /control/models", "403 403 pass 403 403 403"),
        ("GET /control/models/digits", "403 403 pass 403 403 403"),
        ("GET /control/statistics", "403 403 pass 403 403 403"),
        ("GET /control/tenants", "403 403 pass 403 403 403"),
        ("GET /control/audit", "403 403 pass 403 403 403"),
        ("GET /control/penalties", "403 403 pass 403 403 403"),
        ("GET /control/log-level", "403 403 pass 403 403 403"),

        // With a body, which none of them takes (a question to a model is no level): who may is told that, and nothing happens to the others' daemon.
        ("DELETE /control/penalties/unix%3A12345", "403 403 403 403 pass 403"),
        ("PUT /control/log-level", "403 403 403 403 pass 403"),
        ("POST /control/config/check", "403 403 403 403 pass 403"),
        ("POST /control/reload", "403 403 403 403 pass 403"),
        ("POST /control/drain", "403 403 403 403 pass 403"),
        ("POST /control/undrain", "403 403 403 403 pass 403"),
    ];

    // OK 0, NOT_FOUND 5, PERMISSION_DENIED 7.
    private static readonly (string Call, string Answers)[] Grpc =
    [
        ("inference.GRPCInferenceService/ServerLive", "0 0 0 0 0 0"),
        ("inference.GRPCInferenceService/ServerReady", "0 0 0 0 0 0"),
        ("grpc.health.v1.Health/Check", "0 0 0 0 0 0"),
        ("grpc.health.v1.Health/Watch", "0 0 0 0 0 0"),
        ("inference.GRPCInferenceService/ServerMetadata", "0 0 0 7 7 7"),
        ("inference.GRPCInferenceService/ModelReady", "0 5 0 7 7 7"),
        ("inference.GRPCInferenceService/ModelMetadata", "0 5 0 7 7 7"),
        ("inference.GRPCInferenceService/ModelConfig", "0 5 0 7 7 7"),
        ("inference.GRPCInferenceService/ModelStatistics", "0 5 0 7 7 7"),
        ("inference.GRPCInferenceService/RepositoryIndex", "0 0 0 7 7 7"),
        ("inference.GRPCInferenceService/ModelInfer", "0 5 7 7 7 7"),
        ("inference.GRPCInferenceService/ModelStreamInfer", "0 5 7 7 7 7"),
    ];

    private static Daemon _daemon = null!;

    [ClassInitialize]
    public static async Task StartAsync(TestContext _)
    {
        StateDirectory state = StateDirectory.Create(
            AsUser.Tenant("asks", Callers[0], "\"infer\"", "\"digits\"") + AsUser.Tenant("other", Callers[1], "\"infer\"", "\"bench-*\"") + AsUser.Tenant("sees", Callers[2], "\"observe\"")
            + AsUser.Tenant("sends", Callers[3], "\"fleet\"") + AsUser.Tenant("governs", Callers[4], "\"admin\""),
            "digits/digits-s25",
            "bench/bench-mlp");
        StateDirectory.Write(state.Config, File.ReadAllText(state.Config).Replace("\"0600\"", "\"0660\"", StringComparison.Ordinal));
        AsUser.Admit(state);
        _daemon = await Daemon.StartAsync(state, ownsState: true);
    }

    [ClassCleanup]
    public static async Task StopAsync() => await _daemon.DisposeAsync();

    [TestMethod]
    public void Rest_routes() => Hold(Rest, route => AskHttp1(_daemon.State.InferenceSocket, route));

    [TestMethod]
    public void Rest_routes_over_HTTP2() => Hold(Rest, route => AskHttp2(_daemon.State.InferenceSocket, route));

    [TestMethod]
    public void Control_routes() => Hold(ControlLines, route => Passes(AskHttp1(_daemon.State.ControlSocket, route)));

    [TestMethod]
    public void Control_routes_over_HTTP2() => Hold(ControlLines, route => Passes(AskHttp2(_daemon.State.ControlSocket, route)));

    [TestMethod]
    public void Grpc_calls() => Hold(Grpc, AskGrpc);

    [TestMethod]
    public void Every_route_of_the_protocol_has_a_line() => CollectionAssert.AreEquivalent(
        Enum.GetValues<RestRouteKind>().Where(kind => kind != RestRouteKind.None).ToArray(),
        Rest.Select(line => RestRoute.TryParse(line.Route.Split(' ')[1], out RestRoute route) ? route.Kind : RestRouteKind.None).Distinct().ToArray());

    [TestMethod]
    public void Every_call_of_the_protocol_has_a_line() => CollectionAssert.AreEquivalent(
        Enum.GetValues<GrpcMethod>().Where(method => method != GrpcMethod.None).ToArray(),
        Grpc.Select(line => GrpcMethods.Of("/" + line.Call)).ToArray());

    // Its source is compiled into these tests: what the daemon has is what is looked through.
    [TestMethod]
    public void Every_route_of_control_has_a_line() => CollectionAssert.AreEquivalent(
        ControlRoutes.All.ToArray(),
        ControlLines.Select(line => line.Route.Split(' ') is [string method, string path] ? ControlRoutes.Find(method, path, out _, out _) : null).ToArray());

    // The answer about somebody else's model is, byte for byte, the one about a model that nobody has.
    [TestMethod]
    public void Anothers_model_is_answered_like_none()
    {
        foreach (string route in Rest.Select(line => line.Route).Where(route => route.Contains("/digits", StringComparison.Ordinal)))
        {
            Assert.AreEqual(Answer(route.Replace("digits", "absent", StringComparison.Ordinal)), Answer(route), route);
        }

        foreach (string call in Grpc.Where(line => line.Answers.StartsWith("0 5", StringComparison.Ordinal)).Select(line => line.Call))
        {
            Assert.AreEqual(Call(call, "absent"), Call(call, "digits"), call);
        }

        // Not that all answers were one: its own model is there.
        Assert.AreNotEqual(Answer("GET /v2/models/absent"), Answer("GET /v2/models/bench-mlp"));

        static string Answer(string route) => AsUser.Run(Callers[1], () =>
        {
            using HttpConnection connection = _daemon.Connect();
            HttpAnswer answer = connection.Ask(Request(route));
            return $"{answer.Status} {string.Join(';', answer.Headers.Where(header => header.Key is not ("Date" or "Content-Length")))} {Id().Replace(answer.Text, "ID")}";
        });

        static string Call(string call, string model) => AsUser.Run(Callers[1], () =>
        {
            using var connection = new Http2Connection(_daemon.State.InferenceSocket);
            Http2Answer answer = connection.Ask(Http2Connection.Call("/" + call, ("triton_grpc_error", "true")), GrpcMessage.Frame(Message(call, model)));
            return $"{string.Join(';', answer.Headers.Where(header => header.Key != "date").Select(header => $"{header.Key}={Id().Replace(header.Value, "ID")}"))} {answer.Data.Length}";
        });
    }

    [TestMethod]
    public void Lists_hold_the_tenants_own_models_alone()
    {
        string[][] seen = [.. Callers[..3].Select(caller => AsUser.Run(caller, () =>
        {
            using HttpConnection connection = _daemon.Connect();
            string[] index = [.. connection.Ask(HttpConnection.Request("POST", "/v2/repository/index")).Json.EnumerateArray().Select(model => model.GetProperty("name").GetString()!).Order()];
            string[] statistics = [.. connection.Get("/v2/models/stats").Json.GetProperty("model_stats").EnumerateArray().Select(model => model.GetProperty("name").GetString()!).Order()];
            CollectionAssert.AreEqual(index, statistics);
            using var http2 = new Http2Connection(_daemon.State.InferenceSocket);
            foreach (string call in (string[])["RepositoryIndex", "ModelStatistics"])
            {
                string data = Encoding.Latin1.GetString(http2.Ask(Http2Connection.Call($"/inference.GRPCInferenceService/{call}"), GrpcMessage.Frame([])).Data);
                CollectionAssert.AreEqual(index, ((string[])["bench-mlp", "digits"]).Where(name => data.Contains(name, StringComparison.Ordinal)).ToArray(), call);
            }

            return index;
        }))];
        CollectionAssert.AreEqual((string[])["digits"], seen[0]);
        CollectionAssert.AreEqual((string[])["bench-mlp"], seen[1]);
        CollectionAssert.AreEqual((string[])["bench-mlp", "digits"], seen[2]);
    }

    // What a proxy would say of its callers is what anybody can say of himself.
    [TestMethod]
    [DataRow("X-Forwarded-For: 127.0.0.1")]
    [DataRow("Forwarded: for=127.0.0.1;by=edged")]
    [DataRow("X-Forwarded-User: root")]
    [DataRow("X-Forwarded-Client-Cert: URI=spiffe://plant.example/operator;Hash=00")]
    [DataRow("X-SSL-Client-Verify: SUCCESS\r\nX-SSL-Client-S-DN: CN=operator")]
    [DataRow("X-Remote-User: root\r\nRemote-User: root\r\nX-Real-IP: 127.0.0.1")]
    [DataRow("edged-caller: unix:5001\r\nedged-tenant: asks\r\nx-edged-tenant: asks")]
    [DataRow("Authorization: Basic cm9vdDpyb290")]
    [DataRow("Authorization: Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJ1bml4OjUwMDEifQ.")]
    [DataRow("X-HTTP-Method-Override: GET\r\nX-Original-URL: /v2/health/live\r\nX-Rewrite-URL: /v2/health/live")]
    public void Headers_say_nothing_of_who_asks(string headers)
    {
        string[] lines = headers.Split("\r\n");
        HttpAnswer stranger = AsUser.Run(Callers[5], () => Ask(lines));
        Assert.AreEqual((403, "not permitted"), (stranger.Status, stranger.Error));
        Assert.AreEqual(200, AsUser.Run(Callers[0], () => Ask(lines)).Status, "the control: who may, still may");

        static HttpAnswer Ask(string[] lines)
        {
            using HttpConnection connection = _daemon.Connect();
            return connection.Ask(HttpConnection.Request("GET", "/v2/models/digits", default, lines));
        }
    }

    [TestMethod]
    [DataRow("localhost")]
    [DataRow("127.0.0.1")]
    [DataRow("operator.plant.example")]
    public void The_authority_says_nothing_of_who_asks(string authority)
    {
        Assert.AreEqual(("403", "200"), (AsUser.Run(Callers[5], () => Ask(authority)), AsUser.Run(Callers[0], () => Ask("edged"))));

        static string Ask(string authority)
        {
            using var connection = new Http2Connection(_daemon.State.InferenceSocket);
            return connection.Ask(Http2Connection.Block((":method", "GET"), (":scheme", "http"), (":path", "/v2/models/digits"), (":authority", authority)), []).Headers[":status"];
        }
    }

    // Other spellings of a route that is closed: none is a way around (attacks.md, row 12).
    [TestMethod]
    [DataRow("/v2/models/digits/")]
    [DataRow("/v2//models/digits")]
    [DataRow("//v2/models/digits")]
    [DataRow("/v2/./models/digits")]
    [DataRow("/v2/health/live/../../models/digits")]
    [DataRow("/v2/health/live/%2e%2e/%2e%2e/models/digits")]
    [DataRow("/V2/models/digits")]
    [DataRow("/v2/models/digits;x=/v2/health/live")]
    [DataRow("/v2/models/digits?/v2/health/live")]
    [DataRow("/v2/models/%64igits")]
    [DataRow("http://edged/v2/models/digits")]
    [DataRow("/invocations")]
    [DataRow("/predict")]
    [DataRow("/ping/../v2/models/digits")]
    public void Other_spellings_open_nothing(string target)
    {
        int status = AsUser.Run(Callers[5], () =>
        {
            using HttpConnection connection = _daemon.Connect();
            return connection.Get(target).Status;
        });
        Assert.IsTrue(status is 400 or 403 or 404, $"{target} is answered with {status}");
    }

    [TestMethod]
    public async Task Two_users_reach_two_tenants_and_the_log_names_each()
    {
        AsUser.Run(Callers[0], () =>
        {
            using HttpConnection connection = _daemon.Connect();
            Assert.AreEqual((200, 404), (connection.Get("/v2/models/digits").Status, connection.Get("/v2/models/bench-mlp").Status));
        });
        AsUser.Run(Callers[1], () =>
        {
            using HttpConnection connection = _daemon.Connect();
            Assert.AreEqual((404, 200), (connection.Get("/v2/models/digits").Status, connection.Get("/v2/models/bench-mlp").Status));
        });
        await Waiting.UntilAsync(() => _daemon.Errors.Contains("of unix:5001 refused: ModelNotFound: model 'bench-mlp' is not granted to tenant 'asks'", StringComparison.Ordinal));
        await Waiting.UntilAsync(() => _daemon.Errors.Contains("of unix:5002 refused: ModelNotFound: model 'digits' is not granted to tenant 'other'", StringComparison.Ordinal));
    }

    private static void Hold((string Route, string Answers)[] table, Func<string, string> ask)
    {
        string[] wrong = [.. table.SelectMany(line => Callers
            .Select((caller, column) => (Expected: line.Answers.Split(' ')[column], Found: AsUser.Run(caller, () => ask(line.Route)), caller))
            .Where(cell => cell.Expected != cell.Found)
            .Select(cell => $"{line.Route} by {cell.caller}: {cell.Found} instead of {cell.Expected}"))];
        Assert.IsEmpty(wrong, string.Join('\n', wrong));
    }

    private static string Passes(string status) => status is "403" or "404" or "405" ? status : "pass";

    private static string AskHttp1(string socket, string route)
    {
        using var connection = new HttpConnection(socket);
        return $"{connection.Ask(Request(route)).Status}";
    }

    private static string AskHttp2(string socket, string route)
    {
        using var connection = new Http2Connection(socket);
        string[] parts = route.Split(' ');
        byte[] body = parts[0] == "GET" ? [] : Digits.Json(0, 1);
        return connection.Ask(Http2Connection.Block((":method", parts[0]), (":scheme", "http"), (":path", parts[1]), (":authority", "edged")), body).Headers[":status"];
    }

    private static string AskGrpc(string call)
    {
        using var connection = new Http2Connection(_daemon.State.InferenceSocket);
        int stream = connection.Begin(Http2Connection.Call("/" + call, ("triton_grpc_error", "true")));
        connection.SendBody(stream, GrpcMessage.Frame(Message(call, "digits")), end: true);
        if (call.EndsWith("/Watch", StringComparison.Ordinal))
        {
            // Goes on until the daemon drains: the first message is the answer.
            return connection.Read(stream, data => data.Length >= 5).Data.Length >= 5 ? "0" : "none";
        }

        return connection.Read(stream).Status;
    }

    private static byte[] Request(string route)
    {
        string[] parts = route.Split(' ');
        if (parts[0] == "GET" || (!parts[1].EndsWith("/infer", StringComparison.Ordinal) && !parts[1].StartsWith("/control/", StringComparison.Ordinal)))
        {
            return HttpConnection.Request(parts[0], parts[1]);
        }

        byte[] body = Digits.Json(0, 1);
        return HttpConnection.Request(parts[0], parts[1], body, $"Content-Length: {body.Length}");
    }

    private static byte[] Message(string call, string model) => call.Split('/')[1] switch
    {
        "ModelInfer" or "ModelStreamInfer" => Proto.Join(Proto.Text(1, model), Proto.Input("image", "UINT8", [1, 1, 8, 8]), Proto.Field(7, GrpcMessage.Pixels(1))),
        "ModelReady" or "ModelMetadata" or "ModelConfig" or "ModelStatistics" => Proto.Text(1, model),
        _ => [],
    };

    [GeneratedRegex(@"\(request [0-9a-f]+-[0-9a-f]+\)")]
    private static partial Regex Id();
}
