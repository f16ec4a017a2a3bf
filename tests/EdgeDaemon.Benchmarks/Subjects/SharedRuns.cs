using System.Text;
using System.Text.Json;
using EdgeDaemon.Benchmarks.Contenders;
using EdgeDaemon.Benchmarks.Load;
using EdgeDaemon.Benchmarks.Report;

namespace EdgeDaemon.Benchmarks.Subjects;

/// <summary>
/// What runs that requests share gain, and that they never cost: the same model, once with its release's permission and once with <c>max_batch = 1</c>, 8 clients
/// in the same rounds. One lane, so that requests wait on any machine; with a lane for each core short runs hardly ever do.
/// </summary>
internal static class SharedRuns
{
    private const int Clients = 8;
    private const string Permission = "\n[batching]\nmax_batch = 64\n";

    /// <param name="options">How long.</param>
    /// <param name="workload">Its model's first dimension is the caller's.</param>
    /// <param name="rows">Of each request.</param>
    /// <param name="lanes">0: one for each core.</param>
    /// <param name="scratch">Where everything lies.</param>
    /// <param name="report">Where it is written.</param>
    public static void Measure(Options options, Workload workload, int rows, int lanes, string scratch, ReportFiles report)
    {
        string title = $"{workload.Name}, {rows} {(rows == 1 ? "row" : "rows")} a request, {(lanes == 0 ? "a lane for each core" : "1 lane")}";
        Workload asked = workload with { Shape = [rows, .. workload.Shape[1..]], OutputShape = [rows, .. workload.OutputShape[1..]] };
        Workload without = asked with { Name = $"{workload.Name}-{rows}-{lanes}-alone" };
        Workload with = asked with { Name = $"{workload.Name}-{rows}-{lanes}-shared" };
        using ServerProcess alone = EdgedServer.Start(options, without, scratch, EdgedServer.Prepare(options, without, scratch, $"[engine]\nlanes = {lanes}\nmax_batch = 1", manifest: Permission));
        using ServerProcess shared = EdgedServer.Start(options, with, scratch, EdgedServer.Prepare(options, with, scratch, $"[engine]\nlanes = {lanes}", manifest: Permission));
        Dictionary<string, Slice[]> slices = Rounds.Run(
            options.Pairs,
            [
                ("alone", () => LoadClient.Begin(options, without, alone, Clients)()),
                ("shared", () => LoadClient.Begin(options, with, shared, Clients)()),
            ],
            (name, pair, slice) => report.Add("batching", workload, Clients, name, pair, slice))
            .ToDictionary(entry => entry.Key, entry => entry.Value.ToArray());

        // Where the daemon shares nothing, because nothing is gained, both are the same code: no round can show one above the other.
        bool shares = Shares(shared, with.Model);
        title += shares ? "" : ", no run was shared";
        double target = shares ? 1 : Finding.NoTarget;
        double[] Rates(string name) => [.. slices[name].Select(slice => slice.Rate)];
        double[] Cpu(string name) => [.. slices[name].Select(slice => slice.CpuMicroseconds)];
        report.Add(new Finding(
            $"rate with shared runs, {title}, {Clients} clients", "1/s", null, Interval.MedianOf(Rates("alone")), Interval.MedianOf(Rates("shared")),
            "shared / alone", Interval.Of([.. Rates("shared").Zip(Rates("alone"), (own, other) => own / other)]), target, AtMost: false));
        report.Add(new Finding(
            $"CPU with shared runs, {title}, {Clients} clients", "us", null, Interval.MedianOf(Cpu("alone")), Interval.MedianOf(Cpu("shared")),
            "shared / alone", Interval.Of([.. Cpu("shared").Zip(Cpu("alone"), (own, other) => own / other)]), target, AtMost: true));
    }

    private static bool Shares(ServerProcess server, string model)
    {
        using var connection = new HttpConnection(server.Socket);
        connection.Exchange(Encoding.ASCII.GetBytes($"GET /v2/models/{model}/stats HTTP/1.1\r\nHost: localhost\r\n\r\n"));
        using JsonDocument document = JsonDocument.Parse(connection.Body.ToArray());
        JsonElement statistics = document.RootElement.GetProperty("model_stats")[0];
        return statistics.GetProperty("execution_count").GetUInt64() < statistics.GetProperty("inference_count").GetUInt64();
    }
}
