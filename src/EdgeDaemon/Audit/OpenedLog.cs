using EdgeDaemon.Core.Audit.Segments;

namespace EdgeDaemon.Audit;

/// <summary>A log as a start finds it, repaired, at the place where it goes on.</summary>
internal sealed record OpenedLog
{
    public required string Origin { get; init; }

    public required LogTip Tip { get; init; }

    public required EpochLedger Ledger { get; init; }

    public required EpochKey Key { get; init; }

    /// <summary>When its epoch began, microseconds since 1970.</summary>
    public required long EpochStart { get; init; }

    /// <summary>The segment that is written; null: none yet.</summary>
    public required ISpoolFile? Segment { get; init; }

    /// <summary>Sequence of its first frame.</summary>
    public required ulong SegmentFirst { get; init; }

    /// <summary>Why the next segment is begun.</summary>
    public required SegmentReason Reason { get; init; }

    /// <summary>Those before it, oldest first.</summary>
    public required IReadOnlyList<SealedSegment> Past { get; init; }

    /// <summary>What the log is told of this opening.</summary>
    public required IReadOnlyList<OwnRecord> Notes { get; init; }
}
