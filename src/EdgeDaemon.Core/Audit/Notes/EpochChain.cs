namespace EdgeDaemon.Core.Audit.Notes;

/// <summary>
/// All epoch certificates of a log, one note after the other: the file beside the segments by which a log is verified from its first key although its first
/// segments are gone.
/// </summary>
public sealed class EpochChain
{
    private const int LongestTorn = 2048; // A certificate has some 600 bytes, and with the longest origin 900.

    private readonly List<(EpochCertificate Certificate, NoteVerifier Key)> _epochs = [];

    private EpochChain(NoteVerifier first) => First = first;

    /// <summary>Key of epoch 0.</summary>
    public NoteVerifier First { get; }

    /// <summary>Number of the last epoch that the chain certifies.</summary>
    public ulong Last => (ulong)_epochs.Count;

    /// <summary>Reads and verifies a chain from the first key on.</summary>
    /// <param name="first">Key of epoch 0; its name is the log's origin.</param>
    /// <param name="notes">The file's bytes; may be empty.</param>
    /// <exception cref="AuditFormatException">A certificate is none, or not by the key before it, or out of turn: which one.</exception>
    public static EpochChain Read(NoteVerifier first, ReadOnlySpan<byte> notes)
    {
        var chain = new EpochChain(first);
        while (!notes.IsEmpty)
        {
            int next = notes[1..].IndexOf(Separator);
            int end = next < 0 ? notes.Length : next + 2;
            chain.Add(notes[..end]);
            notes = notes[end..];
        }

        return chain;
    }

    /// <summary>
    /// How much of a chain, or of its end, is whole notes. The rest is what a power cut leaves of the last one that was being added: the log has it too. What is neither is left to
    /// whoever reads it as notes, and says what is wrong.
    /// </summary>
    /// <param name="notes">From the begin of some note on, or from within one that others follow.</param>
    public static int WholeLength(ReadOnlySpan<byte> notes)
    {
        int start = notes.LastIndexOf(Separator) + 1;
        int signature = notes[start..].IndexOf(BeforeSignature);
        int line = signature < 0 ? -1 : notes[(start + signature + 2)..].IndexOf((byte)'\n');
        int whole = line < 0 ? start : start + signature + 2 + line + 1;
        ReadOnlySpan<byte> rest = notes[whole..];
        ReadOnlySpan<byte> first = Separator[1..];
        bool torn = rest.Length <= LongestTorn && (rest.IsEmpty || rest[0] == 0 || rest.StartsWith(first) || first.StartsWith(rest));
        return torn ? whole : notes.Length;
    }

    /// <summary>The first certificates of a chain: those that lead to an epoch.</summary>
    /// <param name="notes">The file's bytes.</param>
    /// <param name="count">So many, or all where there are fewer.</param>
    public static ReadOnlySpan<byte> Leading(ReadOnlySpan<byte> notes, ulong count)
    {
        int end = 0;
        for (ulong i = 0; i < count && end < notes.Length; i++)
        {
            int next = notes[(end + 1)..].IndexOf(Separator);
            end = next < 0 ? notes.Length : end + next + 2;
        }

        return notes[..end];
    }

    // No line within a note can be this one: each has a name before its value, or is base64 or a signature.
    private static ReadOnlySpan<byte> Separator => "\nedgedaemon-epoch/v1\n"u8;

    // An empty line, and a signature's dash.
    private static ReadOnlySpan<byte> BeforeSignature => "\n\n\u2014 "u8;

    /// <exception cref="ArgumentOutOfRangeException">The chain does not go so far.</exception>
    public NoteVerifier Key(ulong epoch)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(epoch, Last);
        return epoch == 0 ? First : _epochs[(int)epoch - 1].Key;
    }

    /// <summary>The certificate by which an epoch began; from 1 to <see cref="Last"/>.</summary>
    public EpochCertificate Certificate(ulong epoch) => _epochs[checked((int)epoch - 1)].Certificate;

    /// <summary>Takes the next certificate.</summary>
    /// <exception cref="AuditFormatException">It is not the next one.</exception>
    public EpochCertificate Add(ReadOnlySpan<byte> note)
    {
        var signed = SignedNote.Parse(note);
        var certificate = EpochCertificate.Parse(signed.Text.Span);
        if (certificate.Origin != First.Name || certificate.Epoch != Last + 1)
        {
            throw new AuditFormatException($"the certificate is for epoch {certificate.Epoch} of {certificate.Origin}, and epoch {Last + 1} of {First.Name} is next");
        }

        if (!Key(Last).Verify(signed))
        {
            throw new AuditFormatException($"the certificate of epoch {certificate.Epoch} is not signed by the key of epoch {Last}");
        }

        _epochs.Add((certificate, certificate.Verifier()));
        return certificate;
    }
}
