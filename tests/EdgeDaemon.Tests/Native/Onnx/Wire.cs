using System.Buffers.Binary;
using System.Text;

namespace EdgeDaemon.Tests.Native.Onnx;

/// <summary>Protocol buffers' wire format, enough to read and write ONNX files; shares no code with src.</summary>
internal static class Wire
{
    /// <summary>The fields of a message: number, and the varint, or the bytes of any other kind.</summary>
    public static IEnumerable<(int Field, ulong Number, byte[] Bytes)> Fields(byte[] message)
    {
        int at = 0;
        while (at < message.Length)
        {
            ulong tag = Varint(message, ref at);
            int field = (int)(tag >> 3);
            switch (tag & 7)
            {
                case 0:
                    yield return (field, Varint(message, ref at), []);
                    break;
                case 1:
                    yield return (field, 0, message[at..(at += 8)]);
                    break;
                case 2:
                    int length = (int)Varint(message, ref at);
                    yield return (field, 0, message[at..(at += length)]);
                    break;
                case 5:
                    yield return (field, 0, message[at..(at += 4)]);
                    break;
                default:
                    throw new InvalidDataException($"wire type {tag & 7} at {at}");
            }
        }
    }

    public static ulong Varint(byte[] bytes, ref int at)
    {
        ulong value = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte next = bytes[at++];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }
    }

    public static byte[] Number(int field, long value) => [.. Varint((ulong)(field << 3)), .. Varint((ulong)value)];

    public static byte[] Text(int field, string text) => Bytes(field, Encoding.UTF8.GetBytes(text));

    public static byte[] Bytes(int field, params byte[][] parts)
    {
        byte[] content = [.. parts.SelectMany(part => part)];
        return [.. Varint((ulong)((field << 3) | 2)), .. Varint((ulong)content.Length), .. content];
    }

    public static byte[] Float(int field, float value)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteSingleLittleEndian(bytes, value);
        return [.. Varint((ulong)((field << 3) | 5)), .. bytes];
    }

    private static byte[] Varint(ulong value)
    {
        var bytes = new List<byte>();
        for (; value >= 0x80; value >>= 7)
        {
            bytes.Add((byte)(value | 0x80));
        }

        bytes.Add((byte)value);
        return [.. bytes];
    }
}
