namespace EdgeDaemon.Core.Audit.Records;

/// <summary>
/// Reads the records of a log to their ends, one after the other, and says of each what <see cref="RecordReader.Check"/> says. Who asked, and for which release, is the same in record after record: bytes
/// that held as fields of one hold in another where none of these fields came before, so they are compared and not read again. Not for two threads at once.
/// </summary>
internal sealed class RecordCheck
{
    /// <summary>So many callers and releases may take turns in a log.</summary>
    public const int Kept = 4;

    // The fields up to it say who asked and for what; behind it lies what is a record's own.
    private const RecordField Last = RecordField.Release;
    private const ulong UpToLast = (1UL << ((int)Last + 1)) - 1;

    private readonly PreparedFields[] _known = [.. Enumerable.Range(0, Kept).Select(_ => new PreparedFields())];
    private int _oldest;

    /// <summary>Records of which some fields were known.</summary>
    public long Compared { get; private set; }

    /// <param name="record">A frame's payload.</param>
    /// <exception cref="AuditFormatException">The bytes are no record.</exception>
    public void Check(ReadOnlySpan<byte> record)
    {
        int at = RecordReader.Begin(record);
        ReadOnlySpan<TagRule> rules = TagRule.All;
        ulong low = 0, high = 0, before = 0;
        int from = 0;
        bool past = false; // Of who asked nothing more is new.
        while (at < record.Length)
        {
            int begin = at;
            RecordField field = RecordReader.Step(record, rules, ref at, ref low, ref high, out _, out _, out _);
            if (from == 0)
            {
                // The first is the request's own: its id.
                (from, before) = (at, low);
                if (Find(record[at..], low) is { } known)
                {
                    at += known.Bytes.Length;
                    low |= known.LowFields;
                    past = true;
                    Compared++;
                }
            }
            else if (!past && field > Last)
            {
                past = true;
                Keep(record[from..begin], low & ~before & UpToLast);
            }
        }
    }

    private PreparedFields? Find(ReadOnlySpan<byte> rest, ulong seen)
    {
        PreparedFields? longest = null; // A refusal that named no model has the beginning of what the same caller's requests have.
        foreach (PreparedFields known in _known)
        {
            if (known.Bytes.Length > (longest?.Bytes.Length ?? 0) && rest.StartsWith(known.Bytes) && (seen & known.LowFields) == 0)
            {
                longest = known;
            }
        }

        return longest;
    }

    private void Keep(ReadOnlySpan<byte> fields, ulong seen)
    {
        if (!fields.IsEmpty)
        {
            _known[_oldest].Set(fields, seen, 0);
            _oldest = (_oldest + 1) % Kept;
        }
    }
}
