using System.Buffers.Binary;

namespace EdgeDaemon.Core.Bundles.Onnx;

/// <summary>
/// Walks the fields of one protobuf message in place: no allocation, no recursion, every length checked against what is
/// there. A message that breaks the encoding throws <see cref="OnnxFormatException"/>.
/// </summary>
internal ref struct ProtobufCursor(ReadOnlySpan<byte> message)
{
    public const int Varint = 0;
    public const int Fixed64 = 1;
    public const int Delimited = 2;
    public const int Fixed32 = 5;

    private ReadOnlySpan<byte> _rest = message;

    /// <summary>Number of the field just read.</summary>
    public int Field { get; private set; }

    /// <summary>The content of a length-delimited field; empty for the other kinds.</summary>
    public ReadOnlySpan<byte> Content { get; private set; }

    /// <summary>The value of a varint field, the bits of a field of 32 or 64; 0 for a delimited one.</summary>
    public ulong Number { get; private set; }

    /// <summary>How the field just read is written.</summary>
    public int Wire { get; private set; }

    /// <summary>True when a number of the field just read took more bytes than it needs.</summary>
    public bool WasOverlong { get; private set; }

    /// <summary>True when the field just read is length-delimited (a message, text or bytes).</summary>
    public bool IsDelimited { get; private set; }

    /// <summary>False at the end of the message.</summary>
    public bool Next()
    {
        if (_rest.IsEmpty)
        {
            return false;
        }

        WasOverlong = false;
        ulong tag = ReadVarint();
        Field = tag >> 3 is > 0 and <= int.MaxValue ? (int)(tag >> 3) : throw new OnnxFormatException("a field number is invalid");
        Content = default;
        Number = 0;
        Wire = (int)(tag & 7);
        IsDelimited = Wire == Delimited;
        switch (Wire)
        {
            case Varint:
                Number = ReadVarint();
                break;
            case Fixed64:
                Number = BinaryPrimitives.ReadUInt64LittleEndian(Take(8));
                break;
            case Delimited:
                Content = Take(ReadVarint());
                break;
            case Fixed32:
                Number = BinaryPrimitives.ReadUInt32LittleEndian(Take(4));
                break;
            default:
                // Groups (3, 4) left the language before ONNX began.
                throw new OnnxFormatException("a field has a wire type that ONNX does not use");
        }

        return true;
    }

    private ReadOnlySpan<byte> Take(ulong count)
    {
        if (count > (ulong)_rest.Length)
        {
            throw new OnnxFormatException("it ends in the middle of a field");
        }

        ReadOnlySpan<byte> taken = _rest[..(int)count];
        _rest = _rest[(int)count..];
        return taken;
    }

    private ulong ReadVarint()
    {
        ulong value = 0;
        for (int i = 0; i < 10; i++)
        {
            if (i == _rest.Length)
            {
                throw new OnnxFormatException("it ends in the middle of a number");
            }

            byte part = _rest[i];
            if (i == 9 && part > 1)
            {
                break;
            }

            value |= (ulong)(part & 0x7F) << (7 * i);
            if (part < 0x80)
            {
                WasOverlong |= i > 0 && part == 0;
                _rest = _rest[(i + 1)..];
                return value;
            }
        }

        throw new OnnxFormatException("a number has more than 64 bits");
    }
}
