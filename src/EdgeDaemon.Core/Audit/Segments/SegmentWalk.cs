using EdgeDaemon.Core.Audit.Records;

namespace EdgeDaemon.Core.Audit.Segments;

/// <summary>
/// Goes through one segment frame by frame in bounded memory: header, checksums, sequences, times that are times, padding. Knows neither tree nor keys: recovery
/// adds the first, the verifier both. A frame that does not hold ends the walk, and says which and why.
/// </summary>
public sealed class SegmentWalk
{
    private const int BufferBytes = 256 * 1024;

    private const string Damage = "this was not left by a power cut: keep a copy of the segment, and compare it with an export or a backup";

    private readonly ISegmentBytes _bytes;
    private readonly byte[] _buffer = new byte[BufferBytes];
    private int _start;
    private int _filled;
    private int _frame;

    /// <param name="bytes">The segment; not owned.</param>
    /// <exception cref="AuditFormatException">There is no header that holds.</exception>
    public SegmentWalk(ISegmentBytes bytes)
    {
        if (bytes.Length > SegmentHeader.LongestSegment)
        {
            // A file that is mostly a hole costs whoever made it nothing, and whoever reads all its zeros hours.
            throw new AuditFormatException($"a segment has at most {SegmentHeader.LongestSegment} bytes, and {bytes.Length} are there");
        }

        _bytes = bytes;
        Fill(SegmentHeader.Length);
        ReadOnlySpan<byte> header = _buffer.AsSpan(0, Math.Min(_filled, SegmentHeader.Length));
        Header = SegmentHeader.Read(header);
        HeaderDigest = SegmentHeader.Digest(header);
        Checksum = SegmentHeader.ChecksumOf(header);
        Sequence = Header.FirstSequence;
        Offset = SegmentHeader.Length;
        _start = SegmentHeader.Length;
    }

    public SegmentHeader Header { get; }

    /// <summary>SHA-256 of the header's bytes.</summary>
    public ReadOnlyMemory<byte> HeaderDigest { get; }

    /// <summary>What reports call the segment.</summary>
    public string Name => _bytes.Name;

    /// <summary>Where the next segment begins, if it is known: frames from that sequence on are not this log's any more. Set before the first step.</summary>
    public ulong Limit { get; set; } = ulong.MaxValue;

    /// <summary>Where the present frame begins; at the end, where the next one would.</summary>
    public long Offset { get; private set; }

    /// <summary>Sequence of the present frame; at the end, of the next one.</summary>
    public ulong Sequence { get; private set; }

    /// <summary>The present frame with its padding; valid until the next step.</summary>
    public ReadOnlySpan<byte> Frame => _buffer.AsSpan(_start, _frame);

    /// <summary>Where the present frame begins in <see cref="Memory"/>.</summary>
    internal int Start => _start;

    /// <summary>The walk's memory: earlier frames stay where they were until <see cref="BeforeMove"/>.</summary>
    internal ReadOnlySpan<byte> Memory => _buffer;

    /// <summary>Called before earlier frames leave <see cref="Memory"/>.</summary>
    internal Action? BeforeMove { get; set; }

    /// <summary>The rolling checksum up to and with the present frame: what an appended one goes on from.</summary>
    public uint Checksum { get; private set; }

    /// <summary>How the frames ended, once <see cref="Next"/> was false.</summary>
    public SegmentEnd End { get; private set; }

    /// <summary>Why the first bad frame does not hold, where the end is torn or damaged.</summary>
    public SpoolFault? Fault { get; private set; }

    /// <summary>Bytes from <see cref="Offset"/> up to the last that is not zero: what a cut would take away.</summary>
    public long TailBytes { get; private set; }

    /// <summary>Goes to the next frame; false at the end, whatever kind of end it is.</summary>
    public bool Next()
    {
        if (End != SegmentEnd.None)
        {
            return false;
        }

        if (_frame > 0)
        {
            _start += _frame;
            Offset += _frame;
            Sequence++;
            _frame = 0;
        }

        if (Sequence >= Limit || !Fill(Segments.Frame.HeaderBytes) || Segments.Frame.Length(_buffer.AsSpan(_start)) == 0)
        {
            Finish(null);
            return false;
        }

        ReadOnlySpan<byte> begin = _buffer.AsSpan(_start, Segments.Frame.HeaderBytes);
        if (!Segments.Frame.BeginsWell(begin))
        {
            Finish(Bad(SpoolFaultKind.Frame, "a frame's length is not possible"));
            return false;
        }

        int total = Segments.Frame.TotalBytes(Segments.Frame.Length(begin));
        if (!Fill(total))
        {
            Finish(Bad(SpoolFaultKind.Frame, "the segment ends within a frame"));
            return false;
        }

        ReadOnlySpan<byte> frame = _buffer.AsSpan(_start, total);
        uint checksum = Segments.Frame.Expected(Checksum, frame);
        if (Check(frame, checksum) is { } fault)
        {
            Finish(fault);
            return false;
        }

        Checksum = checksum;
        _frame = total;
        return true;
    }

    private SpoolFault? Check(ReadOnlySpan<byte> frame, uint checksum)
    {
        if (checksum != Segments.Frame.ChecksumOf(frame))
        {
            return Bad(SpoolFaultKind.Checksum, "a frame's checksum does not hold");
        }

        if (Segments.Frame.Sequence(frame) != Sequence)
        {
            return Bad(SpoolFaultKind.Sequence, $"a frame has sequence {Segments.Frame.Sequence(frame)}");
        }

        // Padding is in no leaf: anything there could be changed by whoever computes the checksums anew.
        if (frame[(Segments.Frame.HeaderBytes + Segments.Frame.Length(frame))..].IndexOfAnyExcept((byte)0) >= 0)
        {
            return Bad(SpoolFaultKind.Frame, "a frame's padding is not zero");
        }

        return Segments.Frame.Time(frame) is < 0 or > AuditTime.Last ? Bad(SpoolFaultKind.Time, "a frame's time is none") : null;
    }

    private SpoolFault Bad(SpoolFaultKind kind, string what) => new(kind, Name, Offset, Sequence, what, Damage);

    private void Finish(SpoolFault? fault)
    {
        BeforeMove?.Invoke();
        TailBytes = TornTail.Extent(_bytes, Offset, _buffer);
        if (Sequence >= Limit)
        {
            End = TailBytes == 0 ? SegmentEnd.Clean : SegmentEnd.Followed;
        }
        else if (fault is null && TailBytes == 0)
        {
            End = SegmentEnd.Clean;
        }
        else
        {
            // A sequence or padding under a checksum that holds was written so.
            bool written = fault is { Kind: not (SpoolFaultKind.Checksum or SpoolFaultKind.Frame) };
            End = !written && TornTail.IsTorn(_bytes, Offset, TailBytes, _buffer) ? SegmentEnd.Torn : SegmentEnd.Damaged;
            Fault = fault ?? Bad(SpoolFaultKind.Tail, "something lies behind the last frame");
            if (End == SegmentEnd.Torn)
            {
                Fault = Fault with { Remedy = "a write that was not synced; the daemon cuts it off at its next start" };
            }
        }

        _start = _filled = _frame = 0;
    }

    // Has that many bytes from _start on; false where the segment ends before.
    private bool Fill(int bytes)
    {
        if (_filled - _start >= bytes)
        {
            return true;
        }

        BeforeMove?.Invoke();
        long end = Offset - _start + _filled;
        _buffer.AsSpan(_start, _filled - _start).CopyTo(_buffer);
        _filled -= _start;
        _start = 0;
        while (_filled < bytes)
        {
            int read = _bytes.Read(end, _buffer.AsSpan(_filled, (int)Math.Min(_buffer.Length - _filled, Math.Max(_bytes.Length - end, 0))));
            if (read <= 0)
            {
                return false;
            }

            _filled += read;
            end += read;
        }

        return true;
    }
}
