using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using static EdgeDaemon.EndToEnd.RefusingDaemon;

namespace EdgeDaemon.EndToEnd;

/// <summary>What HTTP/2 lets a hostile caller send much of: every flood ends or is slowed down, memory stays, and others are served meanwhile.</summary>
[TestClass]
[DoNotParallelize]
public sealed class Http2FloodTests
{
    private static readonly byte[] Call = Http2Connection.Call(GrpcMessage.Infer);

    [ClassInitialize]
    public static Task StartAsync(TestContext _) => RefusingDaemon.StartAsync();

    [TestCleanup]
    public void StillServes_InBoundedMemory() => CheckServing();

    [TestMethod]
    public void Preface_ByteByByte_IsUnderstood()
    {
        using Http2Connection connection = ConnectHttp2(begin: false);
        byte[] beginning = [.. Http2Connection.Beginning, .. Http2Connection.Frame(Http2Connection.Settings, 0, 0, [0, 1, 0, 0, 0, 0])];
        foreach (byte one in beginning)
        {
            connection.Send([one]);
        }

        Assert.AreEqual("0", connection.Ask(Call, GrpcMessage.Frame(GrpcMessage.Digits(1))).Status);
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(23)]
    public void PrefaceThatStops_IsCutOffAfterTheHeadsTime(int length)
    {
        using Http2Connection connection = ConnectHttp2(begin: false);
        var waited = Stopwatch.StartNew();
        connection.Send(Http2Connection.Beginning[..length]);
        Assert.IsNull(connection.ReadFrame());
        Assert.IsLessThan(TimeSpan.FromSeconds(8), waited.Elapsed);
        Assert.IsGreaterThan(TimeSpan.FromSeconds(1.5), waited.Elapsed);
    }

    [TestMethod]
    public void AlmostAPreface_EndsTheConnection()
    {
        using Http2Connection connection = ConnectHttp2(begin: false);
        connection.Send("PRI * HTTP/2.0\r\n\r\nSX\r\n\r\n"u8);
        Assert.AreEqual(13u, connection.ReadToEnd(), "HTTP_1_1_REQUIRED");
    }

    [TestMethod]
    public void Rest_OverHttp2_IsServed()
    {
        using Http2Connection connection = ConnectHttp2();
        Http2Answer answer = connection.Ask(
            Http2Connection.Block((":method", "POST"), (":scheme", "http"), (":path", "/v2/models/digits/infer"), (":authority", "x"), ("content-type", "application/json")), Digits.Json(0, 1));
        Assert.AreEqual("200", answer.Headers[":status"]);
        StringAssert.Contains(System.Text.Encoding.UTF8.GetString(answer.Data), "\"model_name\":\"digits\"");
    }

    [TestMethod]
    public void CallsCancelledAtAnyMoment_LeaveTheConnectionServing()
    {
        byte[] message = GrpcMessage.Frame(GrpcMessage.Digits(100));
        var random = new Random(5);
        using Http2Connection connection = ConnectHttp2();
        for (int i = 0; i < 300; i++)
        {
            int stream = connection.Begin(Call);
            connection.SendBody(stream, message.AsSpan(0, random.Next(4) * message.Length / 3), end: random.Next(2) == 0);
            Thread.SpinWait(random.Next(20_000));
            connection.Send(Http2Connection.Frame(Http2Connection.Reset, 0, stream, [0, 0, 0, 8]));
            if (i % 25 == 0)
            {
                Assert.AreEqual("0", connection.Ask(Call, message).Status);
            }
        }

        Assert.AreEqual("0", connection.Ask(Call, message).Status);
    }

    [TestMethod]
    public void RapidReset_EndsTheConnection_OrCostsNothing()
    {
        using Http2Connection connection = ConnectHttp2();
        var flood = new List<byte>();
        for (int i = 0; i < 20_000; i++)
        {
            int stream = connection.NextStream();
            flood.AddRange(Http2Connection.Frame(Http2Connection.Headers, Http2Connection.EndHeaders, stream, Call));
            flood.AddRange(Http2Connection.Frame(Http2Connection.Reset, 0, stream, [0, 0, 0, 8]));
        }

        Send(connection, [.. flood]);

        // What a caller does to its own connection is no failure of the daemon's.
        string[] failures = [.. Log.Split('\n').Where(line => line.Split(' ') is [_, "critical", ..] || line.Contains("Kestrel.Http2", StringComparison.Ordinal))];
        Assert.IsEmpty(failures, string.Join('\n', failures.Take(5)));
    }

    [TestMethod]
    public void SettingsFlood_WithoutReading_IsSlowedDownOrEnded() => Flood(Http2Connection.Frame(Http2Connection.Settings, 0, 0, [0, 3, 0, 0, 0, 100]));

    [TestMethod]
    public void PingFlood_WithoutReading_IsSlowedDownOrEnded() => Flood(Http2Connection.Frame(Http2Connection.Ping, 0, 0, new byte[8]));

    [TestMethod]
    public void WindowUpdateFlood_IsEnded()
    {
        using Http2Connection connection = ConnectHttp2();
        byte[] most = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(most, int.MaxValue);
        connection.TrySend(Repeat(Http2Connection.Frame(Http2Connection.WindowUpdate, 0, 0, most), 1 << 16));
        Assert.AreEqual(3u, connection.ReadToEnd(), "FLOW_CONTROL_ERROR");
    }

    [TestMethod]
    public void ContinuationFlood_IsEndedAtTheBoundOfHeaders()
    {
        using Http2Connection connection = ConnectHttp2();
        int stream = connection.NextStream();
        connection.Send(Http2Connection.Frame(Http2Connection.Headers, 0, stream, Call));
        int sent = 0;
        byte[] more = Http2Connection.Block(("x-more", new string('x', 1000)));
        while (sent < 4 << 20 && connection.TrySend(Http2Connection.Frame(Http2Connection.Continuation, 0, stream, more)))
        {
            sent += more.Length;
        }

        Assert.IsLessThan(4 << 20, sent, "4 MiB of headers were taken");
        Assert.AreNotEqual(0u, connection.ReadToEnd());
    }

    [TestMethod]
    public void EmptyContinuationFlood_IsCutOffAfterTheHeadsTime()
    {
        using Http2Connection connection = ConnectHttp2();
        int stream = connection.NextStream();
        connection.Send(Http2Connection.Frame(Http2Connection.Headers, 0, stream, Call));
        var waited = Stopwatch.StartNew();
        byte[] empty = Repeat(Http2Connection.Frame(Http2Connection.Continuation, 0, stream, []), 4096);
        while (connection.TrySend(empty))
        {
            Assert.IsLessThan(TimeSpan.FromSeconds(15), waited.Elapsed, "empty continuations go on for good");
        }
    }

    [TestMethod]
    public void MoreStreamsThanAllowed_AreRefusedOneByOne()
    {
        using Http2Connection connection = ConnectHttp2();
        var streams = new List<int>();
        for (int i = 0; i < 150; i++)
        {
            streams.Add(connection.Begin(Call)); // None of them sends its message.
        }

        int refused = 0;
        while (refused < 50 && connection.ReadFrame() is { } frame)
        {
            Assert.AreNotEqual(Http2Connection.GoAway, frame.Type);
            if (frame.Type == Http2Connection.Reset)
            {
                Assert.IsGreaterThan(100, streams.IndexOf(frame.Stream) + 1);
                refused++;
            }
        }

        Assert.AreEqual(50, refused);
    }

    [TestMethod]
    public async Task ConnectionsOfAllListenersTogether_AreBounded()
    {
        await using Daemon daemon = await Daemon.StartAsync("[limits]\nmax_connections = 5", "digits/digits-s25");
        var waited = Stopwatch.StartNew();
        for (int full = 0; full < 3;)
        {
            // Places of closed connections are free a moment later: not every round begins with all of them.
            full += FiveAreServed_ASixthIsNot(daemon) ? 1 : 0;
            Assert.IsLessThan(TimeSpan.FromSeconds(20), waited.Elapsed, "five connections never filled max_connections = 5");
            await Task.Delay(20);
        }
    }

    [TestMethod]
    public async Task Draining_EndsWatchesAndIdleStreams_AtOnce()
    {
        await using Daemon daemon = await Daemon.StartAsync("", "digits/digits-s25");
        using var watch = new Http2Connection(daemon.State.InferenceSocket);
        int watching = watch.Begin(Http2Connection.Call(GrpcMessage.Watch));
        watch.SendBody(watching, GrpcMessage.Frame([]), end: true);
        Assert.AreEqual("00000000020801", Convert.ToHexString(watch.Read(watching, data => data.Length == 7).Data), "SERVING");
        int streaming = watch.Begin(Http2Connection.Call(GrpcMessage.Stream));
        watch.SendBody(streaming, GrpcMessage.Frame(GrpcMessage.Digits(1)), end: false);
        watch.Read(streaming, data => data.Length > 40);

        var waited = Stopwatch.StartNew();
        daemon.Terminate();
        string seen = "";
        var ends = new Dictionary<int, string>();
        while (ends.Count < 2 && watch.ReadFrame() is { } frame)
        {
            seen += frame.Stream == watching && frame.Type == Http2Connection.Data ? Convert.ToHexString(frame.Payload) : "";
            if (frame.Type == Http2Connection.Headers)
            {
                ends[frame.Stream] = System.Text.Encoding.Latin1.GetString(frame.Payload);
            }
        }

        Assert.AreEqual("00000000020802", seen, "NOT_SERVING");
        Assert.HasCount(2, ends);
        Assert.IsTrue(ends.Values.All(end => end.Contains("grpc-status\u000214", StringComparison.Ordinal)), string.Join(' ', ends.Values));
        Assert.IsLessThan(TimeSpan.FromSeconds(10), waited.Elapsed, "the streams were not told");
        watch.Dispose(); // As clients do after GOAWAY.
        await daemon.LeaveAsync();
        Assert.IsLessThan(TimeSpan.FromSeconds(10), waited.Elapsed, "draining waited for streams that wait for it");
    }

    private static bool FiveAreServed_ASixthIsNot(Daemon daemon)
    {
        byte[] request = HttpConnection.Request("GET", "/v2");
        using HttpConnection silent = daemon.Connect(); // It never says what it speaks, and counts.
        using HttpConnection first = daemon.Connect();
        using HttpConnection second = daemon.Connect();
        using HttpConnection control = daemon.ConnectControl();
        using var http2 = new Http2Connection(daemon.State.InferenceSocket, begin: false);
        bool served = http2.TrySend([.. Http2Connection.Beginning, .. Http2Connection.Frame(Http2Connection.Settings, 0, 0, [])]) && first.Send(request) && first.Read() is { Status: 200 } && second.Send(request) && second.Read() is { Status: 200 }
            && control.Send(HttpConnection.Request("GET", "/control/status")) && control.Read() is { Status: 200 } && http2.ReadFrame() is not null;
        using HttpConnection sixth = daemon.Connect();
        return served && (!sixth.Send(request) || sixth.Read() is null);
    }

    // Whoever does not read the answers to what it sends is not read any more, or closed.
    private static void Flood(byte[] frame)
    {
        using Http2Connection connection = ConnectHttp2();
        byte[] frames = Repeat(frame, 4096);
        long sent = 0;
        while (sent < 64L << 20 && connection.TrySend(frames))
        {
            sent += frames.Length;
        }

        Assert.IsLessThan(64L << 20, sent, string.Create(CultureInfo.InvariantCulture, $"{sent} bytes of frames were answered into the void"));
    }

    private static void Send(Http2Connection connection, byte[] flood)
    {
        // Others are served while it lasts.
        Task sending = Task.Run(() => connection.TrySend(flood));
        do
        {
            CheckServing();
        }
        while (!sending.IsCompleted);
    }

    private static byte[] Repeat(byte[] frame, int times)
    {
        byte[] all = new byte[frame.Length * times];
        for (int i = 0; i < times; i++)
        {
            frame.CopyTo(all, i * frame.Length);
        }

        return all;
    }
}
