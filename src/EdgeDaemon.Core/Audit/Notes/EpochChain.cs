namespace EdgeDaemon.Core.Audit.Notes;

/// <summary>
/// All epoch certificates of a log, one note after the other: the file beside the segments by which a log is verified from its first key although its first
/// segments are gone.
/// </summary>
public sealed class EpochChain
{
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

    // No line within a note can be this one: each has a name before its value, or is base64 or a signature.
    private static ReadOnlySpan<byte> Separator => "\nedgedaemon-epoch/v1\n"u8;

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
