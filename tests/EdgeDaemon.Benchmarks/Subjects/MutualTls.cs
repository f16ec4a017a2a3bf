using EdgeDaemon.Benchmarks.Contenders;
using EdgeDaemon.Benchmarks.Load;
using EdgeDaemon.Benchmarks.Report;

namespace EdgeDaemon.Benchmarks.Subjects;

/// <summary>Mutual TLS 1.3: the server's CPU a request, inference included, on kept-alive connections and with a handshake for each; edged's divided by bare Kestrel's, round by round; once as it is delivered, and once without the audit log, which bare Kestrel has not either.</summary>
internal static class MutualTls
{
    public static void Measure(Options options, string scratch, ReportFiles report)
    {
        string certificates = TlsServers.Certificates(options, scratch);
        foreach (Workload workload in (Workload[])[Workload.Mlp(options), Workload.Wide(options)])
        {
            using ServerProcess bare = TlsServers.StartBare(options, workload, scratch, certificates);
            using ServerProcess edged = TlsServers.StartEdged(options, workload, scratch, certificates);
            Workload silent = workload with { Name = $"{workload.Name}-unrecorded" };
            using ServerProcess unrecorded = TlsServers.StartEdged(options, silent, scratch, certificates, recorded: false);
            foreach ((string what, int clients, string? fresh) in ((string, int, string?)[])[("kept-alive", 1, null), ("kept-alive", 8, null), ("full handshake", 1, "full"), ("resumed handshake", 1, "resumed")])
            {
                if (fresh is not null && workload.Name != "mlp")
                {
                    continue;
                }

                Dictionary<string, double[]> cpu = Rounds.Run(
                    options.Pairs,
                    [
                        ("bare", () => LoadClient.Tls(options, workload, bare.Id, TlsServers.BareAddress, RequestMode.Bare, clients, certificates, fresh)),
                        ("edged", () => LoadClient.Tls(options, workload, edged.Id, TlsServers.EdgedAddress, RequestMode.OipRaw, clients, certificates, fresh)),
                        ("edged, audit log off", () => LoadClient.Tls(options, silent, unrecorded.Id, TlsServers.UnrecordedAddress, RequestMode.OipRaw, clients, certificates, fresh)),
                    ],
                    (name, pair, slice) => report.Add("tls", workload, clients, $"{name}, {what}", pair, slice)).ToDictionary(entry => entry.Key, entry => entry.Value.Select(slice => slice.CpuMicroseconds).ToArray());
                foreach (string ours in (string[])["edged", "edged, audit log off"])
                {
                    report.Add(new Finding(
                        $"CPU a request over mutual TLS, {workload.Name}, {clients} {(clients == 1 ? "client" : "clients")}, {what}{(ours == "edged" ? "" : ", audit log off")}", "us",
                        null, Interval.MedianOf(cpu["bare"]), Interval.MedianOf(cpu[ours]),
                        "edged / bare", Interval.Of([.. cpu[ours].Zip(cpu["bare"], (own, other) => own / other)]), 1, AtMost: true));
                }
            }
        }
    }
}
