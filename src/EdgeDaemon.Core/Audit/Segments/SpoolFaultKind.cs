namespace EdgeDaemon.Core.Audit.Segments;

/// <summary>What is wrong at the first place that does not hold.</summary>
public enum SpoolFaultKind
{
    /// <summary>No segment is there.</summary>
    Empty,

    /// <summary>A header's bytes, or its own checksum.</summary>
    Header,

    /// <summary>A segment of another log, or a note signed under another name.</summary>
    Origin,

    /// <summary>A segment is missing, twice there, or in another's place.</summary>
    SegmentNumber,

    /// <summary>The tree before the segment is not the one that its header names.</summary>
    PreviousRoot,

    /// <summary>The log does not begin at sequence 0, and the caller did not allow that.</summary>
    Beginning,

    /// <summary>A frame's length or padding, or frames where none may be.</summary>
    Frame,

    /// <summary>A frame's checksum.</summary>
    Checksum,

    /// <summary>A frame's sequence.</summary>
    Sequence,

    /// <summary>A frame's time: none, before its epoch, or back within it.</summary>
    Time,

    /// <summary>A record that is none.</summary>
    Record,

    /// <summary>A segment does not begin with its checkpoint.</summary>
    Opening,

    /// <summary>A checkpoint or certificate that is none.</summary>
    Note,

    /// <summary>A signature does not hold, or is another epoch's.</summary>
    Signature,

    /// <summary>A checkpoint or certificate speaks of another epoch than the one it stands in.</summary>
    Epoch,

    /// <summary>A checkpoint lies elsewhere than it says.</summary>
    Place,

    /// <summary>A signed size or root is not that of the records.</summary>
    Root,

    /// <summary>The log is shorter than a checkpoint kept elsewhere.</summary>
    CutOff,

    /// <summary>The log is another one than a checkpoint kept elsewhere saw.</summary>
    Inconsistent,

    /// <summary>A checkpoint kept elsewhere speaks of records that retention has removed.</summary>
    TooOld,

    /// <summary>What lies behind the last good frame is no torn write.</summary>
    Tail,
}
