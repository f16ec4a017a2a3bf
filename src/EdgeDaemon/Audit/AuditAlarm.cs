namespace EdgeDaemon.Audit;

/// <summary>What of the log somebody must be woken by, beside the changes of its state.</summary>
internal enum AuditAlarmKind
{
    /// <summary>A segment was given up after an error of the disk.</summary>
    SegmentAbandoned,

    /// <summary>The disk had not answered for too long, and does again.</summary>
    DiskStalled,

    /// <summary>Most of the quota is used up by what must be kept.</summary>
    QuotaNear,
}

/// <param name="Kind">What.</param>
/// <param name="Text">Where, how much, and what to do: for the operator.</param>
internal readonly record struct AuditAlarm(AuditAlarmKind Kind, string Text);
