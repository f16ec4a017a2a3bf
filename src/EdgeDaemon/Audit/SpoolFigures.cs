namespace EdgeDaemon.Audit;

/// <summary>What the spool has done since the process began, and where it stands; for metrics and status.</summary>
internal readonly record struct SpoolFigures
{
    /// <summary>Records that are on the disk, of this process.</summary>
    public required long Records { get; init; }

    /// <summary>Their bytes, with frames.</summary>
    public required long Bytes { get; init; }

    /// <summary>Calls of fdatasync on segments.</summary>
    public required long Syncs { get; init; }

    /// <summary>Groups of records that shared one.</summary>
    public required long Batches { get; init; }

    public required long Checkpoints { get; init; }

    /// <summary>Segments that were given up after an error.</summary>
    public required long AbandonedSegments { get; init; }

    /// <summary>Sealed segments that were deleted to make room.</summary>
    public required long DeletedSegments { get; init; }

    /// <summary>Records that are in no log, by cause.</summary>
    public required long DroppedBehind { get; init; }

    public required long DroppedLowSpace { get; init; }

    public required long DroppedFull { get; init; }

    public required long DroppedFailed { get; init; }

    public required long DroppedStalled { get; init; }

    /// <summary>Records of the log that are on the disk, from its first on: the tree's size.</summary>
    public required long Size { get; init; }

    /// <summary>Records that are taken and not yet on the disk.</summary>
    public required long Pending { get; init; }

    /// <summary>Number of the segment that is written.</summary>
    public required long Segment { get; init; }

    public required long Epoch { get; init; }

    /// <summary>Of all segments.</summary>
    public required long DiskBytes { get; init; }

    /// <summary>What of them no rule lets go; at the quota the log is full.</summary>
    public required long KeptBytes { get; init; }

    /// <summary>What the file system has left for the daemon.</summary>
    public required long FreeBytes { get; init; }

    /// <summary>How long the call to the disk that is under way has taken so far, seconds; 0: none is.</summary>
    public required double CallSeconds { get; init; }

    /// <summary>The last sync's duration, seconds.</summary>
    public required double LastSyncSeconds { get; init; }

    /// <summary>The longest one's.</summary>
    public required double LongestSyncSeconds { get; init; }
}
