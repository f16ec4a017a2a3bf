using System.Buffers;
using System.IO.Pipelines;

namespace EdgeDaemon.Listeners;

/// <summary>
/// What the server reads from a connection without TLS: straight from the socket into blocks of the pool, when the server wants it and not before. No block is held while
/// nothing arrives: an idle caller costs no memory, and its last bytes lie nowhere. The end comes by itself, behind the last byte, never with it: the server takes an end that
/// it sees together with a body of stated length for a body that ended early. One reader at a time; cancelling and completing may come from another thread.
/// </summary>
internal sealed partial class PlainReader(SocketConnection connection) : PipeReader
{
    // Reads below a quarter of the block, this many in a row, make the next block smaller.
    private const int SmallReadsToShrink = 16;

    // Less than this at a block's end is left: a new one takes more in one call.
    private const int LeastRoom = SegmentPool.Smallest / 4;

    private readonly Lock _ending = new(); // This connection's alone.
    private ReceivedBlock? _first;
    private ReceivedBlock? _last;
    private ReceivedBlock? _spare;
    private int _consumed;
    private int _blockSize = SegmentPool.Smallest;
    private int _smallReads;
    private bool _isExamined = true;
    private bool _ended;
    private bool _isReceiving;
    private volatile bool _isCancelled;
    private volatile bool _isCompleted;

    public override bool TryRead(out ReadResult result)
    {
        ObjectDisposedException.ThrowIf(_isCompleted, this);
        if (_isCancelled)
        {
            _isCancelled = false;
            result = Shown(isCancelled: true);
            return true;
        }

        if (!_isExamined || _ended || (connection.MayReceive() && Receive()))
        {
            result = Shown(isCancelled: false);
            return true;
        }

        result = default;
        return false;
    }

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<ReadResult>(cancellationToken);
        }

        try
        {
            return TryRead(out ReadResult result) ? ValueTask.FromResult(result) : WaitAsync(cancellationToken);
        }
        catch (Exception gone) when (gone is IOException or OperationCanceledException)
        {
            return ValueTask.FromException<ReadResult>(gone);
        }
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        if (_last is null)
        {
            return; // Nothing was shown.
        }

        // Not the positions: one place in two blocks has two.
        _isExamined = examined.GetObject() == _last && examined.GetInteger() == _last.Memory.Length;
        while (_first is { } first)
        {
            bool isHere = first == consumed.GetObject();
            if (isHere && consumed.GetInteger() < first.Memory.Length)
            {
                _consumed = consumed.GetInteger();
                return;
            }

            _first = first.NextBlock;
            _consumed = 0;
            GiveBack(first);
            if (isHere)
            {
                break;
            }
        }

        if (_first is null)
        {
            _last = null;
        }
    }

    public override void CancelPendingRead()
    {
        _isCancelled = true;
        connection.WakeReader();
    }

    public override void Complete(Exception? exception = null)
    {
        lock (_ending)
        {
            _isCompleted = true;
            if (!_isReceiving)
            {
                Drop();
            }
        }
    }

    private ReadResult Shown(bool isCancelled) =>
        new(_first is { } first ? new ReadOnlySequence<byte>(first, _consumed, _last!, _last!.Memory.Length) : default, isCancelled, _ended);

    // False when nothing has arrived.
    private bool Receive()
    {
        lock (_ending)
        {
            ObjectDisposedException.ThrowIf(_isCompleted, this);
            _isReceiving = true;
        }

        try
        {
            return Take();
        }
        finally
        {
            lock (_ending)
            {
                _isReceiving = false;
                if (_isCompleted)
                {
                    Drop(); // Ended meanwhile: a block that the socket still writes is nobody else's.
                }
            }
        }
    }

    private bool Take()
    {
        ReceivedBlock? tail = _last is { } last && last.Room >= LeastRoom ? last : null;
        ReceivedBlock into = tail ?? Rent();
        int received = 0;
        try
        {
            int room = into.Room;
            received = connection.Receive(into.Free);
            if (received > 0)
            {
                Fit(received, room);
                into.Wrote(received);
                _isExamined = false;
                if (tail is null)
                {
                    Append(into);
                }

                return true;
            }

            _ended = received == 0;
            return _ended;
        }
        finally
        {
            if (received <= 0 && tail is null)
            {
                GiveBack(into);
            }
        }
    }

    // A full block means more is coming: take it in fewer, larger reads. Small ones give the memory back.
    private void Fit(int received, int room)
    {
        if (received == room && _blockSize < SegmentPool.Largest)
        {
            _blockSize *= 4;
            _smallReads = 0;
        }
        else if (_blockSize > SegmentPool.Smallest && received < _blockSize / 4 && ++_smallReads == SmallReadsToShrink)
        {
            _blockSize /= 4;
            _smallReads = 0;
        }
    }

    private void Append(ReceivedBlock block)
    {
        if (_last is { } last)
        {
            last.Follow(block);
        }
        else
        {
            _first = block;
            _consumed = 0;
        }

        _last = block;
    }

    private ReceivedBlock Rent()
    {
        ReceivedBlock block = _spare ?? new ReceivedBlock();
        _spare = null;
        block.Begin(connection.Segments.RentExact(_blockSize));
        return block;
    }

    private void GiveBack(ReceivedBlock block)
    {
        block.End();
        _spare = block;
    }

    private void Drop()
    {
        for (ReceivedBlock? block = _first; block is not null;)
        {
            ReceivedBlock? next = block.NextBlock;
            block.End();
            block = next;
        }

        _first = null;
        _last = null;
    }
}
