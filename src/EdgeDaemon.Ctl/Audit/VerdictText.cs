using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using EdgeDaemon.Core.Audit.Records;
using EdgeDaemon.Core.Audit.Segments;

namespace EdgeDaemon.Ctl.Audit;

/// <summary>What a verification found, and as plainly what it cannot find: for people and, as JSON, for programs.</summary>
internal static class VerdictText
{
    public static void Write(SpoolVerdict verdict, TextWriter output)
    {
        Line(output, "origin", $"{verdict.Origin}");
        Line(output, "records", $"{verdict.Size - verdict.FirstSequence} (sequences {verdict.FirstSequence} to {verdict.Size - 1}), {AuditTime.Text(verdict.FirstTime)} to {AuditTime.Text(verdict.LastTime)}");
        Line(output, "segments", $"{verdict.Segments} from number {verdict.FirstSegment}, {verdict.Bytes} bytes");
        Line(output, "epochs", $"0 to {verdict.Epoch}{(verdict.ClockSetBacks > 0 ? $"; the clock was set back {verdict.ClockSetBacks} times" : "")}");
        Line(output, "checkpoints", $"{verdict.Checkpoints}, each signed by the key of its epoch");
        Line(output, "root", $"{Convert.ToBase64String(verdict.Root.Span)} of {verdict.Size} records");
        if (verdict.LastCheckpoint is { } last)
        {
            Line(output, "sealed", $"{last.Size} records by the newest checkpoint, epoch {last.Epoch}, {AuditTime.Text(last.Time)}");
        }

        if (verdict.AbandonedBytes > 0)
        {
            Line(output, "given up", $"{verdict.AbandonedBytes} bytes of batches that the disk did not take; they were written again");
        }

        if (verdict.TornBytes > 0)
        {
            Line(output, "torn", $"{verdict.TornBytes} bytes at the end, as a power cut leaves them, or as the daemon is writing them now; its next start cuts them and records that");
        }

        foreach (string sentence in NotProven(verdict))
        {
            Line(output, "not proven", $"{sentence}");
        }
    }

    public static string Json(SpoolVerdict verdict)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteBoolean("good", verdict.IsSound);
            json.WriteString("origin", verdict.Origin);
            json.WriteNumber("first_sequence", verdict.FirstSequence);
            json.WriteNumber("size", verdict.Size);
            json.WriteBase64String("root", verdict.Root.Span);
            json.WriteNumber("segments", verdict.Segments);
            json.WriteNumber("first_segment", verdict.FirstSegment);
            json.WriteNumber("bytes", verdict.Bytes);
            json.WriteNumber("epoch", verdict.Epoch);
            json.WriteNumber("checkpoints", verdict.Checkpoints);
            json.WriteNumber("unsealed", verdict.Unsealed);
            json.WriteNumber("abandoned_bytes", verdict.AbandonedBytes);
            json.WriteNumber("torn_bytes", verdict.TornBytes);
            json.WriteNumber("clock_set_backs", verdict.ClockSetBacks);
            json.WriteBoolean("ends_in_order", verdict.EndsInOrder);
            json.WriteString("first_time", AuditTime.Text(verdict.FirstTime));
            json.WriteString("last_time", AuditTime.Text(verdict.LastTime));
            if (verdict.ConsistentSince is { } since)
            {
                json.WriteNumber("consistent_since", since);
            }

            if (!verdict.LastNote.IsEmpty)
            {
                json.WriteString("last_checkpoint", Encoding.UTF8.GetString(verdict.LastNote.Span));
            }

            if (verdict.Fault is { } fault)
            {
                Write(json, fault);
            }

            json.WriteStartArray("not_proven");
            foreach (string sentence in verdict.IsSound ? NotProven(verdict) : [])
            {
                json.WriteStringValue(sentence);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    /// <summary>The first bad place in one line, with how far all was good before it.</summary>
    public static string Fault(SpoolVerdict verdict)
    {
        string before = verdict.LastCheckpoint is not { } last ? " (no checkpoint before it holds)"
            : last.Size <= verdict.FirstSequence ? " (before it only the checkpoint holds with which the log begins)"
            : string.Create(CultureInfo.InvariantCulture, $" (records up to {last.Size - 1} are sealed by a checkpoint before it, and hold)");
        string option = verdict.Fault is { Kind: SpoolFaultKind.Beginning } ? "; '--allow-removed' where retention ([audit] keep_days, max_bytes) has removed the first ones" : "";
        return $"{verdict.Fault}{option}{before}";
    }

    private static void Write(Utf8JsonWriter json, SpoolFault fault)
    {
        json.WriteStartObject("fault");
        json.WriteString("kind", fault.Kind.ToString());
        json.WriteString("segment", fault.Name);
        json.WriteNumber("offset", fault.Offset);
        json.WriteNumber("sequence", fault.Sequence);
        json.WriteString("what", fault.What);
        json.WriteString("remedy", fault.Remedy);
        json.WriteEndObject();
    }

    // An auditor who is not told takes "good" for more than it is.
    private static IEnumerable<string> NotProven(SpoolVerdict verdict)
    {
        if (verdict.Unsealed > 0)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"the newest {verdict.Unsealed} records: no checkpoint signs them yet");
        }

        if (verdict.FirstSequence > 0)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"what records 0 to {verdict.FirstSequence - 1} said: they were removed; that they were these is in the tree");
        }

        ulong known = Math.Min(verdict.ConsistentSince ?? 0, verdict.Size);
        yield return known == 0
            ? "that nothing was cut off at the end: compare with a checkpoint that was kept elsewhere (--since)"
            : string.Create(CultureInfo.InvariantCulture, $"that nothing was cut off behind record {known - 1}: only the checkpoint kept elsewhere says how long the log was");
        yield return string.Create(CultureInfo.InvariantCulture, $"that nobody with the device's present key wrote epoch {verdict.Epoch} anew{(known == 0 ? "" : $" behind record {known - 1}")}: only a checkpoint kept elsewhere can");
    }

    private static void Line(TextWriter output, string name, FormattableString text) => output.WriteLine($"{name,-12} {FormattableString.Invariant(text)}");
}
