using System.Net;
using System.Net.Sockets;
using EdgeDaemon.Core.Configuration;
using EdgeDaemon.Native.Posix;
using Microsoft.AspNetCore.Connections;

namespace EdgeDaemon.Listeners;

/// <summary>
/// The transport under the HTTP server: Unix sockets read in blocks that grow with the connection's requests. The server's own
/// transport reads 4 KiB at a time and hands each piece to another thread, which costs more than the request.
/// </summary>
internal sealed class UnixTransport(EdgedSettings settings, SegmentPool segments, SocketThreads threads) : IConnectionListenerFactory
{
    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        ListenSettings listen = settings.Listeners.First(candidate => endpoint.ToString() == candidate.UnixPath);
        Socket socket = UnixListenSocket.Bind(listen);
        socket.Blocking = false;
        return ValueTask.FromResult<IConnectionListener>(new Listener(endpoint, socket, segments, threads));
    }

    private sealed class Listener : IConnectionListener, ISocketOwner
    {
        private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromMilliseconds(10);

        private readonly Socket _socket;
        private readonly SegmentPool _segments;
        private readonly SocketThreads _threads;
        private readonly ReadySignal _arrival = new();
        private readonly ulong _token;
        private volatile bool _unbound;

        public Listener(EndPoint endpoint, Socket socket, SegmentPool segments, SocketThreads threads)
        {
            EndPoint = endpoint;
            _socket = socket;
            _segments = segments;
            _threads = threads;
            _token = threads.Watch(socket.SafeHandle, this);
        }

        public EndPoint EndPoint { get; }

        public void OnReady(Readiness readiness) => _arrival.Set();

        public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
        {
            while (!_unbound)
            {
                try
                {
                    if (StreamSocket.Accept(_socket.SafeHandle) is { } accepted)
                    {
                        var connection = new UnixConnection(accepted, _segments, _threads, EndPoint);
                        connection.Start();
                        return connection;
                    }

                    await _arrival.WaitAsync();
                }
                catch (ObjectDisposedException)
                {
                    break; // Unbound in the middle of a call: the end of accepting, not an error.
                }
                catch (PosixException)
                {
                    // This caller went away before it was accepted, or descriptors ran out; the next one may do better.
                    await Task.Delay(PauseAfterFailure, CancellationToken.None);
                }
            }

            return null;
        }

        public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
        {
            if (!_unbound)
            {
                _unbound = true;
                _threads.Forget(_token);
                _socket.Dispose();
                _arrival.Set();
            }

            return ValueTask.CompletedTask;
        }

        public ValueTask DisposeAsync() => UnbindAsync();
    }
}
