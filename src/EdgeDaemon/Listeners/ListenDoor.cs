using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using EdgeDaemon.Core.Configuration;
using EdgeDaemon.Native.Posix;
using Microsoft.AspNetCore.Connections;

namespace EdgeDaemon.Listeners;

/// <summary>
/// One listening socket: accepts, looks at the first bytes without consuming any, and hands each connection to the endpoint that
/// speaks what it speaks.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "Its token source has no timer and is cancelled by Close: then it holds nothing, and connections may still ask for its token.")]
internal sealed class ListenDoor : ISocketOwner
{
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromMilliseconds(10);

    private readonly Socket _socket;
    private readonly EndPoint _local;
    private readonly bool _sorts;
    private readonly LimitSettings _limits;
    private readonly SegmentPool _segments;
    private readonly SocketThreads _threads;
    private readonly ConnectionCount _connections;
    private readonly ReadySignal _arrival = new();
    private readonly CancellationTokenSource _closing = new();
    private readonly Channel<ConnectionContext> _http1 = Sorted();
    private readonly Channel<ConnectionContext> _http2 = Sorted();
    private readonly ulong _token;
    private int _closed;

    /// <param name="socket">Bound and listening.</param>
    public ListenDoor(Socket socket, LimitSettings limits, SegmentPool segments, SocketThreads threads, ConnectionCount connections)
    {
        _socket = socket;
        _socket.Blocking = false;
        _local = socket.LocalEndPoint!;

        // Behind TLS both sides have agreed on what they speak before the first byte of it.
        _sorts = socket.AddressFamily == AddressFamily.Unix;
        _limits = limits;
        _segments = segments;
        _threads = threads;
        _connections = connections;
        _token = threads.Watch(_socket.SafeHandle, this);
        _ = AcceptAsync();
    }

    public void OnReady(Readiness readiness) => _arrival.Set();

    public EndPoint Local => _local;

    /// <summary>The connections that speak this; bounded by the count of all connections.</summary>
    public ChannelReader<ConnectionContext> Of(Wire wire) => (wire == Wire.Http2 ? _http2 : _http1).Reader;

    /// <summary>No more connections; those that have not said what they speak are cut.</summary>
    public void Close()
    {
        if (Interlocked.Exchange(ref _closed, 1) == 0)
        {
            _threads.Forget(_token);
            _socket.Dispose();
            _arrival.Set();
            _closing.Cancel();
            _http1.Writer.TryComplete();
            _http2.Writer.TryComplete();
        }
    }

    private static Channel<ConnectionContext> Sorted() => Channel.CreateUnbounded<ConnectionContext>(new UnboundedChannelOptions { SingleReader = true });

    private async Task AcceptAsync()
    {
        while (Volatile.Read(ref _closed) == 0)
        {
            try
            {
                if (StreamSocket.Accept(_socket.SafeHandle) is { } accepted)
                {
                    Admit(accepted);
                    continue;
                }

                await _arrival.WaitAsync();
            }
            catch (ObjectDisposedException)
            {
                break; // Closed in the middle of a call: the end of accepting, not an error.
            }
            catch (PosixException)
            {
                // This caller went away before it was accepted, or descriptors ran out; the next one may do better.
                await Task.Delay(PauseAfterFailure, CancellationToken.None);
            }
        }
    }

    private void Admit(StreamSocket accepted)
    {
        if (!_connections.TryEnter())
        {
            accepted.Dispose();
            return;
        }

        SocketConnection connection;
        try
        {
            connection = new SocketConnection(accepted, _segments, _threads, _local, _connections);
        }
        catch
        {
            _connections.Leave();
            accepted.Dispose();
            throw;
        }

        if (!_sorts)
        {
            accepted.NoDelay();
            connection.Start();
            if (!_http1.Writer.TryWrite(connection))
            {
                _ = CutAsync(connection, "the listener is closing");
            }

            return;
        }

        connection.Features.Set(new PeerFeature(accepted.Peer()));
        connection.Start();
        _ = SortAsync(connection);
    }

    // Silence may last as long as between requests; a beginning, fed byte by byte or not, has a head's time.
    private async Task SortAsync(SocketConnection connection)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(_closing.Token);
        patience.CancelAfter(_limits.IdleTimeout);
        Channel<ConnectionContext>? sorted = null;
        try
        {
            PipeReader input = connection.Transport.Input;
            bool begun = false;
            while (true)
            {
                ReadResult result = await input.ReadAsync(patience.Token);
                Wire? wire = FirstBytes.Sort(result.Buffer);
                if (wire is null && result.IsCompleted && !result.Buffer.IsEmpty)
                {
                    wire = Wire.Http1; // Not a whole preface and no more to come: the other server says what is wrong with it.
                }

                if (wire is { } speaks)
                {
                    sorted = speaks == Wire.Http2 ? _http2 : _http1;
                    input.AdvanceTo(result.Buffer.Start); // Nothing is examined: the server finds all of it, at once.
                    break;
                }

                input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
                if (result.IsCompleted)
                {
                    break;
                }

                if (!begun && !result.Buffer.IsEmpty)
                {
                    begun = true;
                    patience.CancelAfter(_limits.HeadTimeout);
                }
            }
        }
        catch (Exception gone) when (gone is OperationCanceledException or IOException)
        {
            // Too slow, reset, or this side is closing.
        }

        if (sorted is null || !sorted.Writer.TryWrite(connection))
        {
            await CutAsync(connection, "the connection did not say what it speaks");
        }
    }

    private static async Task CutAsync(SocketConnection connection, string reason)
    {
        connection.Abort(new ConnectionAbortedException(reason));
        await connection.DisposeAsync();
    }
}
