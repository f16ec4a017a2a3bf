using System.Diagnostics;
using static EdgeDaemon.EndToEnd.BadRequest;
using static EdgeDaemon.EndToEnd.RefusingDaemon;

namespace EdgeDaemon.EndToEnd;

/// <summary>Requests that stop, drip or never complete, and what thousands of refused ones leave behind.</summary>
[TestClass]
public sealed class RefusedPaceTests
{
    [ClassInitialize]
    public static Task StartAsync(TestContext _) => RefusingDaemon.StartAsync();

    [TestCleanup]
    public void StillServes_InBoundedMemory() => CheckServing();

    [TestMethod]
    public void BodyThatStops_IsRefusedAfterItsTime()
    {
        using HttpConnection connection = Connect();
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
        using HttpConnection connection = Connect();
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
    [DataRow("stops", false)]
    [DataRow("drips", false)]
    [DataRow("stops", true)]
    [DataRow("drips", true)]
    public async Task LateBody_IsOneLineInTheLog_AndItsConnectionIsCut(string how, bool chunked)
    {
        await using Daemon daemon = await Daemon.StartAsync("[limits]\nbody_timeout_seconds = 1", "digits/digits-s25");
        using HttpConnection connection = daemon.Connect();
        string head = Head("UINT8", "100,1,8,8", 6400);
        byte[] request = chunked ? Chunked("digits", head, new byte[6400]) : Infer("digits", head, new byte[6400]);
        connection.Send(request.AsSpan(0, 1000));
        Task<HttpAnswer?> answered = Task.Run(() => connection.Read());
        var waited = Stopwatch.StartNew();
        for (int i = 1000; !answered.IsCompleted; i++)
        {
            Assert.IsLessThan(TimeSpan.FromSeconds(20), waited.Elapsed);
            if (how == "drips")
            {
                connection.Send(request.AsSpan(i, 1));
            }

            await Task.WhenAny(answered, Task.Delay(50));
        }

        HttpAnswer? answer = await answered;
        Assert.AreEqual(408, answer?.Status);
        Assert.AreEqual("the request body arrived too slowly", answer!.Error);
        Assert.IsTrue(answer.Closes);
        var cut = Stopwatch.StartNew();
        Assert.IsNull(connection.Read());
        Assert.IsLessThan(TimeSpan.FromSeconds(3), cut.Elapsed, "the rest of a late body was waited for");

        // Everything the daemon says of it is on its way before the process has ended.
        await daemon.StopAsync();
        string[] lines = [.. daemon.Errors.Split('\n').SkipWhile(line => !line.Contains(" ready: ", StringComparison.Ordinal)).Skip(1)
            .Where(line => line.Length > 0 && !line.Contains(" stop", StringComparison.Ordinal) && !line.Contains("[audit_checkpoint]", StringComparison.Ordinal))];
        Assert.HasCount(1, lines, string.Join('\n', lines));
        StringAssert.Matches(lines[0], new(@" warning request [0-9a-f]+-[0-9a-f]+ of unix:[0-9]+ refused: BodyTooSlow: the body did not arrive within body_timeout_seconds 1$"));
    }

    [TestMethod]
    public async Task PartsOfABody_DoNotEachHaveTheWholeBodysTime()
    {
        string head = Head("UINT8", "100,1,8,8", 6400);
        await using Daemon daemon = await Daemon.StartAsync("[limits]\nbody_timeout_seconds = 4\nmin_body_bytes_per_second = 1", "digits/digits-s25");
        using HttpConnection connection = daemon.Connect();
        byte[] request = Infer("digits", head, new byte[6400]);
        var waited = Stopwatch.StartNew();
        connection.Send(request.AsSpan(0, request.Length - 6400 - head.Length));
        await Task.Delay(3000);
        connection.Send(request.AsSpan(request.Length - 6400 - head.Length, head.Length));
        HttpAnswer? answer = connection.Read();
        Assert.AreEqual(408, answer?.Status);
        Assert.IsLessThan(TimeSpan.FromSeconds(6), waited.Elapsed, "the tensors had a time of their own after the head's");
    }

    [TestMethod]
    public void HeaderBlockThatNeverEnds_IsCutOffAfterItsTime()
    {
        using HttpConnection connection = Connect();
        connection.Send("GET /v2 HTTP/1.1\r\nHost: edged\r\n"u8);
        HttpAnswer? answer = connection.Read();
        Assert.IsTrue(answer is null or { Status: 408 }, answer?.Text);
    }

    /// <summary>The control of whatever is slow: what comes in pieces, and in time, is a request like any other.</summary>
    [TestMethod]
    public void RequestByteByByte_WithinItsTime_IsAnswered()
    {
        using HttpConnection connection = Connect();
        byte[] request = Digits.Binary(0, 4);
        for (int i = 0; i < request.Length; i++)
        {
            Assert.IsTrue(connection.Send(request.AsSpan(i, 1)));
        }

        Assert.AreEqual(200, connection.Read()!.Status);
    }

    [TestMethod]
    public async Task RequestsThatNeverComplete_GiveTheirMemoryBack()
    {
        await using Daemon daemon = await Daemon.StartAsync(
            "[limits]\nmax_body_bytes = 1048576\nmax_tensor_bytes = 8388608\nbody_timeout_seconds = 1", "digits/digits-s25");
        byte[] partial = Infer("digits", Head("UINT8", "8000,1,8,8", 512_000), new byte[512_000]);
        for (int round = 0; round < 60; round++)
        {
            using HttpConnection connection = daemon.Connect();
            connection.Send(partial.AsSpan(0, partial.Length - 1000));
        }

        // Those whose end was not noticed yet still hold theirs: until the body's time is over, not longer.
        using HttpConnection good = daemon.Connect();
        var waited = Stopwatch.StartNew();
        HttpAnswer answer = good.Ask(partial);
        while (answer.Status == 503 && waited.Elapsed < TimeSpan.FromSeconds(10))
        {
            await Task.Delay(50);
            answer = good.Ask(partial);
        }

        Assert.AreEqual(200, answer.Status, answer.Text);
    }

    [TestMethod]
    public void ThousandsOfRefusedRequests_LeaveNoMemoryBehind()
    {
        byte[][] bad =
        [
            Json("{"), Json("""{"inputs":[]}"""), Infer("digits", Head("UINT8", "4,1,8,8", 256), new byte[255]),
            Infer("digits", Head("UINT8", "4,1,8,8", 256), new byte[257]), Post("digits", Digits.Json(0, 1), "Inference-Header-Content-Length: x"),
            Json($$"""{"id":"{{new string('x', 60_000)}}"}"""), HttpConnection.Request("GET", $"/v2/models/{new string('m', 1000)}"),
        ];
        using HttpConnection connection = Connect();
        for (int i = 0; i < 3500; i++)
        {
            int status = connection.Ask(bad[i % bad.Length]).Status;
            Assert.IsTrue(status is >= 400 and < 500, $"{status}");
        }
    }
}
