using System.Security.Cryptography;
using EdgeDaemon.Tests.Monitoring;
using EdgeDaemon.Tests.Tokens;

namespace EdgeDaemon.EndToEnd;

/// <summary>A gRPC stream that stays open while the world around it changes: each of its messages is judged by what counts when it comes.</summary>
[TestClass]
public sealed class OpenStreamTests
{
    private static readonly byte[] Message = GrpcMessage.Frame(GrpcMessage.Digits(1));
    private static readonly byte[] Malformed = Digits.Infer("digits", "{"u8);

    /// <summary>The control is the same caller without penalties.</summary>
    [TestMethod]
    [DataRow(5)]
    [DataRow(0)]
    public async Task Penalty_EndsTheStreamsThatItsCallerHasOpen(int after)
    {
        await using Daemon daemon = await Daemon.StartAsync($"[penalty]\nafter = {after}\nfirst_seconds = 60", "digits/digits-s25");
        using var caller = new Http2Connection(daemon.State.InferenceSocket);
        int stream = Begin(caller);
        Assert.IsTrue(Goes(caller, stream));
        for (int i = 0; i < 5; i++)
        {
            using HttpConnection bad = daemon.Connect();
            Assert.AreEqual(400, bad.Ask(Malformed).Status);
        }

        await Waiting.UntilAsync(() => after == 0 || daemon.Errors.Contains("is outside until", StringComparison.Ordinal));
        Assert.AreEqual(after == 0, Goes(caller, stream));
    }

    /// <summary>Nothing more is sent on the calls: they end by themselves, and with them their connection. The control is the same caller without penalties, whose calls are all there behind an answered ping.</summary>
    [TestMethod]
    [DataRow(5)]
    [DataRow(0)]
    public async Task Penalty_EndsTheCallsThatWaitAtOnce(int after)
    {
        await using Daemon daemon = await Daemon.StartAsync($"[penalty]\nafter = {after}\nfirst_seconds = 60", "digits/digits-s25");
        using var caller = new Http2Connection(daemon.State.InferenceSocket);
        int used = Begin(caller);
        Assert.IsTrue(Goes(caller, used));
        int silent = Begin(caller);
        int watch = caller.Begin(Http2Connection.Call(GrpcMessage.Watch));
        caller.SendBody(watch, GrpcMessage.Frame([]), end: true);
        Assert.AreEqual(1, caller.Read(watch, enough: data => data.Length > 0).Data[^1], "SERVING");
        for (int i = 0; i < 5; i++)
        {
            using HttpConnection bad = daemon.Connect();
            Assert.AreEqual(400, bad.Ask(Malformed).Status);
        }

        if (after == 0)
        {
            caller.Send(Http2Connection.Frame(Http2Connection.Ping, 0, 0, new byte[8]));
            (byte type, byte flags, int _, byte[] _) = caller.ReadFrame()!.Value;
            Assert.AreEqual((Http2Connection.Ping, Http2Connection.Ack), (type, flags));
            Assert.IsTrue(Goes(caller, used) && Goes(caller, silent));
            return;
        }

        var ended = new HashSet<int>();
        while (caller.ReadFrame() is { } frame)
        {
            Assert.AreNotEqual(Http2Connection.Data, frame.Type);
            if (frame.Type == Http2Connection.Reset)
            {
                ended.Add(frame.Stream);
            }
        }

        CollectionAssert.AreEquivalent(new[] { used, silent, watch }, ended.ToArray());
        Assert.DoesNotContain("Internal", daemon.Errors);
    }

    [TestMethod]
    public async Task DrainThatIsTakenBackAtOnce_EndsStreamsAsADrain_NotAsAFault()
    {
        await using Daemon daemon = await Daemon.StartAsync("", "digits/digits-s25");
        using HttpConnection control = daemon.ConnectControl();
        for (int round = 0; round < 10; round++)
        {
            using var caller = new Http2Connection(daemon.State.InferenceSocket);
            int[] streams = [.. Enumerable.Range(0, 90).Select(_ => Begin(caller))];
            foreach (int stream in streams)
            {
                Assert.IsTrue(Goes(caller, stream));
            }

            // Both at once: many of the streams notice the first only after the second.
            control.Send([.. HttpConnection.Request("POST", "/control/drain"), .. HttpConnection.Request("POST", "/control/undrain")]);
            var ended = new Dictionary<int, Dictionary<string, string>>();
            while (ended.Count < streams.Length)
            {
                (byte type, byte _, int on, byte[] payload) = caller.ReadFrame()!.Value;
                if (type == Http2Connection.Headers)
                {
                    ended[on] = [];
                    Http2Connection.Decode(payload, ended[on]);
                }
            }

            Assert.IsTrue(ended.Values.All(headers => headers["grpc-status"] == "14"), string.Join(' ', ended.Values.Select(headers => headers["grpc-status"]).Distinct()));
            Assert.AreEqual(200, control.Read()!.Status);
            Assert.AreEqual(200, control.Read()!.Status);
        }

        Assert.DoesNotContain("Internal", daemon.Errors);
    }

    [TestMethod]
    public async Task WhatEndsAStreamBetweenItsMessages_IsNoRequest()
    {
        await using Daemon daemon = await Daemon.StartAsync("", "digits/digits-s25");
        using var caller = new Http2Connection(daemon.State.InferenceSocket);
        int asked = Begin(caller);
        Assert.IsTrue(Goes(caller, asked));
        int silent = Begin(caller);
        using HttpConnection control = daemon.ConnectControl();
        Assert.AreEqual(200, control.Ask(HttpConnection.Request("POST", "/control/drain")).Status);
        Assert.AreEqual("14", caller.Read(asked).Status);
        PrometheusText page = MetricsTests.Scrape(daemon);
        Assert.AreEqual(1, page.Sum("edged_requests_total", ("outcome", "ok")));
        Assert.AreEqual(1, page.Sum("edged_requests_total"), "one message was one request");
        Assert.IsGreaterThan(0, silent);
    }

    /// <summary>The control is a reload that changes nothing for the caller.</summary>
    [TestMethod]
    public async Task Reload_CountsForTheNextMessage()
    {
        using StateDirectory state = StateDirectory.Create("", "digits/digits-s25");
        state.Configure(Tenant("\"infer\", \"observe\""));
        await using Daemon daemon = await Daemon.StartAsync(state);
        using var caller = new Http2Connection(state.InferenceSocket);
        int stream = Begin(caller);
        Assert.IsTrue(Goes(caller, stream));
        await daemon.ReloadAsync();
        Assert.IsTrue(Goes(caller, stream));
        state.Configure(Tenant("\"observe\""));
        await daemon.ReloadAsync();
        caller.SendBody(stream, Message, end: false);
        Assert.AreEqual("7", caller.Read(stream).Status, "PERMISSION_DENIED");
    }

    /// <summary>The control is the same stream, with a token for longer.</summary>
    [TestMethod]
    public async Task TokenThatExpires_EndsItsStreamWithTheNextMessage()
    {
        using StateDirectory state = StateDirectory.Create("", "digits/digits-s25");
        Command.Edgectl("keygen", "--out", state.At("ops")).Succeeded();
        File.AppendAllText(state.Config, $"""

            {Tenant("\"infer\", \"observe\"")}
            [token]
            audience = "device"
            skew_seconds = 0
            required_for = ["infer"]
            [[token_key]]
            id = "k1"
            file = "{state.At("ops.pub")}"
            """);
        using var key = ECDsa.Create();
        key.ImportFromPem(File.ReadAllText(state.At("ops")));
        await using Daemon daemon = await Daemon.StartAsync(state);
        using var caller = new Http2Connection(state.InferenceSocket);
        int lasting = Begin(caller, Token(key, 600));
        int brief = Begin(caller, Token(key, 5));
        Assert.IsTrue(Goes(caller, lasting));
        Assert.IsTrue(Goes(caller, brief));
        long over = DateTimeOffset.UtcNow.ToUnixTimeSeconds() + 5;
        await Waiting.UntilAsync(() => DateTimeOffset.UtcNow.ToUnixTimeSeconds() > over);
        Assert.IsTrue(Goes(caller, lasting));
        caller.SendBody(brief, Message, end: false);
        Assert.AreEqual("16", caller.Read(brief).Status, "UNAUTHENTICATED");
    }

    // Whoever runs the tests, as the daemon names him.
    private static string Self => "unix:" + Command.Run("/usr/bin/env", "id", "-u").Succeeded().Output.Trim();

    private static string Token(ECDsa key, int seconds)
    {
        long now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        return MadeToken.Make(key, $$"""{"sub":"{{Self}}","aud":"device","iat":{{now}},"exp":{{now + seconds}}}""");
    }

    private static string Tenant(string roles) => $"""
        [[tenant]]
        name = "main"
        callers = ["self"]
        roles = [{roles}]
        models = ["*"]

        """;

    private static int Begin(Http2Connection caller, string? token = null) =>
        caller.Begin(token is null ? Http2Connection.Call(GrpcMessage.Stream) : Http2Connection.Call(GrpcMessage.Stream, ("authorization", $"Bearer {token}")));

    /// <summary>Sends a message; false when the stream or its connection ends in place of an answer.</summary>
    private static bool Goes(Http2Connection caller, int stream)
    {
        if (!caller.TrySend(Http2Connection.Frame(Http2Connection.Data, 0, stream, Message)))
        {
            return false;
        }

        while (caller.ReadFrame() is { } frame)
        {
            if (frame.Stream == stream && (frame.Type is Http2Connection.Data or Http2Connection.Reset))
            {
                return frame.Type == Http2Connection.Data;
            }
        }

        return false;
    }
}
