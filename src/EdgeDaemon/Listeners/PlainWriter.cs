using System.Buffers;
using System.Runtime.CompilerServices;
using EdgeDaemon.Native.Posix;

namespace EdgeDaemon.Listeners;

/// <summary>Sends what is flushed as it is. A small answer to a call may be left to the thread where its caller is at home; what is flushed behind it waits until it has gone.</summary>
internal sealed class PlainWriter(SocketConnection connection) : ConnectionWriter(connection)
{
    private readonly Lock _order = new();
    private IMemoryOwner<byte>? _left;
    private ReadOnlyMemory<byte> _leftBytes;
    private Task? _leftGoes; // Null while nobody waits for room for it.
    private bool _ended;

    public override bool IsBehind => Volatile.Read(ref _left) is not null;

    /// <summary>Gives the socket what was left, unless somebody has meanwhile; for the thread that it was left to.</summary>
    public void GiveLeft()
    {
        lock (_order)
        {
            if (_left is null || _leftGoes is not null)
            {
                return;
            }

            Task goes = GoAsync();
            if (!goes.IsCompleted)
            {
                _leftGoes = goes;
            }
        }
    }

    public override ValueTask LeftGoneAsync()
    {
        lock (_order)
        {
            GiveLeft();
            return _leftGoes is { } goes ? new ValueTask(goes) : default;
        }
    }

    protected override bool TryLeave(IMemoryOwner<byte> block, ReadOnlyMemory<byte> bytes)
    {
        if (bytes.Length > SegmentPool.Smallest)
        {
            return false; // A large one wakes its caller once, too, but would hold a large block.
        }

        lock (_order)
        {
            if (_ended || !Connection.TryLeaveAnswer())
            {
                return false;
            }

            (_left, _leftBytes) = (block, bytes);
            return true;
        }
    }

    protected override void EndLeft()
    {
        lock (_order)
        {
            _ended = true;
            GiveLeft();
        }
    }

    protected override ValueTask GiveAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancel)
    {
        try
        {
            int sent = Connection.Send(bytes.Span);
            return sent == bytes.Length ? default : GiveRestAsync(bytes[Math.Max(sent, 0)..], cancel);
        }
        catch (PosixException failure)
        {
            return ValueTask.FromException(Connection.Lost(failure));
        }
    }

    // The caller reads more slowly than it asks.
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask GiveRestAsync(ReadOnlyMemory<byte> rest, CancellationToken cancel)
    {
        try
        {
            while (!rest.IsEmpty)
            {
                int sent = Connection.Send(rest.Span);
                if (sent == StreamSocket.WouldWait)
                {
                    await Connection.RoomAsync(cancel);
                }
                else
                {
                    rest = rest[sent..];
                }
            }
        }
        catch (PosixException failure)
        {
            throw Connection.Lost(failure);
        }
    }

    // Under the lock, until it has to wait.
    private async Task GoAsync()
    {
        try
        {
            await GiveAsync(_leftBytes, CancellationToken.None);
        }
        catch (Exception gone) when (gone is IOException or ObjectDisposedException)
        {
            // Whom it concerns was told that the socket failed, and who flushes next fails in turn.
        }
        finally
        {
            lock (_order)
            {
                _left!.Dispose();
                (_left, _leftBytes, _leftGoes) = (null, default, null);
            }
        }
    }
}
