namespace EdgeDaemon.Core.Audit.Segments;

/// <summary>How a segment's frames end (<see cref="SegmentWalk"/>).</summary>
public enum SegmentEnd
{
    /// <summary>There may be more frames.</summary>
    None,

    /// <summary>Zeros, or the end of the bytes.</summary>
    Clean,

    /// <summary>Where the next segment begins, but something lies behind: an abandoned batch, if the next one says so.</summary>
    Followed,

    /// <summary>What a power cut leaves of a write that was not synced: recovery cuts it, if this is the last segment.</summary>
    Torn,

    /// <summary>Something else: quarantine it.</summary>
    Damaged,
}
