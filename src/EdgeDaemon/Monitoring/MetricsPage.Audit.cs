using EdgeDaemon.Audit;
using EdgeDaemon.Engine;

namespace EdgeDaemon.Monitoring;

/// <summary>The part of the page that is about the audit log; there while it is on.</summary>
internal sealed partial class MetricsPage
{
    private void Audit(MetricsText text)
    {
        text.Gauge("edged_audit_accepts", "0: requests are refused, because what would be decided cannot be recorded. 1 also where nothing is recorded.");
        text.Sample(from.Audit.Accepts ? 1 : 0);
        if (from.Audit.Spool is not { } spool)
        {
            return;
        }

        SpoolFigures figures = spool.Figures;
        SpoolState state = spool.State;
        text.Gauge("edged_audit_state", "1 for the state that the audit log is in.");
        foreach (SpoolCondition condition in Enum.GetValues<SpoolCondition>())
        {
            text.Sample(state.Condition == condition ? 1 : 0, ("state", Word(condition)));
        }

        text.Gauge("edged_audit_size_records", "Records of the audit log that are on the disk, from its first on: the tree's size.");
        text.Sample(figures.Size);
        text.Gauge("edged_audit_pending_records", "Records that are taken and not yet on the disk.");
        text.Sample(figures.Pending);
        text.Gauge("edged_audit_epoch", "Number of the key that signs.");
        text.Sample(figures.Epoch);
        if (spool.LastCheckpoint is { } made)
        {
            text.Gauge("edged_audit_checkpoint_records", "Records under the newest checkpoint, by its root in base64: kept elsewhere, they show whether the log was cut or written anew.");
            text.Sample(made.Size, ("root", Convert.ToBase64String(made.Root.Span)));
            text.Gauge("edged_audit_checkpoint_timestamp_seconds", "When it was made.");
            text.Sample(made.Time.ToUnixTimeMilliseconds() / 1e3);
        }

        text.Counter("edged_audit_records_total", "Records that were brought to the disk.");
        text.Sample(figures.Records);
        text.Counter("edged_audit_bytes_total", "Their bytes, with frames.");
        text.Sample(figures.Bytes);
        text.Counter("edged_audit_dropped_records_total", "Records that are in no log, by cause. More than none is an alarm.");
        foreach ((AuditCause cause, long count) in AuditDrops.Of(figures))
        {
            text.Sample(count, ("cause", Word(cause)));
        }

        text.Counter("edged_audit_syncs_total", "Times that segments were brought to the disk.");
        text.Sample(figures.Syncs);
        Span<long> counts = stackalloc long[LatencyHistogram.Bounds.Length + 1];
        counts.Clear();
        spool.SyncTimes.AddTo(counts);
        text.Histogram("edged_audit_sync_duration_seconds", "How long it took to write a group of records and to bring it to the disk.");
        text.Buckets(LatencyHistogram.Bounds.AsSpan(), counts, spool.SyncTimes.Ticks / (double)System.Diagnostics.Stopwatch.Frequency);
        text.Gauge("edged_audit_call_seconds", "How long the call to the disk that is under way has taken so far; 0: none is.");
        text.Sample(figures.CallSeconds);
        text.Gauge("edged_audit_last_sync_seconds", "How long the last one took.");
        text.Sample(figures.LastSyncSeconds);
        text.Gauge("edged_audit_longest_sync_seconds", "How long the longest one took.");
        text.Sample(figures.LongestSyncSeconds);
        text.Counter("edged_audit_checkpoints_total", "Checkpoints that were signed.");
        text.Sample(figures.Checkpoints);
        text.Counter("edged_audit_abandoned_segments_total", "Segments that were given up after an error of the disk.");
        text.Sample(figures.AbandonedSegments);
        text.Counter("edged_audit_deleted_segments_total", "Segments that were deleted by rule, to make room.");
        text.Sample(figures.DeletedSegments);
        text.Gauge("edged_audit_disk_bytes", "Of all segments.");
        text.Sample(figures.DiskBytes);
        text.Gauge("edged_audit_kept_bytes", "What of them no rule lets go: at the quota the log is full.");
        text.Sample(figures.KeptBytes);
        text.Gauge("edged_audit_quota_bytes", "What they may have: [audit] max_bytes.");
        text.Sample(from.Audit.Settings!.MaxBytes);
        text.Gauge("edged_audit_free_bytes", "What the file system has left for the daemon.");
        text.Sample(figures.FreeBytes);
    }
}
