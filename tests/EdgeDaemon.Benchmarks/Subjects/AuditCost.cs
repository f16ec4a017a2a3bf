using EdgeDaemon.Benchmarks.Contenders;
using EdgeDaemon.Benchmarks.Load;
using EdgeDaemon.Benchmarks.Report;

namespace EdgeDaemon.Benchmarks.Subjects;

/// <summary>
/// What the record of each request costs the wire: the CPU time that edged adds to each request with the audit log on (batched), over that of edged without, in the same rounds.
/// All of the process counts, the spool's thread too. Without digests, and for comparison with each kind of them.
/// </summary>
internal static class AuditCost
{
    private const int Clients = 8;

    private static readonly (string Name, string Keys)[] Ways =
    [
        ("off", "enabled = false"),
        ("on", ""),
        ("gmac", "input_digest = \"gmac\"\noutput_digest = \"gmac\"\ndigest_key = \"KEY\""),
        ("sha256", "input_digest = \"sha256\"\noutput_digest = \"sha256\""),
    ];

    public static void Measure(Options options, Workload workload, string scratch, ReportFiles report)
    {
        int[] measured = options.Clients(workload);
        if (measured.Length == 0)
        {
            return;
        }

        string answer = Path.Combine(scratch, $"{workload.Name}.answer");
        string key = Path.Combine(scratch, "digest.key");
        File.WriteAllBytes(key, [.. Enumerable.Range(0, 32).Select(i => (byte)i)]);
        File.SetUnixFileMode(key, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        (string Name, Workload Workload, ServerProcess Server)[] servers = [.. Ways.Take(options.Cases.Count == 0 ? Ways.Length : 2).Select(way =>
        {
            Workload named = workload with { Name = $"{workload.Name}-audit-{way.Name}" };
            string configuration = EdgedServer.Prepare(options, named, scratch, $"[audit]\nmin_free_bytes = 0\nmax_bytes = 1073741824\non_full = \"rotate\"\nkeep_days = 0\n{way.Keys.Replace("KEY", key, StringComparison.Ordinal)}");
            return (way.Name, named, EdgedServer.Start(options, named, scratch, configuration));
        })];
        try
        {
            LoadClient.Raw(options, workload, 1, answer);
            foreach (int clients in measured)
            {
                Measure(options, workload, servers, clients, answer, report);
            }
        }
        finally
        {
            foreach ((_, _, ServerProcess server) in servers)
            {
                server.Dispose();
            }
        }
    }

    private static void Measure(Options options, Workload workload, (string Name, Workload Workload, ServerProcess Server)[] servers, int clients, string answer, ReportFiles report)
    {
        Dictionary<string, double[]> cpu = Rounds.Run(
            options.Pairs,
            [
                ("raw", () => LoadClient.Raw(options, workload, clients, answer)),
                .. servers.Select(server => (server.Name, (Func<Slice>)(() => LoadClient.Served(options, server.Workload, server.Server, RequestMode.OipBinary, clients, answer)))),
            ],
            (name, pair, slice) => report.Add("auditing", workload, clients, name, pair, slice))
            .ToDictionary(entry => entry.Key, entry => entry.Value.Select(slice => slice.CpuMicroseconds).ToArray());
        double[] Added(string name) => [.. cpu[name].Zip(cpu["raw"], (served, raw) => served - raw)];
        double[] off = Added("off");
        foreach ((string name, _, _) in servers.Skip(1))
        {
            double[] on = Added(name);
            report.Add(new Finding(
                $"added CPU with the audit log{(name == "on" ? "" : $" and {name} of both")}, {workload.Name}, {clients} {(clients == 1 ? "client" : "clients")}", "us",
                Interval.MedianOf(cpu["raw"]), Interval.MedianOf(off), Interval.MedianOf(on),
                "on / off", Interval.Of([.. on.Zip(off, (own, other) => own / other)]), name == "on" ? 1.15 : Finding.NoTarget, AtMost: true));
        }
    }
}
