using System.Diagnostics;
using System.Text;
using static EdgeDaemon.EndToEnd.BadRequest;
using static EdgeDaemon.EndToEnd.RefusingDaemon;

namespace EdgeDaemon.EndToEnd;

/// <summary>Bodies and heads that are shorter or longer than they say, or longer than is allowed.</summary>
[TestClass]
public sealed class RefusedLengthTests
{
    [ClassInitialize]
    public static Task StartAsync(TestContext _) => RefusingDaemon.StartAsync();

    [TestCleanup]
    public void StillServes_InBoundedMemory() => CheckServing();

    [TestMethod]
    public void BodyThatEndsEarly_IsCutOff()
    {
        // The caller has closed its side: whether it still reads is not known, so an answer is welcome but not owed.
        using HttpConnection connection = Connect();
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
        Refused(413, "the head of the request is too large", Post("digits", body, "Inference-Header-Content-Length: 90000"));
    }

    [TestMethod]
    public void HeadLengthInTheMiddleOfTheJson_IsRefused() =>
        Refused(400, "the request is not valid JSON", Post("digits", Digits.Json(0, 1), "Inference-Header-Content-Length: 20"));

    [TestMethod]
    public void RawRequestWithoutALength_IsRefused() => Refused(
        411,
        "a raw binary request needs a Content-Length",
        HttpConnection.Request("POST", "/v2/models/digits/infer", "0\r\n\r\n"u8, "Inference-Header-Content-Length: 0", "Transfer-Encoding: chunked"));

    [TestMethod]
    public void RawRequestOfAPartialImage_IsRefused()
    {
        using HttpConnection connection = Connect();
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
        using HttpConnection connection = Connect();
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
        using HttpConnection connection = Connect();
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
    [DataRow("zz\r\n\r\n")]
    [DataRow("-1\r\n\r\n")]
    [DataRow("ffffffffffffffff\r\n\r\n")]
    [DataRow("2\r\n{}x0\r\n\r\n")]
    public void ChunksThatAreNone_AreTheCallersFault(string chunks)
    {
        using HttpConnection connection = Connect();
        HttpAnswer answer = connection.Ask(HttpConnection.Request("POST", "/v2/models/digits/infer", Encoding.ASCII.GetBytes(chunks), "Transfer-Encoding: chunked"));
        Assert.AreEqual(400, answer.Status, answer.Text);
        Assert.AreEqual("the request body ended early", answer.Error);
    }
}
