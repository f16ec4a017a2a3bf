using EdgeDaemon.Benchmarks.Load;
using EdgeDaemon.Benchmarks.Report;

namespace EdgeDaemon.Benchmarks.Subjects;

/// <summary>
/// gRPC's ModelInfer with raw contents: what edged adds beside the bare program's hand-written HTTP/2, and its rate beside gRPC's own C++
/// server; the same clients for all three.
/// </summary>
internal static class GrpcRates
{
    private const double AddedAtMost = 0.8;

    public static void Measure(Options options, string scratch, ReportFiles report)
    {
        foreach (Workload workload in (Workload[])[Workload.Mlp(options), Workload.Cnn(options)])
        {
            Rivalry.Measure(
                options, workload, RequestMode.Grpc, options.Clients(workload), (rival, _) => rival == "bare" ? Finding.NoTarget : 1, "grpc", scratch, report, AddedAtMost);
        }
    }
}
