using System.Buffers.Binary;
using System.Numerics;

namespace EdgeDaemon.Core.Audit.Records;

/// <summary>
/// Reads the records of a log to their ends, one after the other, and says of each what <see cref="RecordReader.Check"/> says. Who asked, and for which release, is the same in record after record: bytes
/// that held as fields of one hold in another where none of these fields came before, so they are compared and not read again. Not for two threads at once.
/// </summary>
internal sealed class RecordCheck
{
    // Callers and releases that are known at once, each at a place that its first bytes say; fewer bytes than these are read as fast as they are compared.
    private const int Places = 256;
    private const int Told = 64;

    // The fields up to it say who asked and for what; behind it lies what is a record's own.
    private const RecordField Last = RecordField.Release;
    private const ulong UpToLast = (1UL << ((int)Last + 1)) - 1;

    private readonly PreparedFields?[] _known = new PreparedFields?[Places];

    /// <summary>Records of which some fields were known.</summary>
    public long Compared { get; private set; }

    /// <param name="record">A frame's payload.</param>
    /// <exception cref="AuditFormatException">The bytes are no record.</exception>
    public void Check(ReadOnlySpan<byte> record)
    {
        int at = RecordReader.Begin(record);
        ReadOnlySpan<TagRule> rules = TagRule.All;
        ulong low = 0, high = 0, before = 0;
        int from = 0, place = 0;
        bool past = false; // Of who asked nothing more is new.
        while (at < record.Length)
        {
            int begin = at;
            RecordField field = RecordReader.Step(record, rules, ref at, ref low, ref high, out _, out _, out _);
            if (from == 0)
            {
                // The first is the request's own: its id.
                (from, before) = (at, low);
                place = PlaceOf(record[at..]);
                if (place >= 0 && _known[place] is { } known && record[at..].StartsWith(known.Bytes) && (low & known.LowFields) == 0)
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
                Keep(record[from..begin], low & ~before & UpToLast, place);
            }
        }
    }

    // Below 0: there is none for so few bytes.
    private static int PlaceOf(ReadOnlySpan<byte> rest)
    {
        if (rest.Length < Told)
        {
            return -1;
        }

        uint hash = 0;
        for (int at = 0; at < Told; at += sizeof(ulong))
        {
            hash = BitOperations.Crc32C(hash, BinaryPrimitives.ReadUInt64LittleEndian(rest[at..]));
        }

        return (int)(hash % Places);
    }

    private void Keep(ReadOnlySpan<byte> fields, ulong seen, int place)
    {
        if (fields.Length is >= Told and <= PreparedFields.Most)
        {
            (_known[place] ??= new PreparedFields()).Set(fields, seen, 0);
        }
    }
}
