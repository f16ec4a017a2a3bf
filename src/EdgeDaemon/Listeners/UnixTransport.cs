using System.Net;
using System.Net.Sockets;
using EdgeDaemon.Core.Configuration;
using Microsoft.AspNetCore.Connections;

namespace EdgeDaemon.Listeners;

/// <summary>
/// The transport under the HTTP server: Unix sockets read in blocks that grow with the connection's requests. The server's own
/// transport reads 4 KiB at a time and hands each piece to another thread, which costs more than the request.
/// </summary>
internal sealed class UnixTransport(EdgedSettings settings, SegmentPool segments) : IConnectionListenerFactory
{
    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        ListenSettings listen = settings.Listeners.First(candidate => endpoint.ToString() == candidate.UnixPath);
        return ValueTask.FromResult<IConnectionListener>(new Listener(endpoint, UnixListenSocket.Bind(listen), segments));
    }

    private sealed class Listener(EndPoint endpoint, Socket socket, SegmentPool segments) : IConnectionListener
    {
        public EndPoint EndPoint => endpoint;

        public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
        {
            while (true)
            {
                try
                {
                    var connection = new UnixConnection(await socket.AcceptAsync(cancellationToken), segments, endpoint);
                    connection.Start();
                    return connection;
                }
                catch (ObjectDisposedException)
                {
                    return null;
                }
                catch (SocketException failure) when (failure.SocketErrorCode is SocketError.OperationAborted or SocketError.InvalidArgument)
                {
                    return null; // Unbound while waiting: the end of accepting, not an error.
                }
                catch (SocketException)
                {
                    // This caller went away before it was accepted, or descriptors ran out; the next one may do better.
                    await Task.Delay(10, CancellationToken.None);
                }
            }
        }

        public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
        {
            socket.Dispose();
            return ValueTask.CompletedTask;
        }

        public ValueTask DisposeAsync() => UnbindAsync();
    }
}
