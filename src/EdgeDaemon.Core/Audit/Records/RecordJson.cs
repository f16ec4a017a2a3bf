using System.Text.Json;

namespace EdgeDaemon.Core.Audit.Records;

/// <summary>A record as one JSON object, for tail, query and export; names and forms are README.md's and stay.</summary>
public static class RecordJson
{
    private const int LongestBound = 4096;

    private static readonly JsonEncodedText Sequence = JsonEncodedText.Encode("sequence");
    private static readonly JsonEncodedText Time = JsonEncodedText.Encode("time");
    private static readonly JsonEncodedText Kind = JsonEncodedText.Encode("kind");
    private static readonly JsonEncodedText Cut = JsonEncodedText.Encode("cut");

    /// <summary>Writes the object, fields in the order of their numbers. Allocates for unknown fields and redacted values only.</summary>
    /// <exception cref="AuditFormatException">The bytes are no record; part of the object may have been written.</exception>
    public static void Write(Utf8JsonWriter json, ulong sequence, long time, ReadOnlySpan<byte> record)
    {
        json.WriteStartObject();
        json.WriteNumber(Sequence, sequence);
        Span<char> text = stackalloc char[AuditTime.TextLength];
        if (AuditTime.Write(time, text))
        {
            json.WriteString(Time, text);
        }
        else
        {
            json.WriteNumber(Time, time);
        }

        WriteFields(json, record);
        json.WriteEndObject();
    }

    /// <summary>Kind and fields, into an object that the caller has begun.</summary>
    /// <exception cref="AuditFormatException">The bytes are no record; some of it may have been written.</exception>
    public static void WriteFields(Utf8JsonWriter json, ReadOnlySpan<byte> record)
    {
        var reader = new RecordReader(record);
        if (RecordKinds.Name(reader.Kind) is { } name)
        {
            json.WriteString(Kind, name);
        }
        else
        {
            json.WriteString(Kind, $"kind_{(int)reader.Kind}");
        }

        bool anyCut = false;
        for (int next = NextField(record, 0); next < FieldRule.Numbers; next = NextField(record, next))
        {
            anyCut |= WriteField(json, record, (RecordField)next);
        }

        if (anyCut)
        {
            WriteCut(json, record);
        }
    }

    // A record has some twenty fields: looking through it once for each costs less than a table would.
    private static int NextField(ReadOnlySpan<byte> record, int above)
    {
        int least = FieldRule.Numbers;
        var reader = new RecordReader(record);
        while (reader.Next())
        {
            if ((int)reader.Field > above)
            {
                least = Math.Min(least, (int)reader.Field);
            }
        }

        return least;
    }

    private static bool WriteField(Utf8JsonWriter json, ReadOnlySpan<byte> record, RecordField field)
    {
        FieldRule? rule = FieldRule.Of(field);
        if (rule is not null)
        {
            json.WritePropertyName(rule.Name);
        }
        else
        {
            json.WritePropertyName($"field_{(int)field}");
        }

        // What is not known may have come often: always an array then.
        bool isArray = rule is null or { IsList: true };
        if (isArray)
        {
            json.WriteStartArray();
        }

        bool cut = false;
        var reader = new RecordReader(record);
        while (reader.Find(field))
        {
            WriteValue(json, in reader);
            cut |= reader.Form == FieldForm.CutText;
        }

        if (isArray)
        {
            json.WriteEndArray();
        }

        return cut;
    }

    private static void WriteValue(Utf8JsonWriter json, ref readonly RecordReader reader)
    {
        switch (reader.Form)
        {
            case FieldForm.Number:
                json.WriteNumberValue(reader.Number);
                break;
            case FieldForm.Text:
                json.WriteStringValue(reader.Bytes);
                break;
            case FieldForm.CutText:
                Span<byte> marked = stackalloc byte[LongestBound + 3];
                ReadOnlySpan<byte> whole = reader.Bytes[..Math.Min(reader.Bytes.Length, LongestBound)];
                whole.CopyTo(marked);
                "…"u8.CopyTo(marked[whole.Length..]);
                json.WriteStringValue(marked[..(whole.Length + 3)]);
                break;
            case FieldForm.Redacted:
                json.WriteStringValue($"hmac:{Convert.ToHexStringLower(reader.Bytes[..Redaction.SaltIdBytes])}:{Convert.ToHexStringLower(reader.Bytes[Redaction.SaltIdBytes..])}");
                break;
            default:
                WriteHex(json, reader.Bytes);
                break;
        }
    }

    private static void WriteHex(Utf8JsonWriter json, ReadOnlySpan<byte> bytes)
    {
        Span<char> hex = stackalloc char[128];
        if (bytes.Length * 2 <= hex.Length && Convert.TryToHexStringLower(bytes, hex, out int written))
        {
            json.WriteStringValue(hex[..written]);
        }
        else
        {
            json.WriteStringValue(Convert.ToHexStringLower(bytes));
        }
    }

    private static void WriteCut(Utf8JsonWriter json, ReadOnlySpan<byte> record)
    {
        json.WriteStartArray(Cut);
        var reader = new RecordReader(record);
        while (reader.Next())
        {
            if (reader.Form == FieldForm.CutText && FieldRule.Of(reader.Field) is { } rule)
            {
                json.WriteStringValue(rule.Name);
            }
        }

        json.WriteEndArray();
    }
}
