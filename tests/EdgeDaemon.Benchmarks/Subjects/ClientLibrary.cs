using EdgeDaemon.Benchmarks.Contenders;
using EdgeDaemon.Benchmarks.Load;
using EdgeDaemon.Benchmarks.Report;

namespace EdgeDaemon.Benchmarks.Subjects;

/// <summary>
/// What the C# client library costs its program: CPU a request of a process that calls through it, over that of the load client, which sends
/// prepared bytes and is as little as a client can be; and the rate beside its. Nothing is promised of it: shown, and held by --check.
/// </summary>
internal static class ClientLibrary
{
    public static void Measure(Options options, Workload workload, string scratch, ReportFiles report)
    {
        if (!File.Exists(options.Client))
        {
            Console.Error.WriteLine($"skipped: client; {options.Client} does not exist");
            return;
        }

        string answer = Path.Combine(scratch, $"{workload.Name}.answer");
        using ServerProcess edged = EdgedServer.Start(options, workload, scratch, EdgedServer.Prepare(options, workload, scratch));
        LoadClient.Raw(options, workload, 1, answer);
        foreach (bool grpc in (bool[])[false, true])
        {
            foreach (int clients in (int[])[1, 8])
            {
                Dictionary<string, List<Slice>> slices = Rounds.Run(
                    options.Pairs,
                    [
                        ("load", () => LoadClient.Served(options, workload, edged, grpc ? RequestMode.Grpc : RequestMode.OipBinary, clients, answer)),
                        ("library", () => LoadClient.Library(options, workload, edged, grpc, clients, answer)),
                    ],
                    (name, pair, slice) => report.Add($"client-{(grpc ? "grpc" : "rest")}", workload, clients, name, pair, slice));
                string what = $"{workload.Name}, {(grpc ? "gRPC" : "REST, binary")}, {clients} {(clients == 1 ? "call" : "calls")} at a time";
                Compare($"client's CPU a request, {what}", "us", slice => slice.ClientCpuMicroseconds);
                Compare($"rate of the client, {what}", "1/s", slice => slice.Rate);

                void Compare(string title, string unit, Func<Slice, double> figure)
                {
                    double[] plain = [.. slices["load"].Select(figure)];
                    double[] library = [.. slices["library"].Select(figure)];
                    report.Add(new Finding(
                        title, unit, null, Interval.MedianOf(plain), Interval.MedianOf(library),
                        "library / load client", Interval.Of([.. library.Zip(plain, (own, other) => own / other)]), Finding.NoTarget, AtMost: unit == "us"));
                }
            }
        }
    }
}
