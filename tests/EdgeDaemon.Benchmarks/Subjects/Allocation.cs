using System.Text;
using System.Text.Json;
using EdgeDaemon.Benchmarks.Contenders;
using EdgeDaemon.Benchmarks.Load;
using EdgeDaemon.Benchmarks.Report;

namespace EdgeDaemon.Benchmarks.Subjects;

/// <summary>
/// Managed bytes that a request takes, beyond Kestrel's own: edged against the bare program that only echoes, sent the same
/// requests (their headers and paths become strings in Kestrel). Each says how many bytes it has taken since its start (the runtime's own
/// counter; edged on its control surface, the bare program at /allocated). A short run is subtracted from a long one over as many connections,
/// so that what connections cost is in neither.
/// </summary>
internal static class Allocation
{
    private const int Clients = 8;
    private const int Short = 1000;

    // Less than the smallest object (24 bytes): what allocation in blocks of 8 KiB leaves uncertain, but no object a request.
    private const double AtMost = 8;

    public static void Measure(Options options, Workload workload, string scratch, ReportFiles report)
    {
        using ServerProcess echo = BareServer.StartEcho(options, workload, scratch);
        using ServerProcess grpcEcho = BareServer.StartGrpcEcho(options, workload, scratch);
        using ServerProcess? edged = options.HasEdged
            ? EdgedServer.Start(options, workload, scratch, EdgedServer.Prepare(options, workload, scratch))
            : null;
        foreach ((RequestMode form, string spelt) in ((RequestMode, string)[])
            [(RequestMode.OipRaw, "binary"), (RequestMode.OipBinary, "JSON head and binary"), (RequestMode.OipJson, "JSON"), (RequestMode.Grpc, "gRPC")])
        {
            (ServerProcess other, string counter) = form == RequestMode.Grpc ? (grpcEcho, BareServer.CounterSocket(grpcEcho)) : (echo, echo.Socket);
            List<double> own = [], others = [];
            for (int pair = 0; pair < options.Pairs; pair++)
            {
                others.Add(PerRequest(options, workload, other, form, counter, "/allocated"));
                if (edged is not null)
                {
                    own.Add(PerRequest(options, workload, edged, form, EdgedServer.ControlSocket(workload, scratch), "/control/status"));
                }
            }

            report.Add(new Finding(
                $"managed bytes a request, {workload.Name}, {spelt}, {Clients} clients", "bytes", null, Interval.MedianOf([.. others]),
                edged is null ? null : Interval.MedianOf([.. own]), "edged - Kestrel's echo",
                edged is null ? null : Interval.Of([.. own.Zip(others, (mine, theirs) => mine - theirs)]), AtMost, AtMost: true));
        }
    }

    private static double PerRequest(Options options, Workload workload, ServerProcess server, RequestMode mode, string counterSocket, string path)
    {
        int more = Math.Max(2000, (int)(options.Slice * 20_000));
        double first = Read(counterSocket, path);
        LoadClient.Counted(options, workload, server, mode, Clients, Short);
        double second = Read(counterSocket, path);
        LoadClient.Counted(options, workload, server, mode, Clients, Short + more);
        double third = Read(counterSocket, path);
        return (third - second - (second - first)) / more;
    }

    private static double Read(string socket, string path)
    {
        using var connection = new HttpConnection(socket);
        connection.Exchange(Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n"));
        using JsonDocument document = JsonDocument.Parse(connection.Body.ToArray());
        return document.RootElement.GetProperty("managed_allocated_bytes").GetDouble();
    }
}
