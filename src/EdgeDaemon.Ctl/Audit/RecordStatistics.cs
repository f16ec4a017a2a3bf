using System.Text;
using EdgeDaemon.Core.Audit.Records;
using EdgeDaemon.Core.Audit.Segments;

namespace EdgeDaemon.Ctl.Audit;

/// <summary>What is in a log, counted. Names come from the device's configuration and from closed lists, so there are few of each.</summary>
internal sealed class RecordStatistics
{
    /// <summary>Longest text that is counted by, in bytes: the longest bound of the fields here.</summary>
    private const int MaxText = 128;

    private readonly long[] _kinds = new long[FieldRule.Numbers];

    public long Records { get; private set; }

    /// <summary>Bytes of frames, with their heads and padding.</summary>
    public long Bytes { get; private set; }

    public long FirstSequence { get; private set; } = -1;

    public long LastSequence { get; private set; } = -1;

    /// <summary>Microseconds of UTC since 1970; the earliest and the latest, wherever the clock was set to.</summary>
    public long FirstTime { get; private set; } = long.MaxValue;

    public long LastTime { get; private set; }

    /// <summary>Certificates of epochs among the records.</summary>
    public long Epochs => Count(RecordKind.Epoch);

    /// <summary>The newest checkpoint's frame: where, and when; a sequence of -1 where there is none.</summary>
    public long CheckpointSequence { get; private set; } = -1;

    public long CheckpointTime { get; private set; }

    /// <summary>Records of requests and refusals with each outcome.</summary>
    public Dictionary<string, long> Outcomes { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, long> Refusals { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, long> Tenants { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, long> Models { get; } = new(StringComparer.Ordinal);

    /// <summary>Records lost by policy, as the log itself says.</summary>
    public long Dropped { get; private set; }

    public long Count(RecordKind kind) => _kinds[(int)kind & (FieldRule.Numbers - 1)];

    /// <exception cref="Core.Audit.AuditFormatException">The frame's payload is no record.</exception>
    public void Add(ReadOnlySpan<byte> frame)
    {
        ReadOnlySpan<byte> record = Frame.Record(frame);
        RecordKind kind = RecordReader.KindOf(record);
        Records++;
        Bytes += frame.Length;
        _kinds[(int)kind & (FieldRule.Numbers - 1)]++;
        LastSequence = (long)Frame.Sequence(frame);
        FirstSequence = FirstSequence < 0 ? LastSequence : FirstSequence;
        long time = Frame.Time(frame);
        FirstTime = Math.Min(FirstTime, time);
        LastTime = Math.Max(LastTime, time);
        if (kind == RecordKind.Checkpoint)
        {
            CheckpointSequence = LastSequence;
            CheckpointTime = time;
        }

        var reader = new RecordReader(record);
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case RecordField.Tenant:
                    Count(Tenants, in reader);
                    break;
                case RecordField.Model:
                    Count(Models, in reader);
                    break;
                case RecordField.Outcome:
                    Count(Outcomes, in reader);
                    break;
                case RecordField.Refusal:
                    Count(Refusals, in reader);
                    break;
                case RecordField.Count when kind == RecordKind.Dropped:
                    Dropped += (long)Math.Min(reader.Number, long.MaxValue);
                    break;
            }
        }
    }

    // Without a string for each record: those of a name that is known are looked up by their letters.
    private static void Count(Dictionary<string, long> counts, ref readonly RecordReader reader)
    {
        if (reader.Form == FieldForm.Redacted)
        {
            string redacted = RecordTable.Text(in reader);
            counts[redacted] = counts.GetValueOrDefault(redacted) + 1;
            return;
        }

        Span<char> letters = stackalloc char[MaxText];
        if (!Encoding.UTF8.TryGetChars(reader.Bytes, letters, out int length))
        {
            return;
        }

        Dictionary<string, long>.AlternateLookup<ReadOnlySpan<char>> lookup = counts.GetAlternateLookup<ReadOnlySpan<char>>();
        lookup.TryGetValue(letters[..length], out long count);
        lookup[letters[..length]] = count + 1;
    }
}
