using EdgeDaemon.Core.Audit.Notes;
using EdgeDaemon.Core.Audit.Records;
using EdgeDaemon.Core.Audit.Tree;

namespace EdgeDaemon.Core.Audit.Segments;

/// <summary>The rules about what is signed: checkpoints, and the certificates of epochs.</summary>
internal sealed partial class VerificationState
{
    private void CheckCheckpoint(SegmentWalk walk, SignedNote note, long time)
    {
        var checkpoint = Checkpoint.Of(note);
        if (_opening && verdict.Checkpoints == 0 && chain is not null)
        {
            // The log begins in an epoch that the chain must know; of its own first segment that is 0.
            ulong epoch = walk.Header.Segment == 0 ? 0 : checkpoint.Epoch;
            EnterFirst(walk, epoch);
        }

        RequireTime(walk, time);
        RequireSigned(walk, note, "checkpoint");
        if (checkpoint.Origin != first.Name)
        {
            throw Broken(walk, SpoolFaultKind.Origin, $"a checkpoint is of {checkpoint.Origin}", Forged);
        }

        if (checkpoint.Epoch != verdict.Epoch)
        {
            throw Broken(walk, SpoolFaultKind.Epoch, $"a checkpoint names epoch {checkpoint.Epoch}, and stands in epoch {verdict.Epoch}", Forged);
        }

        if (checkpoint.Segment != _segment || checkpoint.Offset != (ulong)walk.Offset || checkpoint.Time != time)
        {
            throw Broken(walk, SpoolFaultKind.Place, $"a checkpoint is signed for segment {checkpoint.Segment}, byte {checkpoint.Offset}, {AuditTime.Text(checkpoint.Time)}, and lies elsewhere", Forged);
        }

        bool opens = checkpoint.Header.Length > 0;
        if (opens != _opening || (opens && !checkpoint.Header.Span.SequenceEqual(walk.HeaderDigest.Span)))
        {
            throw Broken(walk, SpoolFaultKind.Opening, "the checkpoint that opens a segment does not name the segment's header", Forged);
        }

        RequireRoot(walk, checkpoint.Size, checkpoint.Root.Span);
        verdict.Checkpoints++;
        verdict.LastCheckpoint = checkpoint;
        verdict.LastNote = note.Bytes;
        _sealedTo = Edge.Size + 1;
    }

    private void CheckEpoch(SegmentWalk walk, SignedNote note, long time)
    {
        var certificate = EpochCertificate.Parse(note.Text.Span);
        RequireSigned(walk, note, "certificate of an epoch");
        if (certificate.Origin != first.Name || certificate.Epoch != verdict.Epoch + 1)
        {
            throw Broken(walk, SpoolFaultKind.Epoch, $"a certificate is for epoch {certificate.Epoch} of {certificate.Origin}, and epoch {verdict.Epoch + 1} is next", Forged);
        }

        if (certificate.Start != time || certificate.Closed != verdict.LastTime)
        {
            throw Broken(walk, SpoolFaultKind.Time, "a certificate's times are not those of its frame and the one before", Forged);
        }

        RequireRoot(walk, certificate.Size, certificate.Root.Span);
        if (!_keys.Enter(certificate))
        {
            throw Broken(walk, SpoolFaultKind.Epoch, $"the file of certificates has another key for epoch {certificate.Epoch} than the log", Forged);
        }

        verdict.Epoch = certificate.Epoch;
        verdict.ClockSetBacks += certificate.Start < certificate.Closed ? 1 : 0;
        verdict.LastTime = certificate.Start;
        _epochStart = certificate.Start;
        _sealedTo = Edge.Size + 1;
    }

    private void EnterFirst(SegmentWalk walk, ulong epoch)
    {
        if (epoch > chain!.Last)
        {
            throw Broken(walk, SpoolFaultKind.Epoch, $"the log begins in epoch {epoch}, and the file of certificates ends with epoch {chain.Last}", "give the whole file of certificates");
        }

        bool early = epoch > 0 && chain.Certificate(epoch).Size >= Edge.Size;
        bool late = epoch < chain.Last && chain.Certificate(epoch + 1).Size < Edge.Size;
        if (early || late)
        {
            throw Broken(walk, SpoolFaultKind.Epoch, $"the log begins at sequence {Edge.Size}, which is not within epoch {epoch}", Forged);
        }

        verdict.Epoch = epoch;
        _keys.EnterAt(epoch);
        _epochStart = epoch > 0 ? chain.Certificate(epoch).Start : 0;
        (_firstEpoch, _firstEpochStart) = (epoch, _epochStart);
        verdict.LastTime = _epochStart;
    }

    private void RequireSigned(SegmentWalk walk, SignedNote note, string what)
    {
        if (!_keys.Current.Verify(note))
        {
            string by = _keys.SignerOf(note) is { } epoch ? $", but by that of epoch {epoch}" : "";
            throw Broken(walk, SpoolFaultKind.Signature, $"a {what} is not signed by the key of epoch {verdict.Epoch}{by}", Forged);
        }
    }

    private void RequireRoot(SegmentWalk walk, ulong size, ReadOnlySpan<byte> signed)
    {
        Span<byte> root = stackalloc byte[TreeHash.Length];
        Edge.Root(root);
        if (size != Edge.Size || !signed.SequenceEqual(root))
        {
            throw Broken(walk, SpoolFaultKind.Root, $"{size} records were signed, and the {Edge.Size} that are there have another root: one from sequence {_sealedTo} on was changed, added or removed", Forged);
        }
    }

    private static ReadOnlySpan<byte> NoteOf(ReadOnlySpan<byte> record)
    {
        var reader = new RecordReader(record);
        if (!reader.Next() || reader.Field != RecordField.Note || reader.Form != FieldForm.Text)
        {
            throw new AuditFormatException("the record of a checkpoint or an epoch has one field, its note");
        }

        ReadOnlySpan<byte> note = reader.Bytes;
        return reader.Next() ? throw new AuditFormatException("the record of a checkpoint or an epoch has nothing but its note") : note;
    }
}
