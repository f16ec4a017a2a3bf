using System.Buffers.Binary;

namespace EdgeDaemon.Core.Protocol.Grpc;

/// <summary>
/// The beginning of one protobuf field, for whoever reads a message as it arrives: the tag, and the length of what follows or the value
/// itself.
/// </summary>
/// <param name="Number">The field's number.</param>
/// <param name="IsDelimited">Whether <paramref name="Value"/> bytes of content follow.</param>
/// <param name="Value">A length, or the value of a varint or fixed field as 64 bits.</param>
/// <param name="Size">Bytes that the beginning takes.</param>
public readonly record struct ProtobufField(int Number, bool IsDelimited, ulong Value, int Size)
{
    /// <summary>More bytes than any beginning takes.</summary>
    public const int MostBytes = 2 * WireFormat.MostVarintBytes;

    /// <param name="bytes">At least <see cref="MostBytes"/>, or all that is left of the message.</param>
    /// <exception cref="RefusedException"><see cref="Refusal.HeadMalformedProtobuf"/>: not the beginning of a field.</exception>
    public static ProtobufField Read(ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<byte> rest = bytes;
        (int number, WireType wire) = WireFormat.Tag(ProtobufCursor.Varint(ref rest));
        ulong value = wire switch
        {
            WireType.Fixed64 => BinaryPrimitives.ReadUInt64LittleEndian(Take(ref rest, 8)),
            WireType.Fixed32 => BinaryPrimitives.ReadUInt32LittleEndian(Take(ref rest, 4)),
            _ => ProtobufCursor.Varint(ref rest),
        };
        return new ProtobufField(number, wire == WireType.Delimited, value, bytes.Length - rest.Length);
    }

    private static ReadOnlySpan<byte> Take(ref ReadOnlySpan<byte> rest, int count)
    {
        if (rest.Length < count)
        {
            WireFormat.Malformed("a fixed field reaches beyond its message");
        }

        ReadOnlySpan<byte> taken = rest[..count];
        rest = rest[count..];
        return taken;
    }
}
