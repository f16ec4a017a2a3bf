using System.Buffers.Binary;
using EdgeDaemon.Core.Audit.Tree;

namespace EdgeDaemon.Core.Audit.Segments;

/// <summary>
/// The bytes of a frame (README.md): checksum, length with a check of its own, a zero, sequence, time, record. The zero stands right before the sequence: it is RFC
/// 6962's leaf prefix, so a frame is hashed where it lies.
/// </summary>
public static class Frame
{
    /// <summary>Bytes before the record.</summary>
    public const int HeaderBytes = 24;

    /// <summary>Frames begin at multiples of this, so that no sector ends within a frame's checksum and length.</summary>
    public const int Alignment = 8;

    /// <summary>Longest record: with sequence and time it still fits an entry of tlog-tiles (65,535 bytes).</summary>
    public const int LongestRecord = 65_504;

    /// <summary>Most bytes of frames that may be written and not yet synced: a power cut leaves nothing farther behind the first frame that it tore.</summary>
    public const int LargestBatch = 1 << 20;

    /// <summary>Where the hashed bytes begin: a byte that is always zero.</summary>
    public const int LeafOffset = 7;

    private const int LengthOffset = 4;
    private const int CheckOffset = 6;

    /// <summary>Bytes of the frame of a record, with padding.</summary>
    public static int TotalBytes(int record) => (HeaderBytes + record + Alignment - 1) & -Alignment;

    /// <summary>Makes a frame of a record that already lies behind the room for the header, and gives its whole length.</summary>
    /// <param name="frame">The header's 24 bytes, the record, and room for the padding.</param>
    /// <param name="record">Bytes of the record, 1 to <see cref="LongestRecord"/>.</param>
    /// <param name="sequence">The log's size before it.</param>
    /// <param name="time">Microseconds (<see cref="Records.AuditTime"/>).</param>
    /// <param name="checksum">Of everything before it in the segment; becomes that of everything with it.</param>
    public static int Seal(Span<byte> frame, int record, ulong sequence, long time, ref uint checksum)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(record, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(record, LongestRecord);
        frame = frame[..TotalBytes(record)];
        BinaryPrimitives.WriteUInt16LittleEndian(frame[LengthOffset..], (ushort)record);
        frame[CheckOffset] = LengthCheck(record);
        frame[LeafOffset] = TreeHash.LeafPrefix;
        BinaryPrimitives.WriteUInt64LittleEndian(frame[8..], sequence);
        BinaryPrimitives.WriteInt64LittleEndian(frame[16..], time);
        frame[(HeaderBytes + record)..].Clear();
        checksum = Checksum.Append(checksum, frame[LengthOffset..]);
        BinaryPrimitives.WriteUInt32LittleEndian(frame, checksum);
        return frame.Length;
    }

    /// <summary>What the leaf's hash is over: 0x00, sequence, time, record.</summary>
    public static ReadOnlySpan<byte> PrefixedLeaf(ReadOnlySpan<byte> frame) => frame[LeafOffset..(HeaderBytes + Length(frame))];

    /// <summary>The leaf's hash of a sealed frame.</summary>
    public static void Leaf(ReadOnlySpan<byte> frame, Span<byte> into) => TreeHash.PrefixedLeaf(PrefixedLeaf(frame), into);

    public static uint ChecksumOf(ReadOnlySpan<byte> frame) => BinaryPrimitives.ReadUInt32LittleEndian(frame);

    /// <summary>Length of the record as the frame states it; zero is the end of a segment's frames. Not checked.</summary>
    public static int Length(ReadOnlySpan<byte> frame) => BinaryPrimitives.ReadUInt16LittleEndian(frame[LengthOffset..]);

    /// <summary>Whether the first eight bytes can be a frame's: a possible length, its check, the zero.</summary>
    public static bool BeginsWell(ReadOnlySpan<byte> frame) =>
        Length(frame) is > 0 and <= LongestRecord and var length && frame[CheckOffset] == LengthCheck(length) && frame[LeafOffset] == TreeHash.LeafPrefix;

    public static ulong Sequence(ReadOnlySpan<byte> frame) => BinaryPrimitives.ReadUInt64LittleEndian(frame[8..]);

    /// <summary>Microseconds (<see cref="Records.AuditTime"/>).</summary>
    public static long Time(ReadOnlySpan<byte> frame) => BinaryPrimitives.ReadInt64LittleEndian(frame[16..]);

    public static ReadOnlySpan<byte> Record(ReadOnlySpan<byte> frame) => frame.Slice(HeaderBytes, Length(frame));

    internal static uint Expected(uint checksum, ReadOnlySpan<byte> frame) => Checksum.Append(checksum, frame[LengthOffset..]);

    // A length with a flipped bit would reach into the zeros behind the last frame, and pass for one that a power cut tore.
    private static byte LengthCheck(int length) => (byte)(length ^ (length >> 8) ^ 0xA5);
}
