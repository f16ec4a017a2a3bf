namespace EdgeDaemon.Audit;

/// <summary>Whether there is room for the log to grow.</summary>
internal enum SpaceCondition
{
    Enough,
    Low,

    /// <summary>No further segment: quota or file system.</summary>
    Full,

    /// <summary>No further segment, because the disk answered with an error.</summary>
    Broken,
}

/// <param name="Condition">How it is.</param>
/// <param name="Reason">Why, and what to do; empty where there is enough.</param>
/// <param name="FreeBytes">What the file system has left.</param>
internal sealed record SpaceReport(SpaceCondition Condition, string Reason, long FreeBytes);
