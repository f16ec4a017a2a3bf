using System.Globalization;
using System.Text;
using EdgeDaemon.Core.Audit.Tree;

namespace EdgeDaemon.Core.Audit.Notes;

/// <summary>
/// A C2SP tlog-proof: one leaf's inclusion, offline, beside the checkpoint it is proven against. This log puts the leaf's data into <c>extra</c>, which by itself
/// is not authenticated: it counts because it hashes to the leaf.
/// </summary>
public sealed class TlogProof
{
    /// <summary>Longest file that is read: a leaf of 64 KiB in base64, 64 hashes, and a note.</summary>
    public const int Longest = 256 * 1024;

    private static ReadOnlySpan<byte> FirstLine => "c2sp.org/tlog-proof@v1"u8;

    /// <summary>The leaf's place, from 0.</summary>
    public required ulong Index { get; init; }

    /// <summary>From the leaf's sibling up.</summary>
    public required IReadOnlyList<byte[]> Hashes { get; init; }

    /// <summary>Empty, or the leaf's data: sequence, time, record (a frame's bytes 8 to its record's end).</summary>
    public ReadOnlyMemory<byte> Extra { get; init; }

    /// <summary>The checkpoint, verbatim.</summary>
    public required SignedNote Note { get; init; }

    /// <summary>The file's bytes.</summary>
    public byte[] Write()
    {
        var text = new StringBuilder("c2sp.org/tlog-proof@v1\n");
        if (!Extra.IsEmpty)
        {
            text.Append("extra ").Append(Convert.ToBase64String(Extra.Span)).Append('\n');
        }

        text.Append(CultureInfo.InvariantCulture, $"index {Index}\n");
        foreach (byte[] hash in Hashes)
        {
            text.Append(Convert.ToBase64String(hash)).Append('\n');
        }

        return [.. Encoding.ASCII.GetBytes(text.Append('\n').ToString()), .. Note.Bytes.Span];
    }

    /// <exception cref="AuditFormatException">The bytes are no proof.</exception>
    public static TlogProof Parse(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > Longest)
        {
            throw new AuditFormatException($"a proof of {bytes.Length} bytes is longer than {Longest}");
        }

        int divide = bytes.IndexOf("\n\n"u8);
        if (divide < 0)
        {
            throw new AuditFormatException("a proof has no empty line before its checkpoint");
        }

        var lines = new NoteLines(bytes[..(divide + 1)]);
        if (!lines.Line("the version").SequenceEqual(FirstLine))
        {
            throw new AuditFormatException("the first line is not c2sp.org/tlog-proof@v1");
        }

        byte[] extra = lines.NextIs("extra "u8) ? NoteBase64.Decode(lines.Named("extra"), "the extra data") : [];
        ulong index = NoteLines.Number(lines.Named("index"), "index");
        var hashes = new List<byte[]>();
        while (!lines.AtEnd)
        {
            // A tree of 2^64 leaves has 64 levels: more hashes prove nothing.
            hashes.Add(hashes.Count < 64 ? NoteLines.Hash(lines.Line("a hash"), "hash") : throw new AuditFormatException("the proof has more than 64 hashes"));
        }

        return new TlogProof { Index = index, Hashes = hashes, Extra = extra, Note = SignedNote.Parse(bytes[(divide + 2)..]) };
    }

    /// <summary>Whether the leaf of that hash is under the checkpoint. The checkpoint's signature is another question (<see cref="NoteVerifier.Verify"/>).</summary>
    /// <exception cref="AuditFormatException">The note is no checkpoint of an audit log.</exception>
    public bool Proves(ReadOnlySpan<byte> leaf)
    {
        var checkpoint = Checkpoint.Of(Note);
        return InclusionProof.Verify(Index, checkpoint.Size, leaf, Hashes, checkpoint.Root.Span);
    }

    /// <summary>Whether the leaf that <see cref="Extra"/> holds is under the checkpoint, and says of itself that it has this index.</summary>
    /// <exception cref="AuditFormatException">The note is no checkpoint of an audit log.</exception>
    public bool ProvesExtra() =>
        Extra.Length > 16 && System.Buffers.Binary.BinaryPrimitives.ReadUInt64LittleEndian(Extra.Span) == Index && Proves(TreeHash.Leaf(Extra.Span));
}
