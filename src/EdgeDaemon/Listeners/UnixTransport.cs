using System.Net;
using EdgeDaemon.Core.Configuration;
using Microsoft.AspNetCore.Connections;

namespace EdgeDaemon.Listeners;

/// <summary>
/// The transport under the HTTP server: Unix sockets read in blocks that grow with the connection's requests. The server's own
/// transport reads 4 KiB at a time and hands each piece to another thread, which costs more than the request. Behind each socket
/// are two endpoints, <see cref="WireEndPoint"/>.
/// </summary>
internal sealed class UnixTransport(LimitSettings limits, SegmentPool segments, SocketThreads threads, InheritedSockets inherited) : IConnectionListenerFactory
{
    private readonly ConnectionCount _connections = new(limits.MaxConnections);
    private readonly Dictionary<string, UnixDoor> _doors = new(StringComparer.Ordinal);

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        var wire = (WireEndPoint)endpoint;
        lock (_doors)
        {
            if (!_doors.TryGetValue(wire.Listen.UnixPath, out UnixDoor? door))
            {
                _doors.Add(wire.Listen.UnixPath, door = new UnixDoor(inherited.For(wire.Listen) ?? UnixListenSocket.Bind(wire.Listen), wire.Listen, limits, segments, threads, _connections));
            }

            return ValueTask.FromResult<IConnectionListener>(new Listener(wire, door));
        }
    }

    private sealed class Listener(WireEndPoint endpoint, UnixDoor door) : IConnectionListener
    {
        public EndPoint EndPoint => endpoint;

        public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default) =>
            await door.Of(endpoint.Wire).WaitToReadAsync(cancellationToken) && door.Of(endpoint.Wire).TryRead(out ConnectionContext? connection) ? connection : null;

        public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
        {
            door.Close(); // Both endpoints end together, whichever is told first.
            return ValueTask.CompletedTask;
        }

        public ValueTask DisposeAsync() => UnbindAsync();
    }
}
