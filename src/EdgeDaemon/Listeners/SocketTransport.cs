using System.Net;
using System.Net.Sockets;
using EdgeDaemon.Admission;
using EdgeDaemon.Core.Configuration;
using EdgeDaemon.Monitoring;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;

namespace EdgeDaemon.Listeners;

/// <summary>
/// The transport under the HTTP server: sockets read in blocks that grow with the connection's requests. The server's own
/// transport reads 4 KiB at a time and hands each piece to another thread, which costs more than the request. Behind each listener
/// are two endpoints, <see cref="WireEndPoint"/>.
/// </summary>
internal sealed class SocketTransport(ConnectionAdmission connections, SegmentPool segments, SocketThreads threads, InheritedSockets inherited, ListenPause pause, Func<ListenSettings, IGreeting> greetings, SenderCheck senders, ILogger log) : IConnectionListenerFactory
{
    private readonly OpenConnections _open = new();
    private readonly Dictionary<string, ListenDoor> _doors = new(StringComparer.Ordinal);

    /// <summary>Cuts idle connections until <paramref name="drained"/> fires; for the time of the drain alone.</summary>
    public Task SweepAsync(CancellationToken drained) => new IdleSweep(_open).RunAsync(drained);

    /// <summary>What went through each listener.</summary>
    public DoorTraffic[] Traffic
    {
        get
        {
            lock (_doors)
            {
                return [.. _doors.Values.Select(door => door.Traffic)];
            }
        }
    }

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        var wire = (WireEndPoint)endpoint;
        lock (_doors)
        {
            if (!_doors.TryGetValue(wire.Listen.Name, out ListenDoor? door))
            {
                door = new ListenDoor(() => Bind(wire.Listen), inherited.Has(wire.Listen), greetings(wire.Listen), segments, threads, connections, _open, senders, new DoorTraffic(wire.Listen.Name), new DoorFaults(log, wire.Listen.Name, TimeProvider.System), wire.Listen.IsForOperators);
                _doors.Add(wire.Listen.Name, door);
                if (!wire.Listen.ExposesControl)
                {
                    pause.Add(door);
                }
            }

            return ValueTask.FromResult<IConnectionListener>(new Listener(wire.Wire, door));
        }
    }

    private Socket Bind(ListenSettings listen) =>
        inherited.For(listen) ?? (listen.Tcp is { } tcp ? TcpListenSocket.Bind(tcp.EndPoint) : UnixListenSocket.Bind(listen));

    private sealed class Listener(Wire wire, ListenDoor door) : IConnectionListener
    {
        public EndPoint EndPoint => door.Local;

        public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default) =>
            await door.Of(wire).WaitToReadAsync(cancellationToken) && door.Of(wire).TryRead(out ConnectionContext? connection) ? connection : null;

        public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
        {
            door.Close(); // Both endpoints end together, whichever is told first.
            return ValueTask.CompletedTask;
        }

        public ValueTask DisposeAsync() => UnbindAsync();
    }
}
