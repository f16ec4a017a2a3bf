namespace EdgeDaemon.EndToEnd;

/// <summary>
/// The one daemon that all tests of refused requests ask: each kind of bad request has its own status and its own text, says
/// nothing else, costs the daemon no memory, and leaves it serving. One for all, so that what they cost adds up.
/// </summary>
[TestClass]
public sealed class RefusingDaemon
{
    private const long Allowance = 96L << 20;

    private static readonly Lazy<Task> Started = new(LaunchAsync);
    private static Daemon? _daemon;
    private static long _resident;

    /// <summary>Ready to be asked; the first caller starts it.</summary>
    internal static Task StartAsync() => Started.Value;

    [AssemblyCleanup]
    public static async Task StopAsync()
    {
        if (_daemon is not null)
        {
            await _daemon.DisposeAsync();
        }
    }

    internal static HttpConnection Connect() => _daemon!.Connect();

    internal static Http2Connection ConnectHttp2(bool begin = true) => new(_daemon!.State.InferenceSocket, begin);

    /// <summary>All that the daemon has logged so far.</summary>
    internal static string Log => _daemon!.Errors;

    internal static Http2Connection ConnectControlHttp2() => new(_daemon!.State.ControlSocket);

    /// <summary>It answers a good request, and holds no more memory than before all the bad ones and the allowance.</summary>
    internal static void CheckServing()
    {
        Serves();
        Assert.IsLessThan(_resident + Allowance, _daemon!.ResidentBytes);
    }

    // The text is compared whole: it can name no file and no internals.
    internal static void Refused(int status, string text, byte[] request)
    {
        using HttpConnection connection = Connect();
        HttpAnswer answer = connection.Ask(request);
        Assert.AreEqual($"{status} {text}", $"{answer.Status} {answer.Error}");
        Assert.HasCount(1, answer.Json.EnumerateObject().ToArray());
        KeptOrClosed(connection, answer, wholeRequest: true);
    }

    // What never became a request is answered by the HTTP server itself: a status, no words.
    internal static void RefusedByServer(int status, byte[] bytes)
    {
        using HttpConnection connection = Connect();
        HttpAnswer answer = connection.Ask(bytes);
        Assert.AreEqual(status, answer.Status);
        Assert.IsEmpty(answer.Body);
        Assert.IsFalse(answer.Headers.ContainsKey("Server"));
        Assert.IsNull(connection.Read(), "the connection of something that is no HTTP goes on");
    }

    internal static void KeptOrClosed(HttpConnection connection, HttpAnswer answer, bool wholeRequest)
    {
        if (wholeRequest && !answer.Closes)
        {
            Assert.AreEqual(200, connection.Ask(Digits.Binary(0, 1)).Status, "the connection was kept, but not in step");
            return;
        }

        Assert.IsNull(connection.Read(), "a second answer to one request");
    }

    private static async Task LaunchAsync()
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

    private static void Serves()
    {
        using HttpConnection connection = Connect();
        HttpAnswer answer = connection.Ask(Digits.Binary(0, 1));
        Assert.AreEqual(200, answer.Status, answer.Text);
    }
}
