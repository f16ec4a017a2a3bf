using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using EdgeDaemon.Core.Audit.Records;
using EdgeDaemon.Core.Audit.Tree;

namespace EdgeDaemon.Core.Audit.Segments;

/// <summary>
/// The first 4096 bytes of a segment (README.md): whose log it is, its place in it, and the tree before it. Only the checksum is checked here; what the
/// header says is sealed by the checkpoint in the segment's first frame.
/// </summary>
public sealed class SegmentHeader
{
    /// <summary>Bytes of the header; the first frame begins there.</summary>
    public const int Length = 4096;

    /// <summary>Bytes of a whole segment: as many as the configuration lets a file of the log have.</summary>
    public const long LongestSegment = 1L << 30;

    private const int ChecksumOffset = 8;
    private const int ChecksumEnd = 12;
    private const int OriginOffset = 80;

    public required string Origin { get; init; }

    /// <summary>From 0, without gaps.</summary>
    public required ulong Segment { get; init; }

    public required SegmentReason Reason { get; init; }

    /// <summary>Microseconds (<see cref="AuditTime"/>).</summary>
    public required long Time { get; init; }

    /// <summary>The tree before the segment; its size is the first sequence. Not changed by the segment's frames: copy it.</summary>
    public required TreeEdge Edge { get; init; }

    /// <summary>Sequence of the first frame.</summary>
    public ulong FirstSequence => Edge.Size;

    private static ReadOnlySpan<byte> Magic => "EDGEAUD1"u8;

    /// <summary>The rolling checksum that the first frame goes on from.</summary>
    public static uint ChecksumOf(ReadOnlySpan<byte> header) => BinaryPrimitives.ReadUInt32LittleEndian(header[ChecksumOffset..]);

    /// <summary>What the first frame's checkpoint names as <c>header</c>.</summary>
    public static byte[] Digest(ReadOnlySpan<byte> header) => SHA256.HashData(header[..Length]);

    /// <param name="into">4096 bytes.</param>
    public void Write(Span<byte> into)
    {
        into = into[..Length];
        into.Clear();
        Magic.CopyTo(into);
        BinaryPrimitives.WriteUInt32LittleEndian(into[12..], (uint)Reason);
        BinaryPrimitives.WriteUInt64LittleEndian(into[16..], Segment);
        BinaryPrimitives.WriteUInt64LittleEndian(into[24..], FirstSequence);
        BinaryPrimitives.WriteInt64LittleEndian(into[32..], Time);
        Edge.Root(into.Slice(40, TreeHash.Length));
        BinaryPrimitives.WriteUInt16LittleEndian(into[72..], (ushort)Origin.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(into[74..], (ushort)Edge.Count);
        Encoding.ASCII.GetBytes(Notes.Origin.Require(Origin), into[OriginOffset..]);
        Edge.Hashes.CopyTo(into[(OriginOffset + Origin.Length)..]);
        BinaryPrimitives.WriteUInt32LittleEndian(into[ChecksumOffset..], Checksum.Append(0, into[ChecksumEnd..]));
    }

    /// <summary>Reads a segment's header alone.</summary>
    /// <param name="bytes">The segment.</param>
    /// <param name="buffer">At least <see cref="Length"/> bytes.</param>
    /// <exception cref="AuditFormatException">The bytes are no header, or its checksum does not hold.</exception>
    internal static SegmentHeader Read(ISegmentBytes bytes, Span<byte> buffer)
    {
        int filled = 0;
        for (int read; filled < Length && (read = bytes.Read(filled, buffer[filled..Length])) > 0; filled += read)
        {
        }

        return Read(buffer[..filled]);
    }

    /// <exception cref="AuditFormatException">The bytes are no header, or its checksum does not hold.</exception>
    public static SegmentHeader Read(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < Length)
        {
            throw new AuditFormatException($"a segment's header has {Length} bytes, and {bytes.Length} are there");
        }

        bytes = bytes[..Length];
        if (!bytes.StartsWith(Magic))
        {
            throw new AuditFormatException("it does not begin with EDGEAUD1: it is no segment of an audit log");
        }

        if (ChecksumOf(bytes) != Checksum.Append(0, bytes[ChecksumEnd..]))
        {
            throw new AuditFormatException("the header's checksum does not hold");
        }

        int origin = BinaryPrimitives.ReadUInt16LittleEndian(bytes[72..]);
        int hashes = BinaryPrimitives.ReadUInt16LittleEndian(bytes[74..]);
        if (origin is 0 or > Notes.Origin.Longest || hashes > 64)
        {
            throw new AuditFormatException("the header's lengths are not possible");
        }

        string name = Encoding.Latin1.GetString(bytes.Slice(OriginOffset, origin));
        var header = new SegmentHeader
        {
            Origin = Notes.Origin.Fault(name) is { } fault ? throw new AuditFormatException(fault) : name,
            Segment = BinaryPrimitives.ReadUInt64LittleEndian(bytes[16..]),
            Reason = (SegmentReason)BinaryPrimitives.ReadUInt32LittleEndian(bytes[12..]),
            Time = BinaryPrimitives.ReadInt64LittleEndian(bytes[32..]),
            Edge = TreeEdge.Read(BinaryPrimitives.ReadUInt64LittleEndian(bytes[24..]), bytes.Slice(OriginOffset + origin, hashes * TreeHash.Length)),
        };

        // One header, one way to write it: what is not there to be read must be as it would be written.
        Span<byte> again = stackalloc byte[Length];
        header.Write(again);
        return again.SequenceEqual(bytes) && header.Reason <= SegmentReason.Recovered && header.Time is >= 0 and <= AuditTime.Last
            ? header
            : throw new AuditFormatException("the header's parts do not agree: root, edge, reason, time, or what must be zero");
    }
}
