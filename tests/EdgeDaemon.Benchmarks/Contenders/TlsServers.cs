using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using EdgeDaemon.Benchmarks.Load;

namespace EdgeDaemon.Benchmarks.Contenders;

/// <summary>edged and bare Kestrel with mutual TLS by the same certificates, which edgectl makes.</summary>
internal static class TlsServers
{
    public const string EdgedAddress = "127.0.0.1:18451";
    public const string BareAddress = "127.0.0.1:18452";
    public const string UnrecordedAddress = "127.0.0.1:18453";

    public static string Certificates(Options options, string scratch)
    {
        string folder = Path.Combine(scratch, "tls");
        if (!Directory.Exists(folder))
        {
            Directory.CreateDirectory(folder);
            EdgeCtl("init", Path.Combine(scratch, "ca"), "--name", "bench");
            EdgeCtl("issue", Path.Combine(scratch, "ca"), "--use", "server", "--name", "server", "--san", "dns:localhost", "--out", Path.Combine(folder, "server"));
            EdgeCtl("issue", Path.Combine(scratch, "ca"), "--use", "client", "--name", "client", "--san", "uri:spiffe://bench.example/client", "--out", Path.Combine(folder, "client"));
            File.Copy(Path.Combine(scratch, "ca/root.pem"), Path.Combine(folder, "root.pem"));
        }

        return folder;

        void EdgeCtl(params string[] arguments)
        {
            using Process process = Process.Start(new ProcessStartInfo(options.EdgeCtl, ["pki", .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            process.WaitForExit();
            if (process.ExitCode != 0)
            {
                throw new InvalidOperationException(process.StandardError.ReadToEnd());
            }
        }
    }

    public static ServerProcess StartEdged(Options options, Workload workload, string scratch, string folder, string limits = "", bool recorded = true)
    {
        string address = recorded ? EdgedAddress : UnrecordedAddress;
        string plain = EdgedServer.Prepare(options, workload, scratch, recorded ? "" : "[audit]\nenabled = false");
        string configuration = plain.Replace("edged.toml", "edged-tls.toml", StringComparison.Ordinal);
        File.WriteAllText(configuration, $"""
            {File.ReadAllText(plain)}
            [[listen]]
            name = "tls"
            tcp = "{address}"
            certificate = "{folder}/server.pem"
            key = "{folder}/server.key"
            client_roots = "{folder}/root.pem"
            exposes = ["inference"]

            [[tenant]]
            name = "bench"
            callers = ["self", "cert:spiffe://bench.example/client"]
            roles = ["infer", "observe"]
            models = ["*"]

            [limits]
            source_handshakes_per_second = 1000000
            {limits}

            """);
        File.SetUnixFileMode(configuration, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return ServerProcess.Start(options.Edged, ["run", "--config", configuration], Path.Combine(scratch, "none"), () => Answers(address, workload, RequestMode.OipRaw, folder));
    }

    public static ServerProcess StartBare(Options options, Workload workload, string scratch, string folder) => ServerProcess.Start(
        options.Bare, ["serve", "--library", options.Library, "--model", workload.Graph, "--tls", BareAddress.Split(':')[1], "--certificates", folder], Path.Combine(scratch, "none"),
        () => Answers(BareAddress, workload, RequestMode.Bare, folder));

    private static bool Answers(string address, Workload workload, RequestMode mode, string folder)
    {
        try
        {
            using (var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp))
            {
                probe.Connect(IPEndPoint.Parse(address));
            }

            using var connection = new HttpConnection(address, new ClientTls(folder, resume: false));
            connection.Exchange(PreparedRequest.For(LoadClient.Describe(workload, mode, address)));
            return true;
        }
        catch (Exception early) when (early is SocketException or LoadException or IOException)
        {
            return false;
        }
    }
}
