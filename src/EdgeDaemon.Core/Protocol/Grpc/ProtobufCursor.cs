using System.Buffers.Binary;
using System.Text.Unicode;

namespace EdgeDaemon.Core.Protocol.Grpc;

/// <summary>Walks the fields of one small protobuf message that lies in memory as a whole: no allocation, every length checked against what is there.</summary>
/// <remarks>Refuses with <see cref="Refusal.HeadMalformedProtobuf"/>.</remarks>
internal ref struct ProtobufCursor(ReadOnlySpan<byte> message)
{
    private ReadOnlySpan<byte> _rest = message;

    public int Field { get; private set; }

    public WireType Wire { get; private set; }

    /// <summary>The content of a length-delimited field.</summary>
    public ReadOnlySpan<byte> Content { get; private set; }

    /// <summary>The value of a varint or fixed field, as 64 bits.</summary>
    public ulong Number { get; private set; }

    /// <summary>False at the end of the message.</summary>
    public bool Next()
    {
        if (_rest.IsEmpty)
        {
            return false;
        }

        (Field, Wire) = WireFormat.Tag(Varint(ref _rest));
        Content = default;
        Number = 0;
        switch (Wire)
        {
            case WireType.Varint:
                Number = Varint(ref _rest);
                break;
            case WireType.Fixed64:
                Number = BinaryPrimitives.ReadUInt64LittleEndian(Take(8));
                break;
            case WireType.Fixed32:
                Number = BinaryPrimitives.ReadUInt32LittleEndian(Take(4));
                break;
            default:
                Content = Take(Varint(ref _rest));
                break;
        }

        return true;
    }

    public readonly bool Is(int field, WireType wire) => Field == field && Wire == wire;

    /// <summary>The content as text: UTF-8, as protobuf demands of strings.</summary>
    public readonly ReadOnlySpan<byte> Text()
    {
        if (!Utf8.IsValid(Content))
        {
            WireFormat.Malformed("a string is not UTF-8");
        }

        return Content;
    }

    /// <summary>Takes a varint from the front.</summary>
    public static ulong Varint(scoped ref ReadOnlySpan<byte> bytes)
    {
        ulong value = 0;
        for (int i = 0; i < WireFormat.MostVarintBytes && i < bytes.Length; i++)
        {
            byte part = bytes[i];
            if (i == WireFormat.MostVarintBytes - 1 && part > 1)
            {
                break;
            }

            value |= (ulong)(part & 0x7F) << (7 * i);
            if (part < 0x80)
            {
                bytes = bytes[(i + 1)..];
                return value;
            }
        }

        RefusedException.Throw(Refusal.HeadMalformedProtobuf, "a varint does not end, or has more than 64 bits");
        return 0;
    }

    private ReadOnlySpan<byte> Take(ulong count)
    {
        if (count > (ulong)_rest.Length)
        {
            WireFormat.Malformed("a length reaches beyond its message");
        }

        ReadOnlySpan<byte> taken = _rest[..(int)count];
        _rest = _rest[(int)count..];
        return taken;
    }
}
