using EdgeDaemon.Core.Audit.Notes;
using EdgeDaemon.Core.Audit.Tree;

namespace EdgeDaemon.Core.Audit.Segments;

/// <summary>
/// Verifies a log from its first public key to its end, all computed anew: nothing that is written there is believed but signatures. Pure: the caller
/// brings the bytes, one segment after the other.
/// </summary>
/// <param name="first">Key of epoch 0; its name is the log's origin.</param>
public sealed class SpoolVerifier(NoteVerifier first)
{
    private const string Missing = "find the segment that is missing, or take it as removed: compare with an export or a checkpoint kept elsewhere";

    /// <summary>
    /// The certificates' file: a log whose first segments retention has removed is verified by it, and one that ends before its last epoch was cut off. Null: the log must begin at
    /// sequence 0, and nothing is compared.
    /// </summary>
    public EpochChain? Chain { get; init; }

    /// <summary>Whether the log must begin at sequence 0 although there is a <see cref="Chain"/>.</summary>
    public bool IsWhole { get; init; }

    /// <summary>A signed checkpoint of this log that was kept elsewhere; the log must contain it. Its signature is verified too.</summary>
    public SignedNote? Since { get; init; }

    /// <summary>Also read every record to its end. Costs some time: a record's bytes are sealed whether or not they make sense.</summary>
    public bool ChecksRecords { get; init; }

    /// <summary>Called for each frame that holds so far (it may not be sealed yet). For proofs, exports and statistics in the same pass.</summary>
    public FrameVisitor? Visitor { get; init; }

    /// <summary>How the tree is hashed.</summary>
    public TreeHasher Hasher { get; init; } = TreeHasher.Lanes;

    /// <param name="segments">In the order of their numbers.</param>
    /// <param name="cancellation">Ends the verification between two frames.</param>
    /// <exception cref="AuditFormatException"><see cref="Since"/> is no checkpoint.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public SpoolVerdict Verify(IEnumerable<ISegmentBytes> segments, CancellationToken cancellation = default)
    {
        var verdict = new SpoolVerdict { Origin = first.Name };
        KeptCheckpoint? kept = Since is null ? null : new KeptCheckpoint(Since);
        var state = new VerificationState(verdict, first, Chain, IsWhole || Chain is null, kept, new FrameHashing(kept, Visitor, Hasher));
        try
        {
            Walk(segments, state, cancellation);
            state.Finish();
        }
        catch (SpoolFaultException broken)
        {
            verdict.Fault = broken.Fault;
        }

        state.Describe();
        return verdict;
    }

    private void Walk(IEnumerable<ISegmentBytes> segments, VerificationState state, CancellationToken cancellation)
    {
        using IEnumerator<ISegmentBytes> places = segments.GetEnumerator();
        if (!places.MoveNext())
        {
            throw new SpoolFaultException(new SpoolFault(SpoolFaultKind.Empty, "", 0, 0, "there is no segment", "name the spool's folder, or the files in it"));
        }

        SegmentWalk walk = Open(places.Current, state);
        while (true)
        {
            // Where a segment ends, only the next one's header says: it is read first, and believed only when its turn has come.
            SegmentWalk? next = null;
            SpoolFaultException? broken = null;
            bool isLast = !places.MoveNext();
            if (!isLast)
            {
                try
                {
                    next = Open(places.Current, state);
                    walk.Limit = next.Header.Segment == walk.Header.Segment + 1 && next.Header.FirstSequence > walk.Header.FirstSequence ? next.Header.FirstSequence : ulong.MaxValue;
                }
                catch (SpoolFaultException fault)
                {
                    broken = fault;
                }
            }

            state.Begin(walk);
            WalkFrames(walk, state, cancellation);
            End(walk, next, isLast, state);
            if (isLast)
            {
                return;
            }

            walk = next ?? throw new SpoolFaultException(broken!.Fault with { Sequence = state.Size });
        }
    }

    private void WalkFrames(SegmentWalk walk, VerificationState state, CancellationToken cancellation)
    {
        while (walk.Next())
        {
            if ((walk.Sequence & 0xFF) == 0)
            {
                cancellation.ThrowIfCancellationRequested();
            }

            state.Add(walk, ChecksRecords);
        }
    }

    private static void End(SegmentWalk walk, SegmentWalk? next, bool isLast, VerificationState state)
    {
        state.Verdict.Bytes += walk.Offset;
        switch (walk.End)
        {
            case SegmentEnd.Torn when isLast:
                state.Verdict.TornBytes = walk.TailBytes;
                state.Verdict.TornFault = walk.Fault;
                return;
            case SegmentEnd.Torn or SegmentEnd.Damaged:
                throw new SpoolFaultException(walk.Fault!);
            case SegmentEnd.Followed when next!.Header.Reason is not (SegmentReason.Abandoned or SegmentReason.Recovered):
                throw new SpoolFaultException(new SpoolFault(
                    SpoolFaultKind.Frame, walk.Name, walk.Offset, walk.Sequence, $"something lies behind the last record, and segment {next.Header.Segment} does not say that a batch was abandoned", "keep a copy of both segments"));
            case SegmentEnd.Followed:
                state.Verdict.AbandonedBytes += walk.TailBytes;
                break;
        }

        if (next is not null && walk.Limit != ulong.MaxValue && walk.Sequence < walk.Limit)
        {
            throw new SpoolFaultException(new SpoolFault(
                SpoolFaultKind.Sequence, walk.Name, walk.Offset, walk.Sequence, $"the records end here, and segment {next.Header.Segment} begins at sequence {walk.Limit}", Missing));
        }
    }

    private static SegmentWalk Open(ISegmentBytes bytes, VerificationState state)
    {
        try
        {
            return new SegmentWalk(bytes);
        }
        catch (AuditFormatException broken)
        {
            throw new SpoolFaultException(new SpoolFault(SpoolFaultKind.Header, bytes.Name, 0, state.Size, broken.Message, "keep a copy of the file, and compare it with a backup"));
        }
    }
}
