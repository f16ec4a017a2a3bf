using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;

namespace EdgeDaemon.Listeners;

/// <summary>
/// One accepted socket: a loop that receives into one pipe and a loop that sends from another. The server works on the pipes'
/// other ends, on the very thread that received: a small request passes from socket to socket without changing threads.
/// </summary>
internal sealed class UnixConnection : ConnectionContext
{
    private const int InputLimit = 1 << 20;
    private const int OutputLimit = 64 * 1024;

    // Reads below a quarter of the block, this many in a row, make the next block smaller.
    private const int SmallReadsToShrink = 16;

    private readonly Socket _socket;
    private readonly Pipe _input;
    private readonly Pipe _output;
    private readonly CancellationTokenSource _closed = new();
    private readonly Lock _shutdown = new();
    private Exception? _shutdownReason;
    private bool _socketClosed;
    private Task _receiving = Task.CompletedTask;
    private Task _sending = Task.CompletedTask;

    public UnixConnection(Socket socket, SegmentPool segments, EndPoint local)
    {
        _socket = socket;
        LocalEndPoint = local;

        // Completions of sockets arrive on the thread pool already; inline from there saves a second hand-over.
        _input = new Pipe(new PipeOptions(
            segments, PipeScheduler.Inline, PipeScheduler.ThreadPool, InputLimit, InputLimit / 2, SegmentPool.Smallest, useSynchronizationContext: false));
        _output = new Pipe(new PipeOptions(
            segments, PipeScheduler.Inline, PipeScheduler.ThreadPool, OutputLimit, OutputLimit / 2, SegmentPool.Smallest, useSynchronizationContext: false));
        Transport = new Duplex(_input.Reader, _output.Writer);
        ConnectionClosed = _closed.Token;
        Features = new FeatureCollection();
        Features.Set<IMemoryPoolFeature>(new Pool(segments));
    }

    public override IDuplexPipe Transport { get; set; }

    public override string ConnectionId { get; set; } = Guid.NewGuid().ToString("N");

    public override IFeatureCollection Features { get; }

    public override IDictionary<object, object?> Items { get; set; } = new ConnectionItems();

    public void Start()
    {
        // The first receive waits in its own work item: accepting must go on.
        _receiving = Task.Run(ReceiveAsync);
        _sending = SendAsync();
    }

    public override void Abort(ConnectionAbortedException abortReason)
    {
        Shutdown(abortReason);
        _output.Reader.CancelPendingRead();
    }

    public override async ValueTask DisposeAsync()
    {
        await Transport.Input.CompleteAsync();
        await Transport.Output.CompleteAsync();
        await _receiving;
        await _sending;
        SignalClosed();
        _closed.Dispose();
        await base.DisposeAsync();
    }

    private async Task ReceiveAsync()
    {
        Exception? error = null;
        bool halfClosed = false;
        int block = SegmentPool.Smallest;
        int smallReads = 0;
        try
        {
            while (true)
            {
                Memory<byte> buffer = _input.Writer.GetMemory(block);
                int received = await _socket.ReceiveAsync(buffer, SocketFlags.None);
                if (received == 0)
                {
                    halfClosed = true;
                    break; // The other side has finished sending, and may still wait for its answer.
                }

                // A full block means more is coming: take it in fewer, larger reads. Small ones give the memory back.
                if (received == buffer.Length && block < SegmentPool.Largest)
                {
                    block *= 4;
                    smallReads = 0;
                }
                else if (block > SegmentPool.Smallest && received < block / 4 && ++smallReads == SmallReadsToShrink)
                {
                    block /= 4;
                    smallReads = 0;
                }

                _input.Writer.Advance(received);
                FlushResult flushed = await _input.Writer.FlushAsync();
                if (flushed.IsCompleted || flushed.IsCanceled)
                {
                    break; // The server wants no more.
                }
            }
        }
        catch (SocketException failure) when (failure.SocketErrorCode is SocketError.ConnectionReset or SocketError.Shutdown or SocketError.ConnectionAborted)
        {
            error = new ConnectionResetException(failure.Message, failure);
        }
        catch (Exception failure) when (failure is SocketException or ObjectDisposedException)
        {
            error = _shutdownReason ?? failure;
        }
        finally
        {
            await _input.Writer.CompleteAsync(_shutdownReason ?? error);
            if (!halfClosed)
            {
                ThreadPool.UnsafeQueueUserWorkItem(static connection => connection.SignalClosed(), this, preferLocal: false);
            }
        }
    }

    private async Task SendAsync()
    {
        Exception? reason = null;
        Exception? unexpected = null;
        try
        {
            while (true)
            {
                ReadResult result = await _output.Reader.ReadAsync();
                if (result.IsCanceled)
                {
                    break;
                }

                ReadOnlySequence<byte> buffer = result.Buffer;
                foreach (ReadOnlyMemory<byte> segment in buffer)
                {
                    for (ReadOnlyMemory<byte> rest = segment; !rest.IsEmpty;)
                    {
                        rest = rest[await _socket.SendAsync(rest, SocketFlags.None)..];
                    }
                }

                _output.Reader.AdvanceTo(buffer.End);
                if (result.IsCompleted)
                {
                    break;
                }
            }
        }
        catch (SocketException failure)
        {
            reason = new ConnectionResetException(failure.Message, failure);
        }
        catch (ObjectDisposedException failure)
        {
            reason = failure;
        }
        catch (Exception failure)
        {
            reason = failure;
            unexpected = failure;
        }
        finally
        {
            Shutdown(reason);
            await _output.Reader.CompleteAsync(unexpected);
            _input.Writer.CancelPendingFlush();
        }
    }

    private void Shutdown(Exception? reason)
    {
        lock (_shutdown)
        {
            if (_socketClosed)
            {
                return;
            }

            _socketClosed = true;
            _shutdownReason = reason ?? new ConnectionAbortedException("the connection was closed by this side");
            try
            {
                // What was sent is still delivered; a receive that waits here ends.
                _socket.Shutdown(SocketShutdown.Both);
            }
            catch (SocketException)
            {
                // Already gone.
            }

            _socket.Dispose();
        }
    }

    private void SignalClosed()
    {
        try
        {
            _closed.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // Disposed meanwhile: everybody knows.
        }
    }

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    private sealed record Pool(MemoryPool<byte> MemoryPool) : IMemoryPoolFeature;
}
