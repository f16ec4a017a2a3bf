using System.Runtime.CompilerServices;

namespace EdgeDaemon.Core.Audit.Records;

/// <summary>
/// Walks the fields of one record, in the order they lie there. Strict: what a <see cref="RecordWriter"/> could not have written is refused, so that a
/// record has one meaning only.
/// </summary>
public ref struct RecordReader
{
    private static readonly string RedactedLength = $"a redacted field has {Redaction.Length} bytes";

    private readonly ReadOnlySpan<byte> _record;
    private readonly ReadOnlySpan<TagRule> _rules;
    private int _at;
    private ulong _lowFields;
    private ulong _highFields;

    /// <param name="record">A frame's payload.</param>
    /// <exception cref="AuditFormatException">It has no kind.</exception>
    public RecordReader(ReadOnlySpan<byte> record)
    {
        _at = Begin(record);
        _record = record;
        _rules = TagRule.All;
    }

    /// <summary>May be one that this version does not know.</summary>
    public readonly RecordKind Kind => (RecordKind)_record[0];

    /// <summary>The present field; may be one that this version does not know.</summary>
    public RecordField Field { get; private set; }

    public FieldForm Form { get; private set; }

    /// <summary>The value of a <see cref="FieldForm.Number"/>.</summary>
    public ulong Number { get; private set; }

    /// <summary>The value of every other form; for a text its UTF-8.</summary>
    public ReadOnlySpan<byte> Bytes { get; private set; }

    /// <summary>The kind of a record, without looking at more than its first byte.</summary>
    public static RecordKind KindOf(ReadOnlySpan<byte> record) => record.IsEmpty ? 0 : (RecordKind)record[0];

    /// <summary>Goes to the next field; false at the end.</summary>
    /// <exception cref="AuditFormatException">The bytes are no record: which rule they break, and where.</exception>
    public bool Next()
    {
        if (_at == _record.Length)
        {
            return false;
        }

        Field = Step(_record, _rules, ref _at, ref _lowFields, ref _highFields, out FieldForm form, out ulong number, out ReadOnlySpan<byte> bytes);
        Form = form;
        Number = number;
        Bytes = bytes;
        return true;
    }

    /// <summary>Goes to that field, from where the reader is; false when there is none left.</summary>
    /// <exception cref="AuditFormatException">The bytes are no record.</exception>
    public bool Find(RecordField field)
    {
        while (Next())
        {
            if (Field == field)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Reads the record to its end.</summary>
    /// <exception cref="AuditFormatException">The bytes are no record.</exception>
    public static void Check(ReadOnlySpan<byte> record)
    {
        ReadOnlySpan<TagRule> rules = TagRule.All;
        int at = Begin(record);
        ulong low = 0, high = 0;
        while (at < record.Length)
        {
            Step(record, rules, ref at, ref low, ref high, out _, out _, out _);
        }
    }

    /// <summary>Looks at the kind.</summary>
    /// <returns>Where the fields begin.</returns>
    /// <exception cref="AuditFormatException">It has none.</exception>
    internal static int Begin(ReadOnlySpan<byte> record) => record.IsEmpty || record[0] is 0 or >= 0x80 ? throw new AuditFormatException("a record begins with its kind, 1 to 127") : 1;

    // Every rule of a field, at the place of each of its three callers: a verification asks them of each field of each record, and much of its time would be calls.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static RecordField Step(
        ReadOnlySpan<byte> record, ReadOnlySpan<TagRule> rules, scoped ref int at, scoped ref ulong low, scoped ref ulong high, out FieldForm form, out ulong number, out ReadOnlySpan<byte> bytes)
    {
        int begin = at;
        ulong tag = Varint(record, ref at);
        if (tag is < 8 or >= TagRule.Tags)
        {
            throw Broken(begin, "the number of a field is not 1 to 127");
        }

        var field = (RecordField)(tag >> 3);
        form = (FieldForm)(tag & 7);
        TagRule rule = rules[(int)tag];
        bytes = default;
        number = 0;
        if (form == FieldForm.Number)
        {
            number = Varint(record, ref at);
        }
        else
        {
            bytes = Value(record, ref at, begin, form);
        }

        if (rule.IsKnown)
        {
            if (rule.IsAnother)
            {
                throw Broken(begin, field, "has another form than its own");
            }

            if (rule.Bound > 0 && (uint)(bytes.Length - 1) >= rule.Bound)
            {
                throw WrongLength(begin, field, bytes.Length);
            }

            ref ulong seen = ref (int)field < 64 ? ref low : ref high;
            ulong bit = 1UL << ((int)field & 63);
            if ((seen & bit) != 0 && !rule.IsList)
            {
                throw Broken(begin, field, "comes twice");
            }

            seen |= bit;
        }

        return field;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ReadOnlySpan<byte> Value(ReadOnlySpan<byte> record, scoped ref int at, int begin, FieldForm form)
    {
        if (form > FieldForm.Redacted)
        {
            throw NoForm(begin, form);
        }

        ulong length = Varint(record, ref at);
        if (length > (ulong)(record.Length - at))
        {
            throw Broken(begin, "a field is longer than the record");
        }

        ReadOnlySpan<byte> value = record.Slice(at, (int)length);
        at += (int)length;
        if (form == FieldForm.Redacted && value.Length != Redaction.Length)
        {
            throw Broken(begin, RedactedLength);
        }

        return form is FieldForm.Text or FieldForm.CutText && !ShortUtf8.IsValid(value) ? throw Broken(begin, "a text is not UTF-8") : value;
    }

    // Shortest form only: a number written two ways would be two records that say the same. Most are of one byte or two.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Varint(ReadOnlySpan<byte> record, ref int at)
    {
        if (at < record.Length)
        {
            uint first = record[at];
            if (first < 0x80)
            {
                at++;
                return first;
            }

            uint second = at + 1 < record.Length ? record[at + 1] : 0u;
            if (second - 1 < 0x7F)
            {
                at += 2;
                return (first & 0x7F) | (second << 7);
            }
        }

        ulong value = LongVarint(record, at, out int end);
        at = end;
        return value;
    }

    private static ulong LongVarint(ReadOnlySpan<byte> record, int begin, out int end)
    {
        ulong value = 0;
        end = begin;
        for (int shift = 0; end < record.Length; shift += 7)
        {
            byte part = record[end++];
            if (shift == 63 && part > 1)
            {
                break;
            }

            value |= (ulong)(part & 0x7F) << shift;
            if (part < 0x80)
            {
                return part == 0 && shift > 0 ? throw Broken(begin, "a number is not written in its shortest form") : value;
            }
        }

        throw Broken(begin, "a number has no end");
    }

    // Texts are made here: in the rules' own method each would clear its builder on the stack for every field that holds.
    private static AuditFormatException Broken(int at, string what) => new($"byte {at} of the record: {what}");

    private static AuditFormatException Broken(int at, RecordField field, string what) => Broken(at, $"{FieldRule.Of(field)!.Name} {what}");

    private static AuditFormatException WrongLength(int at, RecordField field, int length) => Broken(at, field, $"has {length} bytes, not 1 to {FieldRule.Of(field)!.Bound}");

    private static AuditFormatException NoForm(int at, FieldForm form) => Broken(at, $"a field has form {(int)form}, which nothing has");
}
