using EdgeDaemon.Core.Audit.Segments;
using EdgeDaemon.Core.Audit.Tree;
using EdgeDaemon.Native.OpenSsl;

namespace EdgeDaemon.Audit;

/// <summary>Frames that go to the disk with one write and one sync, and the log's end as it will be then. The writer's own; nothing is allocated per frame.</summary>
internal sealed class FrameBatch
{
    private readonly byte[] _bytes = GC.AllocateUninitializedArray<byte>(Frame.LargestBatch);

    private readonly LeafBatch _leaves = new(HasherChoice.Fastest);

    /// <summary>The log's end with these frames; its tree only after <see cref="Settle"/>.</summary>
    public LogTip Tip { get; } = new();

    /// <summary>Sequence of the next frame.</summary>
    public ulong Size => Tip.Edge.Size + (ulong)_leaves.Count;

    /// <summary>Bytes of all frames.</summary>
    public int Length { get; private set; }

    /// <summary>Frames.</summary>
    public int Count { get; private set; }

    /// <summary>Whether it is more than half of what a group may be: then records come as fast as they are written.</summary>
    public bool IsLarge => Length > Frame.LargestBatch / 2;

    public ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, Length);

    /// <summary>Begins anew behind what is on the disk.</summary>
    public void Begin(LogTip durable)
    {
        Tip.CopyFrom(durable);
        Length = 0;
        Count = 0;
    }

    /// <summary>Whether a record of that length fits into the group, and before <paramref name="limit"/> in the segment.</summary>
    /// <param name="record">Bytes.</param>
    /// <param name="limit">Offset in the segment.</param>
    /// <param name="keep">Bytes of the group to leave for others.</param>
    public bool Fits(int record, long limit, int keep = 0)
    {
        int frame = Frame.TotalBytes(record);
        return Length + frame <= (long)_bytes.Length - keep && Tip.Offset + frame <= limit;
    }

    /// <summary>Where the next record's bytes go, before <see cref="Seal"/>.</summary>
    public Span<byte> Room(int record) => _bytes.AsSpan(Length + Frame.HeaderBytes, record);

    /// <summary>Makes a frame of the record that <see cref="Room"/> was given for.</summary>
    /// <param name="record">Its bytes.</param>
    /// <param name="time">Microseconds.</param>
    public void Seal(int record, long time)
    {
        Span<byte> frame = _bytes.AsSpan(Length);
        uint checksum = Tip.Checksum;
        int length = Frame.Seal(frame, record, Size, time, ref checksum);
        _leaves.Add(Length + Frame.LeafOffset, Frame.HeaderBytes + record - Frame.LeafOffset);
        Tip.Checksum = checksum;
        Tip.Offset += length;
        Tip.Time = time;
        Length += length;
        Count++;
        if (_leaves.IsFull)
        {
            Settle();
        }
    }

    /// <summary>Brings the tree up to the last frame: many leaves at once cost less than one after the other. Before a root is asked for, and at the end.</summary>
    public void Settle()
    {
        if (_leaves.Count > 0)
        {
            _leaves.AppendTo(Tip.Edge, _bytes);
        }
    }

    public void Add(ReadOnlySpan<byte> record, long time)
    {
        record.CopyTo(Room(record.Length));
        Seal(record.Length, time);
    }
}
