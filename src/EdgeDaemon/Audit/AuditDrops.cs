namespace EdgeDaemon.Audit;

/// <summary>Records that are in no log, by cause, in one order that does not change.</summary>
internal static class AuditDrops
{
    public static (AuditCause Cause, long Count)[] Of(in SpoolFigures figures) =>
    [
        (AuditCause.Behind, figures.DroppedBehind),
        (AuditCause.LowSpace, figures.DroppedLowSpace),
        (AuditCause.Full, figures.DroppedFull),
        (AuditCause.Failed, figures.DroppedFailed),
        (AuditCause.Stalled, figures.DroppedStalled),
    ];
}
