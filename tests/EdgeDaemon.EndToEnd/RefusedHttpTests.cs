using System.Text;
using static EdgeDaemon.EndToEnd.BadRequest;
using static EdgeDaemon.EndToEnd.RefusingDaemon;

namespace EdgeDaemon.EndToEnd;

/// <summary>What is no HTTP, more HTTP than is allowed, or a request for nothing that is there.</summary>
[TestClass]
public sealed class RefusedHttpTests
{
    [ClassInitialize]
    public static Task StartAsync(TestContext _) => RefusingDaemon.StartAsync();

    [TestCleanup]
    public void StillServes_InBoundedMemory() => CheckServing();

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

    /// <summary>RFC 9112, 3.2.2: a server must take the absolute form. Its authority names nothing here; the control is another scheme.</summary>
    [TestMethod]
    [DataRow("http://edged/v2/health/live", 200)]
    [DataRow("http://edged/v2/models/digits?x", 200)]
    [DataRow("http://edged/v2/models/none", 404)]
    [DataRow("http://edged", 404)]
    [DataRow("ftp://edged/v2/health/live", 400)]
    public void AbsoluteTarget_IsWhatFollowsItsAuthority(string target, int status)
    {
        using HttpConnection connection = Connect();
        Assert.AreEqual(status, connection.Get(target).Status);
    }

    [TestMethod]
    public void HugeHeaderBlock_IsRefused() => RefusedByServer(
        431, Encoding.ASCII.GetBytes($"GET /v2 HTTP/1.1\r\nHost: edged\r\nX: {new string('x', 200_000)}\r\n\r\n"));

    [TestMethod]
    public void TooManyHeaders_AreRefused() => RefusedByServer(
        431, Encoding.ASCII.GetBytes("GET /v2 HTTP/1.1\r\nHost: edged\r\n" + string.Concat(Enumerable.Range(0, 200).Select(i => $"X-{i}: y\r\n")) + "\r\n"));

    [TestMethod]
    public void HugeTarget_IsRefused() => RefusedByServer(414, Encoding.ASCII.GetBytes($"GET /{new string('x', 100_000)} HTTP/1.1\r\nHost: edged\r\n\r\n"));

    [TestMethod]
    public void CompressedBody_IsRefused() =>
        Refused(415, "content encodings are not supported", Post("digits", Digits.Json(0, 1), "Content-Encoding: gzip"));

    [TestMethod]
    [DataRow("/v2/models/..%2f..%2fetc%2fpasswd")]
    [DataRow("/v2/models/%zz")]
    [DataRow("/v2/models/digits/../digits")]
    [DataRow("/v2/models//infer")]
    [DataRow("/V2")]
    [DataRow("/v2/models/digits/versions/-1")]
    public void TargetThatIsNoRoute_Is404(string target)
    {
        using HttpConnection connection = Connect();
        HttpAnswer answer = connection.Get(target);
        Assert.AreEqual(404, answer.Status, answer.Text);
        Assert.IsTrue(answer.Error is "no such endpoint" or "model not found" or "model version not found", answer.Error);
    }
}
