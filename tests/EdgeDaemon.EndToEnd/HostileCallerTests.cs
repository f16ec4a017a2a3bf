using System.Net.Sockets;

namespace EdgeDaemon.EndToEnd;

/// <summary>Callers that take without giving: they read nothing, or they hold every connection. The others are served, and memory is bounded.</summary>
[TestClass]
public sealed class HostileCallerTests
{
    private const long MostGrowth = 96L << 20;

    [TestMethod]
    public async Task CallersThatNeverRead_AreCutOff_AndOthersAreServed()
    {
        await using Daemon daemon = await Daemon.StartAsync("[limits]\nmin_body_bytes_per_second = 1048576\n", "digits/digits-s25");
        byte[] request = HttpConnection.Request("POST", "/v2/models/digits/infer", new byte[64 * 400], "Inference-Header-Content-Length: 0");
        using (HttpConnection warm = daemon.Connect())
        {
            Assert.AreEqual(200, warm.Ask(request).Status);
        }

        long before = daemon.ResidentBytes;
        HttpConnection[] greedy = [.. Enumerable.Range(0, 8).Select(_ => daemon.Connect())];
        try
        {
            // Each asks until nobody takes its requests any more: its answers fill the socket, then the daemon stops reading from it.
            Thread[] asking = [.. greedy.Select(caller => new Thread(() => AskUntilCut(caller, request)) { IsBackground = true })];
            Array.ForEach(asking, thread => thread.Start());
            using HttpConnection other = daemon.Connect();
            for (int i = 0; i < 50; i++)
            {
                Assert.AreEqual(200, other.Ask(request).Status);
            }

            foreach (Thread thread in asking)
            {
                Assert.IsTrue(thread.Join(TimeSpan.FromSeconds(40)), "a caller that reads nothing was not cut off");
            }

            Assert.IsLessThan(MostGrowth, daemon.ResidentBytes - before);
            Assert.AreEqual(200, other.Ask(request).Status);
        }
        finally
        {
            Array.ForEach(greedy, caller => caller.Dispose());
        }
    }

    [TestMethod]
    public async Task ConnectionBeyondTheLimit_IsClosed_AndAFreedPlaceIsTaken()
    {
        await using Daemon daemon = await Daemon.StartAsync("[limits]\nmax_connections = 3\n", "bench/bench-mlp");
        List<HttpConnection> held = [];
        try
        {
            // A place is taken when the connection is served: ask on each.
            while (held.Count < 3)
            {
                HttpConnection next = daemon.Connect();
                if (TryAsk(next))
                {
                    held.Add(next);
                }
                else
                {
                    next.Dispose(); // The probe that found the daemon ready may not be gone yet.
                }
            }

            using (HttpConnection fourth = daemon.Connect())
            {
                Assert.IsFalse(TryAsk(fourth), "a fourth connection is served");
            }

            foreach (HttpConnection connection in held)
            {
                Assert.IsTrue(TryAsk(connection), "those within the limit go on");
            }

            held[0].Dispose();
            held.RemoveAt(0);
            Assert.IsTrue(SpinWait.SpinUntil(
                () =>
                {
                    using HttpConnection again = daemon.Connect();
                    return TryAsk(again);
                },
                TimeSpan.FromSeconds(20)), "the freed place is not given to anybody");
        }
        finally
        {
            held.ForEach(connection => connection.Dispose());
        }
    }

    private static void AskUntilCut(HttpConnection caller, byte[] request)
    {
        while (caller.Send(request))
        {
        }
    }

    private static bool TryAsk(HttpConnection connection)
    {
        try
        {
            connection.Send(HttpConnection.Request("GET", "/v2/health/live"));
            return connection.Read()?.Status == 200;
        }
        catch (Exception closed) when (closed is SocketException or IOException)
        {
            return false;
        }
    }
}
