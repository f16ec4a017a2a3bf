using System.Collections.Concurrent;

namespace EdgeDaemon.Listeners;

/// <summary>Every connection from accept to its end, for who has to look at all of them.</summary>
internal sealed class OpenConnections
{
    private readonly ConcurrentDictionary<SocketConnection, bool> _connections = new();

    /// <summary>Those that are open, as they are while this is read.</summary>
    public IEnumerable<SocketConnection> All => _connections.Select(pair => pair.Key);

    public void Add(SocketConnection connection) => _connections[connection] = true;

    public void Remove(SocketConnection connection) => _connections.TryRemove(connection, out _);
}
