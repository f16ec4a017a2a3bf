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
/// One accepted socket: a loop that receives into one pipe and a loop that sends from another. The server works on the pipes'
/// other ends, on the very thread that received. Or, over TLS, no loops and no pipes: <see cref="TlsStream"/> reads and writes it.
/// </summary>
internal sealed partial class SocketConnection : ConnectionContext, ISocketOwner
{
    private const int InputLimit = 1 << 20;
    private const int OutputLimit = 64 * 1024;

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
    private Pipe? _input;
    private Pipe? _output;
    private readonly CancellationTokenSource _closed = new();
    private volatile Exception? _shutdownReason;
    private int _isShutDown;
    private volatile bool _inputEnds;
    private volatile bool _answerWaits;
    private bool _onPool;
    private bool _severalSend;
    private int _lastSender;
    private int _sends;
    private Task _receiving = Task.CompletedTask;
    private Task _sending = Task.CompletedTask;

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

    public void Start()
    {
        _input = new Pipe(new PipeOptions(
            _segments.ForExactWriter, PipeScheduler.Inline, PipeScheduler.ThreadPool, InputLimit, InputLimit / 2, SegmentPool.Smallest, useSynchronizationContext: false));
        _output = new Pipe(new PipeOptions(
            _segments, PipeScheduler.Inline, PipeScheduler.ThreadPool, OutputLimit, OutputLimit / 2, SegmentPool.Smallest, useSynchronizationContext: false));
        Transport = new Duplex(_input.Reader, _output.Writer);
        _sending = SendAsync(_output.Reader, _input.Writer);
        _receiving = ReceiveAsync(_input.Writer);
    }

    /// <summary>It speaks HTTP/2. To be called before anything is written.</summary>
    public void CarryCalls()
    {
        _onPool = true;
        _threads.HandToPool(_socket, _token);
    }

    public void OnReady(Readiness readiness)
    {
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

    public override void Abort(ConnectionAbortedException abortReason)
    {
        ShutDown(abortReason);
        _output?.Reader.CancelPendingRead();
    }

    public override async ValueTask DisposeAsync()
    {
        if (_input is not null && _output is not null)
        {
            await _input.Reader.CompleteAsync();
            await _output.Writer.CompleteAsync();
        }

        await _receiving;
        await _sending;
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
