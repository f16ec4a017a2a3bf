using EdgeDaemon.Benchmarks.Load;
using EdgeDaemon.Benchmarks.Report;

namespace EdgeDaemon.Benchmarks.Subjects;

/// <summary>Tensor bytes both ways on the MLP and the CNN: edged is to be ahead of every peer, gRPC's (over its own wire) among them.</summary>
internal static class PeerRates
{
    public static void Measure(Options options, string scratch, ReportFiles report)
    {
        foreach (Workload workload in (Workload[])[Workload.Mlp(options), Workload.Cnn(options)])
        {
            Rivalry.Measure(options, workload, RequestMode.OipRaw, options.Clients(workload), (rival, _) => rival == "bare" ? Finding.NoTarget : 1, "peers", scratch, report);
        }
    }
}
