using EdgeDaemon.Client;
using EdgeDaemon.Tests.Protocol.Grpc;

namespace EdgeDaemon.Tests.Client.Transport;

/// <summary>How often a call is asked, counted by who is asked.</summary>
[TestClass]
public sealed class RetryTests
{
    private readonly EagerTime _time = new();

    [TestMethod]
    [DataRow("429 Too Many Requests", 3)]
    [DataRow("503 Service Unavailable", 3)]
    [DataRow("500 Internal Server Error", 1)]
    [DataRow("404 Not Found", 1)]
    [DataRow("413 Content Too Large", 1)]
    public async Task Rest_asks_again_only_who_was_busy(string status, int times)
    {
        using var daemon = new FakeDaemon(_ => FakeDaemon.Json("""{"error":"no"}""", status));
        using EdgeClient client = Rest(daemon.SocketPath);
        EdgeClientException error = await Assert.ThrowsExactlyAsync<EdgeClientException>(() => client.InferAsync(Requests.OneFloat));
        Assert.AreEqual(EdgeClientFailure.Refused, error.Failure);
        Assert.HasCount(times, daemon.Requests);
        Assert.HasCount(times - 1, _time.Waits);
        for (int i = 0; i < _time.Waits.Count; i++)
        {
            Assert.IsInRange(25 << i, 50 << i, _time.Waits[i].TotalMilliseconds);
        }

        Assert.IsTrue(daemon.Requests.All(request => request.Body.AsSpan().EndsWith(BitConverter.GetBytes(1f))), "a try went without its tensor");
    }

    [TestMethod]
    public async Task The_answer_of_a_later_try_counts()
    {
        int asked = 0;
        using var daemon = new FakeDaemon(_ => ++asked < 3 ? FakeDaemon.Json("{}", "503 Service Unavailable") : FakeDaemon.Json("[]"));
        using EdgeClient client = Rest(daemon.SocketPath);
        Assert.IsEmpty(await client.ListModelsAsync());
        Assert.AreEqual(3, asked);
    }

    [TestMethod]
    public async Task What_the_daemon_asks_for_is_waited_and_nothing_is_waited_beyond_the_deadline()
    {
        using var daemon = new FakeDaemon(_ => FakeDaemon.Json("{}", "429 Too Many Requests", "Retry-After: 7\r\n"));
        using EdgeClient client = Rest(daemon.SocketPath);
        EdgeClientException error = await Assert.ThrowsExactlyAsync<EdgeClientException>(() => client.InferAsync(Requests.OneFloat));
        Assert.AreEqual(TimeSpan.FromSeconds(7), error.RetryAfter);
        CollectionAssert.AreEqual(new[] { TimeSpan.FromSeconds(7), TimeSpan.FromSeconds(7) }, _time.Waits);

        using var late = new FakeDaemon(_ => FakeDaemon.Json("{}", "503 Service Unavailable", "Retry-After: 100\r\n"));
        using EdgeClient hurried = Rest(late.SocketPath);
        await Assert.ThrowsExactlyAsync<EdgeClientException>(() => hurried.InferAsync(Requests.OneFloat));
        Assert.HasCount(1, late.Requests);
    }

    [TestMethod]
    public async Task The_policy_can_be_switched_off()
    {
        using var daemon = new FakeDaemon(_ => FakeDaemon.Json("{}", "503 Service Unavailable"));
        using var client = new EdgeClient(daemon.SocketPath, new EdgeClientOptions { Time = _time, Retry = EdgeRetry.None });
        await Assert.ThrowsExactlyAsync<EdgeClientException>(() => client.InferAsync(Requests.OneFloat));
        Assert.HasCount(1, daemon.Requests);
    }

    [TestMethod]
    public async Task Readiness_is_asked_once_because_unavailable_is_the_answer()
    {
        using var daemon = new FakeDaemon(_ => FakeDaemon.Raw([], "503 Service Unavailable"));
        using EdgeClient client = Rest(daemon.SocketPath);
        Assert.IsFalse(await client.IsReadyAsync());
        Assert.HasCount(1, daemon.Requests);
    }

    [TestMethod]
    public async Task A_refused_connection_is_tried_again_and_a_missing_socket_is_not()
    {
        string folder = Directory.CreateTempSubdirectory("edged-").FullName;
        try
        {
            string path = Path.Combine(folder, "left.sock");
            using (var listener = new System.Net.Sockets.Socket(System.Net.Sockets.AddressFamily.Unix, System.Net.Sockets.SocketType.Stream, 0))
            {
                listener.Bind(new System.Net.Sockets.UnixDomainSocketEndPoint(path));
                using EdgeClient client = Rest(path);
                Assert.AreEqual(EdgeClientFailure.Unreachable, (await Assert.ThrowsExactlyAsync<EdgeClientException>(() => client.IsLiveAsync())).Failure);
            }

            Assert.HasCount(2, _time.Waits);
            using EdgeClient none = Rest(Path.Combine(folder, "none.sock"));
            await Assert.ThrowsExactlyAsync<EdgeClientException>(() => none.IsLiveAsync());
            Assert.HasCount(2, _time.Waits);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [TestMethod]
    public async Task A_fresh_connection_that_dies_unanswered_is_not_tried_again_for_the_request_may_have_killed_it()
    {
        using var daemon = new FakeDaemon(_ => []);
        using EdgeClient client = Rest(daemon.SocketPath);
        Assert.AreEqual(EdgeClientFailure.ConnectionLost, (await Assert.ThrowsExactlyAsync<EdgeClientException>(() => client.InferAsync(Requests.OneFloat))).Failure);
        Assert.HasCount(1, daemon.Requests);
    }

    [TestMethod]
    public async Task A_kept_connection_that_dies_unanswered_is_tried_again()
    {
        using var daemon = new KeptDaemon();
        using EdgeClient client = Rest(daemon.SocketPath);
        Assert.IsEmpty(await client.ListModelsAsync());
        Assert.IsEmpty(await client.ListModelsAsync());
        CollectionAssert.AreEqual(new[] { "1.1", "1.2", "2.1" }, daemon.Seen);
    }

    [TestMethod]
    [DataRow(14, null, 3, DisplayName = "UNAVAILABLE")]
    [DataRow(14, "-1", 1, DisplayName = "UNAVAILABLE, and do not come back")]
    [DataRow(8, null, 1, DisplayName = "RESOURCE_EXHAUSTED: too large stays too large")]
    [DataRow(8, "40000", 3, DisplayName = "RESOURCE_EXHAUSTED for 40 s")]
    [DataRow(3, null, 1, DisplayName = "INVALID_ARGUMENT")]
    [DataRow(13, null, 1, DisplayName = "INTERNAL")]
    [DataRow(1, null, 1, DisplayName = "CANCELLED")]
    public async Task Grpc_asks_again_only_who_was_busy(int status, string? pushback, int times)
    {
        int asked = 0;
        await using KestrelDaemon daemon = await KestrelDaemon.StartAsync(context =>
        {
            Interlocked.Increment(ref asked);
            return KestrelDaemon.RefuseAsync(context, status, "no", pushback);
        });
        using var client = new EdgeClient(daemon.SocketPath, new EdgeClientOptions { Time = _time, Wire = EdgeWire.Grpc });
        await Assert.ThrowsExactlyAsync<EdgeClientException>(() => client.InferAsync(Requests.OneFloat));
        Assert.AreEqual(times, asked);
        if (pushback == "40000")
        {
            CollectionAssert.AreEqual(new[] { TimeSpan.FromSeconds(40), TimeSpan.FromSeconds(40) }, _time.Waits);
        }
    }

    [TestMethod]
    public async Task The_daemon_is_told_the_time_that_is_left()
    {
        var told = new List<string>();
        await using KestrelDaemon daemon = await KestrelDaemon.StartAsync(context =>
        {
            told.Add(context.Request.Headers["grpc-timeout"].ToString());
            return KestrelDaemon.AnswerAsync(context, Proto.Number(1, 1));
        });
        using var client = new EdgeClient(daemon.SocketPath, new EdgeClientOptions { Wire = EdgeWire.Grpc, Deadline = TimeSpan.FromSeconds(30) });
        Assert.IsTrue(await client.IsLiveAsync());
        using var patient = new EdgeClient(daemon.SocketPath, new EdgeClientOptions { Wire = EdgeWire.Grpc, Deadline = Timeout.InfiniteTimeSpan });
        Assert.IsTrue(await patient.IsLiveAsync());
        Assert.IsTrue(told[0].EndsWith('u') && int.Parse(told[0][..^1]) is > 20_000_000 and <= 30_000_000, told[0]);
        Assert.AreEqual("", told[1]);
    }

    private EdgeClient Rest(string path) => new(path, new EdgeClientOptions { Time = _time });
}
