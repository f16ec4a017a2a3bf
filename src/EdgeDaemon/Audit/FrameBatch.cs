using EdgeDaemon.Core.Audit.Segments;
using EdgeDaemon.Core.Audit.Tree;

namespace EdgeDaemon.Audit;

/// <summary>Frames that go to the disk with one write and one sync, and the log's end as it will be then. The writer's own; nothing is allocated per frame.</summary>
internal sealed class FrameBatch
{
    private readonly byte[] _bytes = GC.AllocateUninitializedArray<byte>(Frame.LargestBatch);

    /// <summary>The log's end with these frames.</summary>
    public LogTip Tip { get; } = new();

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
        int length = Frame.Seal(frame, record, Tip.Edge.Size, time, ref checksum);
        Span<byte> leaf = stackalloc byte[TreeHash.Length];
        Frame.Leaf(frame, leaf);
        Tip.Edge.Append(leaf);
        Tip.Checksum = checksum;
        Tip.Offset += length;
        Tip.Time = time;
        Length += length;
        Count++;
    }

    public void Add(ReadOnlySpan<byte> record, long time)
    {
        record.CopyTo(Room(record.Length));
        Seal(record.Length, time);
    }
}
