using EdgeDaemon.Benchmarks.Contenders;
using EdgeDaemon.Benchmarks.Load;
using EdgeDaemon.Benchmarks.Report;

namespace EdgeDaemon.Benchmarks.Subjects;

/// <summary>Requests a second of a real-sized net under 8 clients, edged against raw ONNX Runtime on all cores.</summary>
internal static class Throughput
{
    private const int Clients = 8;
    private const double LongSlice = 4;

    public static void Measure(Options options, Workload workload, string scratch, ReportFiles report)
    {
        // An inference takes tens of milliseconds: a short slice would count too few.
        Options longer = options with { Slice = options.Slice * LongSlice };
        string answer = Path.Combine(scratch, $"{workload.Name}.answer");
        using ServerProcess bare = BareServer.Start(options, workload, scratch);
        using ServerProcess? edged = options.HasEdged
            ? EdgedServer.Start(options, workload, scratch, EdgedServer.Prepare(options, workload, scratch))
            : null;
        LoadClient.Raw(longer, workload, 1, answer);

        var contenders = new List<(string Name, Func<Slice> Run)>
        {
            ("raw", () => LoadClient.Raw(longer, workload, Clients, answer)),
            ("bare", () => LoadClient.Served(longer, workload, bare, RequestMode.Bare, Clients, answer)),
        };
        if (edged is not null)
        {
            contenders.Add(("edged", () => LoadClient.Served(longer, workload, edged, RequestMode.OipRaw, Clients, answer)));
        }

        Dictionary<string, double[]> rate = Rounds.Run(options.Pairs, contenders, (name, pair, slice) =>
            report.Add("throughput", workload, Clients, name, pair, slice)).ToDictionary(entry => entry.Key, entry => entry.Value.Select(s => s.Rate).ToArray());
        double[]? own = rate.GetValueOrDefault("edged");
        report.Add(new Finding(
            $"throughput, {workload.Name}, {Clients} clients", "1/s", Interval.MedianOf(rate["raw"]), Interval.MedianOf(rate["bare"]),
            own is null ? null : Interval.MedianOf(own), "edged / raw",
            own is null ? null : Interval.Of([.. own.Zip(rate["raw"], (served, raw) => served / raw)]), 0.97, AtMost: false));
    }
}
