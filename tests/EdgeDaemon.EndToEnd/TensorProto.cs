using System.Buffers.Binary;
using System.Text;

namespace EdgeDaemon.EndToEnd;

/// <summary>An ONNX TensorProto as the conformance cases hold it, read by hand: shape, type and the bytes as they go over the wire.</summary>
internal sealed record TensorProto(string Datatype, long[] Shape, byte[] Data)
{
    public static TensorProto Read(string file)
    {
        ReadOnlySpan<byte> rest = File.ReadAllBytes(file);
        var shape = new List<long>();
        var data = new List<byte>();
        int type = 0;
        byte[]? raw = null;
        while (!rest.IsEmpty)
        {
            ulong tag = Varint(ref rest);
            int field = (int)(tag >> 3);
            switch (tag & 7)
            {
                case 0:
                    Number(field, Varint(ref rest));
                    break;
                case 2:
                    ReadOnlySpan<byte> value = Take(ref rest, (int)Varint(ref rest));
                    switch (field)
                    {
                        case 1 or 5 or 7 or 11:
                            while (!value.IsEmpty)
                            {
                                Number(field, Varint(ref value));
                            }

                            break;
                        case 4 or 10: // packed floats and doubles are their own bytes
                            data.AddRange(value);
                            break;
                        case 6:
                            Append(sizeof(int), value.Length);
                            data.AddRange(value);
                            break;
                        case 9:
                            raw = value.ToArray();
                            break;
                    }

                    break;
                case 5:
                    data.AddRange(Take(ref rest, 4));
                    break;
                case 1:
                    data.AddRange(Take(ref rest, 8));
                    break;
                default:
                    throw new InvalidDataException($"{file}: wire type {tag & 7}");
            }
        }

        return new TensorProto(Name(type), [.. shape], raw ?? [.. data]);

        void Number(int field, ulong value)
        {
            switch (field)
            {
                case 1:
                    shape.Add((long)value);
                    break;
                case 2:
                    type = (int)value;
                    break;
                case 5: // int32_data carries every type of at most 32 bits; its width is the type's
                    Append(Width(Name(type)), (long)value);
                    break;
                case 7 or 11:
                    Append(sizeof(long), (long)value);
                    break;
            }
        }

        void Append(int width, long value)
        {
            Span<byte> bytes = stackalloc byte[8];
            BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
            data.AddRange(bytes[..width]);
        }
    }

    /// <summary>Null when <paramref name="actual"/> says the same, within the conformance cases' tolerance; otherwise where it does not.</summary>
    public string? DifferenceTo(ReadOnlySpan<byte> actual)
    {
        if (actual.Length != Data.Length)
        {
            return $"{actual.Length} bytes, expected {Data.Length}";
        }

        if (Datatype is not ("FP16" or "FP32" or "FP64"))
        {
            return actual.SequenceEqual(Data) ? null : "other bytes";
        }

        int width = Width(Datatype);
        for (int at = 0; at < Data.Length; at += width)
        {
            double expected = Value(Data.AsSpan(at)), found = Value(actual[at..]);
            bool same = double.IsNaN(expected) ? double.IsNaN(found) : expected == found || Math.Abs(found - expected) <= 1e-5 + (1e-3 * Math.Abs(expected));
            if (!same)
            {
                return $"element {at / width} is {found}, expected {expected}";
            }
        }

        return null;

        double Value(ReadOnlySpan<byte> bytes) => Datatype switch
        {
            "FP16" => (double)BinaryPrimitives.ReadHalfLittleEndian(bytes),
            "FP32" => BinaryPrimitives.ReadSingleLittleEndian(bytes),
            _ => BinaryPrimitives.ReadDoubleLittleEndian(bytes),
        };
    }

    private static string Name(int type) => type switch
    {
        1 => "FP32",
        2 => "UINT8",
        3 => "INT8",
        4 => "UINT16",
        5 => "INT16",
        6 => "INT32",
        7 => "INT64",
        8 => "BYTES",
        9 => "BOOL",
        10 => "FP16",
        11 => "FP64",
        12 => "UINT32",
        13 => "UINT64",
        16 => "BF16",
        _ => throw new InvalidDataException($"element type {type}"),
    };

    private static int Width(string datatype) => datatype switch
    {
        "UINT8" or "INT8" or "BOOL" => 1,
        "UINT16" or "INT16" or "FP16" or "BF16" => 2,
        "INT32" or "UINT32" or "FP32" => 4,
        _ => 8,
    };

    private static ulong Varint(ref ReadOnlySpan<byte> rest)
    {
        ulong value = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte next = Take(ref rest, 1)[0];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }
    }

    private static ReadOnlySpan<byte> Take(ref ReadOnlySpan<byte> rest, int count)
    {
        ReadOnlySpan<byte> taken = rest[..count];
        rest = rest[count..];
        return taken;
    }

    public override string ToString() => $"{Datatype} [{string.Join(',', Shape)}] {Encoding.Latin1.GetString(Data)}";
}
