using System.Text;
using static EdgeDaemon.EndToEnd.RefusingDaemon;

namespace EdgeDaemon.EndToEnd;

/// <summary>
/// HTTP/1.1 that two readers could take apart differently. Behind each request lies another, which must never be answered where the
/// first one's end is in doubt: exactly one refusal, then the connection's end.
/// </summary>
[TestClass]
public sealed class RefusedSmugglingTests
{
    private const string Infer = "POST /v2/models/digits/infer HTTP/1.1\r\nHost: edged\r\n";
    private const string Hidden = "GET /v2/models/digits/ready HTTP/1.1\r\nHost: edged\r\n\r\n";
    private const string EndedEarly = "the request body ended early";

    [ClassInitialize]
    public static Task StartAsync(TestContext _) => RefusingDaemon.StartAsync();

    [TestCleanup]
    public void StillServes_InBoundedMemory() => CheckServing();

    [TestMethod]
    [DataRow("Content-Length: 2\r\n\r\n{}")]
    [DataRow("Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n")]
    [DataRow("Transfer-Encoding: CHUNKED\r\n\r\n2;name=value\r\n{}\r\n0\r\nX-Trailer: y\r\n\r\n")]
    public void RequestWhoseEndIsClear_IsFollowedByTheNext(string rest) // The control of everything below.
    {
        using HttpConnection connection = Connect();
        HttpAnswer answer = connection.Ask(Encoding.Latin1.GetBytes(Infer + rest + Hidden));
        Assert.AreEqual("400 a required member of the request is missing", $"{answer.Status} {answer.Error}");
        Assert.AreEqual(200, connection.Read()?.Status, "the second request is not answered");
    }

    [TestMethod]
    [DataRow("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")]
    [DataRow("Transfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n0\r\n\r\n")]
    public void BothLengthAndChunks_EndTheConnection(string rest) => AnsweredOnce(400, "the request is not valid JSON", rest);

    [TestMethod]
    [DataRow("Transfer-Encoding: xchunked")]
    [DataRow("Transfer-Encoding: chunked, identity")]
    [DataRow("Transfer-Encoding: identity")]
    [DataRow("Transfer-Encoding: \u000bchunked")]
    [DataRow("Transfer-Encoding: \"chunked\"")]
    [DataRow("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity")]
    [DataRow("Content-Length : 4")]
    [DataRow("X: a\r\n folded\r\nContent-Length: 0")]
    [DataRow("X: a\rContent-Length: 4\r\nContent-Length: 0")]
    [DataRow("Content-Length: 4, 4")]
    [DataRow("Content-Length: 4\r\nContent-Length: 4")]
    [DataRow("Content-Length: 0x4")]
    [DataRow("Content-Length: 4 4")]
    [DataRow("Content-Length: 4;")]
    [DataRow("Content-Length: \u00b2")]
    [DataRow("Content-Length: 18446744073709551620")]
    [DataRow("Host: other\r\nContent-Length: 0")]
    public void LengthThatCanBeReadInTwoWays_IsNoHttp(string header) =>
        RefusedByServer(400, Encoding.Latin1.GetBytes($"{Infer}{header}\r\n\r\n0\r\n\r\n{Hidden}"));

    [TestMethod]
    public void LineFeedAlone_EndsNoLine()
    {
        RefusedByServer(400, Encoding.Latin1.GetBytes("POST /v2/models/digits/infer HTTP/1.1\nHost: edged\nContent-Length: 0\n\n" + Hidden));
        RefusedByServer(400, Encoding.Latin1.GetBytes($"{Infer}X: a\nContent-Length: 4\r\n\r\n{Hidden}"));
    }

    [TestMethod]
    [DataRow("gzip, chunked")]
    [DataRow("chunked, chunked")]
    public void CodingBeforeChunked_IsNotTakenForPlainBytes(string coding)
    {
        using HttpConnection connection = Connect();
        HttpAnswer answer = connection.Ask(Encoding.Latin1.GetBytes($"{Infer}Transfer-Encoding: {coding}\r\n\r\n2\r\n{{}}\r\n0\r\n\r\n"));
        Assert.AreEqual("415 content encodings are not supported", $"{answer.Status} {answer.Error}");
    }

    // CVE-2025-55315: an extension that one side ends at a line feed hides a request from it.
    [TestMethod]
    [DataRow("2;\n{}\r\n0\r\n\r\n")]
    [DataRow("2;a\rb\r\n{}\r\n0\r\n\r\n")]
    public void ChunkExtensionWithHalfALineEnd_IsRefused(string chunks) => AnsweredOnce(400, EndedEarly, "Transfer-Encoding: chunked\r\n\r\n" + chunks);

    [TestMethod]
    [DataRow("2\n{}\r\n0\r\n\r\n")]
    [DataRow("2\r\n{}0\r\n\r\n")]
    [DataRow("-2\r\n{}\r\n0\r\n\r\n")]
    [DataRow("0x2\r\n{}\r\n0\r\n\r\n")]
    [DataRow(" 2\r\n{}\r\n0\r\n\r\n")]
    [DataRow("2 \r\n{}\r\n0\r\n\r\n")]
    [DataRow("0000000000000000000002\r\n{}\r\n0\r\n\r\n")]
    [DataRow("100000002\r\n{}\r\n0\r\n\r\n")]
    [DataRow("2\r\n{}\r\n0\r\nno trailer\r\n\r\n")]
    public void ChunkThatCanBeReadInTwoWays_IsRefused(string chunks) => AnsweredOnce(400, EndedEarly, "Transfer-Encoding: chunked\r\n\r\n" + chunks);

    [TestMethod]
    public void TrailersThatFlood_AreRefused() => AnsweredOnce(
        400, EndedEarly, "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n" + string.Concat(Enumerable.Range(0, 5000).Select(i => $"x{i}: y\r\n")) + "\r\n");

    [TestMethod]
    public void ChunkExtensionThatFloods_CountsAsBody() =>
        AnsweredOnce(413, "the request body is too large", $"Transfer-Encoding: chunked\r\n\r\n2;{new string('a', 3 << 20)}\r\n{{}}\r\n0\r\n\r\n");

    [TestMethod]
    public void ChunksOfOneByte_ByTheTenThousands_AreTakenInBoundedMemory()
    {
        using HttpConnection connection = Connect();
        byte[] json = Digits.Json(0, 200);
        byte[] chunks = [.. json.SelectMany(one => (byte[])[(byte)'1', (byte)'\r', (byte)'\n', one, (byte)'\r', (byte)'\n']), .. "0\r\n\r\n"u8];
        Assert.IsGreaterThan(20_000, json.Length);
        Assert.AreEqual(200, connection.Ask(HttpConnection.Request("POST", "/v2/models/digits/infer", chunks, "Transfer-Encoding: chunked")).Status);
        Assert.AreEqual(200, connection.Ask(Digits.Binary(0, 1)).Status);
    }

    // Known departures of the server's: written down so that a change shows. Both are read in one way alone here.
    [TestMethod]
    [DataRow("Content-Length: +2")]
    [DataRow("Content-Length: 00000000000000000002")]
    public void LengthWithASignOrZeros_IsReadAsItsNumber(string header)
    {
        using HttpConnection connection = Connect();
        Assert.AreEqual(400, connection.Ask(Encoding.Latin1.GetBytes($"{Infer}{header}\r\n\r\n{{}}{Hidden}")).Status);
        Assert.AreEqual(200, connection.Read()?.Status);
    }

    [TestMethod]
    [DataRow("GET http://other/v2 HTTP/1.1\r\nHost: edged\r\n\r\n")]
    [DataRow("CONNECT edged:80 HTTP/1.1\r\nHost: edged\r\n\r\n")]
    public void TargetOfAProxy_IsNoHttp(string request) => RefusedByServer(400, Encoding.Latin1.GetBytes(request + Hidden));

    [TestMethod]
    public void UpgradeToHttp2_IsNotTaken()
    {
        using HttpConnection connection = Connect();
        HttpAnswer answer = connection.Ask(HttpConnection.Request("GET", "/v2", default, "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA"));
        Assert.AreEqual(200, answer.Status);
        Assert.IsFalse(answer.Headers.ContainsKey("Upgrade"));
        Assert.AreEqual(200, connection.Get("/v2").Status);
    }

    private static void AnsweredOnce(int status, string text, string rest)
    {
        using HttpConnection connection = Connect();
        HttpAnswer answer = connection.Ask(Encoding.Latin1.GetBytes(Infer + rest + Hidden));
        Assert.AreEqual($"{status} {text}", $"{answer.Status} {answer.Error}");
        Assert.IsNull(connection.Read(), "the hidden request was answered");
    }
}
