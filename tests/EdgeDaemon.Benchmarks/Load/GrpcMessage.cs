using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace EdgeDaemon.Benchmarks.Load;

/// <summary>As much of the protocol's protobuf as one request with raw contents and its answer take; field numbers are the protocol's.</summary>
internal static class GrpcMessage
{
    /// <summary>gRPC's frame: whether it is compressed, and the message's length.</summary>
    public const int PrefixBytes = 5;

    private const int Varint = 0, Fixed64 = 1, Delimited = 2, Fixed32 = 5;

    /// <summary>ModelInferRequest in its frame.</summary>
    public static byte[] Request(Arguments arguments, ReadOnlySpan<byte> tensor)
    {
        var shape = new List<byte>();
        foreach (long dimension in arguments.Shape)
        {
            Write(shape, (ulong)dimension);
        }

        var input = new List<byte>();
        Write(input, 1, Encoding.UTF8.GetBytes(arguments.Input));
        Write(input, 2, "FP32"u8);
        Write(input, 3, CollectionsMarshal.AsSpan(shape));

        var message = new List<byte>();
        Write(message, 1, Encoding.UTF8.GetBytes(arguments.Model));
        Write(message, 5, CollectionsMarshal.AsSpan(input));
        Write(message, 7, tensor);

        byte[] frame = new byte[PrefixBytes + message.Count];
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), message.Count);
        message.CopyTo(frame, PrefixBytes);
        return frame;
    }

    /// <summary>The first of raw_output_contents of a ModelInferResponse in its frame.</summary>
    public static ReadOnlySpan<byte> FirstOutput(ReadOnlySpan<byte> frame)
    {
        if (frame.Length < PrefixBytes || frame[0] != 0 || BinaryPrimitives.ReadInt32BigEndian(frame[1..]) != frame.Length - PrefixBytes)
        {
            throw new LoadException("the answer is not one uncompressed gRPC message");
        }

        ReadOnlySpan<byte> rest = frame[PrefixBytes..];
        while (!rest.IsEmpty)
        {
            ulong key = Read(ref rest);
            int length = (int)(key & 7) switch
            {
                Varint => 0,
                Fixed64 => 8,
                Fixed32 => 4,
                Delimited => (int)Read(ref rest),
                _ => throw new LoadException("the answer is not protobuf"),
            };
            if ((key & 7) == Varint)
            {
                Read(ref rest);
            }

            if (key >> 3 == 6)
            {
                return rest[..length];
            }

            rest = rest[length..];
        }

        throw new LoadException("the answer has no raw_output_contents");
    }

    private static void Write(List<byte> bytes, int field, ReadOnlySpan<byte> value)
    {
        Write(bytes, (ulong)((field << 3) | Delimited));
        Write(bytes, (ulong)value.Length);
        bytes.AddRange(value);
    }

    private static void Write(List<byte> bytes, ulong value)
    {
        for (; value >= 0x80; value >>= 7)
        {
            bytes.Add((byte)(value | 0x80));
        }

        bytes.Add((byte)value);
    }

    private static ulong Read(ref ReadOnlySpan<byte> bytes)
    {
        ulong value = 0;
        int at = 0;
        do
        {
            value |= (ulong)(bytes[at] & 0x7F) << (7 * at);
        }
        while (bytes[at++] >= 0x80);

        bytes = bytes[at..];
        return value;
    }
}
