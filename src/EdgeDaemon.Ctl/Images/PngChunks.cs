using System.Buffers.Binary;
using System.Text;

namespace EdgeDaemon.Ctl.Images;

/// <summary>The chunks of a PNG file in order, each with its CRC checked before its content is looked at.</summary>
internal sealed class PngChunks(ReadOnlyMemory<byte> file)
{
    private ReadOnlyMemory<byte> _rest = file;

    /// <summary>False at the end of the file.</summary>
    public bool Next(out string type, out ReadOnlyMemory<byte> content)
    {
        type = "";
        content = default;
        if (_rest.IsEmpty)
        {
            return false;
        }

        // 1. Length, type, and room for content and CRC.
        if (_rest.Length < 12)
        {
            throw new ImageException("it ends early: a chunk is cut off");
        }

        uint length = BinaryPrimitives.ReadUInt32BigEndian(_rest.Span);
        if (length > _rest.Length - 12)
        {
            throw new ImageException("it ends early: a chunk is cut off");
        }

        // 2. CRC over type and content.
        ReadOnlySpan<byte> covered = _rest.Span.Slice(4, 4 + (int)length);
        if (Crc(covered) != BinaryPrimitives.ReadUInt32BigEndian(_rest.Span[(8 + (int)length)..]))
        {
            throw new ImageException("it is damaged: a chunk's check sum is wrong");
        }

        foreach (byte letter in covered[..4])
        {
            if (!char.IsAsciiLetter((char)letter))
            {
                throw new ImageException("it is damaged: a chunk's type is not four letters");
            }
        }

        type = Encoding.ASCII.GetString(covered[..4]);
        content = _rest.Slice(8, (int)length);
        _rest = _rest[(12 + (int)length)..];
        return true;
    }

    /// <summary>CRC-32 of ISO 3309, reflected, as PNG's annex D has it.</summary>
    private static uint Crc(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte value in bytes)
        {
            crc = Table[(byte)(crc ^ value)] ^ (crc >> 8);
        }

        return ~crc;
    }

    private static readonly uint[] Table = MakeTable();

    private static uint[] MakeTable()
    {
        var table = new uint[256];
        for (uint i = 0; i < 256; i++)
        {
            uint value = i;
            for (int bit = 0; bit < 8; bit++)
            {
                value = (value & 1) == 0 ? value >> 1 : 0xEDB88320 ^ (value >> 1);
            }

            table[i] = value;
        }

        return table;
    }
}
