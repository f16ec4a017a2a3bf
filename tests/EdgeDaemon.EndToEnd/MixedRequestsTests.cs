using EdgeDaemon.Tests;
using EdgeDaemon.Tests.Monitoring;

namespace EdgeDaemon.EndToEnd;

/// <summary>Requests of every kind, good and bad, over many connections: afterwards the daemon has what it had before.</summary>
[TestClass]
public sealed class MixedRequestsTests
{
    private const string Bench = "bench/bench-mlp";
    private const int Callers = 4;

    [TestMethod]
    [TestCategory(Campaign.Category)]
    public async Task Memory_IsBackAtItsBaseline()
    {
        int requests = Campaign.Rounds(100_000, 10_000_000);
        await using Daemon daemon = await Daemon.StartAsync("[engine]\nlanes = 2", Bench, "digits/digits-s25");
        Ask(daemon, 20_000); // Pools fill, code is paged in.
        (double Tensors, double Runs, double Heap, long Private) before = Take(daemon);
        long done = 0;
        while (done < requests)
        {
            done += Ask(daemon, Math.Min(100_000, requests));
        }

        (double Tensors, double Runs, double Heap, long Private) after = Take(daemon);
        Assert.AreEqual(before.Tensors, after.Tensors, "tensor memory in use");
        Assert.IsLessThanOrEqualTo(before.Runs + (1 << 20), after.Runs, "runs' memory");
        Assert.IsLessThanOrEqualTo(before.Private + (16L << 20), after.Private, $"{before} before, {after} after {done} requests");
        PrometheusText page = MetricsTests.Scrape(daemon);
        Assert.AreEqual(0, page.Sum("edged_tenant_requests_in_flight"));
        Assert.AreEqual(0, page.Sum("edged_run_memory_mismatch_bytes"));
        Assert.AreEqual(0, page.Sum("edged_lanes_busy"));
    }

    // Connections come and go, too: a hundred requests each.
    private static long Ask(Daemon daemon, int count)
    {
        (byte[] Request, int Status)[] kinds =
        [
            (Releases.Question(), 200),
            (Digits.Binary(0, 1), 200),
            (Digits.Binary(3, 60), 200),
            (Digits.Infer("digits", Digits.Json(0, 2)), 200),
            (Digits.Infer("nobody", "{}"u8), 404),
            (Digits.Infer("digits", "{\"inputs\":"u8), 400),
            (HttpConnection.Request("GET", "/v2/models/digits"), 200),
            (Digits.Binary(0, 7), 200),
        ];
        byte[] call = GrpcMessage.Frame(GrpcMessage.Digits(2));
        Parallel.For(0, Callers, caller =>
        {
            var random = new Random(caller);
            for (int from = 0; from < count / Callers; from += 100)
            {
                if (random.Next(10) == 0)
                {
                    using var http2 = new Http2Connection(daemon.State.InferenceSocket);
                    for (int i = 0; i < 100; i++)
                    {
                        Assert.AreEqual("0", http2.Ask(Http2Connection.Call(GrpcMessage.Infer), call).Status);
                    }

                    continue;
                }

                using HttpConnection connection = daemon.Connect();
                for (int i = 0; i < 100; i++)
                {
                    (byte[] request, int status) = kinds[random.Next(kinds.Length)];
                    Assert.AreEqual(status, connection.Ask(request).Status);
                }
            }
        });
        return count;
    }

    private static (double Tensors, double Runs, double Heap, long Private) Take(Daemon daemon)
    {
        PrometheusText page = MetricsTests.Scrape(daemon);
        string anonymous = File.ReadLines($"/proc/{daemon.Id}/status").First(line => line.StartsWith("RssAnon:", StringComparison.Ordinal));
        return (
            page.Sum("edged_tensor_memory_used_bytes"), page.Sum("edged_run_memory_held_bytes"), page.Sum("edged_gc_heap_bytes"),
            long.Parse(anonymous.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1], System.Globalization.CultureInfo.InvariantCulture) << 10);
    }
}
