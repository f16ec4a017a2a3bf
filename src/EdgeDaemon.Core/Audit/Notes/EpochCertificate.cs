using System.Globalization;
using System.Text;
using EdgeDaemon.Core.Audit.Records;

namespace EdgeDaemon.Core.Audit.Notes;

/// <summary>
/// What a closing epoch says of the next: its key, its start, and the tree so far. Signed by the closing epoch's key, which is then erased: nobody
/// can sign another past again.
/// </summary>
public sealed class EpochCertificate
{
    /// <summary>First line of the text. No log may have it as its origin, so that none of its checkpoints is read as a certificate.</summary>
    public const string FirstLine = "edgedaemon-epoch/v1";

    public required string Origin { get; init; }

    /// <summary>The epoch that begins, from 1.</summary>
    public required ulong Epoch { get; init; }

    /// <summary>The log's size: sequence of the frame with this certificate.</summary>
    public required ulong Size { get; init; }

    /// <summary>32 bytes.</summary>
    public required ReadOnlyMemory<byte> Root { get; init; }

    /// <summary>Microseconds (<see cref="AuditTime"/>): time of the last frame before this one.</summary>
    public required long Closed { get; init; }

    /// <summary>Microseconds: time of this frame. Before <see cref="Closed"/> only where the clock was set back.</summary>
    public required long Start { get; init; }

    /// <summary>The new key: DER of its SubjectPublicKeyInfo.</summary>
    public required ReadOnlyMemory<byte> Key { get; init; }

    /// <summary>What is signed.</summary>
    public byte[] Text() => Encoding.ASCII.GetBytes(string.Create(
        CultureInfo.InvariantCulture,
        $"{FirstLine}\norigin {Notes.Origin.Require(Origin)}\nepoch {Epoch}\nsize {Size}\nroot {Convert.ToBase64String(Root.Span)}\nclosed {Closed}\nstart {Start}\nkey {Convert.ToBase64String(Key.Span)}\n"));

    /// <summary>The signed note.</summary>
    /// <param name="closing">Key of the epoch before.</param>
    public byte[] Sign(NoteSigner closing) => SignedNote.Sign(Text(), closing);

    /// <exception cref="AuditFormatException">The text is no certificate of an epoch.</exception>
    public static EpochCertificate Parse(ReadOnlySpan<byte> text)
    {
        var lines = new NoteLines(text);
        if (!lines.Line("edgedaemon-epoch").SequenceEqual("edgedaemon-epoch/v1"u8))
        {
            throw new AuditFormatException($"the first line is not {FirstLine}");
        }

        string origin = Encoding.UTF8.GetString(lines.Named("origin"));
        var certificate = new EpochCertificate
        {
            Origin = Notes.Origin.Fault(origin) is { } fault ? throw new AuditFormatException(fault) : origin,
            Epoch = NoteLines.Number(lines.Named("epoch"), "epoch"),
            Size = NoteLines.Number(lines.Named("size"), "size"),
            Root = NoteLines.Hash(lines.Named("root"), "root"),
            Closed = NoteLines.Time(lines.Named("closed"), "closed"),
            Start = NoteLines.Time(lines.Named("start"), "start"),
            Key = NoteBase64.Decode(lines.Named("key"), "the key"),
        };
        return lines.AtEnd ? certificate : throw new AuditFormatException("the certificate has lines that no audit log writes");
    }

    /// <summary>Who verifies what the new epoch signs.</summary>
    /// <exception cref="AuditFormatException">The key is none.</exception>
    public NoteVerifier Verifier() => NoteVerifier.Of(Origin, Key.Span);
}
