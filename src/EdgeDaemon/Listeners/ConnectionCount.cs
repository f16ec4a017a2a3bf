using System.Collections.Concurrent;

namespace EdgeDaemon.Listeners;

/// <summary>Open connections of all listeners together, against max_connections: counted from accept, so that silent ones count, too.</summary>
internal sealed class ConnectionCount(int most)
{
    private readonly ConcurrentDictionary<SocketConnection, bool> _connections = new();
    private int _open;

    public int Open => Volatile.Read(ref _open);

    /// <summary>False when there are as many as there may be.</summary>
    public bool TryEnter()
    {
        if (Interlocked.Increment(ref _open) <= most)
        {
            return true;
        }

        Interlocked.Decrement(ref _open);
        return false;
    }

    /// <summary>Those that are open, as they are while this is read.</summary>
    public IEnumerable<SocketConnection> Connections => _connections.Select(pair => pair.Key);

    public void Add(SocketConnection connection) => _connections[connection] = true;

    public void Remove(SocketConnection connection) => _connections.TryRemove(connection, out _);

    public void Leave() => Interlocked.Decrement(ref _open);
}
