using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using EdgeDaemon.Admission;
using EdgeDaemon.Monitoring;
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

    private readonly Func<Socket> _bind;
    private readonly bool _inherited;
    private readonly Lock _change = new();
    private readonly EndPoint _local;
    private readonly IGreeting _greeting;
    private readonly SegmentPool _segments;
    private readonly SocketThreads _threads;
    private readonly ConnectionAdmission _connections;
    private readonly bool _forOperators;
    private readonly OpenConnections _open;
    private readonly SenderCheck? _senders;
    private readonly DoorFaults _faults;
    private readonly ReadySignal _arrival = new();
    private readonly CancellationTokenSource _closing = new();
    private readonly Channel<ConnectionContext> _http1 = Sorted();
    private readonly Channel<ConnectionContext> _http2 = Sorted();
    private volatile Socket? _socket; // Null while it is paused.
    private ulong _token;
    private int _closed;

    /// <param name="bind">Gives the socket, bound and listening; again after each pause.</param>
    /// <param name="inherited">It is the service manager's: it is never closed before the end.</param>
    /// <param name="greeting">Who is there, and what does he speak.</param>
    /// <param name="segments">Memory of what arrives and leaves.</param>
    /// <param name="threads">Where it is worked on.</param>
    /// <param name="connections">How many there may be, and whose.</param>
    /// <param name="open">All that are open.</param>
    /// <param name="senders">Judges each piece of data of a Unix connection.</param>
    /// <param name="traffic">What went through.</param>
    /// <param name="faults">What goes wrong is told there.</param>
    /// <param name="forOperators">No penalty holds here.</param>
    public ListenDoor(
        Func<Socket> bind, bool inherited, IGreeting greeting, SegmentPool segments, SocketThreads threads, ConnectionAdmission connections, OpenConnections open, SenderCheck senders,
        DoorTraffic traffic, DoorFaults faults, bool forOperators)
    {
        _bind = bind;
        _inherited = inherited;
        _forOperators = forOperators;
        _greeting = greeting;
        _segments = segments;
        _threads = threads;
        _connections = connections;
        _open = open;
        Traffic = traffic;
        _faults = faults;
        _local = Open().LocalEndPoint!;
        _senders = _local is UnixDomainSocketEndPoint ? senders : null;
        _ = AcceptAsync();
    }

    public void OnReady(Readiness readiness) => _arrival.Set();

    public EndPoint Local => _local;

    public DoorTraffic Traffic { get; }

    /// <summary>The connections that speak this; bounded by the count of all connections.</summary>
    public ChannelReader<ConnectionContext> Of(Wire wire) => (wire == Wire.Http2 ? _http2 : _http1).Reader;

    /// <summary>No more connections; those that have not said what they speak are cut.</summary>
    public void Close()
    {
        if (Interlocked.Exchange(ref _closed, 1) == 0)
        {
            lock (_change)
            {
                LeaveSocket(dispose: true);
            }

            _arrival.Set();
            _closing.Cancel();
            _http1.Writer.TryComplete();
            _http2.Writer.TryComplete();
        }
    }

    /// <summary>Nobody is accepted until <see cref="Resume"/>; connections that are open stay.</summary>
    public void Pause()
    {
        lock (_change)
        {
            LeaveSocket(dispose: !_inherited);
        }
    }

    /// <exception cref="ListenException">The place is taken.</exception>
    public void Resume()
    {
        lock (_change)
        {
            if (_socket is not null || Volatile.Read(ref _closed) != 0)
            {
                return;
            }

            Open();
        }

        _arrival.Set();
    }

    private Socket Open()
    {
        Socket socket = _bind();
        socket.Blocking = false;
        if (socket.AddressFamily == AddressFamily.Unix)
        {
            StreamSocket.AskForSenders(socket.SafeHandle); // Accepted sockets inherit it.
        }

        _token = _threads.Watch(socket.SafeHandle, this);
        _socket = socket; // Last: a door that could not open all the way is still to be opened.
        return socket;
    }

    private void LeaveSocket(bool dispose)
    {
        if (_socket is { } socket)
        {
            _threads.Forget(_token);
            _socket = null;
            if (dispose)
            {
                socket.Dispose();
            }
        }
    }

    private static Channel<ConnectionContext> Sorted() => Channel.CreateUnbounded<ConnectionContext>(new UnboundedChannelOptions { SingleReader = true });

    private async Task AcceptAsync()
    {
        while (Volatile.Read(ref _closed) == 0)
        {
            try
            {
                if (_socket is { } socket && StreamSocket.Accept(socket.SafeHandle) is { } accepted)
                {
                    Admit(accepted);
                    continue;
                }

                await _arrival.WaitAsync();
            }
            catch (ObjectDisposedException)
            {
                // Closed in the middle of a call: the end of accepting, or a pause, not an error.
            }
            catch (Exception failure)
            {
                // This caller went away before it was accepted, or descriptors or memory ran out; the next one may do better. A door that stopped
                // accepting would look open.
                _faults.Write(failure);
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
                Traffic.CountTurnedAway();
                return;
            }

            connection = new SocketConnection(accepted, _segments, _threads, _local, place, _open, Traffic, _senders);
        }
        catch
        {
            place?.Leave();
            accepted.Dispose();
            throw;
        }

        Traffic.CountAccepted();
        _ = GreetAsync(connection);
    }

    private async Task GreetAsync(SocketConnection connection)
    {
        (ConnectionContext Connection, Wire Speaks)? greeted = null;
        try
        {
            greeted = await _greeting.GreetAsync(connection, _closing.Token);
        }
        catch (Exception ended) when (ended is OperationCanceledException or IOException)
        {
            // Too slow, reset, or this side is closing.
        }
        catch (Exception failure)
        {
            _faults.Write(failure); // Whatever it was, this connection is cut, and its place is free again.
        }

        if (greeted is not { } guest)
        {
            if (connection.Place.IsTurnedAway)
            {
                Traffic.CountTurnedAway();
            }

            await CutAsync(connection, "the connection did not say what it speaks");
        }
        else if (!connection.Place.TryIdentify(guest.Connection.Features.GetRequiredFeature<Arrival>().Caller) || !connection.Place.TryAttach(guest.Connection))
        {
            Traffic.CountTurnedAway();
            await CutAsync(guest.Connection, "too many connections, or its caller is outside");
        }
        else if (guest.Speaks == Wire.Http2 && !CarriesCalls(connection))
        {
            await CutAsync(guest.Connection, "its socket cannot be watched");
        }
        else if (!(guest.Speaks == Wire.Http2 ? _http2 : _http1).Writer.TryWrite(guest.Connection))
        {
            await CutAsync(guest.Connection, "the listener is closing");
        }
    }

    private bool CarriesCalls(SocketConnection connection)
    {
        try
        {
            connection.CarryCalls();
            return true;
        }
        catch (PosixException failure)
        {
            _faults.Write(failure); // Out of memory, or of what the kernel lets one user watch.
            return false;
        }
    }

    private static async Task CutAsync(ConnectionContext connection, string reason)
    {
        connection.Abort(new ConnectionAbortedException(reason));
        await connection.DisposeAsync();
    }
}
