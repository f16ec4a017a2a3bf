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
