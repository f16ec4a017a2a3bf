using System.Buffers.Binary;

namespace EdgeDaemon.Tests.Native.Onnx;

/// <summary>An ONNX TensorProto (onnx.proto) as type, shape and dense bytes; strings in the protocol's BYTES form.</summary>
internal sealed record TensorFile(int OnnxType, long[] Shape, byte[] Data)
{
    private const int String = 8;

    public static TensorFile Read(string path) => Read(File.ReadAllBytes(path));

    public static TensorFile Read(byte[] message)
    {
        var shape = new List<long>();
        var strings = new List<byte[]>();
        var numbers = new List<byte[]>();
        byte[]? raw = null;
        int type = 0;
        foreach ((int field, ulong number, byte[] bytes) in Wire.Fields(message))
        {
            switch (field)
            {
                case 1:
                    shape.AddRange(Varints(number, bytes).Select(value => (long)value));
                    break;
                case 2:
                    type = (int)number;
                    break;
                case 5 or 7 or 11: // int32_data (also the smaller types and halves), int64_data, uint64_data
                    numbers.AddRange(Varints(number, bytes).Select(value => BitConverter.GetBytes(value)));
                    break;
                case 4 or 10: // float_data, double_data: packed little-endian
                    raw = [.. raw ?? [], .. bytes];
                    break;
                case 6:
                    strings.Add(bytes);
                    break;
                case 9:
                    raw = bytes;
                    break;
            }
        }

        if (type == String)
        {
            raw = [.. strings.SelectMany(element => LengthOf(element).Concat(element))];
        }

        return new TensorFile(type, [.. shape], raw ?? [.. numbers.SelectMany(value => value.Take(SizeOf(type)))]);
    }

    public static int SizeOf(int onnxType) => onnxType switch
    {
        2 or 3 or 9 => 1,
        4 or 5 or 10 or 16 => 2,
        1 or 6 or 12 => 4,
        7 or 11 or 13 => 8,
        _ => throw new InvalidDataException($"element type {onnxType}"),
    };

    private static byte[] LengthOf(byte[] element)
    {
        byte[] length = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, element.Length);
        return length;
    }

    // A repeated number comes packed, or one field an element.
    private static IEnumerable<ulong> Varints(ulong number, byte[] packed)
    {
        if (packed.Length == 0)
        {
            yield return number;
        }

        for (int at = 0; at < packed.Length;)
        {
            yield return Wire.Varint(packed, ref at);
        }
    }
}
