using System.Text;

namespace EdgeDaemon.EndToEnd;

/// <summary>What a connection does at its edges: callers that stop sending, many requests of many sizes on one connection.</summary>
[TestClass]
public sealed class TransportTests
{
    private static Daemon _daemon = null!;

    [ClassInitialize]
    public static async Task StartAsync(TestContext _) => _daemon = await Daemon.StartAsync("", "digits/digits-s25");

    [ClassCleanup]
    public static async Task StopAsync() => await _daemon.DisposeAsync();

    [TestMethod]
    public void CallerThatHasFinishedSending_GetsItsAnswer()
    {
        for (int i = 0; i < 50; i++)
        {
            using HttpConnection connection = _daemon.Connect();
            connection.Send(HttpConnection.Request("GET", "/v2"));
            connection.EndSending();
            HttpAnswer? answer = connection.Read();
            Assert.IsNotNull(answer, $"try {i}: closed without an answer");
            Assert.AreEqual(200, answer.Status);
        }
    }

    // The end lies right behind the body, or is there with its first byte: whoever writes a request into a pipe and closes it sends that.
    [TestMethod]
    [DataRow(1, "")]
    [DataRow(1, "Connection: close")]
    [DataRow(3, "")]
    [DataRow(4000, "")]
    public void CallerThatHalfClosesBehindItsBody_GetsItsAnswer(int images, string header)
    {
        byte[] body = Digits.Images.AsSpan(0, Digits.Pixels).ToArray();
        body = [.. Enumerable.Repeat(body, images).SelectMany(image => image)];
        string[] headers = header.Length == 0 ? ["Inference-Header-Content-Length: 0"] : ["Inference-Header-Content-Length: 0", header];
        for (int i = 0; i < 20; i++)
        {
            using HttpConnection connection = _daemon.Connect();
            connection.Send(HttpConnection.Request("POST", "/v2/models/digits/infer", body, headers));
            connection.EndSending();
            HttpAnswer? answer = connection.Read();
            Assert.IsNotNull(answer, $"try {i}: closed without an answer");
            Assert.AreEqual(200, answer.Status, answer.Text);
            Assert.AreEqual(images * 40, answer.Binary.Length);
            Assert.IsNull(connection.Read(), "the connection stays open");
        }
    }

    [TestMethod]
    public void PipelinedBodies_AndTheEndBehindThem_AreAllAnswered()
    {
        byte[] chunked = HttpConnection.Request("POST", "/v2/models/digits/infer", Chunks(Digits.Json(0, 2)), "Transfer-Encoding: chunked");
        byte[] all = [.. Digits.Binary(0, 1), .. Digits.Infer("digits", Digits.Json(0, 3)), .. chunked, .. HttpConnection.Request("GET", "/v2"), .. Digits.Binary(0, 1)];
        for (int i = 0; i < 20; i++)
        {
            using HttpConnection connection = _daemon.Connect();
            connection.Send(all);
            connection.EndSending();
            for (int answered = 0; answered < 5; answered++)
            {
                Assert.AreEqual(200, connection.Read()?.Status, $"try {i}, answer {answered}");
            }

            Assert.IsNull(connection.Read());
        }

        static byte[] Chunks(byte[] json) => [.. Encoding.ASCII.GetBytes($"{json.Length:x}\r\n"), .. json, .. "\r\n0\r\n\r\n"u8];
    }

    [TestMethod]
    public void BodyThatEndsAByteEarly_IsNotAnswered() // The control: an end that is told late is told all the same.
    {
        using HttpConnection connection = _daemon.Connect();
        byte[] request = HttpConnection.Request("POST", "/v2/models/digits/infer", new byte[64], "Inference-Header-Content-Length: 0");
        connection.Send(request.AsSpan(..^1));
        connection.EndSending();
        Assert.AreNotEqual(200, connection.Read()?.Status);
    }

    [TestMethod]
    public void BlocksGrowAndShrink_WithoutMixingRequests()
    {
        // One connection, bodies from one image to thousands and back: each answer has the shape that its request asked for.
        using HttpConnection connection = _daemon.Connect();
        foreach (int images in (int[])[1, 3, 200, 4000, 1, 1, 1, 9000, 2, .. Enumerable.Repeat(1, 40), 700, 1])
        {
            byte[] body = new byte[images * 64];
            HttpAnswer answer = connection.Ask(HttpConnection.Request("POST", "/v2/models/digits/infer", body, "Inference-Header-Content-Length: 0"));
            Assert.AreEqual(200, answer.Status, answer.Text);
            Assert.AreEqual(images, answer.Json.GetProperty("outputs")[0].GetProperty("shape")[0].GetInt32());
            Assert.AreEqual(images * 40, answer.Binary.Length);
        }
    }

    [TestMethod]
    public void CallerThatVanishes_CostsNothingLasting()
    {
        for (int i = 0; i < 200; i++)
        {
            using HttpConnection connection = _daemon.Connect();
            connection.Send(HttpConnection.Request("POST", "/v2/models/digits/infer", new byte[64 * 1000], "Inference-Header-Content-Length: 0"));
        }

        using HttpConnection after = _daemon.Connect();
        Assert.AreEqual(200, after.Get("/v2/health/ready").Status);
    }

    [TestMethod]
    public void CallerThatAsksMuchAndReadsLate_GetsEveryAnswerWholeAndInOrder()
    {
        // Far more answers than socket and pipe hold: the daemon has to stop reading, wait for room, and go on where it was.
        using HttpConnection connection = _daemon.Connect();
        int[] images = [.. Enumerable.Range(1, 120).Select(i => (i * 37 % 400) + 1)];
        var asking = new Thread(() =>
        {
            foreach (int count in images)
            {
                connection.Send(HttpConnection.Request("POST", "/v2/models/digits/infer", new byte[count * 64], "Inference-Header-Content-Length: 0"));
            }
        });
        asking.Start();
        using (HttpConnection other = _daemon.Connect())
        {
            Assert.AreEqual(200, other.Get("/v2/health/ready").Status, "one caller that does not read stops another");
        }

        foreach (int count in images)
        {
            HttpAnswer? answer = connection.Read();
            Assert.IsNotNull(answer);
            Assert.AreEqual(200, answer.Status, answer.Text);
            Assert.AreEqual(count * 40, answer.Binary.Length);
        }

        asking.Join();
    }

    [TestMethod]
    public void RequestInManySmallPieces_IsOneRequest()
    {
        using HttpConnection connection = _daemon.Connect();
        byte[] request = HttpConnection.Request("POST", "/v2/models/digits/infer", new byte[64 * 3], "Inference-Header-Content-Length: 0");
        foreach (byte[] piece in request.Chunk(7))
        {
            connection.Send(piece);
        }

        HttpAnswer? answer = connection.Read();
        Assert.AreEqual(200, answer?.Status);
        Assert.AreEqual(3 * 40, answer!.Binary.Length);
    }
}
