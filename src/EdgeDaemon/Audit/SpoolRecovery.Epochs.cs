using System.Security.Cryptography;
using EdgeDaemon.Core.Audit;
using EdgeDaemon.Core.Audit.Notes;
using EdgeDaemon.Core.Audit.Records;
using EdgeDaemon.Core.Audit.Segments;

namespace EdgeDaemon.Audit;

/// <content>With which key the log goes on, and what says that it may.</content>
internal sealed partial class SpoolRecovery
{
    // Only where the ledger could not be written over several segments.
    private List<byte[]> EarlierCertificates(List<ulong> numbers)
    {
        List<byte[]> certificates = [];
        foreach (ulong number in numbers[..^1])
        {
            string name = SpoolLayout.SegmentName(number);
            using ISpoolFile file = _files.Open(name);
            try
            {
                var walk = new SegmentWalk(new SpoolFileBytes(name, file));
                while (walk.Next())
                {
                    if (RecordReader.KindOf(Frame.Record(walk.Frame)) == RecordKind.Epoch)
                    {
                        certificates.Add(NoteOf(name, walk.Offset, Frame.Record(walk.Frame)));
                    }
                }
            }
            catch (AuditFormatException wrong)
            {
                throw Refuse(name, 0, wrong.Message, _files.Quarantine(name));
            }
        }

        return certificates;
    }

    private long EpochOf(string name, byte[] note)
    {
        try
        {
            ReadOnlySpan<byte> text = SignedNote.Parse(note).Text.Span;
            return (long)(text.StartsWith("edgedaemon-epoch/v1\n"u8) ? EpochCertificate.Parse(text).Epoch : Checkpoint.Parse(text).Epoch);
        }
        catch (AuditFormatException wrong)
        {
            throw Refuse(name, 0, wrong.Message, _files.Quarantine(name));
        }
    }

    // Certificates of this segment that the ledger has not: a crash between the two writes. Their keys lead on from the ledger's last.
    private EpochCertificate? Certify(string name, NoteVerifier first, EpochLedger ledger, List<byte[]> certificates)
    {
        foreach (byte[] note in certificates)
        {
            try
            {
                var signed = SignedNote.Parse(note);
                var certificate = EpochCertificate.Parse(signed.Text.Span);
                if ((long)certificate.Epoch <= ledger.Epoch)
                {
                    continue;
                }

                using NoteVerifier signer = NoteVerifier.Of(_origin, (ledger.Last?.Key ?? first.Spki).Span);
                if (certificate.Origin != _origin || (long)certificate.Epoch != ledger.Epoch + 1 || !signer.Verify(signed))
                {
                    throw new AuditFormatException($"the certificate of epoch {certificate.Epoch} does not follow from epoch {ledger.Epoch}, the last of {SpoolLayout.Epochs}");
                }

                ledger.Add(note);
            }
            catch (AuditFormatException wrong)
            {
                throw Refuse(name, 0, wrong.Message, _files.Quarantine(name));
            }
        }

        return ledger.Last;
    }

    private EpochKey OpenKey(long epoch, ReadOnlyMemory<byte> spki)
    {
        EpochKey key;
        try
        {
            key = EpochKey.Read(_keys, _origin, epoch)
                ?? throw new AuditSpoolException(
                    $"{_files.Folder}: the key of epoch {epoch}, in which the log ends, is not there. Either the key was removed, or the log went on in later epochs and that part of it was cut off: "
                    + "compare it with a checkpoint kept elsewhere (edgectl audit verify --since). To go on, move the folder away as evidence and begin a new log with 'edged init'");
        }
        catch (CryptographicException wrong)
        {
            throw new AuditSpoolException($"{_files.Folder}: the key of epoch {epoch} is no private key: bring it back, or move the folder away as evidence and begin a new log with 'edged init'", wrong);
        }

        if (!key.Signer.Spki.Span.SequenceEqual(spki.Span))
        {
            key.Dispose();
            throw new AuditSpoolException($"{_files.Folder}: the key of epoch {epoch} is not the one that the log certifies: bring it back, or move the folder away as evidence and begin a new log with 'edged init'");
        }

        // Of an epoch that has ended, and of one that was prepared and never began.
        _keys.Erase(epoch + 1);
        if (epoch > 0)
        {
            _keys.Erase(epoch - 1);
        }

        return key;
    }
}
