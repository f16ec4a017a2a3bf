using System.Text;

namespace EdgeDaemon.Core.Audit.Notes;

/// <summary>
/// A C2SP signed note: text, an empty line, signature lines. The last empty line divides: a text may contain others. Strict in what makes two readers
/// disagree: UTF-8 without control characters, padded canonical base64.
/// </summary>
public sealed class SignedNote
{
    /// <summary>Longest note that is read, in bytes: a checkpoint with a handful of post-quantum cosignatures of 5 kB each.</summary>
    public const int Longest = 64 * 1024;

    /// <summary>Most signature lines; the specification wants 16 at least, Go's reference takes 100.</summary>
    public const int MostSignatures = 100;

    private SignedNote(byte[] bytes, int textLength, List<NoteSignature> signatures)
    {
        Bytes = bytes;
        Text = bytes.AsMemory(0, textLength);
        Signatures = signatures;
    }

    /// <summary>The whole note.</summary>
    public ReadOnlyMemory<byte> Bytes { get; }

    /// <summary>What is signed: the text with its last line feed.</summary>
    public ReadOnlyMemory<byte> Text { get; }

    public IReadOnlyList<NoteSignature> Signatures { get; }

    private static ReadOnlySpan<byte> Dash => "\u2014 "u8;

    /// <exception cref="AuditFormatException">The bytes are no signed note.</exception>
    public static SignedNote Parse(ReadOnlySpan<byte> note)
    {
        if (note.Length > Longest)
        {
            throw new AuditFormatException($"a note of {note.Length} bytes is longer than {Longest}");
        }

        if (!System.Text.Unicode.Utf8.IsValid(note))
        {
            throw new AuditFormatException("a note is not UTF-8");
        }

        foreach (byte value in note)
        {
            if (value < 0x20 && value != '\n')
            {
                throw new AuditFormatException("a note contains a control character");
            }
        }

        int divide = note.LastIndexOf("\n\n"u8);
        if (divide < 0 || note[^1] != '\n')
        {
            throw new AuditFormatException("a note has a text, an empty line, and signature lines that end");
        }

        byte[] bytes = note.ToArray();
        return new SignedNote(bytes, divide + 1, ReadSignatures(note[(divide + 2)..]));
    }

    /// <summary>A text and its signatures as a note.</summary>
    /// <exception cref="ArgumentException">The text does not end with a line feed, or there is no signer.</exception>
    public static byte[] Sign(ReadOnlySpan<byte> text, params ReadOnlySpan<NoteSigner> signers)
    {
        if (text.IsEmpty || text[^1] != '\n' || signers.IsEmpty)
        {
            throw new ArgumentException("a note's text ends with a line feed, and somebody signs it");
        }

        var note = new MemoryStream();
        note.Write(text);
        note.WriteByte((byte)'\n');
        foreach (NoteSigner signer in signers)
        {
            note.Write(Dash);
            note.Write(Encoding.UTF8.GetBytes($"{signer.Name} {Convert.ToBase64String(signer.SignatureBlob(text))}\n"));
        }

        return note.ToArray();
    }

    private static List<NoteSignature> ReadSignatures(ReadOnlySpan<byte> lines)
    {
        var signatures = new List<NoteSignature>();
        while (!lines.IsEmpty)
        {
            int end = lines.IndexOf((byte)'\n');
            if (signatures.Count == MostSignatures)
            {
                throw new AuditFormatException($"a note has more than {MostSignatures} signatures");
            }

            signatures.Add(ReadSignature(lines[..end]));
            lines = lines[(end + 1)..];
        }

        return signatures.Count > 0 ? signatures : throw new AuditFormatException("a note has no signature");
    }

    private static NoteSignature ReadSignature(ReadOnlySpan<byte> line)
    {
        if (!line.StartsWith(Dash))
        {
            throw new AuditFormatException("a signature line does not begin with a dash and a space");
        }

        line = line[Dash.Length..];
        int space = line.IndexOf((byte)' ');
        if (space <= 0)
        {
            throw new AuditFormatException("a signature line has no name, or nothing behind it");
        }

        string name = Encoding.UTF8.GetString(line[..space]);
        if (!IsKeyName(name))
        {
            throw new AuditFormatException("a key's name is empty, or has a space or a plus sign");
        }

        byte[] blob = NoteBase64.Decode(line[(space + 1)..], "a signature");
        return blob.Length > 4
            ? new NoteSignature(name, System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(blob), blob.AsMemory(4))
            : throw new AuditFormatException("a signature is shorter than a key's id");
    }

    internal static bool IsKeyName(string name)
    {
        foreach (char letter in name)
        {
            if (char.IsWhiteSpace(letter) || letter == '+')
            {
                return false;
            }
        }

        return name.Length > 0;
    }
}
