using System.Text.Unicode;

namespace EdgeDaemon.Core.Audit.Records;

/// <summary>
/// Walks the fields of one record, in the order they lie there. Strict: what a <see cref="RecordWriter"/> could not have written is refused, so that a
/// record has one meaning only.
/// </summary>
public ref struct RecordReader
{
    private readonly ReadOnlySpan<byte> _record;
    private int _at;
    private ulong _lowFields;
    private ulong _highFields;

    /// <param name="record">A frame's payload.</param>
    /// <exception cref="AuditFormatException">It has no kind.</exception>
    public RecordReader(ReadOnlySpan<byte> record)
    {
        if (record.IsEmpty || record[0] is 0 or >= 0x80)
        {
            throw new AuditFormatException("a record begins with its kind, 1 to 127");
        }

        _record = record;
        _at = 1;
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

        int begin = _at;
        ulong tag = Varint();
        if (tag >> 3 is 0 or >= FieldRule.Numbers)
        {
            throw Broken(begin, "the number of a field is not 1 to 127");
        }

        Field = (RecordField)(tag >> 3);
        Form = (FieldForm)(tag & 7);
        FieldRule? rule = FieldRule.Of(Field);
        if (Form == FieldForm.Number)
        {
            Number = Varint();
            Bytes = default;
        }
        else if (Form <= FieldForm.Redacted)
        {
            ulong length = Varint();
            if (length > (ulong)(_record.Length - _at))
            {
                throw Broken(begin, "a field is longer than the record");
            }

            Number = 0;
            Bytes = _record.Slice(_at, (int)length);
            _at += (int)length;
        }
        else
        {
            throw Broken(begin, $"a field has form {(int)Form}, which nothing has");
        }

        CheckValue(begin, rule);
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
        var reader = new RecordReader(record);
        while (reader.Next())
        {
        }
    }

    private void CheckValue(int begin, FieldRule? rule)
    {
        if (Form == FieldForm.Redacted && Bytes.Length != Redaction.Length)
        {
            throw Broken(begin, $"a redacted field has {Redaction.Length} bytes");
        }

        if (Form is FieldForm.Text or FieldForm.CutText && !Utf8.IsValid(Bytes))
        {
            throw Broken(begin, "a text is not UTF-8");
        }

        if (rule is null)
        {
            return;
        }

        FieldForm known = Form is FieldForm.CutText or FieldForm.Redacted ? FieldForm.Text : Form;
        if (rule.Form != known || (Form == FieldForm.Redacted && !rule.IsIdentifying))
        {
            throw Broken(begin, $"{rule.Name} has another form than its own");
        }

        if (Form is not FieldForm.Redacted and not FieldForm.Number && (Bytes.Length > rule.Bound || Bytes.IsEmpty))
        {
            throw Broken(begin, $"{rule.Name} has {Bytes.Length} bytes, not 1 to {rule.Bound}");
        }

        ref ulong seen = ref (int)Field < 64 ? ref _lowFields : ref _highFields;
        ulong bit = 1UL << ((int)Field & 63);
        if (!rule.IsList && (seen & bit) != 0)
        {
            throw Broken(begin, $"{rule.Name} comes twice");
        }

        seen |= bit;
    }

    // Shortest form only: a number written two ways would be two records that say the same.
    private ulong Varint()
    {
        int begin = _at;
        ulong value = 0;
        for (int shift = 0; _at < _record.Length; shift += 7)
        {
            byte part = _record[_at++];
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

    private static AuditFormatException Broken(int at, string what) => new($"byte {at} of the record: {what}");
}
