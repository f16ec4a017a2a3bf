using EdgeDaemon.Core.Audit;
using EdgeDaemon.Core.Audit.Notes;

namespace EdgeDaemon.Audit;

/// <summary>
/// The file of all certificates, by which a log is verified from its first key on although its first segments are gone. It grows by one at each epoch's end, and nothing of it is kept in
/// memory but the last. The log itself holds them too: what a crash kept from this file is taken from there at the next start.
/// </summary>
internal sealed class EpochLedger
{
    // The last certificate, whole, and what a cut may have left behind it.
    private const int EndBytes = 8192;

    private readonly ISpoolFiles _files;
    private readonly List<byte> _behind = []; // What is not, or not surely, in the file.
    private long _end;

    private EpochLedger(ISpoolFiles files, long end, EpochCertificate? last)
    {
        (_files, _end, Last) = (files, end, last);
    }

    /// <summary>Of the newest epoch in it; null: epoch 0 is.</summary>
    public EpochCertificate? Last { get; private set; }

    /// <summary>The newest epoch in it.</summary>
    public long Epoch => (long)(Last?.Epoch ?? 0);

    /// <summary>What could not be written is written with the next certificate, or by <see cref="Save"/>.</summary>
    public bool IsBehind => _behind.Count > 0;

    private static ReadOnlySpan<byte> Separator => "\nedgedaemon-epoch/v1\n"u8;

    /// <summary>Reads its last certificate; the others are the verifier's. A torn end is written over by the next one.</summary>
    /// <exception cref="AuditSpoolException">It is none.</exception>
    public static EpochLedger Read(ISpoolFiles files)
    {
        if (!files.Names().Contains(SpoolLayout.Epochs))
        {
            return new EpochLedger(files, 0, null);
        }

        byte[] bytes = new byte[EndBytes];
        long from;
        int read;
        using (ISpoolFile file = files.Open(SpoolLayout.Epochs))
        {
            from = Math.Max(0, file.Length - EndBytes);
            read = file.ReadAt(bytes, from);
        }

        ReadOnlySpan<byte> notes = bytes.AsSpan(0, read);
        notes = notes[..EpochChain.WholeLength(notes)];
        if (notes.IsEmpty && from == 0)
        {
            return new EpochLedger(files, 0, null);
        }

        int start = notes.LastIndexOf(Separator) + 1;
        try
        {
            return new EpochLedger(files, from + notes.Length, EpochCertificate.Parse(SignedNote.Parse(notes[start..]).Text.Span));
        }
        catch (AuditFormatException wrong)
        {
            throw new AuditSpoolException(
                $"{Path.Combine(files.Folder, SpoolLayout.Epochs)}:{from + start}: it does not end with the certificate of an epoch ({wrong.Message}), nor with a part of one, which is all that a power cut leaves: "
                + "somebody changed it. Find out who, and bring it back from a copy (edgectl audit export keeps one)", wrong);
        }
    }

    /// <summary>Adds the next one; returns once it is on the disk.</summary>
    /// <exception cref="IOException">It is not, or nobody knows: <see cref="IsBehind"/>.</exception>
    public void Add(ReadOnlySpan<byte> note)
    {
        _behind.AddRange(note);
        Last = EpochCertificate.Parse(SignedNote.Parse(note).Text.Span);
        Save();
    }

    /// <inheritdoc cref="Add"/>
    public void Save()
    {
        byte[] notes = [.. _behind];
        _files.Append(SpoolLayout.Epochs, _end, notes); // Again at the same place where it failed: what is there then does not count.
        _end += notes.Length;
        _behind.Clear();
    }
}
