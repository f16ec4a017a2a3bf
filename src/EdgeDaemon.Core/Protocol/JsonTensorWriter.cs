using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using EdgeDaemon.Core.Protocol.Numbers;
using EdgeDaemon.Core.Tensors;

namespace EdgeDaemon.Core.Protocol;

/// <summary>
/// The elements of a tensor in wire form as the inside of a flat JSON array, straight into the answer's buffer. Floats are the shortest
/// decimals that <see cref="JsonTensorReader"/> reads back to the same bits.
/// </summary>
internal static partial class JsonTensorWriter
{
    /// <summary>All of them. Strings go another way: <see cref="InferResponseWriter"/>.</summary>
    /// <exception cref="RefusedException"><see cref="Refusal.OutputNotFinite"/>.</exception>
    public static void Write(IBufferWriter<byte> output, ElementType type, ReadOnlySpan<byte> data)
    {
        var text = new Text(output);
        switch (type)
        {
            case ElementType.Bool:
                WriteBooleans(ref text, data);
                break;
            case ElementType.UInt8:
                WriteBytes(ref text, data);
                break;
            case ElementType.UInt16:
                WriteIntegers<ushort>(ref text, data);
                break;
            case ElementType.UInt32:
                WriteIntegers<uint>(ref text, data);
                break;
            case ElementType.UInt64:
                WriteIntegers<ulong>(ref text, data);
                break;
            case ElementType.Int8:
                WriteIntegers<sbyte>(ref text, data);
                break;
            case ElementType.Int16:
                WriteIntegers<short>(ref text, data);
                break;
            case ElementType.Int32:
                WriteIntegers<int>(ref text, data);
                break;
            case ElementType.Int64:
                WriteIntegers<long>(ref text, data);
                break;
            case ElementType.Float16:
                WriteFloats16<Binary16>(ref text, data);
                break;
            case ElementType.BFloat16:
                WriteFloats16<BrainFloat16>(ref text, data);
                break;
            case ElementType.Float32:
                WriteFloats32(ref text, data);
                break;
            default:
                WriteFloats64(ref text, data);
                break;
        }

        text.End();
    }

    private static void WriteBooleans(ref Text text, ReadOnlySpan<byte> data)
    {
        foreach (byte value in data)
        {
            text.Append(value != 0 ? "true"u8 : "false"u8);
        }
    }

    /// <summary>Images: the text of each of the 256 values lies ready.</summary>
    private static void WriteBytes(ref Text text, ReadOnlySpan<byte> data)
    {
        uint[] ready = ByteTexts;
        foreach (byte value in data)
        {
            uint entry = ready[value];
            BinaryPrimitives.WriteUInt32LittleEndian(text.Next(), entry);
            text.Took(value < 10 ? 1 : value < 100 ? 2 : 3);
        }
    }

    private static void WriteIntegers<T>(ref Text text, ReadOnlySpan<byte> data)
        where T : unmanaged, IUtf8SpanFormattable
    {
        foreach (T value in MemoryMarshal.Cast<byte, T>(data))
        {
            value.TryFormat(text.Next(), out int length, default, null);
            text.Took(length);
        }
    }

    private static void WriteFloats16<T>(ref Text text, ReadOnlySpan<byte> data)
        where T : INarrowFormat
    {
        for (int at = 0; at < data.Length; at += sizeof(ushort))
        {
            uint bits = BinaryPrimitives.ReadUInt16LittleEndian(data[at..]);
            WriteFloat<T>(ref text, bits & 0x7fff, bits > 0x7fff);
        }
    }

    private static void WriteFloats32(ref Text text, ReadOnlySpan<byte> data)
    {
        for (int at = 0; at < data.Length; at += sizeof(float))
        {
            uint bits = BinaryPrimitives.ReadUInt32LittleEndian(data[at..]);
            WriteFloat<Binary32>(ref text, bits & 0x7fffffff, bits > 0x7fffffff);
        }
    }

    private static void WriteFloat<T>(ref Text text, uint magnitude, bool negative)
        where T : INarrowFormat
    {
        if (magnitude == 0)
        {
            WriteZero(ref text, negative);
            return;
        }

        if (magnitude >= NarrowFloat.Infinity<T>())
        {
            NotFinite();
        }

        uint digits = ShortestDecimal.Of<T>(magnitude, out int exponent);
        text.Took(DecimalText.Write(text.Next(), negative, digits, exponent));
    }

    private static void WriteFloats64(ref Text text, ReadOnlySpan<byte> data)
    {
        for (int at = 0; at < data.Length; at += sizeof(double))
        {
            ulong bits = BinaryPrimitives.ReadUInt64LittleEndian(data[at..]);
            ulong magnitude = bits & long.MaxValue;
            if (magnitude == 0)
            {
                WriteZero(ref text, bits != 0);
                continue;
            }

            if (magnitude >= 0x7ffUL << 52)
            {
                NotFinite();
            }

            ulong digits = ShortestDecimal.OfDouble(magnitude, out int exponent);
            text.Took(DecimalText.Write(text.Next(), bits != magnitude, digits, exponent));
        }
    }

    /// <summary>A negative zero with a fraction: parsers that take "-0" for an integer lose its sign.</summary>
    private static void WriteZero(ref Text text, bool negative) => text.Append(negative ? "-0.0"u8 : "0"u8);

    private static void NotFinite() =>
        RefusedException.Throw(Refusal.OutputNotFinite, "JSON has no NaN and no infinity; ask for binary data");
}
