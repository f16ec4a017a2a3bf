using EdgeDaemon.Core.Audit;
using EdgeDaemon.Core.Audit.Records;

namespace EdgeDaemon.Ctl.Audit;

/// <summary>Which records are wanted: all conditions must hold; of one condition's values any may. Without a condition every record is.</summary>
internal sealed class RecordFilter
{
    /// <summary>Microseconds of UTC since 1970, the first that counts.</summary>
    public long From { get; init; }

    /// <summary>The first that does not count any more.</summary>
    public long To { get; init; } = long.MaxValue;

    /// <summary>Empty: of any kind.</summary>
    public IReadOnlyList<RecordKind> Kinds { get; init; } = [];

    public IReadOnlyList<TextPattern> Tenants { get; init; } = [];

    /// <summary>Looked for in the outcome and in the refusal's name.</summary>
    public IReadOnlyList<TextPattern> Outcomes { get; init; } = [];

    public IReadOnlyList<TextPattern> Models { get; init; } = [];

    /// <summary>Looked for in the caller, and with <see cref="Salt"/> in a redacted one.</summary>
    public IReadOnlyList<TextPattern> Callers { get; init; } = [];

    public IReadOnlyList<TextPattern> Requests { get; init; } = [];

    /// <summary>What redacted values were made with; null: they match nothing.</summary>
    public Redaction? Salt { get; init; }

    /// <summary>Records that might have matched, had their caller or tenant not been redacted with a salt that is not at hand.</summary>
    public long Unreadable { get; private set; }

    /// <summary>Bytes that are no record match wherever their time and first byte do: what is broken is to be seen.</summary>
    public bool Matches(long time, ReadOnlySpan<byte> record)
    {
        if (time < From || time >= To || !HasKind(RecordReader.KindOf(record)))
        {
            return false;
        }

        try
        {
            return HasFields(record);
        }
        catch (AuditFormatException)
        {
            return true;
        }
    }

    private bool HasFields(ReadOnlySpan<byte> record)
    {
        // One field may be asked for in two conditions; each is judged on its own, over the twenty fields of a record.
        bool hidden = false;
        bool matches = Has(record, Tenants, RecordField.Tenant, RecordField.Tenant, ref hidden)
            && Has(record, Outcomes, RecordField.Outcome, RecordField.Refusal, ref hidden)
            && Has(record, Models, RecordField.Model, RecordField.Model, ref hidden)
            && Has(record, Callers, RecordField.Caller, RecordField.Caller, ref hidden)
            && Has(record, Requests, RecordField.RequestId, RecordField.RequestId, ref hidden);
        if (hidden)
        {
            Unreadable++;
        }

        return matches;
    }

    private bool HasKind(RecordKind kind)
    {
        if (Kinds.Count == 0)
        {
            return true;
        }

        foreach (RecordKind wanted in Kinds)
        {
            if (wanted == kind)
            {
                return true;
            }
        }

        return false;
    }

    private bool Has(ReadOnlySpan<byte> record, IReadOnlyList<TextPattern> patterns, RecordField field, RecordField other, ref bool hidden)
    {
        if (patterns.Count == 0)
        {
            return true;
        }

        var reader = new RecordReader(record);
        while (reader.Next())
        {
            if (reader.Field != field && reader.Field != other)
            {
                continue;
            }

            if (reader.Form == FieldForm.Redacted && (Salt is null || !reader.Bytes.StartsWith(Salt.SaltId)))
            {
                hidden = true;
                continue;
            }

            foreach (TextPattern pattern in patterns)
            {
                if (reader.Form == FieldForm.Redacted
                    ? !pattern.Whole.IsEmpty && Salt!.Matches(reader.Field, pattern.Whole, reader.Bytes)
                    : pattern.Matches(reader.Bytes))
                {
                    return true;
                }
            }
        }

        return false;
    }
}
