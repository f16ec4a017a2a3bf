using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using EdgeDaemon.Admission;
using EdgeDaemon.Monitoring;
using EdgeDaemon.Native.Posix;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;

namespace EdgeDaemon.Listeners;

/// <summary>
/// One accepted socket. Whoever reads and writes it waits here: <see cref="PlainReader"/> and <see cref="PlainWriter"/>, or <see cref="TlsStream"/>. The server goes on
/// on the very thread that learned that something has arrived.
/// </summary>
internal sealed partial class SocketConnection : ConnectionContext, ISocketOwner
{
    private readonly StreamSocket _socket;
    private readonly SocketThreads _threads;
    private readonly OpenConnections _open;
    private readonly SenderCheck? _senders;
    private readonly PeerCredentials _peer;
    private readonly DoorTraffic _traffic;
    private readonly ulong _token;
    private readonly ReadySignal _arrival = new();
    private readonly ReadySignal _room = new();
    private readonly SegmentPool _segments;
    private readonly CancellationTokenSource _closed = new();
    private volatile Exception? _shutdownReason;
    private int _isShutDown;
    private volatile bool _inputEnds;
    private volatile bool _answerWaits;
    private bool _onPool;
    private PlainWriter? _writer; // null: not as they are

    /// <param name="socket">Accepted.</param>
    /// <param name="segments">Memory of what arrives and leaves.</param>
    /// <param name="threads">Where it is worked on.</param>
    /// <param name="local">The listener's address.</param>
    /// <param name="place">Among those that there may be.</param>
    /// <param name="open">Those that there are.</param>
    /// <param name="traffic">What goes through its listener.</param>
    /// <param name="senders">Judges each piece of data; null where the kernel does not say whose it is (TCP).</param>
    public SocketConnection(StreamSocket socket, SegmentPool segments, SocketThreads threads, EndPoint local, ConnectionPlace place, OpenConnections open, DoorTraffic traffic, SenderCheck? senders = null)
    {
        if (senders is not null)
        {
            // The listening socket asks already; not for those who connected before it did.
            StreamSocket.AskForSenders(socket);
            _peer = socket.Peer();
            _lastSender = _peer.Process;
            _senders = senders;
        }

        Place = place;
        _open = open;
        _traffic = traffic;
        _socket = socket;
        _threads = threads;
        _segments = segments;
        LocalEndPoint = local;
        ConnectionClosed = _closed.Token;
        Features = new FeatureCollection();
        Features.Set<IMemoryPoolFeature>(new Pool(segments));
        Features.Set(Requests);
        Features.Set(this);
        _token = threads.Watch(socket, this);
        open.Add(this);
    }

    public StreamSocket Socket => _socket;

    public RunningRequests Requests { get; } = new();

    /// <summary>Bytes for the caller are there that it has not made room for.</summary>
    public bool AnswerWaits => _answerWaits;

    public SegmentPool Segments => _segments;

    /// <summary>Who made the connection; Unix sockets only.</summary>
    public PeerCredentials Peer => _peer;

    /// <summary>Not before <see cref="Start"/>.</summary>
    public override IDuplexPipe Transport { get; set; } = null!;

    /// <summary>Among those that there may be; left when the socket is closed.</summary>
    public ConnectionPlace Place { get; }

    public override string ConnectionId { get; set; } = Guid.NewGuid().ToString("N");

    public override IFeatureCollection Features { get; }

    public override IDictionary<object, object?> Items { get; set; } = new ConnectionItems();

    /// <summary>Its bytes are taken and given as they are.</summary>
    public void Start()
    {
        if (_senders is not null && _threads.Places > 1)
        {
            _home = new CallerHome(_threads.Cores);
        }

        _writer = new PlainWriter(this);
        Transport = new Duplex(new PlainReader(this), _writer);
    }

    /// <summary>It speaks HTTP/2. To be called before anything is written.</summary>
    public void CarryCalls()
    {
        _onPool = true;
        _home = _home is null ? null : new CallerHome(_threads.CallCores);
        _threads.HandToPool(_socket, _token);
    }

    public void OnReady(Readiness readiness)
    {
        if (readiness == Readiness.None)
        {
            _writer?.GiveLeft();
            return;
        }

        // Whoever waits for room is short of work; whoever waits for input may start an inference.
        if ((readiness & ~(Readiness.Input | Readiness.InputEnds)) != 0)
        {
            _room.Set();
        }

        if ((readiness & ~Readiness.Output) != 0)
        {
            if ((readiness & ~(Readiness.Input | Readiness.Output)) != 0)
            {
                _inputEnds = true; // Never written otherwise: calls overlap, and one that knows of no end must not undo another's. It is reported once.
            }

            _arrival.Set();
        }

        if ((readiness & (Readiness.HungUp | Readiness.Error)) != 0)
        {
            QueueSignalClosed(); // Nobody will read the answer: a request that still waits for its turn need not.
        }
    }

    public override void Abort(ConnectionAbortedException abortReason) => ShutDown(abortReason);

    public override async ValueTask DisposeAsync()
    {
        if (_writer is not null)
        {
            await Transport.Input.CompleteAsync();
            await _writer.CompleteAsync();
            await _writer.LeftGoneAsync(); // Its block is given back before nobody is told any more that there is room, or none ever.
        }

        if (_lingers)
        {
            await LingerAsync();
        }

        // Only now: a descriptor that is closed under a call is soon another caller's.
        _threads.Forget(_token);
        _socket.Dispose();
        _open.Remove(this);
        Place.Leave();
        _traffic.CountClosed();
        SignalClosed();
        _closed.Dispose();
        await base.DisposeAsync();
    }

    private void ShutDown(Exception? reason)
    {
        if (Interlocked.Exchange(ref _isShutDown, 1) == 0)
        {
            _shutdownReason = reason ?? new ConnectionAbortedException("the connection was closed by this side");

            if (_lingers)
            {
                _socket.EndSending();
                _arrival.Set(); // Readiness would not wake whoever waits.
                _room.Set();
                return;
            }

            // Whoever waits on this socket is woken by its readiness, finds it ended, and ends.
            _socket.ShutDown();
        }
    }

    private void QueueSignalClosed() =>
        ThreadPool.UnsafeQueueUserWorkItem(static connection => connection.SignalClosed(), this, preferLocal: false);

    private void SignalClosed()
    {
        try
        {
            _closed.Cancel();
        }
        catch (Exception failed) when (failed is ObjectDisposedException or AggregateException)
        {
            // Disposed meanwhile: everybody knows. Or somebody who was told broke over it, which is nobody else's end.
        }
    }

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    private sealed record Pool(MemoryPool<byte> MemoryPool) : IMemoryPoolFeature;
}
