using System.Text;
using EdgeDaemon.Core.Audit;
using EdgeDaemon.Core.Audit.Notes;
using EdgeDaemon.Core.Audit.Records;
using EdgeDaemon.Core.Audit.Segments;
using EdgeDaemon.Native.OpenSsl;

namespace EdgeDaemon.Audit;

/// <summary>
/// Opens a log. What a power cut can leave (a torn last write, files laid out and never begun, a key too many) is put right and said in a record; whatever else is found
/// is copied aside and refused: a log that was changed must not be gone on with as if it had not been.
/// </summary>
internal sealed partial class SpoolRecovery
{
    private const int Page = 4096;

    private readonly ISpoolFiles _files;
    private readonly AuditKeyStore _keys;
    private readonly List<OwnRecord> _notes = [];
    private readonly string _origin;

    private SpoolRecovery(ISpoolFiles files, AuditKeyStore keys, string origin) => (_files, _keys, _origin) = (files, keys, origin);

    /// <summary>Begins a log: its first key, and what the auditor keeps of it.</summary>
    /// <param name="files">An empty folder.</param>
    /// <param name="keys">Where the key goes.</param>
    /// <param name="origin">The log's name.</param>
    /// <returns>The vkey.</returns>
    /// <exception cref="AuditSpoolException">There is one already.</exception>
    /// <exception cref="IOException">It could not be begun.</exception>
    public static string Initialise(ISpoolFiles files, AuditKeyStore keys, string origin)
    {
        foreach (string name in files.Names())
        {
            if (name is SpoolLayout.FirstKey or SpoolLayout.Epochs || SpoolLayout.TryParseSegment(name, out _))
            {
                throw new AuditSpoolException($"{Path.Combine(files.Folder, name)} exists: there is a log already, and nothing was changed");
            }
        }

        using EpochKey key = EpochKey.Make(keys, origin, 0);
        using NoteVerifier verifier = key.Signer.Verifier();
        string vkey = verifier.ToString();

        // Last: without it there is no log, and the key is made anew.
        files.Write(SpoolLayout.FirstKey, Encoding.ASCII.GetBytes(vkey + "\n"));
        return vkey;
    }

    /// <exception cref="AuditSpoolException">There is no log, or one that is not what was written.</exception>
    /// <exception cref="IOException">A file cannot be read or written.</exception>
    public static OpenedLog Open(ISpoolFiles files, AuditKeyStore keys, string? origin)
    {
        string place = Path.Combine(files.Folder, SpoolLayout.FirstKey);
        byte[] first = files.Read(SpoolLayout.FirstKey, 4096)
            ?? throw new AuditSpoolException($"{place} is missing: there is no audit log here. On a new device 'edged init' makes it; on any other, bring it back, or find out who removed it");
        NoteVerifier verifier;
        try
        {
            verifier = NoteVerifier.Parse(Encoding.ASCII.GetString(first).TrimEnd('\n'));
        }
        catch (AuditFormatException wrong)
        {
            throw new AuditSpoolException($"{place}: is not the key that 'edged init' wrote ({wrong.Message}): bring back the auditor's copy", wrong);
        }

        using (verifier)
        {
            if (origin is not null && origin != verifier.Name)
            {
                throw new AuditSpoolException($"{place}: this log's origin is '{verifier.Name}', and [audit] origin says '{origin}': take that key out, or begin another log in another directory");
            }

            return new SpoolRecovery(files, keys, verifier.Name).Open(verifier);
        }
    }

    private OpenedLog Open(NoteVerifier first)
    {
        List<ulong> numbers = [];
        foreach (string name in _files.Names())
        {
            if (SpoolLayout.TryParseSegment(name, out ulong number))
            {
                numbers.Add(number);
            }
        }

        numbers.Sort();
        _files.Remove(SpoolLayout.Next); // It syncs the folder in any case: a name, too, may be in memory alone.
        EpochLedger ledger = EpochLedger.Read(_files);
        if (numbers.Count == 0)
        {
            return Empty(first, ledger);
        }

        for (int i = 1; i < numbers.Count; i++)
        {
            if (numbers[i] != numbers[i - 1] + 1)
            {
                throw Refuse(SpoolLayout.SegmentName(numbers[i - 1] + 1), 0, "is missing between two others", quarantined: null);
            }
        }

        return GoOn(first, ledger, numbers);
    }

    private OpenedLog Empty(NoteVerifier first, EpochLedger ledger)
    {
        if (ledger.Last is not null)
        {
            throw Refuse(SpoolLayout.SegmentName(0), 0, $"and every other segment is missing, although the log has reached epoch {ledger.Epoch}", quarantined: null);
        }

        EpochKey key = OpenKey(0, first.Spki);
        return new OpenedLog
        {
            Origin = _origin, Tip = new LogTip(), Ledger = ledger, Key = key, EpochStart = long.MaxValue, Segment = null, SegmentFirst = 0, Reason = SegmentReason.First, Past = [], Notes = _notes,
        };
    }

    private OpenedLog GoOn(NoteVerifier first, EpochLedger ledger, List<ulong> numbers)
    {
        string name = SpoolLayout.SegmentName(numbers[^1]);
        ISpoolFile file = _files.Open(name);
        try
        {
            var tip = new LogTip { Segment = numbers[^1] };
            (SegmentHeader header, List<byte[]> certificates, long epoch) = Walk(name, file, tip);
            if (epoch < ledger.Epoch)
            {
                // A certificate is in the ledger only once it is in the log.
                throw Refuse(name, tip.Offset, $"ends in epoch {epoch}, and {SpoolLayout.Epochs} says that epoch {ledger.Epoch} had begun: what was recorded since is cut off", quarantined: null);
            }

            if (certificates.Count > 0 && EpochOf(name, certificates[0]) > ledger.Epoch + 1)
            {
                certificates = [.. EarlierCertificates(numbers), .. certificates];
            }

            EpochCertificate? last = Certify(name, first, ledger, certificates);
            ReadOnlyMemory<byte> spki = last?.Key ?? first.Spki;
            EpochKey key = OpenKey((long)(last?.Epoch ?? 0), spki);
            return new OpenedLog
            {
                Origin = _origin, Tip = tip, Ledger = ledger, Key = key, EpochStart = last?.Start ?? header.Time, Segment = file,
                SegmentFirst = header.FirstSequence, Reason = SegmentReason.Rotated, Past = Past(numbers, header), Notes = _notes,
            };
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    // The whole last segment: its frames lead from the header's tree to the end of the log.
    private (SegmentHeader Header, List<byte[]> Certificates, long Epoch) Walk(string name, ISpoolFile file, LogTip tip)
    {
        SegmentWalk walk;
        try
        {
            walk = new SegmentWalk(new SpoolFileBytes(name, file));
        }
        catch (AuditFormatException wrong)
        {
            throw Refuse(name, 0, wrong.Message, _files.Quarantine(name));
        }

        SegmentHeader header = walk.Header;
        if (header.Origin != _origin || header.Segment != tip.Segment)
        {
            throw Refuse(name, 0, $"is segment {header.Segment} of '{header.Origin}'", _files.Quarantine(name));
        }

        tip.Edge.CopyFrom(header.Edge);
        tip.Time = header.Time;
        List<byte[]> certificates = [];
        long epoch = 0;
        Span<byte> leaf = stackalloc byte[32];
        while (walk.Next())
        {
            ReadOnlySpan<byte> frame = walk.Frame;
            HasherChoice.Fastest.Hash(Frame.PrefixedLeaf(frame), leaf);
            tip.Edge.Append(leaf);
            tip.Time = Frame.Time(frame);
            ReadOnlySpan<byte> record = Frame.Record(frame);
            if (record[0] == (byte)RecordKind.Epoch)
            {
                certificates.Add(NoteOf(name, walk.Offset, record));
                epoch = EpochOf(name, certificates[^1]);
            }
            else if (record[0] == (byte)RecordKind.Checkpoint)
            {
                tip.Checkpointed = Frame.Sequence(frame);
                epoch = EpochOf(name, NoteOf(name, walk.Offset, record));
            }
        }

        tip.Offset = walk.Offset;
        tip.Checksum = walk.Checksum;
        switch (walk.End)
        {
            case SegmentEnd.Clean:
                Secure(name, file, tip.Offset, torn: 0);
                break;
            case SegmentEnd.Torn when tip.Edge.Size > header.FirstSequence:
                Secure(name, file, tip.Offset, walk.TailBytes);
                _notes.Add(OwnRecord.Recovery("torn_tail", tip.Segment, walk.Offset, walk.TailBytes, tip.Edge.Size));
                break;
            default:
                throw Refuse(name, walk.Offset, $"{walk.Fault?.What ?? "its first record is missing"} (sequence {walk.Sequence})", _files.Quarantine(name));
        }

        return (header, certificates, epoch);
    }

    // What was read may be in the page cache alone: a process that is killed between its write and its sync leaves it there, and one that is killed behind a sync that failed
    // leaves it there in pages that count as clean, which no later sync writes. So the end is written once more and synced, before a key is certified by it and before anything is
    // appended: else a power cut after this start leaves a hole in front of what came later. A torn end gets zeros to its last byte; cut in the middle of this, it is the same torn end again.
    private void Secure(string name, ISpoolFile file, long end, long torn)
    {
        byte[] buffer = new byte[64 << 10];
        try
        {
            long last = Math.Min(file.Length, end + torn);
            for (long at = end; at < last; at += buffer.Length)
            {
                file.WriteAt(buffer.AsSpan(0, (int)Math.Min(buffer.Length, last - at)), at);
            }

            // Nothing farther back was ever unsynced when the log went on behind it.
            for (long at = Math.Max(0, end - Frame.LargestBatch) / Page * Page; at < end;)
            {
                Span<byte> piece = buffer.AsSpan(0, (int)Math.Min(buffer.Length, end - at));
                int read = file.ReadAt(piece, at);
                file.WriteAt(piece[..read], at);
                at += read > 0 ? read : throw new IOException($"it ends at {at}");
            }

            file.Sync();
        }
        catch (IOException failure)
        {
            throw new AuditSpoolException(
                $"{Path.Combine(_files.Folder, name)}:{end}: the end of the log cannot be brought to the disk: {failure.Message}. Nothing was appended. Look at the disk (dmesg), and start again", failure);
        }
    }

    // By headers alone: what a segment holds ends where the next one begins, and is not later.
    private List<SealedSegment> Past(List<ulong> numbers, SegmentHeader last)
    {
        List<SealedSegment> past = [];
        SegmentHeader next = last;
        byte[] bytes = new byte[SegmentHeader.Length];
        for (int i = numbers.Count - 2; i >= 0; i--)
        {
            string name = SpoolLayout.SegmentName(numbers[i]);
            using ISpoolFile file = _files.Open(name);
            try
            {
                int read = file.ReadAt(bytes, 0);
                var header = SegmentHeader.Read(bytes.AsSpan(0, read));
                if (header.Origin != _origin || header.Segment != numbers[i] || header.FirstSequence >= next.FirstSequence)
                {
                    throw new AuditFormatException($"is segment {header.Segment} of '{header.Origin}', from sequence {header.FirstSequence}");
                }

                past.Add(new SealedSegment(numbers[i], header.FirstSequence, next.FirstSequence, next.Time, file.Length));
                next = header;
            }
            catch (AuditFormatException wrong)
            {
                throw Refuse(name, 0, wrong.Message, _files.Quarantine(name));
            }
        }

        past.Reverse();
        return past;
    }

    private static byte[] NoteOf(string name, long offset, ReadOnlySpan<byte> record)
    {
        var reader = new RecordReader(record);
        while (reader.Next())
        {
            if (reader.Field == RecordField.Note)
            {
                return reader.Bytes.ToArray();
            }
        }

        throw new AuditSpoolException($"{name}:{offset}: a certificate without its note");
    }

    private AuditSpoolException Refuse(string name, long offset, string what, string? quarantined) => new(
        $"{Path.Combine(_files.Folder, name)}:{offset}: {what}. No power cut does that, so the log is not gone on with{(quarantined is null ? "" : $" (a copy is in {quarantined})")}. "
        + "'edgectl audit verify' says what still holds; then move the folder away as evidence and begin a new log with 'edged init'");
}
