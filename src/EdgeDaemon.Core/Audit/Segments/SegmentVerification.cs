namespace EdgeDaemon.Core.Audit.Segments;

/// <summary>One segment of a log from its header to its end: every frame, and whether what lies behind the last one may.</summary>
internal static class SegmentVerification
{
    private const string Missing = "find the segment that is missing, or take it as removed: compare with an export or a checkpoint kept elsewhere";

    /// <param name="walk">At the segment's beginning.</param>
    /// <param name="next">Header of the segment behind it, if there is one that can be read.</param>
    /// <param name="isLast">Whether no segment is behind it.</param>
    /// <param name="state">Where the log is; becomes where it is behind the segment.</param>
    /// <param name="readsRecords">Also read every record to its end.</param>
    /// <param name="cancellation">Ends it between two frames.</param>
    /// <exception cref="SpoolFaultException">The first place that does not hold.</exception>
    public static void Of(SegmentWalk walk, SegmentHeader? next, bool isLast, VerificationState state, bool readsRecords, CancellationToken cancellation)
    {
        bool follows = next is not null && next.Segment == walk.Header.Segment + 1 && next.FirstSequence > walk.Header.FirstSequence;
        walk.Limit = follows ? next!.FirstSequence : ulong.MaxValue;
        state.Begin(walk);
        while (walk.Next())
        {
            if ((walk.Sequence & 0xFF) == 0)
            {
                cancellation.ThrowIfCancellationRequested();
            }

            state.Add(walk, readsRecords);
        }

        End(walk, next, isLast, state.Verdict);
    }

    private static void End(SegmentWalk walk, SegmentHeader? next, bool isLast, SpoolVerdict verdict)
    {
        verdict.Bytes += walk.Offset;
        switch (walk.End)
        {
            case SegmentEnd.Torn when isLast:
                verdict.TornBytes = walk.TailBytes;
                verdict.TornFault = walk.Fault;
                return;
            case SegmentEnd.Torn or SegmentEnd.Damaged:
                throw new SpoolFaultException(walk.Fault!);
            case SegmentEnd.Followed when next!.Reason is not (SegmentReason.Abandoned or SegmentReason.Recovered):
                throw new SpoolFaultException(new SpoolFault(
                    SpoolFaultKind.Frame, walk.Name, walk.Offset, walk.Sequence, $"something lies behind the last record, and segment {next.Segment} does not say that a batch was abandoned", "keep a copy of both segments"));
            case SegmentEnd.Followed:
                verdict.AbandonedBytes += walk.TailBytes;
                break;
        }

        if (walk.Limit != ulong.MaxValue && walk.Sequence < walk.Limit)
        {
            throw new SpoolFaultException(new SpoolFault(
                SpoolFaultKind.Sequence, walk.Name, walk.Offset, walk.Sequence, $"the records end here, and segment {next!.Segment} begins at sequence {walk.Limit}", Missing));
        }
    }
}
