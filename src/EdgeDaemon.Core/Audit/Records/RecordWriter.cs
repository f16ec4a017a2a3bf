using System.Numerics;
using System.Text.Unicode;

namespace EdgeDaemon.Core.Audit.Records;

/// <summary>
/// Writes one record into the caller's memory. Never throws, never allocates, never writes behind the span: it stands in the line of every
/// request, and what a caller sends must not make a record fail. What does not fit is left out, and the record says how much.
/// </summary>
public ref struct RecordWriter
{
    /// <summary>Least bytes of a buffer: kind, and the count of what was left out.</summary>
    public const int SmallestBuffer = 16;

    // Kept free for left_out_fields: a tag of two bytes, a count of at most three.
    private const int Reserve = 5;

    private readonly Span<byte> _buffer;
    private readonly Redaction? _redaction;
    private int _length;
    private uint _leftOut;
    private ulong _lowFields;
    private ulong _highFields;

    /// <param name="buffer">At least <see cref="SmallestBuffer"/> bytes; a record of a request takes 130, with digests and votes 260, with long names 500.</param>
    /// <param name="kind">The record's kind.</param>
    /// <param name="redaction">Applied to every identifying text; null writes them as they are.</param>
    public RecordWriter(Span<byte> buffer, RecordKind kind, Redaction? redaction = null)
    {
        _buffer = buffer;
        _redaction = redaction;
        buffer[0] = (byte)kind;
        _length = 1;
    }

    /// <summary>Bytes so far.</summary>
    public readonly int Length => _length;

    /// <summary>Fields that did not fit, had another form, or came a second time; zero after <see cref="Finish"/>.</summary>
    public readonly int LeftOut => (int)_leftOut;

    public void Number(RecordField field, ulong value)
    {
        if (Begin(field, FieldForm.Number, VarintLength(value)))
        {
            Varint(value);
        }
    }

    /// <summary>Negative values (a clock that went back) count as zero.</summary>
    public void Number(RecordField field, long value) => Number(field, (ulong)Math.Max(value, 0));

    public void Flag(RecordField field, bool value) => Number(field, value ? 1UL : 0UL);

    /// <summary>A share or distance of 0 to 9e12 as millionths, rounded to nearest; what is outside counts as the nearer end, NaN is left out.</summary>
    public void Millionths(RecordField field, double value)
    {
        if (double.IsNaN(value))
        {
            _leftOut++;
            return;
        }

        Number(field, (ulong)Math.Clamp(Math.Round(value * 1e6), 0, 9e18));
    }

    /// <summary>UTF-8. An empty text is not written. What is no UTF-8 is written with U+FFFD in its place.</summary>
    public void Text(RecordField field, scoped ReadOnlySpan<byte> value)
    {
        if (value.IsEmpty)
        {
            return;
        }

        if (Utf8.IsValid(value))
        {
            WholeText(field, value);
            return;
        }

        // Bytes of the wire: the record itself must stay UTF-8, whatever they are.
        Span<char> chars = stackalloc char[Redaction.LongestText];
        Utf8.ToUtf16(value, chars, out _, out int written, replaceInvalidSequences: true, isFinalBlock: true);
        Text(field, chars[..written]);
    }

    /// <inheritdoc cref="Text(RecordField, ReadOnlySpan{byte})"/>
    public void Text(RecordField field, scoped ReadOnlySpan<char> value)
    {
        if (value.Length <= Redaction.LongestText)
        {
            Span<byte> small = stackalloc byte[Redaction.LongestText * 3];
            Utf8.FromUtf16(value, small, out _, out int written, replaceInvalidSequences: true, isFinalBlock: true);
            if (written > 0)
            {
                WholeText(field, small[..written]);
            }

            return;
        }

        Span<byte> bytes = stackalloc byte[LongestBound + 4];
        Utf8.FromUtf16(value, bytes, out _, out int length, replaceInvalidSequences: true, isFinalBlock: true);
        WholeText(field, bytes[..length]);
    }

    /// <summary>Digests and other raw bytes. Empty ones are not written; ones above the field's bound are left out: half a digest is none.</summary>
    public void Bytes(RecordField field, scoped ReadOnlySpan<byte> value)
    {
        if (value.IsEmpty)
        {
            return;
        }

        if (value.Length > (FieldRule.Of(field)?.Bound ?? 0))
        {
            _leftOut++;
            return;
        }

        if (Begin(field, FieldForm.Bytes, VarintLength((uint)value.Length) + value.Length))
        {
            Raw(value);
        }
    }

    /// <summary>Keeps what was written for another record; nothing where a field was left out.</summary>
    /// <param name="into">Has it afterwards.</param>
    /// <param name="from">A <see cref="Length"/> of before.</param>
    public readonly void Keep(PreparedFields into, int from) => into.Set(_leftOut == 0 ? _buffer[from.._length] : default, _lowFields, _highFields);

    /// <summary>Writes what another record kept. False: there is nothing, or no room for it.</summary>
    public bool TryWrite(PreparedFields fields)
    {
        ReadOnlySpan<byte> bytes = fields.Bytes;
        if (bytes.IsEmpty || bytes.Length > _buffer.Length - _length - Reserve)
        {
            return false;
        }

        bytes.CopyTo(_buffer[_length..]);
        _length += bytes.Length;
        _lowFields |= fields.LowFields;
        _highFields |= fields.HighFields;
        return true;
    }

    /// <summary>Ends the record and gives its length.</summary>
    public int Finish()
    {
        if (_leftOut > 0)
        {
            Varint(((ulong)RecordField.LeftOutFields * 8) + (ulong)FieldForm.Number);
            Varint(Math.Min(_leftOut, 0x1F_FFFF));
            _leftOut = 0;
        }

        return _length;
    }

    private const int LongestBound = 4096;

    private void WholeText(RecordField field, scoped ReadOnlySpan<byte> value)
    {
        FieldRule? rule = FieldRule.Of(field);
        if (rule is not { Form: FieldForm.Text })
        {
            _leftOut++;
            return;
        }

        if (rule.IsIdentifying && _redaction is not null)
        {
            if (Begin(field, FieldForm.Redacted, 1 + Redaction.Length))
            {
                Varint(Redaction.Length);
                _redaction.Apply(field, value, _buffer[_length..]);
                _length += Redaction.Length;
            }

            return;
        }

        bool cut = value.Length > rule.Bound;
        if (cut)
        {
            int end = rule.Bound;
            while (end > 0 && (value[end] & 0xC0) == 0x80)
            {
                end--; // Never half a character.
            }

            value = value[..end];
        }

        if (Begin(field, cut ? FieldForm.CutText : FieldForm.Text, VarintLength((uint)value.Length) + value.Length))
        {
            Raw(value);
        }
    }

    private bool Begin(RecordField field, FieldForm form, int bytes)
    {
        FieldRule? rule = FieldRule.Of(field);
        FieldForm known = form is FieldForm.CutText or FieldForm.Redacted ? FieldForm.Text : form;
        int number = (int)field;
        ulong tag = ((ulong)number * 8) + (ulong)form;
        ref ulong seen = ref number < 64 ? ref _lowFields : ref _highFields;
        ulong bit = 1UL << (number & 63);
        if (rule is null || rule.Form != known || field == RecordField.LeftOutFields || (!rule.IsList && (seen & bit) != 0) || VarintLength(tag) + bytes > _buffer.Length - _length - Reserve)
        {
            _leftOut++;
            return false;
        }

        seen |= bit;
        Varint(tag);
        return true;
    }

    private void Raw(scoped ReadOnlySpan<byte> value)
    {
        Varint((uint)value.Length);
        value.CopyTo(_buffer[_length..]);
        _length += value.Length;
    }

    private void Varint(ulong value)
    {
        while (value >= 0x80)
        {
            _buffer[_length++] = (byte)(value | 0x80);
            value >>= 7;
        }

        _buffer[_length++] = (byte)value;
    }

    private static int VarintLength(ulong value) => (BitOperations.Log2(value | 1) / 7) + 1;
}
