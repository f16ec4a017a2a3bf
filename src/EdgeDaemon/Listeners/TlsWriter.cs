using System.Buffers;
using System.IO.Pipelines;

namespace EdgeDaemon.Listeners;

/// <summary>
/// What the server writes, kept in blocks of the pool until it is flushed, then encrypted record by record straight to the socket. Whoever flushes waits until the socket
/// has taken it: a caller that does not read makes its own request wait.
/// </summary>
internal sealed class TlsWriter(TlsStream tls, SocketConnection connection) : PipeWriter
{
    private readonly List<(IMemoryOwner<byte> Owner, int Written)> _full = [];
    private readonly Lock _ending = new(); // This connection's alone.
    private IMemoryOwner<byte>? _block;
    private int _written;
    private long _unflushed;
    private Exception? _broken;
    private volatile bool _completed;
    private volatile bool _flushing;

    public override bool CanGetUnflushedBytes => true;

    public override long UnflushedBytes => _unflushed;

    public override void Advance(int bytes)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)bytes, (uint)((_block?.Memory.Length ?? 0) - _written));
        _written += bytes;
        _unflushed += bytes;
    }

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        if (_completed)
        {
            throw new InvalidOperationException("the connection's output was completed");
        }

        if (_block is { } block)
        {
            if (block.Memory.Length - _written >= Math.Max(sizeHint, 1))
            {
                return block.Memory[_written..];
            }

            _full.Add((block, _written));
        }

        _block = connection.Segments.Rent(Math.Clamp(sizeHint, SegmentPool.Smallest, SegmentPool.Largest));
        _written = 0;
        return _block.Memory;
    }

    public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    public override void CancelPendingFlush()
    {
        // The record that is being written is torn then, and nothing can follow it.
        if (_flushing)
        {
            connection.Close();
        }
    }

    public override async ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        lock (_ending)
        {
            if (_completed || _broken is not null)
            {
                Drop();
                return new FlushResult(isCanceled: false, isCompleted: true);
            }

            _flushing = true;
        }

        try
        {
            for (int i = 0; i < _full.Count; i++)
            {
                await tls.WriteAsync(_full[i].Owner.Memory[.._full[i].Written], cancellationToken);
            }

            if (_written > 0)
            {
                await tls.WriteAsync(_block!.Memory[.._written], cancellationToken);
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
            lock (_ending)
            {
                _flushing = false;
                Drop();
            }
        }
    }

    public override void Complete(Exception? exception = null)
    {
        // Nobody can wait here: what was not flushed is not sent, and the caller sees a connection that broke off.
        if (TryEnd())
        {
            connection.Close();
        }
    }

    public override async ValueTask CompleteAsync(Exception? exception = null)
    {
        if (_completed)
        {
            return;
        }

        // A flush that is under way is not waited for: its caller may never read.
        bool orderly = exception is null && !_flushing;
        if (orderly)
        {
            await FlushAsync();
        }

        if (!TryEnd())
        {
            return;
        }

        if (orderly && _broken is null)
        {
            tls.SayEnd();
            connection.LingerAfterCalls();
        }

        connection.Close();
    }

    // Blocks that a flush still reads are its own to give back: they would be another caller's, whose bytes then went out here.
    private bool TryEnd()
    {
        lock (_ending)
        {
            if (_completed)
            {
                return false;
            }

            _completed = true;
            if (!_flushing)
            {
                Drop();
            }

            return true;
        }
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
        _written = 0;
        _unflushed = 0;
    }
}
