using EdgeDaemon.Core.Audit.Notes;

namespace EdgeDaemon.Core.Audit.Segments;

/// <summary>The keys of the epochs that a verification has entered, or that a chain certifies.</summary>
internal sealed class EpochKeys(NoteVerifier first, EpochChain? chain)
{
    private readonly Dictionary<ulong, NoteVerifier> _entered = new() { [0] = first };

    public NoteVerifier Current { get; private set; } = first;

    /// <summary>The log begins in an epoch that the chain certifies.</summary>
    public void EnterAt(ulong epoch) => _entered[epoch] = Current = chain!.Key(epoch);

    /// <summary>The next epoch. False where the chain has another key for it: one of the two was signed by somebody who held the key.</summary>
    public bool Enter(EpochCertificate certificate)
    {
        // The file of certificates is written after the log: it may be behind, never ahead.
        if (chain is not null && certificate.Epoch <= chain.Last && !chain.Key(certificate.Epoch).Spki.Span.SequenceEqual(certificate.Key.Span))
        {
            return false;
        }

        _entered[certificate.Epoch] = Current = certificate.Verifier();
        return true;
    }

    /// <summary>Null for an epoch that is not known.</summary>
    public NoteVerifier? Find(ulong epoch) => _entered.TryGetValue(epoch, out NoteVerifier? key) ? key : chain is not null && epoch <= chain.Last ? chain.Key(epoch) : null;

    /// <summary>Whose key signed the note, by its id; null when it is none of the known ones.</summary>
    public ulong? SignerOf(SignedNote note)
    {
        foreach (NoteSignature signature in note.Signatures)
        {
            ulong last = Math.Max(chain?.Last ?? 0, (ulong)_entered.Count);
            for (ulong epoch = 0; epoch <= last; epoch++)
            {
                if (Find(epoch) is { } key && key.KeyId == signature.KeyId)
                {
                    return epoch;
                }
            }
        }

        return null;
    }
}
