using System.Buffers.Binary;
using System.Globalization;
using System.Text.Json;
using System.Text.Unicode;
using EdgeDaemon.Core.Tensors;

namespace EdgeDaemon.Core.Protocol;

/// <summary>
/// A tensor's values as JSON: one method for each kind of element. Floats are the shortest decimals that
/// <see cref="JsonTensorReader"/> reads back to the same bits.
/// </summary>
internal static class JsonTensorWriter
{
    /// <exception cref="RefusedException"><see cref="Refusal.OutputNotFinite"/>, <see cref="Refusal.OutputNotText"/>.</exception>
    public static void Write(Utf8JsonWriter json, ElementType type, ReadOnlySpan<byte> data)
    {
        switch (type)
        {
            case ElementType.Bool:
                WriteBooleans(json, data);
                break;
            case ElementType.UInt8:
            case ElementType.UInt16:
            case ElementType.UInt32:
            case ElementType.UInt64:
                WriteUnsigned(json, data, type.Size());
                break;
            case ElementType.Int8:
            case ElementType.Int16:
            case ElementType.Int32:
            case ElementType.Int64:
                WriteSigned(json, data, type.Size());
                break;
            case ElementType.Float16:
                WriteFloat16(json, data);
                break;
            case ElementType.BFloat16:
                WriteBFloat16(json, data);
                break;
            case ElementType.Float32:
                WriteFloat32(json, data);
                break;
            case ElementType.Float64:
                WriteFloat64(json, data);
                break;
            default:
                WriteStrings(json, data);
                break;
        }
    }

    private static void WriteBooleans(Utf8JsonWriter json, ReadOnlySpan<byte> data)
    {
        foreach (byte value in data)
        {
            json.WriteBooleanValue(value != 0);
        }
    }

    private static void WriteUnsigned(Utf8JsonWriter json, ReadOnlySpan<byte> data, int size)
    {
        for (int at = 0; at < data.Length; at += size)
        {
            json.WriteNumberValue(size switch
            {
                1 => data[at],
                2 => BinaryPrimitives.ReadUInt16LittleEndian(data[at..]),
                4 => BinaryPrimitives.ReadUInt32LittleEndian(data[at..]),
                _ => BinaryPrimitives.ReadUInt64LittleEndian(data[at..]),
            });
        }
    }

    private static void WriteSigned(Utf8JsonWriter json, ReadOnlySpan<byte> data, int size)
    {
        for (int at = 0; at < data.Length; at += size)
        {
            json.WriteNumberValue(size switch
            {
                1 => (sbyte)data[at],
                2 => BinaryPrimitives.ReadInt16LittleEndian(data[at..]),
                4 => BinaryPrimitives.ReadInt32LittleEndian(data[at..]),
                _ => BinaryPrimitives.ReadInt64LittleEndian(data[at..]),
            });
        }
    }

    private static void WriteFloat16(Utf8JsonWriter json, ReadOnlySpan<byte> data)
    {
        Span<byte> text = stackalloc byte[32];
        for (int at = 0; at < data.Length; at += 2)
        {
            Half value = BinaryPrimitives.ReadHalfLittleEndian(data[at..]);
            if (!Half.IsFinite(value))
            {
                NotFinite();
            }

            value.TryFormat(text, out int length, default, CultureInfo.InvariantCulture);
            WriteNumber(json, text[..length]);
        }
    }

    private static void WriteBFloat16(Utf8JsonWriter json, ReadOnlySpan<byte> data)
    {
        Span<byte> text = stackalloc byte[32];
        for (int at = 0; at < data.Length; at += 2)
        {
            ushort bits = BinaryPrimitives.ReadUInt16LittleEndian(data[at..]);
            float value = BitConverter.UInt32BitsToSingle((uint)bits << 16);
            if (!float.IsFinite(value))
            {
                NotFinite();
            }

            WriteNumber(json, text[..FormatBFloat16(value, bits, text)]);
        }
    }

    /// <summary>The fewest digits that read back to the same bits; four always do.</summary>
    private static int FormatBFloat16(float value, ushort bits, Span<byte> text)
    {
        for (int digits = 0; digits < 4; digits++)
        {
            // Rounded to so many digits, then written as the float nearest to that decimal: plain notation, same digits.
            value.TryFormat(text, out int length, digits switch { 0 => "E0", 1 => "E1", 2 => "E2", _ => "E3" }, CultureInfo.InvariantCulture);
            float shorter = float.Parse(text[..length], NumberStyles.Float, CultureInfo.InvariantCulture);
            if (!float.IsFinite(shorter))
            {
                continue;
            }

            shorter.TryFormat(text, out length, default, CultureInfo.InvariantCulture);
            var cursor = new JsonCursor(text[..length]);
            if (NarrowFloat.TryRound<BrainFloat16>(JsonNumber.Read(ref cursor), out uint read) && read == bits)
            {
                return length;
            }
        }

        value.TryFormat(text, out int whole, default, CultureInfo.InvariantCulture);
        return whole;
    }

    private static void WriteFloat32(Utf8JsonWriter json, ReadOnlySpan<byte> data)
    {
        for (int at = 0; at < data.Length; at += 4)
        {
            float value = BinaryPrimitives.ReadSingleLittleEndian(data[at..]);
            if (!float.IsFinite(value))
            {
                NotFinite();
            }

            if (value == 0)
            {
                WriteZero(json, float.IsNegative(value));
            }
            else
            {
                json.WriteNumberValue(value);
            }
        }
    }

    private static void WriteFloat64(Utf8JsonWriter json, ReadOnlySpan<byte> data)
    {
        for (int at = 0; at < data.Length; at += 8)
        {
            double value = BinaryPrimitives.ReadDoubleLittleEndian(data[at..]);
            if (!double.IsFinite(value))
            {
                NotFinite();
            }

            if (value == 0)
            {
                WriteZero(json, double.IsNegative(value));
            }
            else
            {
                json.WriteNumberValue(value);
            }
        }
    }

    private static void WriteStrings(Utf8JsonWriter json, ReadOnlySpan<byte> data)
    {
        while (!data.IsEmpty)
        {
            if (!BytesTensor.TryTake(ref data, out ReadOnlySpan<byte> element))
            {
                throw new ArgumentException("BYTES that are not in wire form", nameof(data));
            }

            if (!Utf8.IsValid(element))
            {
                RefusedException.Throw(Refusal.OutputNotText, "an element of BYTES is not UTF-8; ask for binary data");
            }

            json.WriteStringValue(element);
        }
    }

    private static void WriteNumber(Utf8JsonWriter json, ReadOnlySpan<byte> text)
    {
        if (text is [(byte)'-', (byte)'0'])
        {
            WriteZero(json, negative: true);
        }
        else
        {
            json.WriteRawValue(text, skipInputValidation: true);
        }
    }

    /// <summary>A negative zero with a fraction: parsers that take "-0" for an integer lose its sign.</summary>
    private static void WriteZero(Utf8JsonWriter json, bool negative) =>
        json.WriteRawValue(negative ? "-0.0"u8 : "0"u8, skipInputValidation: true);

    private static void NotFinite() =>
        RefusedException.Throw(Refusal.OutputNotFinite, "JSON has no NaN and no infinity; ask for binary data");
}
