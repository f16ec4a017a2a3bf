using System.Buffers.Binary;
using System.Text;

namespace EdgeDaemon.Core.Protocol.Grpc;

/// <summary>
/// Writes one protobuf message into memory of its own, which grows and is kept: made to be pooled. Fields with protobuf's
/// default value are left out, as proto3 has it.
/// </summary>
public sealed class ProtobufWriter
{
    private const int MostKept = 64 * 1024;

    private byte[] _bytes = new byte[256];
    private int _length;

    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, _length);

    public ReadOnlyMemory<byte> WrittenMemory => _bytes.AsMemory(0, _length);

    /// <summary>Forgets the message; its bytes are zeroed, since the next one may be another tenant's.</summary>
    public void Reset()
    {
        _bytes.AsSpan(0, _length).Clear();
        _length = 0;
        if (_bytes.Length > MostKept)
        {
            _bytes = new byte[256];
        }
    }

    /// <summary>Fields that were written before.</summary>
    public void Ready(ReadOnlySpan<byte> fields)
    {
        fields.CopyTo(Room(fields.Length));
        _length += fields.Length;
    }

    public void Text(int field, string value)
    {
        if (value.Length != 0)
        {
            int bytes = Encoding.UTF8.GetByteCount(value);
            Prefix(field, bytes);
            _length += Encoding.UTF8.GetBytes(value, Room(bytes));
        }
    }

    /// <summary>A field of text or bytes.</summary>
    public void Bytes(int field, ReadOnlySpan<byte> value)
    {
        if (!value.IsEmpty)
        {
            Element(field, value);
        }
    }

    /// <summary>An element of a repeated field of text: written even when it is empty.</summary>
    public void Element(int field, string value) => Element(field, Encoding.UTF8.GetBytes(value));

    public void Bool(int field, bool value) => Number(field, value ? 1UL : 0);

    public void Number(int field, long value) => Number(field, (ulong)value);

    public void Number(int field, ulong value)
    {
        if (value != 0)
        {
            Varint((ulong)field << 3);
            Varint(value);
        }
    }

    /// <summary>A field of a oneof: its presence says which one it is, so that the default is written, too.</summary>
    public void Choice(int field, ulong value)
    {
        Varint((ulong)field << 3);
        Varint(value);
    }

    public void Choice(int field, double value)
    {
        Varint(((ulong)field << 3) | (int)WireType.Fixed64);
        BinaryPrimitives.WriteDoubleLittleEndian(Room(sizeof(double)), value);
        _length += sizeof(double);
    }

    public void Choice(int field, string value) => Element(field, value);

    /// <summary>A text in UTF-8, or bytes.</summary>
    public void Choice(int field, ReadOnlySpan<byte> value) => Element(field, value);

    /// <summary>A packed repeated field of integers.</summary>
    public void Packed(int field, ReadOnlySpan<long> values)
    {
        if (values.IsEmpty)
        {
            return;
        }

        int start = Begin(field);
        foreach (long value in values)
        {
            Varint((ulong)value);
        }

        End(start);
    }

    /// <summary>Begins a message inside this one; <see cref="End"/> with what this gives.</summary>
    public int Begin(int field)
    {
        Varint(((ulong)field << 3) | (int)WireType.Delimited);
        return _length;
    }

    public void End(int start)
    {
        // The length goes before what it counts: shorter than to count everything first, for messages of this size.
        int content = _length - start;
        int size = WireFormat.VarintSize((ulong)content);
        Room(size);
        _bytes.AsSpan(start, content).CopyTo(_bytes.AsSpan(start + size));
        _length = start;
        Varint((ulong)content);
        _length += content;
    }

    /// <summary>The tag of a length-delimited field and the length of its content, which its caller sends behind it.</summary>
    public void Prefix(int field, long length)
    {
        Varint(((ulong)field << 3) | (int)WireType.Delimited);
        Varint((ulong)length);
    }

    private void Element(int field, ReadOnlySpan<byte> value)
    {
        Prefix(field, value.Length);
        Ready(value);
    }

    private void Varint(ulong value)
    {
        Span<byte> room = Room(WireFormat.MostVarintBytes);
        int size = 0;
        while (value >= 0x80)
        {
            room[size++] = (byte)(value | 0x80);
            value >>= 7;
        }

        room[size++] = (byte)value;
        _length += size;
    }

    private Span<byte> Room(int bytes)
    {
        if (_bytes.Length - _length < bytes)
        {
            byte[] larger = new byte[Math.Max(2 * _bytes.Length, _length + bytes)];
            Written.CopyTo(larger);
            _bytes.AsSpan(0, _length).Clear();
            _bytes = larger;
        }

        return _bytes.AsSpan(_length);
    }
}
