using EdgeDaemon.Benchmarks.Contenders;
using EdgeDaemon.Benchmarks.Load;
using EdgeDaemon.Benchmarks.Report;

namespace EdgeDaemon.Benchmarks.Subjects;

/// <summary>
/// CPU time that a server adds to each request: its process's time a request, less what raw ONNX Runtime takes for the same inference in
/// the same round. edged's is divided by the bare program's, round by round. edged stands there twice: as it is delivered, and without the audit log (the wire
/// alone: the bare program writes no record either, and the record has a figure of its own, <see cref="AuditCost"/>).
/// </summary>
internal static class AddedCpu
{
    public static void Measure(Options options, Workload workload, string scratch, ReportFiles report)
    {
        int[] measured = options.Clients(workload);
        if (measured.Length == 0)
        {
            return;
        }

        string answer = Path.Combine(scratch, $"{workload.Name}.answer");
        using ServerProcess bare = BareServer.Start(options, workload, scratch);
        using ServerProcess? edged = options.HasEdged
            ? EdgedServer.Start(options, workload, scratch, EdgedServer.Prepare(options, workload, scratch))
            : null;
        Workload silent = workload with { Name = $"{workload.Name}-unrecorded" };
        using ServerProcess? unrecorded = options.HasEdged
            ? EdgedServer.Start(options, silent, scratch, EdgedServer.Prepare(options, silent, scratch, "[audit]\nenabled = false"))
            : null;
        LoadClient.Raw(options, workload, 1, answer);

        foreach (int clients in measured)
        {
            var contenders = new List<(string Name, Func<Slice> Run)>
            {
                ("raw", () => LoadClient.Raw(options, workload, clients, answer)),
                ("bare", () => LoadClient.Served(options, workload, bare, RequestMode.Bare, clients, answer)),
            };
            if (edged is not null && unrecorded is not null)
            {
                contenders.Add(("edged unrecorded", () => LoadClient.Served(options, silent, unrecorded, RequestMode.OipRaw, clients, answer)));
                contenders.Add(("edged oip-raw", () => LoadClient.Served(options, workload, edged, RequestMode.OipRaw, clients, answer)));
                contenders.Add(("edged oip-binary", () => LoadClient.Served(options, workload, edged, RequestMode.OipBinary, clients, answer)));
            }

            Dictionary<string, double[]> cpu = Rounds.Run(options.Pairs, contenders, (name, pair, slice) =>
                report.Add("cpu", workload, clients, name, pair, slice)).ToDictionary(entry => entry.Key, entry => entry.Value.Select(s => s.CpuMicroseconds).ToArray());
            double[] Added(string name) => [.. cpu[name].Zip(cpu["raw"], (served, raw) => served - raw)];
            double[] addedBare = Added("bare");
            foreach ((string form, string shown) in ((string, string)[])[("oip-raw", "oip-raw"), ("oip-binary", "oip-binary"), ("unrecorded", "oip-raw, audit log off")])
            {
                double[]? added = edged is null ? null : Added($"edged {form}");
                report.Add(new Finding(
                    $"added CPU a request, {workload.Name}, {clients} {(clients == 1 ? "client" : "clients")}, {shown}", "us",
                    Interval.MedianOf(cpu["raw"]), Interval.MedianOf(addedBare), added is null ? null : Interval.MedianOf(added),
                    "edged / bare", added is null ? null : Interval.Of([.. added.Zip(addedBare, (own, other) => own / other)]), Target(workload, clients), AtMost: true));
            }
        }
    }

    /// <summary>The figure that counts is the CNN under load; elsewhere edged must not cost more than the bare program.</summary>
    private static double Target(Workload workload, int clients) => workload.Name == "cnn" && clients == 8 ? 0.75 : 1.0;
}
