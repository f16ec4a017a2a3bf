namespace EdgeDaemon.Core.Audit.Segments;

/// <summary>Why a segment was begun.</summary>
public enum SegmentReason : uint
{
    /// <summary>The log begins.</summary>
    First = 0,

    /// <summary>The one before was full or old.</summary>
    Rotated = 1,

    /// <summary>A write or sync of the one before failed: what lies there from this segment's first sequence on was never acknowledged.</summary>
    Abandoned = 2,

    /// <summary>The one before was found torn at start, and left as it was.</summary>
    Recovered = 3,
}
