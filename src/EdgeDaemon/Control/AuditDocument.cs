using System.Text.Json;
using EdgeDaemon.Audit;
using EdgeDaemon.Monitoring;

namespace EdgeDaemon.Control;

/// <summary>How the audit log stands: whether it takes what is decided, why not, how far it has come, what it has done since the start.</summary>
internal static class AuditDocument
{
    /// <summary>What everybody who asks for the status is told.</summary>
    public static void WriteState(Utf8JsonWriter json, AuditTrail audit)
    {
        json.WriteBoolean("enabled", audit.Spool is not null);
        if (audit.Spool is { State: var state })
        {
            json.WriteString("state", MetricsPage.Word(state.Condition));
            json.WriteBoolean("accepts", state.Accepts);
            json.WriteString("reason", state.Reason);
            json.WriteString("since", state.Since);
        }
    }

    public static void Write(Utf8JsonWriter json, AuditTrail audit)
    {
        WriteState(json, audit);
        if (audit is not { Spool: { } spool, Settings: { } settings })
        {
            return;
        }

        SpoolFigures figures = spool.Figures;
        json.WriteString("directory", settings.Directory);
        json.WriteNumber("size", figures.Size);
        json.WriteNumber("pending", figures.Pending);
        json.WriteNumber("segment", figures.Segment);
        json.WriteNumber("epoch", figures.Epoch);
        if (spool.LastCheckpoint is { } made)
        {
            json.WriteStartObject("checkpoint");
            json.WriteNumber("size", made.Size);
            json.WriteString("root", Convert.ToBase64String(made.Root.Span));
            json.WriteNumber("epoch", made.Epoch);
            json.WriteString("time", made.Time);
            json.WriteString("note", made.Note);
            json.WriteEndObject();
        }

        json.WriteStartObject("rules");
        json.WriteString("durability", settings.Strict ? "strict" : "batched");
        json.WriteStartArray("strict_models");
        foreach (string pattern in settings.StrictModels)
        {
            json.WriteStringValue(pattern);
        }

        json.WriteEndArray();
        json.WriteNumber("window_records", settings.WindowRecords);
        json.WriteNumber("window_seconds", settings.Window.TotalSeconds);
        json.WriteNumber("checkpoint_records", settings.CheckpointRecords);
        json.WriteNumber("checkpoint_seconds", settings.CheckpointInterval.TotalSeconds);
        json.WriteNumber("max_bytes", settings.MaxBytes);
        json.WriteString("on_full", MetricsPage.Word(settings.OnFull));
        json.WriteString("on_low_space", MetricsPage.Word(settings.OnLowSpace));
        json.WriteString("on_error", MetricsPage.Word(settings.OnError));
        json.WriteString("on_behind", MetricsPage.Word(settings.OnBehind));
        json.WriteNumber("stall_seconds", settings.StallAfter.TotalSeconds);
        json.WriteString("input_digest", MetricsPage.Word(settings.InputDigest));
        json.WriteString("output_digest", MetricsPage.Word(settings.OutputDigest));
        json.WriteBoolean("redact", settings.RedactionSalt is not null);
        json.WriteEndObject();

        json.WriteStartObject("since_start");
        json.WriteNumber("records", figures.Records);
        json.WriteNumber("bytes", figures.Bytes);
        json.WriteNumber("syncs", figures.Syncs);
        json.WriteNumber("batches", figures.Batches);
        json.WriteNumber("checkpoints", figures.Checkpoints);
        json.WriteNumber("abandoned_segments", figures.AbandonedSegments);
        json.WriteNumber("deleted_segments", figures.DeletedSegments);
        json.WriteStartObject("dropped");
        foreach ((AuditCause cause, long count) in AuditDrops.Of(figures))
        {
            json.WriteNumber(MetricsPage.Word(cause), count);
        }

        json.WriteEndObject();
        json.WriteNumber("last_sync_seconds", figures.LastSyncSeconds);
        json.WriteNumber("longest_sync_seconds", figures.LongestSyncSeconds);
        json.WriteEndObject();
        json.WriteNumber("call_seconds", figures.CallSeconds);
        json.WriteNumber("disk_bytes", figures.DiskBytes);
        json.WriteNumber("kept_bytes", figures.KeptBytes);
        json.WriteNumber("free_bytes", figures.FreeBytes);
    }
}
