using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using EdgeDaemon.Tests.Protocol.Grpc;

namespace EdgeDaemon.EndToEnd;

/// <summary>What a tenant may take: rates, places, turns, and what becomes of whoever is refused again and again. Each limit beside the same without it.</summary>
[TestClass]
public sealed class AdmissionTests
{
    internal const int Other = 61001;

    internal static readonly byte[] Health = HttpConnection.Request("GET", "/v2/health/live");
    private static readonly byte[] Malformed = Digits.Infer("digits", "{"u8);

    [TestMethod]
    public async Task Rate_LetsTheBurstIn_ThenSays429AndWhen_AndThenItIsTrue()
    {
        await using Daemon daemon = await Daemon.StartAsync(Tenant("main", "self", "requests_per_second = 1\nburst_requests = 3"), "digits/digits-s25");
        using HttpConnection connection = daemon.Connect();
        byte[] request = Digits.Binary(0, 1);
        var asked = Stopwatch.StartNew();
        int letIn = 0;
        HttpAnswer refused = connection.Ask(request);
        for (; refused.Status == 200; refused = connection.Ask(request))
        {
            letIn++;
            Assert.IsLessThanOrEqualTo(3 + asked.Elapsed.TotalSeconds, letIn, "more than the burst and what the rate gave since");
        }

        Assert.IsGreaterThanOrEqualTo(3, letIn);
        Assert.AreEqual("429 too many requests, try again later", $"{refused.Status} {refused.Error}");
        var told = Stopwatch.StartNew();
        Assert.AreEqual("1", refused.Headers["Retry-After"]);
        Assert.AreEqual(200, connection.Ask(Health).Status, "health has no rate");
        await Waiting.UntilAsync(() => told.Elapsed >= TimeSpan.FromSeconds(1));
        Assert.AreEqual(200, connection.Ask(request).Status);
    }

    [TestMethod]
    public async Task Rate_OnGrpc_IsResourceExhausted_WithThePushbackThatClientsHonour()
    {
        await using Daemon daemon = await Daemon.StartAsync(Tenant("main", "self", "requests_per_second = 1\nburst_requests = 1"), "digits/digits-s25");
        using var connection = new Http2Connection(daemon.State.InferenceSocket);
        byte[] request = GrpcMessage.Frame(GrpcMessage.Digits(1));
        Assert.AreEqual("0", connection.Ask(Http2Connection.Call(GrpcMessage.Infer), request).Status);
        Http2Answer refused = connection.Ask(Http2Connection.Call(GrpcMessage.Infer), request);
        Assert.AreEqual("8", refused.Status);
        Assert.AreEqual("1", refused.Headers["retry-after"]);
        int pushback = int.Parse(refused.Headers["grpc-retry-pushback-ms"], CultureInfo.InvariantCulture);
        Assert.IsTrue(pushback is > 0 and <= 1000, $"{pushback}");
        var told = Stopwatch.StartNew();
        await Waiting.UntilAsync(() => told.ElapsedMilliseconds >= pushback);
        Assert.AreEqual("0", connection.Ask(Http2Connection.Call(GrpcMessage.Infer), request).Status);
    }

    [TestMethod]
    public async Task BytesRate_CountsBodies_OfStatedAndUnstatedLength()
    {
        await using Daemon daemon = await Daemon.StartAsync(
            "[limits]\nmax_body_bytes = 16384\nmax_head_bytes = 16384\n" + Tenant("main", "self", "bytes_per_second = 1000\nburst_bytes = 1000"), "digits/digits-s25");
        using HttpConnection connection = daemon.Connect();
        byte[] large = Digits.Binary(0, 200); // 12.8 KB of the burst's 16.
        Assert.AreEqual(200, connection.Ask(large).Status);
        HttpAnswer refused = connection.Ask(large);
        Assert.AreEqual(429, refused.Status);
        Assert.IsGreaterThan(5, int.Parse(refused.Headers["Retry-After"], CultureInfo.InvariantCulture));

        await using Daemon another = await Daemon.StartAsync(
            "[limits]\nmax_body_bytes = 16384\nmax_head_bytes = 16384\n" + Tenant("main", "self", "bytes_per_second = 1000\nburst_bytes = 1000"), "digits/digits-s25");
        using var grpc = new Http2Connection(another.State.InferenceSocket);
        byte[] message = GrpcMessage.Frame(GrpcMessage.Digits(200));
        Assert.AreEqual("0", grpc.Ask(Http2Connection.Call(GrpcMessage.Infer), message).Status);
        Assert.AreEqual("0", grpc.Ask(Http2Connection.Call(GrpcMessage.Infer), message).Status, "not in debt yet");
        Assert.AreEqual("8", grpc.Ask(Http2Connection.Call(GrpcMessage.Infer), message).Status);
    }

    /// <summary>What is read of models costs what an inference costs: no question is a way around a tenant's limits. The control is the same tenant without them.</summary>
    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public async Task WhatIsReadOfModels_StandsOnItsTenantsAccount(bool limited)
    {
        await using Daemon daemon = await Daemon.StartAsync(
            "[limits]\nmax_body_bytes = 16384\nmax_head_bytes = 16384\n" + Tenant("main", "self", limited ? "bytes_per_second = 1000\nburst_bytes = 1000\nmax_requests = 1" : ""), "digits/digits-s25");
        using HttpConnection rest = daemon.Connect();
        byte[] large = HttpConnection.Request("POST", "/v2/repository/index", new byte[12_000]); // Of a burst of 16 KB.
        Assert.AreEqual(200, rest.Ask(large).Status);
        HttpAnswer second = rest.Ask(large);
        Assert.AreEqual(limited ? 429 : 200, second.Status);
        Assert.AreEqual(limited, second.Headers.ContainsKey("Retry-After"));

        // A call whose message has not come is in flight; two calls of one connection begin in no order of their own.
        using HttpConnection control = daemon.ConnectControl();
        await Waiting.UntilAsync(() => InFlight(control) == 0);
        using var grpc = new Http2Connection(daemon.State.InferenceSocket);
        int waits = grpc.Begin(Http2Connection.Call(GrpcMessage.Metadata));
        await Waiting.UntilAsync(() => InFlight(control) == 1);
        byte[] question = GrpcMessage.Frame(Proto.Text(1, "digits"));
        Assert.AreEqual(limited ? "8" : "0", grpc.Ask(Http2Connection.Call(GrpcMessage.Metadata), question).Status);
        Assert.AreEqual("0", grpc.Ask(Http2Connection.Call(GrpcMessage.Live), GrpcMessage.Frame([])).Status, "health stands on no account");
        grpc.SendBody(waits, question, end: true);
        Assert.AreEqual("0", grpc.Read(waits).Status);
    }

    /// <summary>Where requests come in, control costs what requests cost; the operators' own socket knows no limit.</summary>
    [TestMethod]
    public async Task Control_ThroughADoorForRequests_CountsAsRequests()
    {
        using StateDirectory state = StateDirectory.Create("", "digits/digits-s25");
        string both = state.At("both.sock");
        state.Configure($"""
            [[listen]]
            name = "both"
            unix = "{both}"
            mode = "0600"
            exposes = ["inference", "control"]

            """ + Tenant("main", "self", "requests_per_second = 1\nburst_requests = 3"));
        await using Daemon daemon = await Daemon.StartAsync(state);
        using var door = new HttpConnection(both);
        using HttpConnection control = daemon.ConnectControl();
        var asked = Stopwatch.StartNew();
        int answered = 0;
        while (door.Get("/control/status").Status == 200)
        {
            answered++;
            Assert.IsLessThanOrEqualTo(3 + asked.Elapsed.TotalSeconds, answered);
            Assert.AreEqual(200, control.Get("/control/status").Status);
        }

        for (int i = 0; i < 20; i++)
        {
            Assert.AreEqual(200, control.Get("/control/status").Status);
        }
    }

    /// <summary>A body that nobody reads is not waited for: the connection ends with its answer. The control is a body that ends.</summary>
    [TestMethod]
    [DataRow("/v2/models/digits")]
    [DataRow("/v2/health/live")]
    public async Task BodyOfAQuestionThatTakesNone_HoldsNoConnection(string target)
    {
        await using Daemon daemon = await Daemon.StartAsync("[limits]\nmin_body_bytes_per_second = 1", "digits/digits-s25");
        using HttpConnection endless = daemon.Connect();
        HttpAnswer answer = endless.Ask(HttpConnection.Request("GET", target, "5\r\nhello\r\n"u8, "Transfer-Encoding: chunked"));
        Assert.AreEqual(200, answer.Status);
        Assert.IsTrue(answer.Closes);
        Assert.IsNull(endless.Read());
        using HttpConnection ends = daemon.Connect();
        byte[] whole = HttpConnection.Request("GET", target, "5\r\nhello\r\n0\r\n\r\n"u8, "Transfer-Encoding: chunked");
        for (int i = 0; i < 3; i++)
        {
            answer = ends.Ask(whole);
            Assert.AreEqual((200, false), (answer.Status, answer.Closes));
        }
    }

    [TestMethod]
    public async Task Overload_Is503_WithRetryAfter_AndHealthAnswers()
    {
        using StateDirectory state = StateDirectory.Create();
        byte[] slow = Slow(state, 60_000);
        state.Configure("[engine]\nlanes = 1\nqueue = 2");
        await using Daemon daemon = await Daemon.StartAsync(state);
        HttpConnection[] callers = [.. Enumerable.Range(0, 8).Select(_ => daemon.Connect())];
        Array.ForEach(callers, caller => caller.Send(slow));
        using HttpConnection health = daemon.Connect();
        Assert.AreEqual(200, health.Ask(Health).Status);
        HttpAnswer[] answers = [.. callers.Select(caller => caller.Read()!)];
        HttpAnswer[] refused = [.. answers.Where(answer => answer.Status != 200)];
        Assert.IsTrue(answers.Length - refused.Length is >= 3 and < 8, $"{answers.Length - refused.Length} of 8 with one lane and two places");
        foreach (HttpAnswer answer in refused)
        {
            Assert.AreEqual("503 the server is busy, try again later 1", $"{answer.Status} {answer.Error} {answer.Headers["Retry-After"]}");
        }

        Array.ForEach(callers, caller => caller.Dispose());
    }

    [TestMethod]
    public async Task Requests_InFlight_AreAtMostATenantsOwn()
    {
        using StateDirectory state = StateDirectory.Create();
        byte[] slow = Slow(state, 60_000);
        state.Configure("[engine]\nlanes = 1\n" + Tenant("main", "self", "max_requests = 2"));
        await using Daemon daemon = await Daemon.StartAsync(state);
        HttpConnection[] callers = [.. Enumerable.Range(0, 6).Select(_ => daemon.Connect())];
        Array.ForEach(callers, caller => caller.Send(slow));
        HttpAnswer[] answers = [.. callers.Select(caller => caller.Read()!)];
        Assert.IsGreaterThanOrEqualTo(2, answers.Count(answer => answer.Status == 200));
        HttpAnswer[] refused = [.. answers.Where(answer => answer.Status == 429)];
        Assert.IsGreaterThan(0, refused.Length);
        Assert.IsTrue(refused.All(answer => answer.Headers["Retry-After"] == "1"));
        Assert.AreEqual(200, callers[0].Ask(slow).Status);
        Array.ForEach(callers, caller => caller.Dispose());
    }

    [TestMethod]
    public async Task TimeoutOfARequest_EndsItsWaiting_With504()
    {
        using StateDirectory state = StateDirectory.Create();
        byte[] slow = Slow(state, 300_000);
        byte[] hasty = Digits.Infer("slow", """{"parameters":{"timeout":20000},"inputs":[{"name":"x","datatype":"FP32","shape":[1],"data":[1]}]}"""u8);
        byte[] done = Digits.Infer("slow", """{"parameters":{"timeout":1},"inputs":[{"name":"x","datatype":"FP32","shape":[1],"data":[1]}]}"""u8);
        state.Configure("[engine]\nlanes = 1");
        await using Daemon daemon = await Daemon.StartAsync(state);
        using HttpConnection busy = daemon.Connect();
        using HttpConnection waiting = daemon.Connect();
        Assert.AreEqual(504, waiting.Ask(done).Status, "over before it could begin");
        for (int attempt = 0; attempt < 5; attempt++)
        {
            busy.Send(slow);
            var waited = Stopwatch.StartNew();
            HttpAnswer answer = waiting.Ask(hasty);
            bool before = waited.Elapsed < TimeSpan.FromMilliseconds(500);
            Assert.AreEqual(200, busy.Read()!.Status);
            if (answer.Status == 504 && before)
            {
                Assert.AreEqual("the deadline passed", answer.Error);
                return;
            }
        }

        Assert.Fail("a request with a timeout was never refused while the lane was taken");
    }

    [TestMethod]
    public async Task WholeRequest_HasItsTime_BodyAndWaitingTogether()
    {
        await using Daemon daemon = await Daemon.StartAsync("[limits]\nrequest_timeout_seconds = 1\nmin_body_bytes_per_second = 1", "digits/digits-s25");
        using HttpConnection connection = daemon.Connect();
        var waited = Stopwatch.StartNew();
        HttpAnswer answer = connection.Ask(Digits.Binary(0, 4)[..^10]);
        Assert.AreEqual("504 the deadline passed", $"{answer.Status} {answer.Error}");
        Assert.IsTrue(waited.Elapsed > TimeSpan.FromSeconds(0.9) && waited.Elapsed < TimeSpan.FromSeconds(10), $"{waited.Elapsed}");
    }

    [TestMethod]
    [DataRow("requests")]
    [DataRow("no HTTP")]
    public async Task WhoeverIsRefusedAgainAndAgain_IsOutsideForAWhile_AndNobodyElse(string how)
    {
        OtherUser.Require();
        using StateDirectory state = StateDirectory.Create("", "digits/digits-s25");
        state.Configure("[penalty]\nafter = 5\nfirst_seconds = 2\n" + Tenant("main", "self", "") + Tenant("other", $"unix:{Other}", ""), inferenceMode: "0660");
        OtherUser.Admit(state);
        await using Daemon daemon = await Daemon.StartAsync(state);
        using HttpConnection idle = daemon.Connect();
        Assert.AreEqual(200, idle.Ask(Digits.Binary(0, 1)).Status);
        for (int i = 0; i < 5; i++)
        {
            using HttpConnection bad = daemon.Connect();
            if (how == "requests")
            {
                Assert.AreEqual(400, bad.Ask(Malformed).Status);
            }
            else
            {
                bad.Send("GARBAGE\r\n\r\n"u8);
                Assert.AreEqual(400, bad.Read()!.Status);
            }
        }

        Assert.IsNull(idle.Read(), "its open connections are closed");
        Assert.IsTrue(IsCut(daemon), "and new ones cut");
        Assert.AreEqual(200, new OtherUser(state, Other).Ask(Digits.Binary(0, 1)), "another is served meanwhile");
        using (HttpConnection control = daemon.ConnectControl())
        {
            Assert.AreEqual(200, control.Get("/control/status").Status, "and the operators' socket answers");
        }

        daemon.Says("unix:0 is outside until");
        await Waiting.UntilAsync(() => !IsCut(daemon));
        using HttpConnection again = daemon.Connect();
        Assert.AreEqual(200, again.Ask(Digits.Binary(0, 1)).Status);
    }

    [TestMethod]
    public async Task RefusalsOfTheDaemonsOwnMaking_PutNobodyOutside()
    {
        await using Daemon daemon = await Daemon.StartAsync("[penalty]\nafter = 5", "digits/digits-s25");
        using HttpConnection connection = daemon.Connect();
        for (int i = 0; i < 50; i++)
        {
            Assert.AreEqual(404, connection.Ask(Digits.Infer("absent", "{}"u8)).Status);
            Assert.AreEqual(200, connection.Ask(Health).Status);
        }
    }

    [TestMethod]
    public async Task FloodOfRefusals_DoesNotFillTheLog()
    {
        await using Daemon daemon = await Daemon.StartAsync("[penalty]\nafter = 0", "digits/digits-s25");
        using HttpConnection connection = daemon.Connect();
        for (int i = 0; i < 2000; i++)
        {
            Assert.AreEqual(400, connection.Ask(Malformed).Status);
        }

        Assert.IsLessThan(300, daemon.Errors.Split("HeadMalformedJson").Length - 1);
    }

    [TestMethod]
    public async Task Connections_AreAtMostATenantsOwn()
    {
        await using Daemon daemon = await Daemon.StartAsync(Tenant("main", "self", "max_connections = 4"), "digits/digits-s25");
        var held = new List<HttpConnection>();
        await Waiting.UntilAsync(() =>
        {
            // The connections that asked whether it is ready may not have ended yet.
            held.Add(daemon.Connect());
            if (held[^1].Send(Health) && held[^1].Read()?.Status == 200)
            {
                return false;
            }

            return true;
        });
        Assert.IsLessThanOrEqualTo(5, held.Count, "inference and control together");
        held[0].Dispose();
        await Waiting.UntilAsync(() =>
        {
            using HttpConnection next = daemon.Connect();
            return next.Send(Health) && next.Read()?.Status == 200;
        });
        held.ForEach(connection => connection.Dispose());
    }

    internal static byte[] Slow(StateDirectory state, int turns)
    {
        CraftedModels.Bundle(state, "slow", CraftedModels.Loop(turns), 1 + turns);
        return Digits.Infer("slow", """{"inputs":[{"name":"x","datatype":"FP32","shape":[1],"data":[1]}]}"""u8);
    }

    internal static string Tenant(string name, string caller, string more) => $"""

        [[tenant]]
        name = "{name}"
        callers = ["{caller}"]
        roles = ["infer", "observe"]
        models = ["*"]
        {more}

        """;

    private static int InFlight(HttpConnection control) => control.Get("/control/status").Json.GetProperty("requests_in_flight").GetInt32();

    private static bool IsCut(Daemon daemon)
    {
        try
        {
            using HttpConnection connection = daemon.Connect();
            return !connection.Send(Health) || connection.Read() is null;
        }
        catch (SocketException)
        {
            return true;
        }
    }
}
