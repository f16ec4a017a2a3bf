using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using EdgeDaemon.Admission;
using EdgeDaemon.Native.Posix;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;

namespace EdgeDaemon.Listeners;

/// <summary>
/// One listening socket: accepts, greets, and hands each connection to the endpoint that speaks what it speaks.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "Its token source has no timer and is cancelled by Close: then it holds nothing, and connections may still ask for its token.")]
internal sealed class ListenDoor : ISocketOwner
{
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromMilliseconds(10);

    private readonly Socket _socket;
    private readonly EndPoint _local;
    private readonly IGreeting _greeting;
    private readonly SegmentPool _segments;
    private readonly SocketThreads _threads;
    private readonly ConnectionAdmission _connections;
    private readonly bool _forOperators;
    private readonly OpenConnections _open;
    private readonly SenderCheck? _senders;
    private readonly ReadySignal _arrival = new();
    private readonly CancellationTokenSource _closing = new();
    private readonly Channel<ConnectionContext> _http1 = Sorted();
    private readonly Channel<ConnectionContext> _http2 = Sorted();
    private readonly ulong _token;
    private int _closed;

    /// <param name="socket">Bound and listening.</param>
    /// <param name="greeting">Who is there, and what does he speak.</param>
    /// <param name="segments">Memory of what arrives and leaves.</param>
    /// <param name="threads">Where it is worked on.</param>
    /// <param name="connections">How many there may be, and whose.</param>
    /// <param name="open">All that are open.</param>
    /// <param name="senders">Judges each piece of data of a Unix connection.</param>
    /// <param name="forOperators">No penalty holds here.</param>
    public ListenDoor(Socket socket, IGreeting greeting, SegmentPool segments, SocketThreads threads, ConnectionAdmission connections, OpenConnections open, SenderCheck senders, bool forOperators)
    {
        _forOperators = forOperators;
        _socket = socket;
        _socket.Blocking = false;
        _local = socket.LocalEndPoint!;
        _greeting = greeting;
        _segments = segments;
        _threads = threads;
        _connections = connections;
        _open = open;
        if (_local is UnixDomainSocketEndPoint)
        {
            StreamSocket.AskForSenders(_socket.SafeHandle); // Accepted sockets inherit it.
            _senders = senders;
        }

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
        ConnectionPlace? place = null;
        SocketConnection connection;
        try
        {
            // Before a byte is read, and before anything is made for it: who is outside costs no more than this.
            place = _connections.TryEnter(_greeting.Recognise(accepted), _forOperators);
            if (place is null)
            {
                accepted.Dispose();
                return;
            }

            connection = new SocketConnection(accepted, _segments, _threads, _local, place, _open, _senders);
        }
        catch
        {
            place?.Leave();
            accepted.Dispose();
            throw;
        }

        _ = GreetAsync(connection);
    }

    private async Task GreetAsync(SocketConnection connection)
    {
        (ConnectionContext Connection, Wire Speaks)? greeted = null;
        try
        {
            greeted = await _greeting.GreetAsync(connection, _closing.Token);
        }
        catch (Exception gone) when (gone is OperationCanceledException or IOException)
        {
            // Too slow, reset, or this side is closing.
        }

        if (greeted is not { } guest)
        {
            await CutAsync(connection, "the connection did not say what it speaks");
        }
        else if (!connection.Place.TryIdentify(guest.Connection.Features.GetRequiredFeature<Arrival>().Caller) || !connection.Place.TryAttach(guest.Connection))
        {
            await CutAsync(guest.Connection, "too many connections, or its caller is outside");
        }
        else if (!(guest.Speaks == Wire.Http2 ? _http2 : _http1).Writer.TryWrite(guest.Connection))
        {
            await CutAsync(guest.Connection, "the listener is closing");
        }
    }

    private static async Task CutAsync(ConnectionContext connection, string reason)
    {
        connection.Abort(new ConnectionAbortedException(reason));
        await connection.DisposeAsync();
    }
}
