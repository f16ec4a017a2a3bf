using System.Buffers.Binary;
using System.Text;
using EdgeDaemon.Core.Tensors;

namespace EdgeDaemon.Tests.Native.Onnx;

/// <summary>A reader of ONNX TensorProto files that shares no code with the product: type, dimensions, elements in wire form.</summary>
internal sealed record TensorProto(ElementType Type, long[] Shape, byte[] Data)
{
    public static TensorProto Read(byte[] bytes)
    {
        var shape = new List<long>();
        var strings = new List<byte[]>();
        var numbers = new List<long>();
        byte[]? raw = null;
        byte[] floats = [];
        int type = 0, at = 0;
        while (at < bytes.Length)
        {
            long tag = Varint(bytes, ref at);
            int field = (int)(tag >> 3);
            if ((tag & 7) == 0)
            {
                long value = Varint(bytes, ref at);
                (field == 1 ? shape : numbers).AddRange(field is 1 or 5 or 7 ? [value] : []);
                type = field == 2 ? (int)value : type;
                continue;
            }

            Assert.AreEqual(2, tag & 7, "wire type");
            int length = (int)Varint(bytes, ref at);
            byte[] part = bytes[at..(at + length)];
            at += length;
            switch (field)
            {
                case 1: shape.AddRange(Packed(part)); break;
                case 4 or 10: floats = part; break;
                case 5 or 7 or 11: numbers.AddRange(Packed(part)); break;
                case 6: strings.Add(part); break;
                case 9: raw = part; break;
                default: break;
            }
        }

        ElementType element = type switch
        {
            1 => ElementType.Float32, 2 => ElementType.UInt8, 3 => ElementType.Int8, 6 => ElementType.Int32, 7 => ElementType.Int64,
            8 => ElementType.Bytes, 9 => ElementType.Bool, 11 => ElementType.Float64, _ => throw new NotSupportedException($"TensorProto type {type}"),
        };
        byte[] data = element == ElementType.Bytes ? [.. strings.SelectMany(Wire)]
            : raw ?? (floats.Length > 0 ? floats : [.. numbers.SelectMany(n => BitConverter.GetBytes(n)[..element.Size()])]);
        return new TensorProto(element, [.. shape], data);
    }

    public static byte[] Wire(string text) => Wire(Encoding.UTF8.GetBytes(text));

    public static byte[] Wire(byte[] element)
    {
        byte[] wire = new byte[4 + element.Length];
        BinaryPrimitives.WriteInt32LittleEndian(wire, element.Length);
        element.CopyTo(wire, 4);
        return wire;
    }

    private static List<long> Packed(byte[] part)
    {
        var values = new List<long>();
        for (int at = 0; at < part.Length;)
        {
            values.Add(Varint(part, ref at));
        }

        return values;
    }

    private static long Varint(byte[] bytes, ref int at)
    {
        ulong value = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte b = bytes[at++];
            value |= (ulong)(b & 127) << shift;
            if (b < 128)
            {
                return (long)value;
            }
        }
    }
}
