using EdgeDaemon.Benchmarks.Contenders;
using EdgeDaemon.Benchmarks.Load;
using EdgeDaemon.Benchmarks.Report;

namespace EdgeDaemon.Benchmarks.Subjects;

/// <summary>
/// What all limits together cost: the CPU time that edged adds to each request with tenants, rates, budgets and penalties, over that of edged with one tenant
/// and no limit at all, in the same rounds.
/// </summary>
internal static class AdmissionCost
{
    private const int Clients = 8;

    // None of them is reached: what is measured is looking, not refusing.
    private const string All = """

        [penalty]
        after = 50

        [[tenant]]
        name = "bench"
        callers = ["self"]
        roles = ["infer", "observe"]
        models = ["bench-*", "light-*"]
        share = 3
        requests_per_second = 1000000
        burst_requests = 1000000
        bytes_per_second = 1099511627776
        max_requests = 1000
        max_connections = 500
        max_tensor_bytes = 100000000

        [[tenant]]
        name = "other"
        callers = ["unix-group:65533"]
        roles = ["infer"]
        models = ["bench-mlp"]
        requests_per_second = 10
        bytes_per_second = 1000000

        """;

    public static void Measure(Options options, Workload workload, string scratch, ReportFiles report)
    {
        string answer = Path.Combine(scratch, $"{workload.Name}.answer");
        Workload without = workload with { Name = $"{workload.Name}-off" };
        Workload with = workload with { Name = $"{workload.Name}-on" };
        using ServerProcess off = EdgedServer.Start(options, without, scratch, EdgedServer.Prepare(options, without, scratch, "[penalty]\nafter = 0"));
        using ServerProcess on = EdgedServer.Start(options, with, scratch, EdgedServer.Prepare(options, with, scratch, All));
        LoadClient.Raw(options, workload, 1, answer);
        foreach (int clients in (int[])[1, Clients])
        {
            Dictionary<string, double[]> cpu = Rounds.Run(
                options.Pairs,
                [
                    ("raw", () => LoadClient.Raw(options, workload, clients, answer)),
                    ("off", () => LoadClient.Served(options, without, off, RequestMode.OipBinary, clients, answer)),
                    ("on", () => LoadClient.Served(options, with, on, RequestMode.OipBinary, clients, answer)),
                ],
                (name, pair, slice) => report.Add("admission", workload, clients, name, pair, slice))
                .ToDictionary(entry => entry.Key, entry => entry.Value.Select(slice => slice.CpuMicroseconds).ToArray());
            double[] Added(string name) => [.. cpu[name].Zip(cpu["raw"], (served, raw) => served - raw)];
            double[] addedOff = Added("off");
            double[] addedOn = Added("on");
            report.Add(new Finding(
                $"added CPU with all limits, {workload.Name}, {clients} {(clients == 1 ? "client" : "clients")}", "us",
                Interval.MedianOf(cpu["raw"]), Interval.MedianOf(addedOff), Interval.MedianOf(addedOn),
                "on / off", Interval.Of([.. addedOn.Zip(addedOff, (own, other) => own / other)]), 1.1, AtMost: true));
        }
    }
}
