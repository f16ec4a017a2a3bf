using System.Buffers;
using System.IO.Pipelines;

namespace EdgeDaemon.Listeners;

/// <summary>
/// What the server writes to a connection, kept in blocks of the pool until it is flushed, then given straight to the socket. Whoever flushes waits until the socket
/// has taken it: a caller that does not read makes its own request wait. A small one may be left to another thread, and whoever flushes next waits for that one, too. One writer at a time; an end may come from another thread.
/// </summary>
internal abstract class ConnectionWriter(SocketConnection connection) : PipeWriter
{
    private const int Idle = 0;
    private const int Flushing = 1;
    private const int Completed = 2;

    private readonly List<(IMemoryOwner<byte> Owner, int Written)> _full = [];
    private IMemoryOwner<byte>? _block;
    private Memory<byte> _memory;
    private int _written;
    private long _unflushed;
    private Exception? _broken;
    private int _state;

    public sealed override bool CanGetUnflushedBytes => true;

    public sealed override long UnflushedBytes => _unflushed;

    protected SocketConnection Connection => connection;

    /// <summary>Something was left that has not gone yet.</summary>
    public virtual bool IsBehind => false;

    public sealed override void Advance(int bytes)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)bytes, (uint)(_memory.Length - _written));
        _written += bytes;
        _unflushed += bytes;
    }

    public sealed override Memory<byte> GetMemory(int sizeHint = 0)
    {
        Provide(sizeHint);
        return _memory[_written..];
    }

    public sealed override Span<byte> GetSpan(int sizeHint = 0)
    {
        Provide(sizeHint);
        return _memory.Span[_written..];
    }

    public sealed override void CancelPendingFlush()
    {
        // What is being written is torn then, and nothing can follow it.
        if (Volatile.Read(ref _state) == Flushing)
        {
            connection.Close();
        }
    }

    public sealed override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        if (Interlocked.CompareExchange(ref _state, Flushing, Idle) == Completed)
        {
            return ValueTask.FromResult(new FlushResult(isCanceled: false, isCompleted: true));
        }

        if (_broken is not null)
        {
            Settle();
            return ValueTask.FromResult(new FlushResult(isCanceled: false, isCompleted: true));
        }

        if (IsBehind)
        {
            return EndFlushAsync(LeftGoneAsync(), restWaits: true, cancellationToken);
        }

        // Nearly every answer is one block, which the socket takes at once.
        if (_full.Count == 0)
        {
            if (_written > 0 && TryLeave(_block!, _memory[.._written]))
            {
                _block = null;
                Settle();
                return ValueTask.FromResult(new FlushResult(isCanceled: false, isCompleted: false));
            }

            ValueTask written = _written > 0 ? GiveAsync(_memory[.._written], cancellationToken) : default;
            if (written.IsCompletedSuccessfully)
            {
                Settle();
                return ValueTask.FromResult(new FlushResult(isCanceled: false, isCompleted: false));
            }

            return EndFlushAsync(written, restWaits: false, cancellationToken);
        }

        return EndFlushAsync(default, restWaits: true, cancellationToken);
    }

    public sealed override void Complete(Exception? exception = null)
    {
        // Nobody can wait here: what was not flushed is not sent, and the caller sees a connection that broke off.
        if (TryEnd(out _))
        {
            EndLeft();
            connection.Close();
        }
    }

    public sealed override async ValueTask CompleteAsync(Exception? exception = null)
    {
        // A flush that is under way is not waited for: its caller may never read.
        if (exception is null && Volatile.Read(ref _state) == Idle)
        {
            await FlushAsync();
        }

        if (!TryEnd(out bool torn))
        {
            return;
        }

        EndLeft();
        if (exception is null && !torn && _broken is null)
        {
            SayEnd();
            connection.LingerAfterCalls();
        }

        connection.Close();
    }

    /// <summary>Ends when the socket has taken all of it.</summary>
    /// <exception cref="IOException">The connection is gone.</exception>
    protected abstract ValueTask GiveAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancel);

    /// <summary>Ends when what was left has gone.</summary>
    public virtual ValueTask LeftGoneAsync() => default;

    /// <summary>Leaves a flush to another thread, and its block with it.</summary>
    protected virtual bool TryLeave(IMemoryOwner<byte> block, ReadOnlyMemory<byte> bytes) => false;

    /// <summary>Gives what was left, waiting for nobody, and leaves nothing from now on.</summary>
    protected virtual void EndLeft()
    {
    }

    /// <summary>What is said behind the last byte, waiting for nobody.</summary>
    protected virtual void SayEnd()
    {
    }

    private async ValueTask<FlushResult> EndFlushAsync(ValueTask begun, bool restWaits, CancellationToken cancel)
    {
        try
        {
            await begun;
            if (restWaits)
            {
                for (int i = 0; i < _full.Count; i++)
                {
                    await GiveAsync(_full[i].Owner.Memory[.._full[i].Written], cancel);
                }

                if (_written > 0)
                {
                    await GiveAsync(_memory[.._written], cancel);
                }
            }

            return new FlushResult(isCanceled: false, isCompleted: false);
        }
        catch (Exception gone) when (gone is OperationCanceledException or IOException or ObjectDisposedException)
        {
            _broken = gone;
            return new FlushResult(isCanceled: gone is OperationCanceledException, isCompleted: true);
        }
        finally
        {
            Settle();
        }
    }

    private void Provide(int sizeHint)
    {
        if (Volatile.Read(ref _state) == Completed)
        {
            throw new InvalidOperationException("the connection's output was completed");
        }

        if (_block is { } block)
        {
            if (_memory.Length - _written >= Math.Max(sizeHint, 1))
            {
                return;
            }

            _full.Add((block, _written));
        }

        _block = connection.Segments.Rent(Math.Clamp(sizeHint, SegmentPool.Smallest, SegmentPool.Largest));
        _memory = _block.Memory;
        _written = 0;
    }

    // Blocks that a flush still reads are its own to give back: they would be another caller's, whose bytes then went out here.
    private bool TryEnd(out bool torn)
    {
        int before = Interlocked.Exchange(ref _state, Completed);
        torn = before == Flushing;
        if (before == Idle)
        {
            Drop();
        }

        return before != Completed;
    }

    private void Settle()
    {
        Drop();
        Interlocked.CompareExchange(ref _state, Idle, Flushing);
    }

    private void Drop()
    {
        foreach ((IMemoryOwner<byte> owner, int _) in _full)
        {
            owner.Dispose();
        }

        _full.Clear();
        _block?.Dispose();
        _block = null;
        _memory = default;
        _written = 0;
        _unflushed = 0;
    }
}
