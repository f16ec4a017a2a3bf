using EdgeDaemon.Tests.Protocol.Grpc;
using static EdgeDaemon.EndToEnd.RefusingDaemon;

namespace EdgeDaemon.EndToEnd;

/// <summary>gRPC calls with one thing wrong about them: each has its status and its text, and the connection goes on.</summary>
[TestClass]
public sealed class RefusedGrpcTests
{
    private const string Ok = "0", Invalid = "3", Late = "4", NotFound = "5", Exhausted = "8", Unimplemented = "12";

    [ClassInitialize]
    public static Task StartAsync(TestContext _) => RefusingDaemon.StartAsync();

    [TestCleanup]
    public void StillServes_InBoundedMemory() => CheckServing();

    [TestMethod]
    public void GoodCall_IsAnswered() // The control of everything below.
    {
        using Http2Connection connection = ConnectHttp2();
        Http2Answer answer = connection.Ask(Http2Connection.Call(GrpcMessage.Infer), GrpcMessage.Frame(GrpcMessage.Digits(1)));
        Assert.AreEqual("200", answer.Headers[":status"]);
        Assert.AreEqual("application/grpc", answer.Headers["content-type"]);
        Assert.AreEqual(Ok, answer.Status, answer.Message);
        Assert.IsGreaterThan(40, answer.Data.Length);
    }

    [TestMethod]
    public void CompressedFlag_IsUnimplemented()
    {
        Http2Answer answer = Refused(Unimplemented, "content encodings are not supported", GrpcMessage.Frame(GrpcMessage.Digits(1), flag: 1));
        Assert.AreEqual("identity", answer.Headers["grpc-accept-encoding"]);
    }

    [TestMethod]
    [DataRow((byte)2)]
    [DataRow((byte)255)]
    public void WrongFrameFlag_IsRefused(byte flag) => Refused(Invalid, "the gRPC frame is malformed", GrpcMessage.Frame(GrpcMessage.Digits(1), flag));

    [TestMethod]
    public void LengthBeyondTheBody_IsRefused()
    {
        byte[] message = GrpcMessage.Digits(1);
        Refused(Invalid, "the request body ended early", GrpcMessage.Frame(message, length: (uint)message.Length + 1));
        Refused(Invalid, "the request body ended early", [0, 0, 0]);
        Refused(Invalid, "the request body ended early", []);
    }

    [TestMethod]
    public void SecondMessageOfAUnaryCall_IsRefused() =>
        Refused(Invalid, "unexpected additional input data", [.. GrpcMessage.Frame(GrpcMessage.Digits(1)), .. GrpcMessage.Frame(GrpcMessage.Digits(1))]);

    [TestMethod]
    public void MessageOverMaxBodyBytes_IsRefusedBeforeItIsSent()
    {
        using Http2Connection connection = ConnectHttp2();
        int stream = connection.Begin(Http2Connection.Call(GrpcMessage.Infer));
        connection.SendBody(stream, GrpcMessage.Frame([], length: 1_048_577), end: false);
        Http2Answer answer = connection.Read(stream);
        Assert.AreEqual(Exhausted, answer.Status);
        StringAssert.StartsWith(answer.Message, "the request body is too large (request ");
        Serves(connection);
    }

    [TestMethod]
    public void OverlongVarint_IsRefused() => Malformed(Proto.Tag(9, 0), Convert.FromHexString("ffffffffffffffffffff01"));

    [TestMethod]
    public void Group_IsRefused() => Malformed(Proto.Tag(9, 3), Proto.Tag(9, 4));

    [TestMethod]
    [DataRow(0xffff_ffffUL)]
    [DataRow(ulong.MaxValue)]
    [DataRow(1UL << 63)]
    public void HugeFieldLength_IsRefused(ulong length)
    {
        Malformed(Proto.Tag(7, 2), Proto.Varint(length));
        Malformed(Proto.Field(5, Proto.Text(1, "image"), Proto.Field(5, Proto.Tag(4, 2), Proto.Varint(length))));
    }

    [TestMethod]
    public void UnknownFields_AreSkipped() => Answered(
        Proto.Number(100, 1), Proto.Field(101, new byte[70_000]), Proto.Join(Proto.Tag(102, 5), new byte[4]), Proto.Join(Proto.Tag(103, 1), new byte[8]), GrpcMessage.Digits(1));

    [TestMethod]
    public void TooManyUnknownFields_AreRefused() => Refused(
        Invalid, "too many fields in one request", GrpcMessage.Frame([.. GrpcMessage.Digits(1), .. Enumerable.Repeat(Proto.Number(100, 1), 20_000).SelectMany(field => field)]));

    [TestMethod]
    public void PackedAndUnpackedContents_AreTheSame()
    {
        byte[] pixels = GrpcMessage.Pixels(1);
        byte[] packed = Input(Proto.Packed(4, [.. pixels.Select(pixel => (ulong)pixel)]));
        byte[] unpacked = Input([.. pixels.SelectMany(pixel => Proto.Number(4, pixel))]);
        byte[] answer = Answered(GrpcMessage.Digits(1));
        CollectionAssert.AreEqual(answer, Answered(Proto.Text(1, "digits"), packed));
        CollectionAssert.AreEqual(answer, Answered(unpacked, Proto.Text(1, "digits")));

        static byte[] Input(byte[] contents) => Proto.Input("image", "UINT8", [1, 1, 8, 8], Proto.Contents(contents));
    }

    [TestMethod]
    public void DataBeforeTheirHead_AreTheSame() => CollectionAssert.AreEqual(
        Answered(GrpcMessage.Digits(3)),
        Answered(Proto.Field(7, GrpcMessage.Pixels(3)), Proto.Input("image", "UINT8", [3, 1, 8, 8]), Proto.Text(1, "nobody"), Proto.Text(1, "digits")));

    [TestMethod]
    public void WrongSize_IsRefused() => Refused(
        Invalid, "unexpected size for input", GrpcMessage.Frame(Proto.Join(Proto.Text(1, "digits"), Proto.Input("image", "UINT8", [2, 1, 8, 8]), Proto.Field(7, GrpcMessage.Pixels(1)))));

    [TestMethod]
    [DataRow("nobody")]
    [DataRow("../digits")]
    [DataRow("digits\n")]
    [DataRow("")]
    public void UnknownModel_IsNotFound(string model) => Refused(NotFound, "model not found", GrpcMessage.Frame(Proto.Text(1, model)));

    [TestMethod]
    public void MissingTe_IsRefused()
    {
        byte[] block = Http2Connection.Block((":method", "POST"), (":scheme", "http"), (":path", GrpcMessage.Infer), (":authority", "x"), ("content-type", "application/grpc"));
        Refused(Invalid, "a gRPC call needs te: trailers", GrpcMessage.Frame(GrpcMessage.Digits(1)), block);
    }

    // Clients of Unix sockets write their paths there: none of it is refused, and none of it is looked at.
    [TestMethod]
    [DataRow("/run/edged/edged.sock")]
    [DataRow("%2Frun%2Fedged%2Fedged.sock")]
    [DataRow("unix:/run/edged/edged.sock")]
    [DataRow("a b")]
    [DataRow("[::1]:80")]
    [DataRow("host:port")]
    [DataRow("")]
    public void Authority_IsNotLookedAt(string authority)
    {
        byte[] block = Http2Connection.Block(
            (":method", "POST"), (":scheme", "http"), (":path", GrpcMessage.Infer), (":authority", authority), ("te", "trailers"), ("content-type", "application/grpc"));
        using Http2Connection connection = ConnectHttp2();
        for (int i = 0; i < 3; i++)
        {
            Http2Answer answer = connection.Ask(block, GrpcMessage.Frame(GrpcMessage.Digits(1)));
            Assert.IsNull(answer.Reset, authority);
            Assert.AreEqual(Ok, answer.Status, answer.Message);
            Serves(connection);
        }
    }

    [TestMethod]
    [DataRow("https")]
    [DataRow("unix")]
    public void Scheme_IsNotLookedAt(string scheme)
    {
        byte[] block = Http2Connection.Block(
            (":method", "POST"), (":scheme", scheme), (":path", GrpcMessage.Infer), (":authority", "edged"), ("te", "trailers"), ("content-type", "application/grpc"));
        using Http2Connection connection = ConnectHttp2();
        Assert.AreEqual(Ok, connection.Ask(block, GrpcMessage.Frame(GrpcMessage.Digits(1))).Status);
        Serves(connection);
    }

    [TestMethod]
    [DataRow("")]
    [DataRow("application/json")]
    [DataRow("application/grpc+json")]
    [DataRow("application/grpc-web+proto")]
    public void OtherContentType_IsNoGrpc(string type)
    {
        (string, string)[] headers = [(":method", "POST"), (":scheme", "http"), (":path", GrpcMessage.Infer), (":authority", "x"), ("te", "trailers")];
        using Http2Connection connection = ConnectHttp2();
        Http2Answer answer = connection.Ask(Http2Connection.Block(type.Length == 0 ? headers : [.. headers, ("content-type", type)]), GrpcMessage.Frame(GrpcMessage.Digits(1)));
        Assert.AreEqual("415", answer.Headers[":status"]);
        Assert.AreEqual("none", answer.Status);
        Serves(connection);
    }

    [TestMethod]
    [DataRow("/inference.GRPCInferenceService/RepositoryModelLoad")]
    [DataRow("/inference.GRPCInferenceService/SystemSharedMemoryRegister")]
    [DataRow("/inference.GRPCInferenceService/LogSettings")]
    [DataRow("/inference.GRPCInferenceService/")]
    [DataRow("/other.Service/Call")]
    [DataRow("/v2")]
    public void UnknownCall_IsUnimplemented(string path) => Refused(Unimplemented, "no such endpoint", GrpcMessage.Frame([]), Http2Connection.Call(path));

    /// <summary>
    /// The answer is there before the message: a reset behind it would be in good order, and still curl 7.88 throws the answer away for it. The message comes a moment after its head; on a slow
    /// machine it may take more than one try until that is a short one.
    /// </summary>
    [TestMethod]
    [DataRow("application/grpc")]
    [DataRow("application/json")]
    public void RefusalBeforeASmallBody_IsNotFollowedByAReset(string type)
    {
        for (int attempt = 0; attempt < 10; attempt++)
        {
            using Http2Connection connection = ConnectHttp2();
            int stream = connection.Begin(Http2Connection.Block(
                (":method", "POST"), (":scheme", "http"), (":path", type.EndsWith('c') ? "/other.Service/Call" : "/v2/models/none/infer"), (":authority", "edged"), ("te", "trailers"), ("content-type", type)));
            connection.SendBody(stream, GrpcMessage.Frame([]), end: true);
            Assert.AreEqual(type.EndsWith('c') ? "200" : "404", connection.Read(stream).Headers[":status"]);
            connection.Send(Http2Connection.Frame(Http2Connection.Ping, 0, 0, new byte[8]));
            bool reset = false;
            while (connection.ReadFrame() is { Type: not Http2Connection.Ping } frame)
            {
                reset |= frame.Type == Http2Connection.Reset;
            }

            if (!reset)
            {
                return;
            }
        }

        Assert.Fail("every answer was followed by a reset");
    }

    [TestMethod]
    public void InferenceOnTheControlSocket_IsUnimplemented()
    {
        using Http2Connection connection = ConnectControlHttp2();
        Assert.AreEqual(Unimplemented, connection.Ask(Http2Connection.Call(GrpcMessage.Infer), GrpcMessage.Frame(GrpcMessage.Digits(1))).Status);
        Assert.AreEqual(Unimplemented, connection.Ask(Http2Connection.Call(GrpcMessage.Live), GrpcMessage.Frame([])).Status);
    }

    [TestMethod]
    [DataRow("x")]
    [DataRow("1")]
    [DataRow("123456789m")]
    [DataRow("-1m")]
    public void SenselessTimeout_IsRefused(string timeout) =>
        Refused(Invalid, "grpc-timeout is not a valid timeout", GrpcMessage.Frame(GrpcMessage.Digits(1)), Http2Connection.Call(GrpcMessage.Infer, ("grpc-timeout", timeout)));

    [TestMethod]
    public void DeadlineThatHasPassed_IsExceeded() =>
        Refused(Late, "the deadline passed", GrpcMessage.Frame(GrpcMessage.Digits(1)), Http2Connection.Call(GrpcMessage.Infer, ("grpc-timeout", "0m")));

    [TestMethod]
    public async Task Deadline_CountsFromTheHead_WhileTheBodyIsMissing()
    {
        // The body's own time is longer than anybody waits for an answer here.
        await using Daemon daemon = await Daemon.StartAsync("[limits]\nbody_timeout_seconds = 300\nmin_body_bytes_per_second = 1", "digits/digits-s25");
        using var connection = new Http2Connection(daemon.State.InferenceSocket);
        int stream = connection.Begin(Http2Connection.Call(GrpcMessage.Infer, ("grpc-timeout", "200m")));
        connection.SendBody(stream, GrpcMessage.Frame(GrpcMessage.Digits(1)).AsSpan(0, 20), end: false);
        Http2Answer answer = connection.Read(stream);
        Assert.AreEqual(Late, answer.Status, answer.Message);
        Assert.AreEqual("0", connection.Ask(Http2Connection.Call(GrpcMessage.Infer), GrpcMessage.Frame(GrpcMessage.Digits(1))).Status);
    }

    [TestMethod]
    public void BodyThatStops_IsRefusedAfterItsTime()
    {
        using Http2Connection connection = ConnectHttp2();
        int stream = connection.Begin(Http2Connection.Call(GrpcMessage.Infer));
        connection.SendBody(stream, GrpcMessage.Frame(GrpcMessage.Digits(1)).AsSpan(0, 20), end: false);
        Http2Answer answer = connection.Read(stream);
        Assert.AreEqual(Late, answer.Status);
        StringAssert.StartsWith(answer.Message, "the request body arrived too slowly (request ");
        Serves(connection);
    }

    [TestMethod]
    public void StreamGoesOn_BehindWhatWasRefused_AndEndsAtWhatIsNoMessage()
    {
        using Http2Connection connection = ConnectHttp2();
        byte[] outOfRange = Proto.Join(Proto.Text(1, "digits"), Proto.Text(3, "x"), Proto.Input("image", "INT8", [1], Proto.Contents(Proto.Packed(2, 1UL << 40))), Proto.Field(99, new byte[5000]));
        byte[] body = [.. GrpcMessage.Frame(GrpcMessage.Digits(1)), .. GrpcMessage.Frame(outOfRange), .. GrpcMessage.Frame(GrpcMessage.Digits(2)), .. GrpcMessage.Frame(Proto.Tag(9, 3))];
        Http2Answer answer = connection.Ask(Http2Connection.Call(GrpcMessage.Stream), body);
        Assert.AreEqual(Invalid, answer.Status);
        int messages = 0;
        for (ReadOnlySpan<byte> rest = answer.Data; !rest.IsEmpty; messages++)
        {
            int length = System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(rest[1..]);
            Assert.AreEqual(messages == 1 ? 0x0a : 0x12, rest[5], "the refused one and only it has an error_message");
            rest = rest[(5 + length)..];
        }

        Assert.AreEqual(3, messages);
        Serves(connection);
    }

    [TestMethod]
    public async Task Stream_MayRestBetweenMessages_AlsoBehindARefusedOne()
    {
        using Http2Connection connection = ConnectHttp2();
        int stream = connection.Begin(Http2Connection.Call(GrpcMessage.Stream));
        byte[] outOfRange = Proto.Join(Proto.Text(1, "digits"), Proto.Input("image", "INT8", [1], Proto.Contents(Proto.Packed(2, 1UL << 40))), Proto.Field(99, new byte[5000]));
        byte[][] messages = [outOfRange, Proto.Text(1, "nobody"), GrpcMessage.Digits(1)];
        foreach (byte[] message in messages)
        {
            // In two parts, so that the body's clock has to run; then longer than that clock (1 s) without a word.
            byte[] frame = GrpcMessage.Frame(message);
            connection.SendBody(stream, frame.AsSpan(0, 6), end: false);
            await Task.Delay(50);
            connection.SendBody(stream, frame.AsSpan(6), end: false);
            Assert.IsNull(connection.Read(stream, data => data.Length > 20).Reset);
            await Task.Delay(1300);
        }

        connection.SendBody(stream, GrpcMessage.Frame(GrpcMessage.Digits(1)), end: true);
        Assert.AreEqual(Ok, connection.Read(stream).Status);
    }

    private static void Malformed(params byte[][] behind) => Refused(Invalid, "the request is not valid protobuf", GrpcMessage.Frame(Proto.Join([GrpcMessage.Digits(1), .. behind])));

    private static byte[] Answered(params byte[][] fields)
    {
        using Http2Connection connection = ConnectHttp2();
        Http2Answer answer = connection.Ask(Http2Connection.Call(GrpcMessage.Infer), GrpcMessage.Frame(Proto.Join(fields)));
        Assert.AreEqual(Ok, answer.Status, answer.Message);
        return answer.Data;
    }

    private static Http2Answer Refused(string status, string text, byte[] body, byte[]? block = null)
    {
        using Http2Connection connection = ConnectHttp2();
        Http2Answer answer = connection.Ask(block ?? Http2Connection.Call(GrpcMessage.Infer), body);
        Assert.AreEqual("200", answer.Headers[":status"]);
        Assert.AreEqual(status, answer.Status, answer.Message);
        StringAssert.Matches(answer.Message, new($@"^{System.Text.RegularExpressions.Regex.Escape(text)} \(request [0-9a-f]+-[0-9a-f]+\)$"));
        Assert.IsEmpty(answer.Data);
        Serves(connection);
        return answer;
    }

    private static void Serves(Http2Connection connection) =>
        Assert.AreEqual(Ok, connection.Ask(Http2Connection.Call(GrpcMessage.Infer), GrpcMessage.Frame(GrpcMessage.Digits(1))).Status, "the connection does not go on");
}
