using System.Net;
using System.Net.Sockets;
using EdgeDaemon.Core.Configuration;
using EdgeDaemon.Identity;
using EdgeDaemon.Listeners;
using EdgeDaemon.Native.Posix;
using EdgeDaemon.Tests.Admission;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging.Abstractions;

namespace EdgeDaemon.Tests.Listeners;

/// <summary>A connection of ours before anybody has greeted it: a test works on it as TLS would.</summary>
internal sealed class HeldConnection : IAsyncDisposable
{
    private readonly SocketThreads _threads = new(2);
    private readonly Greeting _greeting = new();
    private IConnectionListener _listener = null!;

    public SegmentPool Segments { get; } = new();

    public Socket Client { get; } = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };

    public SocketConnection Connection { get; private set; } = null!;

    public static async Task<HeldConnection> OpenAsync()
    {
        var held = new HeldConnection();
        EdgedSettings settings = TlsFixture.Settings();
        ListenSettings listen = settings.Listeners[0] with { Tcp = settings.Listeners[0].Tcp! with { EndPoint = new IPEndPoint(IPAddress.Loopback, 0) } };
        var transport = new SocketTransport(
            TestConnections.Unlimited(settings), held.Segments, held._threads, InheritedSockets.None, new ListenPause(), _ => held._greeting, new SenderCheck(NullLogger.Instance), NullLogger.Instance);
        held._listener = await transport.BindAsync(new WireEndPoint(listen, Wire.Http1));
        await held.Client.ConnectAsync(held._listener.EndPoint);
        held.Connection = await held._greeting.Met.Task.WaitAsync(TlsBench.Patience);
        return held;
    }

    public async ValueTask DisposeAsync()
    {
        await Task.Yield();
        _greeting.Over.TrySetResult();
        Client.Dispose();
        await _listener.UnbindAsync();
        _threads.Dispose();
    }

    private sealed class Greeting : IGreeting
    {
        public TaskCompletionSource<SocketConnection> Met { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Over { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Caller? Recognise(StreamSocket socket) => null;

        public async ValueTask<(ConnectionContext Connection, Wire Speaks)?> GreetAsync(SocketConnection connection, CancellationToken closing)
        {
            Met.TrySetResult(connection);
            await Over.Task;
            return null;
        }
    }
}
