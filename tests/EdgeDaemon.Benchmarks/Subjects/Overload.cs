using System.Diagnostics;
using EdgeDaemon.Benchmarks.Contenders;
using EdgeDaemon.Benchmarks.Load;
using EdgeDaemon.Benchmarks.Report;

namespace EdgeDaemon.Benchmarks.Subjects;

/// <summary>Four times what can be served: what is still answered, how late, whether health answers, and what a second tenant keeps while one floods.</summary>
internal static class Overload
{
    private const int Clients = 8;
    private const int Queue = 8;
    private const int Times = 4;
    private const int Other = 61001;
    private const double LongSlice = 4;
    private const int Connections = 128;
    private const double OpenedASecond = 500;

    public static void Measure(Options options, Workload workload, string scratch, ReportFiles report)
    {
        Options longer = options with { Slice = options.Slice * LongSlice };
        Workload named = workload with { Name = $"{workload.Name}-overload" };
        using ServerProcess edged = EdgedServer.Start(options, named, scratch, EdgedServer.Prepare(options, named, scratch, $"[engine]\nqueue = {Queue}"));
        int waiting = Queue + Environment.ProcessorCount;
        double peakRate = LoadClient.Begin(longer, named, edged, Clients)().Rate;
        var health = new List<double>();
        Dictionary<string, List<Slice>> slices = Rounds.Run(
            options.Pairs,
            [
                ("peak", () => LoadClient.Begin(longer, named, edged, Clients)()),
                ("overload", () =>
                {
                    Func<Slice> end = LoadClient.Begin(longer, named, edged, Times * waiting, Times * peakRate);
                    health.Add(SlowestHealth(edged.Socket, longer.Slice));
                    return end();
                }),
            ],
            (name, pair, slice) => report.Add("overload", workload, Clients, name, pair, slice));
        double[] peak = [.. slices["peak"].Select(slice => slice.Rate)];
        double[] over = [.. slices["overload"].Select(slice => slice.Rate)];
        report.Add(new Finding(
            $"goodput at {Times} times the load, {workload.Name}", "1/s", null, Interval.MedianOf(peak), Interval.MedianOf(over),
            "overload / peak", Interval.Of([.. over.Zip(peak, (own, other) => own / other)]), 0.9, AtMost: false));

        // Whoever is let in waits for those before it and no more: the queue's and the lanes' worth at the rate that is served.
        report.Add(new Finding(
            $"p99 of what is accepted at {Times} times the load, {workload.Name}, ms", "ms", null, 1000 * waiting / Interval.MedianOf(peak),
            Interval.MedianOf([.. slices["overload"].Select(slice => slice.P99Microseconds / 1000)]),
            "p99 / (queue + lanes at the peak rate)",
            Interval.Of([.. slices["overload"].Zip(peak, (slice, rate) => slice.P99Microseconds / 1e6 / (waiting / rate))]), 2, AtMost: true));
        report.Add(new Finding(
            $"slowest health during it, {workload.Name}, ms", "ms", null, null, Interval.MedianOf([.. health]), "slowest", Interval.Of(health), 250, AtMost: true));
    }

    /// <summary>What another user's flood leaves to a tenant of the same share: its rate, over half of what it has alone.</summary>
    public static void MeasureShares(Options options, Workload workload, string scratch, ReportFiles report)
    {
        if (Environment.UserName != "root")
        {
            Console.Error.WriteLine("skipped: shares; nobody else's process can be started");
            return;
        }

        File.SetUnixFileMode(scratch, File.GetUnixFileMode(scratch) | UnixFileMode.GroupRead | UnixFileMode.GroupExecute);
        // Runs of a millisecond or two: the flood's own client, on the same cores, must not be what is measured.
        Workload large = workload with { Shape = [128, .. workload.Shape[1..]] };
        Workload small = workload with { Shape = [16, .. workload.Shape[1..]] };
        foreach (bool apart in (bool[])[true, false])
        {
            Workload named = small with { Name = $"{workload.Name}-{(apart ? "apart" : "one")}" };
            string tenants = apart ? Tenant("good", "self") + Tenant("flood", $"unix:{Other}") : Tenant("all", $"self\", \"unix:{Other}");
            using ServerProcess edged = EdgedServer.Start(
                options, workload with { Name = named.Name }, scratch,
                EdgedServer.Prepare(options, named, scratch, $"[limits]\nmax_connections = {Connections}\n[engine]\nlanes = 1\n[penalty]\nafter = 0\n{tenants}", "0660"));
            const int clients = 8;
            double rate = LoadClient.Begin(options, small, edged, clients)().Rate;
            (string, Func<Func<object>>)[] floods =
            [
                ("count", () => Asking(small, 64, Times * rate)),
                ("size", () => Asking(large, 16, 0)),
                ("connections", () =>
                {
                    HoldingClient flood = HoldingClient.Flood(options, named, edged.Socket, Times * Connections, OpenedASecond, Other);
                    return () =>
                    {
                        using (flood)
                        {
                            return flood.End();
                        }
                    };
                }),
            ];
            Func<object> Asking(Workload what, int connections, double paced)
            {
                Func<Slice> flood = LoadClient.Begin(options with { Slice = options.Slice * 1.5 }, what, edged, connections, paced, Other);
                Thread.Sleep(TimeSpan.FromSeconds(options.Slice / 4));
                return flood;
            }

            foreach ((string kind, Func<Func<object>> begin) in floods)
            {
                Dictionary<string, List<Slice>> slices = Rounds.Run(
                    options.Pairs,
                    [
                        ("alone", () => LoadClient.Begin(options, small, edged, clients)()),
                        ("flooded", () =>
                        {
                            // The tenant comes to a door that the flood has reached before him.
                            Func<object> end = begin();
                            Slice own = LoadClient.Begin(options, small, edged, clients)();
                            end();
                            return own;
                        }),
                    ],
                    (name, pair, slice) => report.Add($"share-{kind}-{(apart ? "apart" : "one")}", workload, clients, name, pair, slice));
                double[] alone = [.. slices["alone"].Select(slice => slice.Rate)];
                double[] flooded = [.. slices["flooded"].Select(slice => slice.Rate)];
                report.Add(new Finding(
                    $"what a flood by {kind} leaves, {(apart ? "two tenants" : "one tenant for both (control)")}", "1/s", null, Interval.MedianOf(alone), Interval.MedianOf(flooded),
                    "flooded / half of alone", Interval.Of([.. flooded.Zip(alone, (own, all) => 2 * own / all)]), apart ? 0.9 : Finding.NoTarget, AtMost: false));
            }
        }
    }

    /// <summary>Milliseconds, of a question every 20 ms on one connection.</summary>
    public static double SlowestHealth(string socket, double seconds)
    {
        double slowest = 0;
        using var connection = new HttpConnection(socket);
        for (var time = Stopwatch.StartNew(); time.Elapsed.TotalSeconds < seconds; Thread.Sleep(20))
        {
            long start = Stopwatch.GetTimestamp();
            connection.Exchange("GET /v2/health/live HTTP/1.1\r\nHost: bench\r\n\r\n"u8);
            slowest = Math.Max(slowest, Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        return slowest;
    }

    private static string Tenant(string name, string caller) => $"""

        [[tenant]]
        name = "{name}"
        callers = ["{caller}"]
        roles = ["infer"]
        models = ["*"]

        """;
}
