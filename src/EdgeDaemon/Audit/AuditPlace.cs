namespace EdgeDaemon.Audit;

/// <summary>What became of a record that was handed to the spool.</summary>
internal enum AuditVerdict
{
    /// <summary>It has its place in the log; of a strict one it is on the disk.</summary>
    Taken,

    /// <summary>It is not in the log, and by the policy the work goes on: a later record says how many were lost, and why.</summary>
    Dropped,

    /// <summary>It is not in the log, or nobody knows, and by the policy no answer may leave without it.</summary>
    Refused,
}

/// <summary>Why a record was dropped or refused. Stands in metrics and records, so the names stay.</summary>
internal enum AuditCause
{
    None,

    /// <summary>The disk is too slow for what is recorded: the buffer is full.</summary>
    Behind,

    /// <summary>The file system has less room than is kept free.</summary>
    LowSpace,

    /// <summary>The quota or the file system is used up.</summary>
    Full,

    /// <summary>The disk answered with an error that no new segment could get around.</summary>
    Failed,

    /// <summary>The disk does not answer.</summary>
    Stalled,

    /// <summary>The record is longer than any may be.</summary>
    TooLarge,

    /// <summary>The spool has ended, with the daemon.</summary>
    Stopped,

    /// <summary>The caller's own deadline passed while it waited. Its record may still reach the log.</summary>
    Late,
}

/// <summary>Where a record is in the log, or why it is not.</summary>
/// <param name="Sequence">Its number, which is the index of its leaf, once it is on the disk; -1: not known yet, or it has none. Only who waited for the disk is told.</param>
/// <param name="Verdict">Whether an answer may leave.</param>
/// <param name="Cause">None of one that was taken.</param>
internal readonly record struct AuditPlace(long Sequence, AuditVerdict Verdict, AuditCause Cause)
{
    /// <summary>Whether the work that the record is about may go on.</summary>
    public bool Permits => Verdict != AuditVerdict.Refused;

    public static AuditPlace At(long sequence) => new(sequence, AuditVerdict.Taken, AuditCause.None);
}
