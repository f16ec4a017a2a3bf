using EdgeDaemon.Core.Audit;
using EdgeDaemon.Core.Audit.Notes;

namespace EdgeDaemon.Audit;

/// <summary>
/// The file of all certificates, by which a log is verified from its first key on although its first segments are gone. The log itself holds them too: what a crash kept from this file is
/// taken from there at the next start.
/// </summary>
internal sealed class EpochLedger
{
    private const int LargestFile = 64 << 20;

    private readonly ISpoolFiles _files;
    private byte[] _notes;

    private EpochLedger(ISpoolFiles files, byte[] notes, EpochCertificate? last)
    {
        (_files, _notes, Last) = (files, notes, last);
    }

    /// <summary>Of the newest epoch in it; null: epoch 0 is.</summary>
    public EpochCertificate? Last { get; private set; }

    /// <summary>The newest epoch in it.</summary>
    public long Epoch => (long)(Last?.Epoch ?? 0);

    private static ReadOnlySpan<byte> Separator => "\nedgedaemon-epoch/v1\n"u8;

    /// <summary>Reads it, and of its certificates the last: the others are the verifier's.</summary>
    /// <exception cref="AuditSpoolException">It is none.</exception>
    public static EpochLedger Read(ISpoolFiles files)
    {
        byte[] notes = files.Read(SpoolLayout.Epochs, LargestFile) ?? [];
        if (notes.Length == 0)
        {
            return new EpochLedger(files, notes, null);
        }

        int start = notes.AsSpan().LastIndexOf(Separator) + 1;
        try
        {
            return new EpochLedger(files, notes, EpochCertificate.Parse(SignedNote.Parse(notes.AsSpan(start)).Text.Span));
        }
        catch (AuditFormatException wrong)
        {
            throw new AuditSpoolException(
                $"{Path.Combine(files.Folder, SpoolLayout.Epochs)}:{start}: it does not end with the certificate of an epoch ({wrong.Message}). It is written whole or not at all, so somebody changed it: "
                + "find out who, and bring it back from a copy (edgectl audit export keeps one)", wrong);
        }
    }

    /// <summary>What could not be written is written with the next certificate, or by <see cref="Save"/>.</summary>
    public bool IsBehind { get; private set; }

    /// <summary>Adds the next one; returns once it is on the disk.</summary>
    /// <exception cref="IOException">It is not, or nobody knows: <see cref="IsBehind"/>.</exception>
    public void Add(ReadOnlySpan<byte> note)
    {
        _notes = [.. _notes, .. note];
        Last = EpochCertificate.Parse(SignedNote.Parse(note).Text.Span);
        Save();
    }

    /// <inheritdoc cref="Add"/>
    public void Save()
    {
        IsBehind = true;
        _files.Write(SpoolLayout.Epochs, _notes);
        IsBehind = false;
    }
}
