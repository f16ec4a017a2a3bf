using EdgeDaemon.Benchmarks.Load;
using EdgeDaemon.Benchmarks.Report;

namespace EdgeDaemon.Benchmarks.Subjects;

/// <summary>600 KB inputs to a model that does almost nothing: what moving them costs. Requests a second, edged against the bare program.</summary>
internal static class LargeInputs
{
    // The bare program reads through Kestrel's own transport, 4 KiB at a time.
    private const double AtLeast = 2.5;

    public static void Measure(Options options, string scratch, ReportFiles report) =>
        Rivalry.Measure(options, Workload.Wide(options), RequestMode.OipBinary, [1, 8], (rival, _) => rival == "bare" ? AtLeast : 1, "large", scratch, report);
}
