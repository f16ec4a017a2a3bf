using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using EdgeDaemon.Audit;
using EdgeDaemon.Core.Configuration;
using EdgeDaemon.Listeners;
using EdgeDaemon.Tests.Admission;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;

namespace EdgeDaemon.Tests.Listeners;

/// <summary>One listener over TLS as the daemon has it, without the HTTP server above, and clients of the framework's own to call it.</summary>
internal sealed class TlsBench : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly SocketThreads _threads = new(2);
    private readonly Lines _log = new();

    private TlsBench(EdgedSettings settings, TimeProvider clock)
    {
        Doors = new TlsDoors(settings, Of(settings, clock), _log, AuditTrail.Off, clock, Outside.ContainsKey, (address, reason) => Blamed.Enqueue($"{address} {reason}"));
        ListenSettings listen = settings.Listeners[0] with { Tcp = settings.Listeners[0].Tcp! with { EndPoint = new IPEndPoint(IPAddress.Loopback, 0) } };
        Transport = new SocketTransport(TestConnections.Unlimited(settings), new SegmentPool(), _threads, InheritedSockets.None, new ListenPause(), Doors.For, new SenderCheck(_log), _log);
        Listen = listen;
    }

    public TlsDoors Doors { get; }

    public ConcurrentDictionary<IPAddress, byte> Outside { get; } = [];

    public ConcurrentQueue<string> Blamed { get; } = [];

    public SocketTransport Transport { get; }

    public ListenSettings Listen { get; }

    public IConnectionListener Http1 { get; private set; } = null!;

    public IConnectionListener Http2 { get; private set; } = null!;

    public IPEndPoint Address => (IPEndPoint)Http1.EndPoint;

    public IReadOnlyCollection<string> Log => _log.Written;

    public static async Task<TlsBench> StartAsync(EdgedSettings settings, TimeProvider? clock = null)
    {
        var bench = new TlsBench(settings, clock ?? TimeProvider.System);
        bench.Http1 = await bench.Transport.BindAsync(new WireEndPoint(bench.Listen, Wire.Http1));
        bench.Http2 = await bench.Transport.BindAsync(new WireEndPoint(bench.Listen, Wire.Http2));
        return bench;
    }

    public static ImmutableDictionary<string, TlsMaterial> Of(EdgedSettings settings, TimeProvider? clock = null) =>
        ImmutableDictionary<string, TlsMaterial>.Empty.Add("remote", TlsFixture.Material(settings, clock));

    public async Task<Socket> DialAsync()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(Address).WaitAsync(Patience);
        return socket;
    }

    /// <summary>A client's handshake; with TLS 1.3 it is done before the server has judged the certificate.</summary>
    public async Task<SslStream> ClientAsync(string? leaf, SslProtocols protocols = SslProtocols.Tls13, params SslApplicationProtocol[] spoken)
    {
        Socket socket = await DialAsync();
        var tls = new SslStream(new NetworkStream(socket, ownsSocket: true));
        SslClientAuthenticationOptions options = TlsFixture.Caller(leaf, protocols);
        options.ApplicationProtocols = [.. spoken];
        await tls.AuthenticateAsClientAsync(options).WaitAsync(Patience);
        return tls;
    }

    public Task<ConnectionContext?> AcceptAsync(Wire wire = Wire.Http1) => (wire == Wire.Http1 ? Http1 : Http2).AcceptAsync().AsTask().WaitAsync(Patience);

    /// <summary>True when the server cuts the connection; false when it has something to say.</summary>
    public static async Task<bool> IsCutAsync(Stream client)
    {
        try
        {
            return await client.ReadAsync(new byte[1]).AsTask().WaitAsync(Patience) == 0;
        }
        catch (IOException)
        {
            return true;
        }
    }

    public async ValueTask DisposeAsync()
    {
        // A test goes on where its last bytes came in, and no thread can wait for its own end.
        await Task.Yield();
        await Http1.UnbindAsync();
        _threads.Dispose();
    }

    private sealed class Lines : ILogger
    {
        public ConcurrentQueue<string> Written { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Written.Enqueue(formatter(state, exception));
    }
}
