using EdgeDaemon.Benchmarks.Load;
using EdgeDaemon.Benchmarks.Report;

namespace EdgeDaemon.Benchmarks.Subjects;

/// <summary>The CNN's 3072 numbers as JSON, the same request for everyone: edged against System.Text.Json in the bare program, and against the peers.</summary>
internal static class JsonRate
{
    private const double AtLeast = 5;

    public static void Measure(Options options, string scratch, ReportFiles report)
    {
        Rivalry.Measure(options, Workload.Cnn(options), RequestMode.OipJson, [1, 8], (rival, _) => rival == "bare" ? AtLeast : 1, "json", scratch, report);
        Rivalry.Measure(options, Workload.Mlp(options), RequestMode.OipJson, [1, 8], (rival, _) => rival == "bare" ? Finding.NoTarget : 1, "json", scratch, report);
    }
}
