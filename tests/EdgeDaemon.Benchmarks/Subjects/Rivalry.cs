using EdgeDaemon.Benchmarks.Contenders;
using EdgeDaemon.Benchmarks.Load;
using EdgeDaemon.Benchmarks.Report;

namespace EdgeDaemon.Benchmarks.Subjects;

/// <summary>
/// Requests a second of edged against the bare program and every peer that is built here, in one form of request: all of them, raw
/// included, in each round. edged stands there twice, as it is delivered and without the audit log: no rival writes a record. The targets are the callers'.
/// </summary>
internal static class Rivalry
{
    private const string Unrecorded = "edged, audit log off";
    private const string Empty = "bare without inference";

    /// <param name="form">What edged is sent; the others get the same bytes when it is JSON or gRPC, else the bare tensor.</param>
    /// <param name="atLeast">What edged's rate divided by a rival's is held against, by the rival's name and the clients.</param>
    /// <param name="addedAtMost">What edged's added CPU divided by the bare program's is held against.</param>
    public static void Measure(
        Options options, Workload workload, RequestMode form, int[] clientCounts, Func<string, int, double> atLeast, string subject, string scratch, ReportFiles report,
        double addedAtMost = 1)
    {
        if (clientCounts.Length == 0)
        {
            return;
        }

        bool grpc = form == RequestMode.Grpc;
        RequestMode others = grpc || form == RequestMode.OipJson ? form : RequestMode.Bare;
        string spelt = form switch { RequestMode.Grpc => "gRPC", RequestMode.OipJson => "JSON", RequestMode.OipBinary => "JSON head and binary", _ => "binary" };
        string answer = Path.Combine(scratch, $"{workload.Name}.answer");
        var servers = new List<(string Name, ServerProcess Server, Func<ServerProcess, int, Slice> Load)>();
        try
        {
            servers.Add(("bare", grpc ? BareServer.StartGrpc(options, workload, scratch) : BareServer.Start(options, workload, scratch), (server, clients) => LoadClient.Served(options, workload, server, others, clients, answer)));
            if (options.HasEdged)
            {
                ServerProcess edged = EdgedServer.Start(options, workload, scratch, EdgedServer.Prepare(options, workload, scratch));
                servers.Add(("edged", edged, (server, clients) => LoadClient.Served(options, workload, server, form, clients, answer)));
                Workload silent = workload with { Name = $"{workload.Name}-unrecorded" };
                ServerProcess unrecorded = EdgedServer.Start(options, silent, scratch, EdgedServer.Prepare(options, silent, scratch, "[audit]\nenabled = false"));
                servers.Add((Unrecorded, unrecorded, (server, clients) => LoadClient.Served(options, silent, server, form, clients, answer)));
            }

            if (grpc)
            {
                servers.Add((Empty, BareServer.StartGrpcEcho(options, workload, scratch), (server, clients) => LoadClient.Served(options, workload, server, others, clients, answer: null)));
            }

            foreach (Peer peer in Peer.Present(options, form))
            {
                servers.Add((peer.Name, peer.Start(workload, scratch), (server, clients) => peer.Load(options, workload, server, others, clients, answer)));
            }

            LoadClient.Raw(options, workload, 1, answer);
            foreach (int clients in clientCounts)
            {
                var contenders = new List<(string Name, Func<Slice> Run)> { ("raw", () => LoadClient.Raw(options, workload, clients, answer)) };
                contenders.AddRange(servers.Select(entry => (entry.Name, (Func<Slice>)(() => entry.Load(entry.Server, clients)))));
                Dictionary<string, List<Slice>> slices = Rounds.Run(options.Pairs, contenders, (name, pair, slice) => report.Add(subject, workload, clients, name, pair, slice));
                Report(workload, clients, spelt, slices, atLeast, addedAtMost, report);
            }
        }
        finally
        {
            foreach ((_, ServerProcess server, _) in servers)
            {
                server.Dispose();
            }
        }
    }

    private static void Report(
        Workload workload, int clients, string spelt, Dictionary<string, List<Slice>> slices, Func<string, int, double> atLeast, double addedAtMost, ReportFiles report)
    {
        double[] Rates(string name) => [.. slices[name].Select(slice => slice.Rate)];
        double[] raw = Rates("raw");
        string what = $"{workload.Name}, {spelt}, {clients} {(clients == 1 ? "client" : "clients")}";
        report.Add(new Chart($"Requests a second: {what}", "1/s", [.. slices.Select(entry => (entry.Key, Interval.Of([.. entry.Value.Select(slice => slice.Rate)])))]));
        report.Add(new Chart($"Server CPU a request: {what}", "us", [.. slices.Select(entry => (entry.Key, Interval.Of([.. entry.Value.Select(slice => slice.CpuMicroseconds)])))]));
        double[] Added(string name) => [.. slices[name].Zip(slices["raw"], (served, alone) => served.CpuMicroseconds - alone.CpuMicroseconds)];
        double[] addedBare = Added("bare");
        foreach (string ours in (string[])["edged", Unrecorded])
        {
            double[]? own = slices.ContainsKey(ours) ? Rates(ours) : null;
            double[]? added = own is null ? null : Added(ours);
            string named = ours == Unrecorded ? $"{what}, audit log off" : what;
            report.Add(new Finding(
                $"added CPU a request, {named}", "us", Interval.MedianOf([.. slices["raw"].Select(slice => slice.CpuMicroseconds)]), Interval.MedianOf(addedBare),
                added is null ? null : Interval.MedianOf(added), "edged / bare",
                added is null ? null : Interval.Of([.. added.Zip(addedBare, (mine, other) => mine / other)]), addedAtMost, AtMost: true));
            foreach (string rival in slices.Keys.Where(name => name is not ("raw" or "edged" or Unrecorded or Empty)))
            {
                double[] theirs = Rates(rival);
                report.Add(new Finding(
                    $"rate, {named}", "1/s", Interval.MedianOf(raw), Interval.MedianOf(theirs), own is null ? null : Interval.MedianOf(own), $"edged / {rival}",
                    own is null ? null : Interval.Of([.. own.Zip(theirs, (mine, other) => mine / other)]), atLeast(rival, clients), AtMost: false));
            }
        }

        if (slices.TryGetValue(Empty, out List<Slice>? empty))
        {
            double[] floor = [.. empty.Select(slice => slice.CpuMicroseconds)];
            report.Add(new Finding(
                $"CPU of a call without inference, {what}", "us", 0, Interval.MedianOf(addedBare), Interval.MedianOf(floor), "empty / bare",
                Interval.Of([.. floor.Zip(addedBare, (mine, other) => mine / other)]), Finding.NoTarget, AtMost: true));
        }
    }
}
