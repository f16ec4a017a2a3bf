using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace EdgeDaemon.EndToEnd;

/// <summary>
/// Each kind of bad request has its own status and its own text, says nothing else, costs the daemon no memory, and
/// leaves it serving.
/// </summary>
[TestClass]
public sealed class RefusedRequestTests
{
    private const long Allowance = 96L << 20;

    private static Daemon _daemon = null!;
    private static long _resident;

    [ClassInitialize]
    public static async Task StartAsync(TestContext _)
    {
        _daemon = await Daemon.StartAsync(
            """
            [limits]
            max_body_bytes = 1048576
            max_head_bytes = 65536
            body_timeout_seconds = 1
            head_timeout_seconds = 2
            """,
            "digits/digits-s25",
            "bench/bench-mlp");
        Serves();
        _resident = _daemon.ResidentBytes;
    }

    [ClassCleanup]
    public static async Task StopAsync() => await _daemon.DisposeAsync();

    [TestCleanup]
    public void StillServes_InBoundedMemory()
    {
        Serves();
        Assert.IsLessThan(_resident + Allowance, _daemon.ResidentBytes);
    }

    [TestMethod]
    public void BodyThatEndsEarly_IsCutOff()
    {
        // The caller has closed its side: whether it still reads is not known, so an answer is welcome but not owed.
        using HttpConnection connection = _daemon.Connect();
        byte[] request = Digits.Binary(0, 4);
        connection.Send(request.AsSpan(0, request.Length - 10));
        connection.EndSending();
        if (connection.Read() is { } answer)
        {
            Assert.AreEqual(400, answer.Status);
            Assert.IsTrue(answer.Body.Length == 0 || answer.Error is "the request body ended early" or "the request was aborted", answer.Text);
            Assert.IsNull(connection.Read());
        }
    }

    [TestMethod]
    public void BodyShorterThanItsTensors_IsRefused() =>
        Refused(400, "the request body ended early", Infer("digits", Head("UINT8", "4,1,8,8", 256), new byte[255]));

    [TestMethod]
    public void ChunkedBodyShorterThanItsTensors_IsRefused() =>
        Refused(400, "the request body ended early", Chunked("digits", Head("UINT8", "4,1,8,8", 256), new byte[255]));

    [TestMethod]
    public void BytesBehindTheLastTensor_AreRefused() =>
        Refused(400, "unexpected additional input data", Infer("digits", Head("UINT8", "4,1,8,8", 256), new byte[257]));

    [TestMethod]
    public void BytesBehindTheLastTensorOfAChunkedBody_AreRefused() =>
        Refused(400, "unexpected additional input data", Chunked("digits", Head("UINT8", "4,1,8,8", 256), new byte[257]));

    [TestMethod]
    public void BytesBehindTheJson_AreRefused() =>
        Refused(400, "the request is not valid JSON", Json("""{"inputs":[{"name":"image","datatype":"UINT8","shape":[1,1,8,8],"data":[0]}]}{}"""));

    [TestMethod]
    [DataRow("abc")]
    [DataRow("-1")]
    [DataRow("+5")]
    [DataRow("0x10")]
    [DataRow("1.5")]
    [DataRow("9223372036854775808")]
    [DataRow("99999999999999999999999999")]
    [DataRow("")]
    public void HeadLengthThatIsNoLength_IsRefused(string length) =>
        Refused(400, "Inference-Header-Content-Length is not a valid length", Post("digits", Digits.Json(0, 1), $"Inference-Header-Content-Length: {length}"));

    [TestMethod]
    public void TwoHeadLengths_AreRefused() => Refused(
        400,
        "Inference-Header-Content-Length is not a valid length",
        Post("digits", Digits.Json(0, 1), "Inference-Header-Content-Length: 10", "Inference-Header-Content-Length: 10"));

    [TestMethod]
    [DataRow("1000000")]
    [DataRow("9223372036854775807")]
    public void HeadLengthBeyondTheBody_IsRefused(string length) => Refused(
        400, "Inference-Header-Content-Length is beyond the end of the body", Post("digits", Digits.Json(0, 1), $"Inference-Header-Content-Length: {length}"));

    [TestMethod]
    public void HeadOverItsLimit_IsRefused()
    {
        byte[] body = new byte[100_000];
        body.AsSpan().Fill((byte)' ');
        Refused(413, "the JSON part of the request is too large", Post("digits", body, "Inference-Header-Content-Length: 90000"));
    }

    [TestMethod]
    public void HeadLengthInTheMiddleOfTheJson_IsRefused() =>
        Refused(400, "the request is not valid JSON", Post("digits", Digits.Json(0, 1), "Inference-Header-Content-Length: 20"));

    [TestMethod]
    [DataRow("9223372036854775807,1,8,8")]
    [DataRow("4611686018427387904,1,8,8")]
    [DataRow("288230376151711745,1,8,8")]
    public void ShapeWhoseElementsOverflow_IsRefused(string shape) =>
        Refused(400, "an input shape is out of range", Json($$"""{"inputs":[{"name":"image","datatype":"UINT8","shape":[{{shape}}],"data":[]}]}"""));

    [TestMethod]
    public void ShapeWhoseBytesOverflow_IsRefused() => Refused(
        400, "an input shape is out of range", Json("""{"inputs":[{"name":"x","datatype":"FP32","shape":[288230376151711744,16],"data":[]}]}""", "bench-mlp"));

    [TestMethod]
    public void HugeShapeWithoutTheData_IsRefusedWithoutTakingItsMemory()
    {
        using HttpConnection connection = _daemon.Connect();
        HttpAnswer answer = connection.Ask(Json("""{"inputs":[{"name":"x","datatype":"FP32","shape":[1000000000,16],"data":[1]}]}""", "bench-mlp"));
        Assert.IsTrue((answer.Status, answer.Error) is (400, "the number of elements does not match the input shape") or (503, "the server is busy, try again later"), answer.Text);
    }

    [TestMethod]
    [DataRow("[-1,1,8,8]")]
    [DataRow("[1,1,8,9]")]
    [DataRow("[1,64]")]
    [DataRow("[]")]
    public void ShapeThatTheModelDoesNotTake_IsRefused(string shape)
    {
        using HttpConnection connection = _daemon.Connect();
        HttpAnswer answer = connection.Ask(Json($$"""{"inputs":[{"name":"image","datatype":"UINT8","shape":{{shape}},"data":[0]}]}"""));
        Assert.AreEqual(400, answer.Status);
        Assert.IsTrue(answer.Error is "an input has another shape than the model expects" or "an input shape is out of range", answer.Error);
    }

    [TestMethod]
    public void NegativeBinarySize_IsRefused()
    {
        using HttpConnection connection = _daemon.Connect();
        HttpAnswer answer = connection.Ask(Infer("digits", Head("UINT8", "1,1,8,8", -64), new byte[64]));
        Assert.AreEqual(400, answer.Status, answer.Text);
        Assert.IsNotEmpty(answer.Error);
    }

    [TestMethod]
    public void BinarySizeThatIsNotTheShapes_IsRefused() =>
        Refused(400, "unexpected size for input", Infer("digits", Head("UINT8", "4,1,8,8", 255), new byte[255]));

    [TestMethod]
    public void UnknownInput_IsRefused() => Refused(
        400, "the model has no input of that name", Json("""{"inputs":[{"name":"picture","datatype":"UINT8","shape":[1],"data":[0]}]}"""));

    [TestMethod]
    public void InputGivenTwice_IsRefused()
    {
        string image = Encoding.UTF8.GetString(Digits.Json(0, 1))["""{"inputs":[""".Length..^2];
        Refused(400, "an input is given twice", Json($$"""{"inputs":[{{image}},{{image}}]}"""));
    }

    [TestMethod]
    public void NoInput_IsRefused() => Refused(400, "an input of the model is missing", Json("""{"inputs":[]}"""));

    [TestMethod]
    public void OutputThatTheModelDoesNotHave_IsRefused() =>
        Refused(400, "the model has no output of that name", Digits.Infer("digits", Digits.Json(0, 1, ""","outputs":[{"name":"nothing"}]""")));

    [TestMethod]
    public void OutputAskedTwice_IsRefused() =>
        Refused(400, "an output is requested twice", Digits.Infer("digits", Digits.Json(0, 1, ""","outputs":[{"name":"logits"},{"name":"logits"}]""")));

    [TestMethod]
    public void OtherDatatype_IsRefused() => Refused(
        400, "an input has another datatype than the model expects", Json("""{"inputs":[{"name":"image","datatype":"FP32","shape":[1,1,8,8],"data":[0]}]}"""));

    [TestMethod]
    public void UnknownDatatype_IsRefused() => Refused(
        400, "an input has an unknown datatype", Json("""{"inputs":[{"name":"image","datatype":"FP12","shape":[1,1,8,8],"data":[0]}]}"""));

    [TestMethod]
    [DataRow("256", "an input element is out of the range of its datatype")]
    [DataRow("-1", "an input element is out of the range of its datatype")]
    [DataRow("1.5", "an input element is not a valid value of its datatype")]
    [DataRow("\"1\"", "an input element is not a valid value of its datatype")]
    [DataRow("true", "an input element is not a valid value of its datatype")]
    [DataRow("null", "an input element is not a valid value of its datatype")]
    public void ElementThatIsNoUint8_IsRefused(string element, string text)
    {
        string data = string.Join(',', Enumerable.Repeat("0", 63).Append(element));
        Refused(400, text, Json($$"""{"inputs":[{"name":"image","datatype":"UINT8","shape":[1,1,8,8],"data":[{{data}}]}]}"""));
    }

    [TestMethod]
    [DataRow("NaN")]
    [DataRow("Infinity")]
    [DataRow("-Infinity")]
    public void NanLiteralInJson_IsRefused(string literal) =>
        Refused(400, "an input element is not a valid value of its datatype", Mlp(string.Join(',', Enumerable.Repeat("0", 15).Append(literal))));

    [TestMethod]
    public void NumberBeyondFp32_IsRefused() =>
        Refused(400, "an input element is out of the range of its datatype", Mlp(string.Join(',', Enumerable.Repeat("0", 15).Append("1e39"))));

    [TestMethod]
    [DataRow(float.NaN)]
    [DataRow(float.PositiveInfinity)]
    [DataRow(float.NegativeInfinity)]
    public void NanInABinaryTensor_IsRefused(float value)
    {
        byte[] tensor = new byte[64];
        BitConverter.TryWriteBytes(tensor.AsSpan(60), value);
        Refused(400, "an input holds NaN or infinity", Infer("bench-mlp", """{"inputs":[{"name":"x","datatype":"FP32","shape":[1,16],"parameters":{"binary_data_size":64}}]}""", tensor));
    }

    [TestMethod]
    [DataRow(15)]
    [DataRow(17)]
    public void DataOfAnotherCountThanTheShape_IsRefused(int count) =>
        Refused(400, "the number of elements does not match the input shape", Mlp(string.Join(',', Enumerable.Repeat("0", count))));

    [TestMethod]
    [DataRow(100)]
    [DataRow(400_000)]
    public void DeepJson_IsRefused(int depth) =>
        Refused(400, "the JSON of the request is nested too deeply", Json($$"""{"x":{{new string('[', depth)}}{{new string(']', depth)}},"inputs":[]}"""));

    [TestMethod]
    public void DeepData_IsRefused()
    {
        using HttpConnection connection = _daemon.Connect();
        HttpAnswer answer = connection.Ask(Mlp(new string('[', 10_000) + new string(']', 10_000)));
        Assert.AreEqual(400, answer.Status);
        Assert.IsTrue(answer.Error is "the JSON of the request is nested too deeply" or "the number of elements does not match the input shape", answer.Error);
    }

    [TestMethod]
    [DataRow("")]
    [DataRow("{")]
    [DataRow("nothing")]
    [DataRow("""{"inputs":[}""")]
    [DataRow("""{"inputs":[],}""")]
    [DataRow("{\"inputs\":[{\"name\":\"\u0001\"}]}")]
    public void TextThatIsNoJson_IsRefused(string json) => Refused(400, "the request is not valid JSON", Json(json));

    [TestMethod]
    public void BytesThatAreNoUtf8_AreRefused()
    {
        using HttpConnection connection = _daemon.Connect();
        HttpAnswer answer = connection.Ask(Post("digits", [.. """{"id":"""u8, (byte)'"', 0xC3, 0x28, 0xFF, (byte)'"', .. ""","inputs":[]}"""u8]));
        Assert.AreEqual(400, answer.Status);
        Assert.IsNotEmpty(answer.Error);
    }

    [TestMethod]
    public void MemberGivenTwice_IsRefused() =>
        Refused(400, "a member appears twice in the JSON of the request", Json("""{"inputs":[],"inputs":[]}"""));

    [TestMethod]
    [DataRow("{}")]
    [DataRow("""{"inputs":[{"datatype":"UINT8","shape":[1,1,8,8],"data":[0]}]}""")]
    public void MissingMember_IsRefused(string json) => Refused(400, "a required member is missing in the JSON of the request", Json(json));

    [TestMethod]
    [DataRow("[]")]
    [DataRow("""{"inputs":{}}""")]
    [DataRow("""{"inputs":[{"name":1,"datatype":"UINT8","shape":[1],"data":[0]}]}""")]
    public void MemberOfAnotherJsonType_IsRefused(string json) => Refused(400, "a member of the request has the wrong JSON type", Json(json));

    [TestMethod]
    public void TooManyInputs_AreRefused()
    {
        string inputs = string.Join(',', Enumerable.Range(0, 1000).Select(i => $$"""{"name":"{{i}}","datatype":"UINT8","shape":[1],"data":[0]}"""));
        Refused(400, "too many tensors in one request", Json($$"""{"inputs":[{{inputs}}]}"""));
    }

    [TestMethod]
    public void CompressedBody_IsRefused() =>
        Refused(415, "content encodings are not supported", Post("digits", Digits.Json(0, 1), "Content-Encoding: gzip"));

    [TestMethod]
    public void RawRequestWithoutALength_IsRefused() => Refused(
        411,
        "a raw binary request needs a Content-Length",
        HttpConnection.Request("POST", "/v2/models/digits/infer", "0\r\n\r\n"u8, "Inference-Header-Content-Length: 0", "Transfer-Encoding: chunked"));

    [TestMethod]
    public void RawRequestOfAPartialImage_IsRefused()
    {
        using HttpConnection connection = _daemon.Connect();
        HttpAnswer answer = connection.Ask(Post("digits", new byte[65], "Inference-Header-Content-Length: 0"));
        Assert.AreEqual(400, answer.Status);
        Assert.AreEqual("unexpected size for input", answer.Error);
    }

    [TestMethod]
    [DataRow("1048577")]
    [DataRow("1000000000000")]
    [DataRow("9223372036854775807")]
    public void BodyOverTheLimit_IsRefusedBeforeItIsSent(string length)
    {
        using HttpConnection connection = _daemon.Connect();
        var waited = Stopwatch.StartNew();
        HttpAnswer answer = connection.Ask(HttpConnection.Request("POST", "/v2/models/digits/infer", default, $"Content-Length: {length}"));
        Assert.AreEqual(413, answer.Status);
        Assert.AreEqual("the request body is too large", answer.Error);
        Assert.IsLessThan(TimeSpan.FromSeconds(5), waited.Elapsed);
        KeptOrClosed(connection, answer, wholeRequest: false);
    }

    [TestMethod]
    public void ChunkedBodyOverTheLimit_IsRefused()
    {
        using HttpConnection connection = _daemon.Connect();
        connection.Send(HttpConnection.Request("POST", "/v2/models/digits/infer", default, "Transfer-Encoding: chunked"));
        byte[] chunk = [.. "10000\r\n"u8, .. new byte[0x10000].AsSpan(), .. "\r\n"u8];
        chunk.AsSpan(7, 0x10000).Fill((byte)' ');
        for (int i = 0; i < 40; i++)
        {
            connection.Send(chunk);
        }

        HttpAnswer? answer = connection.Read();
        Assert.IsNotNull(answer, "closed without an answer");
        Assert.AreEqual(413, answer.Status);
        Assert.AreEqual("the request body is too large", answer.Error);
    }

    [TestMethod]
    public void BodyThatStops_IsRefusedAfterItsTime()
    {
        using HttpConnection connection = _daemon.Connect();
        var waited = Stopwatch.StartNew();
        byte[] request = Digits.Binary(0, 4);
        HttpAnswer answer = connection.Ask(request[..^100]);
        Assert.AreEqual(408, answer.Status);
        Assert.AreEqual("the request body arrived too slowly", answer.Error);
        Assert.IsLessThan(TimeSpan.FromSeconds(10), waited.Elapsed);
        KeptOrClosed(connection, answer, wholeRequest: false);
    }

    [TestMethod]
    public async Task BodyThatDrips_IsRefusedAfterItsTime()
    {
        using HttpConnection connection = _daemon.Connect();
        byte[] request = Digits.Infer("digits", Digits.Json(0, 100));
        connection.Send(request.AsSpan(0, 200));
        Task<HttpAnswer?> answered = Task.Run(() => connection.Read());
        var waited = Stopwatch.StartNew();
        for (int i = 200; !answered.IsCompleted && waited.Elapsed < TimeSpan.FromSeconds(20); i++)
        {
            connection.Send(request.AsSpan(i, 1));
            await Task.WhenAny(answered, Task.Delay(50));
        }

        Assert.IsTrue(answered.IsCompleted, "a dripping body held the request for 20 seconds");
        HttpAnswer answer = (await answered)!;
        Assert.AreEqual(408, answer.Status);
        Assert.AreEqual("the request body arrived too slowly", answer.Error);
    }

    [TestMethod]
    public void HeaderBlockThatNeverEnds_IsCutOffAfterItsTime()
    {
        using HttpConnection connection = _daemon.Connect();
        connection.Send("GET /v2 HTTP/1.1\r\nHost: edged\r\n"u8);
        HttpAnswer? answer = connection.Read();
        Assert.IsTrue(answer is null or { Status: 408 }, answer?.Text);
    }

    [TestMethod]
    public void Garbage_IsRefused()
    {
        byte[] noise = new byte[2000];
        new Random(1).NextBytes(noise);
        RefusedByServer(400, [.. noise, .. "\r\n\r\n"u8]);
    }

    [TestMethod]
    [DataRow("GET\r\n\r\n")]
    [DataRow("GET /v2/models/%00 HTTP/1.1\r\nHost: edged\r\n\r\n")]
    [DataRow("GET /v2 HTTP/9.9\r\nHost: edged\r\n\r\n", 505)]
    [DataRow("GET /v2 HTTP/1.1\r\n\r\n")]
    [DataRow("GET /v2 HTTP/1.1\r\nHost: edged\r\nBad Header\r\n\r\n")]
    [DataRow("GET /v2 HTTP/1.1\r\nHost: edged\r\nX: a\0b\r\n\r\n")]
    [DataRow("POST /v2/models/digits/infer HTTP/1.1\r\nHost: edged\r\nContent-Length: abc\r\n\r\n")]
    [DataRow("POST /v2/models/digits/infer HTTP/1.1\r\nHost: edged\r\nContent-Length: -1\r\n\r\n")]
    [DataRow("POST /v2/models/digits/infer HTTP/1.1\r\nHost: edged\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n")]
    [DataRow("\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\r\n\r\n")]
    public void MalformedHttp_IsRefused(string request, int status = 400) => RefusedByServer(status, Encoding.Latin1.GetBytes(request));

    [TestMethod]
    public void HugeHeaderBlock_IsRefused() => RefusedByServer(
        431, Encoding.ASCII.GetBytes($"GET /v2 HTTP/1.1\r\nHost: edged\r\nX: {new string('x', 200_000)}\r\n\r\n"));

    [TestMethod]
    public void TooManyHeaders_AreRefused() => RefusedByServer(
        431, Encoding.ASCII.GetBytes("GET /v2 HTTP/1.1\r\nHost: edged\r\n" + string.Concat(Enumerable.Range(0, 200).Select(i => $"X-{i}: y\r\n")) + "\r\n"));

    [TestMethod]
    public void HugeTarget_IsRefused() => RefusedByServer(414, Encoding.ASCII.GetBytes($"GET /{new string('x', 100_000)} HTTP/1.1\r\nHost: edged\r\n\r\n"));

    [TestMethod]
    [DataRow("/v2/models/..%2f..%2fetc%2fpasswd")]
    [DataRow("/v2/models/%zz")]
    [DataRow("/v2/models/digits/../digits")]
    [DataRow("/v2/models//infer")]
    [DataRow("/V2")]
    [DataRow("/v2/models/digits/versions/-1")]
    public void TargetThatIsNoRoute_Is404(string target)
    {
        using HttpConnection connection = _daemon.Connect();
        HttpAnswer answer = connection.Get(target);
        Assert.AreEqual(404, answer.Status, answer.Text);
        Assert.IsTrue(answer.Error is "no such endpoint" or "model not found" or "model version not found", answer.Error);
    }

    private static void Serves()
    {
        using HttpConnection connection = _daemon.Connect();
        HttpAnswer answer = connection.Ask(Digits.Binary(0, 1));
        Assert.AreEqual(200, answer.Status, answer.Text);
    }

    // The text is compared whole: it can name no file and no internals.
    private static void Refused(int status, string text, byte[] request)
    {
        using HttpConnection connection = _daemon.Connect();
        HttpAnswer answer = connection.Ask(request);
        Assert.AreEqual($"{status} {text}", $"{answer.Status} {answer.Error}");
        Assert.HasCount(1, answer.Json.EnumerateObject().ToArray());
        KeptOrClosed(connection, answer, wholeRequest: true);
    }

    // What never became a request is answered by the HTTP server itself: a status, no words.
    private static void RefusedByServer(int status, byte[] bytes)
    {
        using HttpConnection connection = _daemon.Connect();
        HttpAnswer answer = connection.Ask(bytes);
        Assert.AreEqual(status, answer.Status);
        Assert.IsEmpty(answer.Body);
        Assert.IsFalse(answer.Headers.ContainsKey("Server"));
        Assert.IsNull(connection.Read(), "the connection of something that is no HTTP goes on");
    }

    private static void KeptOrClosed(HttpConnection connection, HttpAnswer answer, bool wholeRequest)
    {
        if (wholeRequest && !answer.Closes)
        {
            Assert.AreEqual(200, connection.Ask(Digits.Binary(0, 1)).Status, "the connection was kept, but not in step");
            return;
        }

        Assert.IsNull(connection.Read(), "a second answer to one request");
    }

    private static string Head(string datatype, string shape, int bytes) =>
        $$$"""{"inputs":[{"name":"image","datatype":"{{{datatype}}}","shape":[{{{shape}}}],"parameters":{"binary_data_size":{{{bytes}}}}}]}""";

    private static byte[] Infer(string model, string head, byte[] tensors) => Digits.Infer(model, Encoding.UTF8.GetBytes(head), tensors);

    private static byte[] Chunked(string model, string head, byte[] tensors)
    {
        int length = head.Length + tensors.Length;
        byte[] body = [.. Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{length:x}\r\n{head}")), .. tensors, .. "\r\n0\r\n\r\n"u8];
        return HttpConnection.Request("POST", $"/v2/models/{model}/infer", body, $"Inference-Header-Content-Length: {head.Length}", "Transfer-Encoding: chunked");
    }

    private static byte[] Json(string json, string model = "digits") => Digits.Infer(model, Encoding.UTF8.GetBytes(json));

    private static byte[] Mlp(string data) => Json($$"""{"inputs":[{"name":"x","datatype":"FP32","shape":[1,16],"data":[{{data}}]}]}""", "bench-mlp");

    private static byte[] Post(string model, ReadOnlySpan<byte> body, params string[] headers) => HttpConnection.Request("POST", $"/v2/models/{model}/infer", body, headers);
}
