using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace EdgeDaemon.EndToEnd;

/// <summary>A daemon that listens over TLS, with an authority of edgectl's that has named it and one client, and clients of the framework's own.</summary>
internal sealed class TlsDaemon : IAsyncDisposable
{
    private readonly StateDirectory _state;

    private TlsDaemon(StateDirectory state, Daemon daemon, int port)
    {
        _state = state;
        Daemon = daemon;
        Port = port;
    }

    public Daemon Daemon { get; }

    public int Port { get; }

    public static async Task<TlsDaemon> StartAsync(
        string listen = "", string limits = "", Action<StateDirectory>? before = null, IReadOnlyDictionary<string, string>? environment = null, params string[] bundles)
    {
        StateDirectory state = StateDirectory.Create("", ["digits/digits-s25", .. bundles]);
        int port = Configure(state, listen, limits, before);
        return new TlsDaemon(state, await Daemon.StartAsync(state, environment: environment), port);
    }

    /// <summary>An authority and what it has issued, and edged.toml with a listener 'remote' on the port that is returned.</summary>
    public static int Configure(StateDirectory state, string listen = "", string limits = "", Action<StateDirectory>? before = null)
    {
        int port = FreePort();
        Authority(state, "ca");
        Issue(state, "ca", "server", "edge", "--san", "dns:localhost", "--san", "ip:127.0.0.1");
        Issue(state, "ca", "client", "camera", "--san", "uri:spiffe://example.com/camera");
        state.Configure(string.Create(CultureInfo.InvariantCulture, $"""
            [[listen]]
            name = "remote"
            tcp = "127.0.0.1:{port}"
            certificate = "{state.At("edge.pem")}"
            key = "{state.At("edge.key")}"
            client_roots = "{state.At("ca/root.pem")}"
            exposes = ["inference"]
            {listen.Replace("STATE", state.Root, StringComparison.Ordinal)}

            [[tenant]]
            name = "cameras"
            callers = ["cert:spiffe://example.com/camera"]
            roles = ["infer"]
            models = ["*"]

            [[tenant]]
            name = "local"
            callers = ["self"]
            roles = ["infer", "observe"]
            models = ["*"]

            [limits]
            {limits}
            """));
        before?.Invoke(state);
        Command.Edged("check", "--config", state.Config).Succeeded();
        return port;
    }

    public static void Authority(StateDirectory state, string name) => Command.Edgectl("pki", "init", state.At(name), "--name", name).Succeeded();

    public static void Issue(StateDirectory state, string authority, string use, string name, params string[] more) =>
        Command.Edgectl(["pki", "issue", state.At(authority), "--use", use, "--name", name, "--out", state.At(name), .. more]).Succeeded();

    public string At(string name) => _state.At(name);

    public StateDirectory State => _state;

    /// <summary>A connection from this address of the machine's own network.</summary>
    public Socket Dial(string from = "127.0.0.1")
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveTimeout = 60_000 };
        socket.Bind(new IPEndPoint(IPAddress.Parse(from), 0));
        socket.Connect(new IPEndPoint(IPAddress.Loopback, Port));
        return socket;
    }

    /// <summary>The status of a request over a connection of its own; null when there was no answer, but an end.</summary>
    public async Task<int?> AskAsync(string? client = "camera", string from = "127.0.0.1")
    {
        try
        {
            await using SslStream tls = await HandshakeAsync(client, from);
            return await AskAsync(tls);
        }
        catch (Exception cut) when (cut is IOException or AuthenticationException or SocketException)
        {
            return null;
        }
    }

    public Task<SslStream> HandshakeAsync(string? client = "camera", string from = "127.0.0.1") => HandshakeAsync(Dial(from), client);

    public async Task<SslStream> HandshakeAsync(Socket socket, string? client)
    {
        var tls = new SslStream(new NetworkStream(socket, ownsSocket: true));
        using var time = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await tls.AuthenticateAsClientAsync(Options(client), time.Token);
        return tls;
    }

    public static async Task<int?> AskAsync(Stream connection, string headers = "")
    {
        await connection.WriteAsync(System.Text.Encoding.ASCII.GetBytes($"GET /v2/models/digits HTTP/1.1\r\nHost: edged\r\n{headers}\r\n"));
        byte[] answer = new byte[64 * 1024];
        int read = await connection.ReadAsync(answer);
        string text = System.Text.Encoding.ASCII.GetString(answer, 0, read);
        return read == 0 ? null : int.Parse(text.AsSpan("HTTP/1.1 ".Length, 3), CultureInfo.InvariantCulture);
    }

    /// <summary>True when the daemon closes the connection within the time; false when it has something to say, or stays.</summary>
    public static async Task<bool> IsCutAsync(Socket socket, TimeSpan within)
    {
        using var time = new CancellationTokenSource(within);
        try
        {
            return await socket.ReceiveAsync(new byte[100], time.Token) == 0;
        }
        catch (SocketException)
        {
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Daemon.DisposeAsync();
        _state.Dispose();
    }

    private SslClientAuthenticationOptions Options(string? client)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.Add(X509CertificateLoader.LoadCertificateFromFile(At("ca/root.pem")));
        return new SslClientAuthenticationOptions
        {
            TargetHost = "localhost",
            CertificateChainPolicy = policy,
            ClientCertificateContext = client is null ? null : SslStreamCertificateContext.Create(X509Certificate2.CreateFromPemFile(At(client + ".pem"), At(client + ".key")), null, offline: true),
        };
    }

    private static int FreePort()
    {
        using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        probe.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)probe.LocalEndPoint!).Port;
    }
}
