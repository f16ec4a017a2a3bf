using EdgeDaemon.Core.Audit.Segments;

namespace EdgeDaemon.Ctl.Audit;

/// <summary>What lies where the next frame of a segment would begin.</summary>
internal enum FrameFound
{
    /// <summary>A whole frame: the present one from now on.</summary>
    Frame,

    /// <summary>Zeros: nothing yet, or nothing any more.</summary>
    End,

    /// <summary>Something that is no whole frame: a batch that is being written, was torn or given up; or damage.</summary>
    Unfinished,
}

/// <summary>
/// Goes from frame to frame of one segment, by checksum and sequence. The file may grow meanwhile; what was read of it before is read again when asked to
/// (<see cref="Forget"/>).
/// </summary>
internal sealed class SegmentCursor(SpoolSegment segment)
{
    /// <summary>Bytes read at once; holds any frame.</summary>
    private const int BufferBytes = 1 << 20;

    private readonly byte[] _buffer = new byte[BufferBytes];
    private uint _checksum = SegmentHeader.ChecksumOf(segment.HeaderBytes);
    private long _filledAt;
    private int _filled;
    private int _frame;

    public SpoolSegment Segment => segment;

    /// <summary>Where the next frame begins, in bytes.</summary>
    public long Offset { get; private set; } = SegmentHeader.Length;

    /// <summary>Sequence of the next frame.</summary>
    public long Next { get; private set; } = (long)segment.Header.FirstSequence;

    /// <summary>The present frame with its header and its padding. Valid until the next call.</summary>
    public ReadOnlySpan<byte> Present => _buffer.AsSpan((int)(Offset - _filledAt) - _frame, _frame);

    /// <summary>Where the present frame begins, in bytes.</summary>
    public long PresentOffset => Offset - _frame;

    /// <param name="limit">Sequence at which the segment ends, because the next one begins with it; <see cref="long.MaxValue"/> where none is known.</param>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public FrameFound Read(long limit)
    {
        ReadOnlySpan<byte> head = Ahead(Frame.HeaderBytes);
        int length = head.Length < Frame.HeaderBytes ? 0 : Frame.Length(head);
        if (Next >= limit || (length == 0 && head.IndexOfAnyExcept((byte)0) < 0))
        {
            return FrameFound.End;
        }

        if (length is < 1 or > Frame.LongestRecord)
        {
            return FrameFound.Unfinished;
        }

        int total = Frame.TotalBytes(length);
        ReadOnlySpan<byte> frame = Ahead(total);
        if (frame.Length < total || Frame.Sequence(frame) != (ulong)Next || Checksum.Append(_checksum, frame[sizeof(uint)..]) != Frame.ChecksumOf(frame))
        {
            return FrameFound.Unfinished;
        }

        _checksum = Frame.ChecksumOf(frame);
        Offset += total;
        _frame = total;
        Next++;
        return FrameFound.Frame;
    }

    /// <summary>What was read ahead does not count any more: the next frame is looked for in the file as it is then.</summary>
    public void Forget() => _filled = 0;

    private ReadOnlySpan<byte> Ahead(int count)
    {
        if (Offset < _filledAt || Offset + count > _filledAt + _filled)
        {
            _filledAt = Offset;
            _filled = segment.Read(_buffer, Offset);
        }

        int from = (int)(Offset - _filledAt);
        return _buffer.AsSpan(from, Math.Min(count, _filled - from));
    }
}
