using System.Diagnostics;
using EdgeDaemon.Tests.Protocol.Grpc;

namespace EdgeDaemon.EndToEnd;

/// <summary>SIGTERM with connections that stay open: whoever asks nothing does not delay the stop, whoever waits for an answer gets it.</summary>
[TestClass]
public sealed class DrainTests
{
    // The drain's own end is at 20 seconds.
    private static readonly TimeSpan Promptly = TimeSpan.FromSeconds(8);

    [TestMethod]
    public async Task IdleConnections_ThatStayOpen_DoNotDelayTheStop()
    {
        await using Daemon daemon = await Daemon.StartAsync("", "digits/digits-s25");
        using HttpConnection silent = daemon.Connect();
        using HttpConnection kept = daemon.Connect();
        Assert.AreEqual(200, kept.Ask(Digits.Binary(0, 1)).Status);
        using var fresh = new Http2Connection(daemon.State.InferenceSocket);
        using var used = new Http2Connection(daemon.State.InferenceSocket);
        for (int i = 0; i < 20; i++)
        {
            Assert.AreEqual("0", used.Ask(Http2Connection.Call(GrpcMessage.Infer), GrpcMessage.Frame(GrpcMessage.Digits(1))).Status);
        }

        // Refused before its body ended: the server waits some seconds for the rest of it.
        using var half = new Http2Connection(daemon.State.InferenceSocket);
        int refused = half.Begin(Http2Connection.Call("/other.Service/Call"));
        half.SendBody(refused, GrpcMessage.Frame([]), end: false);
        Assert.AreEqual("12", half.Read(refused).Status);

        var waited = Stopwatch.StartNew();
        daemon.Terminate();
        await daemon.LeaveAsync(); // Nothing here closes, and nothing reads GOAWAY.
        Assert.IsLessThan(Promptly, waited.Elapsed, "idle connections held the daemon");
        Assert.AreEqual(0u, used.ReadToEnd() ?? 0u, "NO_ERROR");
        Assert.IsNull(kept.Read());
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    [DataRow(3)]
    public async Task StreamsThatTheDaemonEnds_DoNotDelayTheStop_ThoughTheirCallerStays(int _)
    {
        await using Daemon daemon = await Daemon.StartAsync("", "digits/digits-s25");
        using var caller = new Http2Connection(daemon.State.InferenceSocket);
        int watching = caller.Begin(Http2Connection.Call(GrpcMessage.Watch));
        caller.SendBody(watching, GrpcMessage.Frame([]), end: true);
        caller.Read(watching, data => data.Length == 7);
        int streaming = caller.Begin(Http2Connection.Call(GrpcMessage.Stream));
        caller.SendBody(streaming, GrpcMessage.Frame(GrpcMessage.Digits(1)), end: false);
        caller.Read(streaming, data => data.Length > 40);

        var waited = Stopwatch.StartNew();
        daemon.Terminate();
        int ended = 0;
        while (ended < 2 && caller.ReadFrame() is { } frame)
        {
            ended += frame.Type == Http2Connection.Headers ? 1 : 0;
        }

        Assert.AreEqual(2, ended);
        await daemon.LeaveAsync();
        Assert.IsLessThan(Promptly, waited.Elapsed, "a connection without streams held the daemon");
    }

    /// <summary>
    /// A client of HTTP/2 sends windows and pings by itself: were its connection closed under them, it would take that for the end of calls whose answers it has not read. What comes
    /// after the end is taken for a second; a slow machine may need more than one try to say something in that time.
    /// </summary>
    [TestMethod]
    public async Task WhatACallerSendsBehindTheEnd_IsTaken_AndDoesNotFail()
    {
        for (int attempt = 0; attempt < 10; attempt++)
        {
            await using Daemon daemon = await Daemon.StartAsync("", "digits/digits-s25");
            using var caller = new Http2Connection(daemon.State.InferenceSocket);
            Assert.AreEqual("0", caller.Ask(Http2Connection.Call(GrpcMessage.Infer), GrpcMessage.Frame(GrpcMessage.Digits(1))).Status);
            daemon.Terminate();
            Assert.AreEqual(0u, caller.ReadToEnd(), "GOAWAY, in good order");
            bool taken = caller.TrySend(Http2Connection.Frame(Http2Connection.Ping, 0, 0, new byte[8]));
            await daemon.LeaveAsync();
            if (taken)
            {
                return;
            }
        }

        Assert.Fail("whatever a caller sends behind the daemon's last word fails");
    }

    [TestMethod]
    public async Task ACertification_IsAnsweredWithWhatWasDecided()
    {
        await using Daemon daemon = await Daemon.StartAsync("", "digits/digits-s25");
        using HttpConnection caller = daemon.Connect();
        using (HttpConnection control = daemon.ConnectControl())
        {
            // Three sigmas take six thousand samples of each input that has them at all: seconds.
            caller.Send(Digits.Infer("digits", Digits.Json(0, 64, ",\"parameters\":{\"certify\":true,\"radii\":\"all\"}")));
            await Waiting.UntilAsync(() => control.Get("/control/status").Json.GetProperty("requests_in_flight").GetInt32() == 1);
        }

        var waited = Stopwatch.StartNew();
        daemon.Terminate();
        HttpAnswer answer = caller.Read()!;
        Assert.AreEqual(200, answer.Status, answer.Text);
        string stopped = answer.Json.GetProperty("parameters").GetProperty("stopped").GetString()!;
        StringAssert.Contains(stopped, "\"deadline\"", "it was not stopped: it had ended");
        await daemon.LeaveAsync();
        Assert.IsLessThan(Promptly, waited.Elapsed);
    }

    [TestMethod]
    public async Task RunningRequests_AreAnswered_WhileIdleConnectionsAreClosed()
    {
        await using Daemon daemon = await Daemon.StartAsync("", "digits/digits-s25");
        using HttpConnection kept = daemon.Connect();
        Assert.AreEqual(200, kept.Ask(Digits.Binary(0, 1)).Status);
        using var idle = new Http2Connection(daemon.State.InferenceSocket);
        Assert.AreEqual("0", idle.Ask(Http2Connection.Call(GrpcMessage.Live), GrpcMessage.Frame([])).Status);

        using HttpConnection rest = daemon.Connect();
        byte[] request = Digits.Binary(0, 4);
        rest.Send(request.AsSpan(0, request.Length - 100));
        using var grpc = new Http2Connection(daemon.State.InferenceSocket);
        byte[] message = GrpcMessage.Frame(GrpcMessage.Digits(100));
        int call = grpc.Begin(Http2Connection.Call(GrpcMessage.Infer));
        grpc.SendBody(call, message.AsSpan(0, 1000), end: false);
        using var other = new Http2Connection(daemon.State.InferenceSocket);
        Assert.AreEqual("0", other.Ask(Http2Connection.Call(GrpcMessage.Live), GrpcMessage.Frame([])).Status); // Both are in the daemon's hands by now.

        var waited = Stopwatch.StartNew();
        daemon.Terminate();
        Assert.IsNull(kept.Read());
        idle.ReadToEnd();
        Assert.IsLessThan(Promptly, waited.Elapsed, "idle connections were kept");

        // They are slower than what idles is given: their time is the body's.
        await Task.Delay(TimeSpan.FromSeconds(4));
        rest.Send(request.AsSpan(request.Length - 100));
        HttpAnswer? answer = rest.Read();
        Assert.AreEqual(200, answer?.Status);
        Assert.HasCount(40, Digits.BinaryLogits(answer!));
        grpc.SendBody(call, message.AsSpan(1000), end: true);
        Http2Answer answered = ReadBehindGoAway(grpc, call);
        Assert.AreEqual("0", answered.Status);
        var left = Stopwatch.StartNew();
        await daemon.LeaveAsync();
        Assert.IsLessThan(Promptly, left.Elapsed, "connections whose last request was answered held the daemon");
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    [DataRow(3)]
    [DataRow(4)]
    public async Task CallOfAFailedConnection_ThatStillRuns_IsNoReasonToCrash(int _)
    {
        // More than the window lets: the connection is ended while its call computes, and the server waits for that no longer.
        await using Daemon daemon = await Daemon.StartAsync("[limits]\nmax_body_bytes = 1048576", "digits/digits-s25");
        using var caller = new Http2Connection(daemon.State.InferenceSocket);
        int stream = caller.Begin(Http2Connection.Call(GrpcMessage.Stream));
        byte[] message = GrpcMessage.Frame(Proto.Join(Proto.Text(1, "digits"), Proto.Input("image", "UINT8", [8000, 1, 8, 8]), Proto.Field(7, new byte[8000 * Digits.Pixels])));
        byte[] flood = [.. Enumerable.Repeat(message, 20).SelectMany(bytes => bytes.Chunk(16 * 1024)).SelectMany(piece => Http2Connection.Frame(Http2Connection.Data, 0, stream, piece))];
        caller.TrySend(flood);
        Assert.AreEqual(3u, caller.ReadToEnd(), "FLOW_CONTROL_ERROR");
        await daemon.StopAsync(); // With exit code 0.
    }

    private static Http2Answer ReadBehindGoAway(Http2Connection connection, int stream)
    {
        var data = new List<byte>();
        var headers = new Dictionary<string, string>(StringComparer.Ordinal);
        while (connection.ReadFrame() is { } frame)
        {
            if (frame.Stream == stream && frame.Type == Http2Connection.Data)
            {
                data.AddRange(frame.Payload);
            }
            else if (frame.Stream == stream && frame.Type == Http2Connection.Headers)
            {
                Http2Connection.Decode(frame.Payload, headers);
                if ((frame.Flags & Http2Connection.EndStream) != 0)
                {
                    return new Http2Answer(headers, [.. data], null);
                }
            }
        }

        throw new AssertFailedException("the running call was cut off");
    }
}
