namespace EdgeDaemon.Audit;

/// <summary>How the spool is.</summary>
internal enum SpoolCondition
{
    Running,

    /// <summary>Records are taken, but the file system has less room than is to be kept free.</summary>
    LowSpace,

    /// <summary>No further segment can be had: quota or file system.</summary>
    Full,

    /// <summary>What was handed over last could not be brought to the disk, nor to another segment.</summary>
    Failed,

    /// <summary>The disk has not answered for longer than <see cref="Core.Configuration.AuditSettings.StallAfter"/>. Records that are taken already may still reach it.</summary>
    Stalled,

    Stopped,
}

/// <summary>How the spool is, why, and since when. Replaced as a whole.</summary>
/// <param name="Condition">What it is.</param>
/// <param name="Accepts">Whether by the policy requests go on: while it does not, each is refused before any work is done for it.</param>
/// <param name="Reason">For the operator: what happened where, and what to do; empty while running. Not for callers.</param>
/// <param name="Since">By the wall clock.</param>
internal sealed record SpoolState(SpoolCondition Condition, bool Accepts, string Reason, DateTimeOffset Since);
