using EdgeDaemon.Benchmarks.Load;

namespace EdgeDaemon.Benchmarks.Contenders;

/// <summary>
/// Another server over the same library, as its community writes it (Peers/). Answers the bare program's binary form and the protocol's JSON
/// on a Unix socket, or gRPC with raw contents. <paramref name="Missing"/>: why it was not built here; null when it was.
/// </summary>
internal sealed record Peer(string Name, bool Grpc, string? Missing, Func<Workload, string, (string Executable, string[] Arguments)> Command)
{
    public static IReadOnlyList<Peer> All(Options options)
    {
        string folder = Path.GetDirectoryName(options.Bare)!;
        string httplib = Path.Combine(folder, "bench-httplib");
        string grpc = Path.Combine(folder, "bench-grpc-server");
        string script = Path.Combine(folder, "node/server.js");
        string modules = Path.Combine(folder, "node/node_modules/onnxruntime-node");
        return
        [
            new Peer("node", false, Reason(folder, "node", modules), (workload, socket) => ("node", [script, workload.Graph, socket, string.Join(',', workload.Shape)])),
            new Peer("cpp-httplib", false, Reason(folder, "httplib", httplib), (workload, socket) => (httplib, [options.Library, workload.Graph, socket])),
            new Peer("cpp-grpc", true, Reason(folder, "grpc", grpc), (workload, socket) => (grpc, [options.Library, workload.Graph, socket])),
        ];
    }

    /// <summary>Those that are here, the others are named on standard error, and that speak it: gRPC's has no JSON form, and the others have no gRPC.</summary>
    public static IReadOnlyList<Peer> Present(Options options, RequestMode form)
    {
        foreach (Peer peer in All(options).Where(peer => peer.Missing is not null))
        {
            Console.Error.WriteLine($"{peer.Name}: not built here: {peer.Missing}");
        }

        return [.. All(options).Where(peer => peer.Missing is null && form switch { RequestMode.Grpc => peer.Grpc, RequestMode.OipJson => !peer.Grpc, _ => true })];
    }

    public ServerProcess Start(Workload workload, string scratch)
    {
        string socket = Path.Combine(scratch, $"{Name}-{workload.Name}.sock");
        (string executable, string[] arguments) = Command(workload, socket);
        return ServerProcess.Start(executable, arguments, LoadClient.Describe(workload, Grpc ? RequestMode.Grpc : RequestMode.Bare, socket));
    }

    public Slice Load(Options options, Workload workload, ServerProcess server, RequestMode mode, int clients, string answer) =>
        LoadClient.Served(options, workload, server, Grpc ? RequestMode.Grpc : mode, clients, answer);

    /// <summary>build.sh leaves the reason beside the programs, in FILE.missing.</summary>
    private static string? Reason(string folder, string name, string needed)
    {
        if (Path.Exists(needed))
        {
            return null;
        }

        string said = Path.Combine(folder, $"{name}.missing");
        return File.Exists(said) ? File.ReadAllText(said).Trim() : $"{needed} does not exist";
    }
}
