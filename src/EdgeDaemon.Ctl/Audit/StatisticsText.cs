using System.Buffers;
using System.Text;
using System.Text.Json;
using EdgeDaemon.Core.Audit.Records;
using EdgeDaemon.Core.Bundles;

namespace EdgeDaemon.Ctl.Audit;

/// <summary>Statistics of a log for people and, as JSON, for programs.</summary>
internal static class StatisticsText
{
    /// <summary>Names shown of each sort; JSON has all.</summary>
    private const int Most = 20;

    /// <param name="statistics">What was counted.</param>
    /// <param name="segments">How many there are.</param>
    /// <param name="fileBytes">What their files take.</param>
    /// <param name="output">Where it is printed.</param>
    public static void Write(RecordStatistics statistics, int segments, long fileBytes, TextWriter output)
    {
        if (statistics.Records == 0)
        {
            output.WriteLine("no records");
            return;
        }

        Line(output, "records", $"{statistics.Records} (sequences {statistics.FirstSequence} to {statistics.LastSequence})");
        Line(output, "time", $"{AuditTime.Text(statistics.FirstTime)} to {AuditTime.Text(statistics.LastTime)}");
        Line(output, "rate", $"{Rate(statistics):0.###} records a second");
        Line(output, "bytes", $"{statistics.Bytes} of records ({statistics.Bytes / statistics.Records} each), {fileBytes} of files in {segments} segments");
        Line(output, "epochs", $"{statistics.Epochs} changes of the key");
        Line(output, "checkpoints", $"{statistics.Count(RecordKind.Checkpoint)}, the newest of {Math.Max(0, statistics.CheckpointSequence)} records at {(statistics.CheckpointSequence < 0 ? "-" : AuditTime.Text(statistics.CheckpointTime))}, {statistics.LastSequence - statistics.CheckpointSequence} records since");
        if (statistics.Dropped > 0)
        {
            Line(output, "DROPPED", $"{statistics.Dropped} records that policy allowed to lose; see 'edgectl audit query --kind dropped'");
        }

        foreach ((RecordKind kind, long count) in Kinds(statistics))
        {
            Line(output, "kind", $"{count,10}  {RecordTable.KindName(kind)}");
        }

        Names(output, "outcome", statistics.Outcomes);
        Names(output, "refusal", statistics.Refusals);
        Names(output, "tenant", statistics.Tenants);
        Names(output, "model", statistics.Models);
    }

    public static string Json(RecordStatistics statistics, int segments, long fileBytes)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteNumber("records", statistics.Records);
            if (statistics.Records > 0)
            {
                json.WriteNumber("first_sequence", statistics.FirstSequence);
                json.WriteNumber("last_sequence", statistics.LastSequence);
                json.WriteString("first_time", AuditTime.Text(statistics.FirstTime));
                json.WriteString("last_time", AuditTime.Text(statistics.LastTime));
            }

            json.WriteNumber("records_per_second", Rate(statistics));
            json.WriteNumber("record_bytes", statistics.Bytes);
            json.WriteNumber("file_bytes", fileBytes);
            json.WriteNumber("segments", segments);
            json.WriteNumber("epoch_changes", statistics.Epochs);
            json.WriteNumber("dropped", statistics.Dropped);
            if (statistics.CheckpointSequence >= 0)
            {
                json.WriteNumber("checkpoint_size", statistics.CheckpointSequence);
                json.WriteString("checkpoint_time", AuditTime.Text(statistics.CheckpointTime));
            }

            json.WriteStartObject("kinds");
            foreach ((RecordKind kind, long count) in Kinds(statistics))
            {
                json.WriteNumber(RecordTable.KindName(kind), count);
            }

            json.WriteEndObject();
            Names(json, "outcomes", statistics.Outcomes);
            Names(json, "refusals", statistics.Refusals);
            Names(json, "tenants", statistics.Tenants);
            Names(json, "models", statistics.Models);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    // Over the time that the records span; one moment has no rate.
    private static double Rate(RecordStatistics statistics) => statistics.Records > 1 && statistics.LastTime > statistics.FirstTime
        ? (statistics.Records - 1) * 1e6 / (statistics.LastTime - statistics.FirstTime)
        : 0;

    private static IEnumerable<(RecordKind Kind, long Count)> Kinds(RecordStatistics statistics)
    {
        for (int kind = 0; kind < FieldRule.Numbers; kind++)
        {
            if (statistics.Count((RecordKind)kind) is > 0 and var count)
            {
                yield return ((RecordKind)kind, count);
            }
        }
    }

    private static List<KeyValuePair<string, long>> Sorted(Dictionary<string, long> counts)
    {
        var sorted = new List<KeyValuePair<string, long>>(counts);
        sorted.Sort((one, other) => one.Value == other.Value ? string.CompareOrdinal(one.Key, other.Key) : other.Value.CompareTo(one.Value));
        return sorted;
    }

    private static void Names(TextWriter output, string title, Dictionary<string, long> counts)
    {
        List<KeyValuePair<string, long>> sorted = Sorted(counts);
        for (int at = 0; at < sorted.Count && at < Most; at++)
        {
            Line(output, title, $"{sorted[at].Value,10}  {Printable.Of(sorted[at].Key)}");
        }

        if (sorted.Count > Most)
        {
            Line(output, title, $"{"",10}  and {sorted.Count - Most} more (--json has all)");
        }
    }

    private static void Names(Utf8JsonWriter json, string title, Dictionary<string, long> counts)
    {
        json.WriteStartObject(title);
        foreach (KeyValuePair<string, long> count in Sorted(counts))
        {
            json.WriteNumber(count.Key, count.Value);
        }

        json.WriteEndObject();
    }

    private static void Line(TextWriter output, string name, FormattableString text) => output.WriteLine($"{name,-12} {FormattableString.Invariant(text)}");
}
