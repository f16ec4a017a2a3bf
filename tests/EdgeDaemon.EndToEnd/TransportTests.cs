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
}
