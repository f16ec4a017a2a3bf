using EdgeDaemon.Benchmarks.Load;

namespace EdgeDaemon.Benchmarks.Contenders;

/// <summary>bench-bare serve: Kestrel over ONNX Runtime and nothing else. It hashes the library at its start, as edged does.</summary>
internal static class BareServer
{
    public static ServerProcess Start(Options options, Workload workload, string scratch) => Start(options, workload, scratch, "bare");

    /// <summary>gRPC by hand over HTTP/2.</summary>
    public static ServerProcess StartGrpc(Options options, Workload workload, string scratch) => StartGrpc(options, workload, scratch, "bare-grpc");

    /// <summary>The same without inference: no server over Kestrel's HTTP/2 and its transport can cost less.</summary>
    public static ServerProcess StartGrpcEcho(Options options, Workload workload, string scratch) => StartGrpc(options, workload, scratch, "echo-grpc", "--echo");

    /// <summary>Where a program that speaks HTTP/2 alone says what it has allocated.</summary>
    public static string CounterSocket(ServerProcess grpc) => grpc.Socket + ".counter";

    /// <summary>Kestrel alone: answers without inference.</summary>
    public static ServerProcess StartEcho(Options options, Workload workload, string scratch) => Start(options, workload, scratch, "echo", "--echo");

    private static ServerProcess StartGrpc(Options options, Workload workload, string scratch, string name, params string[] more)
    {
        string socket = Path.Combine(scratch, $"{name}-{workload.Name}.sock");
        return ServerProcess.Start(
            options.Bare, ["serve", "--library", options.Library, "--model", workload.Graph, "--socket", socket, "--hash", "--grpc", .. more],
            LoadClient.Describe(workload, RequestMode.Grpc, socket));
    }

    private static ServerProcess Start(Options options, Workload workload, string scratch, string name, params string[] more)
    {
        string socket = Path.Combine(scratch, $"{name}-{workload.Name}.sock");
        return ServerProcess.Start(
            options.Bare, ["serve", "--library", options.Library, "--model", workload.Graph, "--socket", socket, "--hash", .. more],
            LoadClient.Describe(workload, RequestMode.Bare, socket));
    }
}
