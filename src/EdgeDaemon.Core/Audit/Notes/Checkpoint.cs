using System.Globalization;
using System.Text;
using EdgeDaemon.Core.Audit.Records;

namespace EdgeDaemon.Core.Audit.Notes;

/// <summary>
/// The text of a checkpoint (C2SP tlog-checkpoint) with this log's extension lines: epoch, place, time, and of a segment's first frame the header's digest.
/// Where the frame lies is in what is signed, so that a checkpoint cannot be moved (CloudTrail's digests do the same).
/// </summary>
public sealed class Checkpoint
{
    public required string Origin { get; init; }

    /// <summary>Leaves that the root covers.</summary>
    public required ulong Size { get; init; }

    /// <summary>32 bytes.</summary>
    public required ReadOnlyMemory<byte> Root { get; init; }

    /// <summary>Whose key signs.</summary>
    public required ulong Epoch { get; init; }

    /// <summary>Number of the segment that the frame is in.</summary>
    public required ulong Segment { get; init; }

    /// <summary>Where the frame begins in it, in bytes.</summary>
    public required ulong Offset { get; init; }

    /// <summary>Microseconds (<see cref="AuditTime"/>); the frame's time.</summary>
    public required long Time { get; init; }

    /// <summary>SHA-256 of the segment's header, in its first frame; else empty.</summary>
    public ReadOnlyMemory<byte> Header { get; init; }

    /// <summary>What is signed.</summary>
    public byte[] Text() => Encoding.ASCII.GetBytes(string.Create(
        CultureInfo.InvariantCulture,
        $"{Notes.Origin.Require(Origin)}\n{Size}\n{Convert.ToBase64String(Root.Span)}\nepoch {Epoch}\nplace {Segment} {Offset}\ntime {Time}\n{(Header.IsEmpty ? "" : $"header {Convert.ToBase64String(Header.Span)}\n")}"));

    /// <summary>The signed note.</summary>
    public byte[] Sign(NoteSigner signer) => SignedNote.Sign(Text(), signer);

    /// <exception cref="AuditFormatException">The text is no checkpoint of an audit log.</exception>
    public static Checkpoint Parse(ReadOnlySpan<byte> text)
    {
        var lines = new NoteLines(text);
        string origin = ReadOrigin(ref lines);
        ulong size = NoteLines.Number(lines.Line("the size"), "size");
        byte[] root = NoteLines.Hash(lines.Line("the root"), "root");
        ulong epoch = NoteLines.Number(lines.Named("epoch"), "epoch");
        ReadOnlySpan<byte> place = lines.Named("place");
        int space = Math.Max(place.IndexOf((byte)' '), 0);
        ulong segment = NoteLines.Number(place[..space], "segment");
        ulong offset = NoteLines.Number(place[(space + 1)..], "offset");
        long time = NoteLines.Time(lines.Named("time"), "time");
        byte[] header = lines.AtEnd ? [] : NoteLines.Hash(lines.Named("header"), "header");
        return lines.AtEnd
            ? new Checkpoint { Origin = origin, Size = size, Root = root, Epoch = epoch, Segment = segment, Offset = offset, Time = time, Header = header }
            : throw new AuditFormatException("the checkpoint has lines that no audit log writes");
    }

    /// <summary>Reads a note's text; the signature is not looked at.</summary>
    /// <exception cref="AuditFormatException">The text is no checkpoint of an audit log.</exception>
    public static Checkpoint Of(SignedNote note) => Parse(note.Text.Span);

    internal static string ReadOrigin(ref NoteLines lines)
    {
        string origin = Encoding.UTF8.GetString(lines.Line("the origin"));
        return Notes.Origin.Fault(origin) is { } fault ? throw new AuditFormatException(fault) : origin;
    }
}
