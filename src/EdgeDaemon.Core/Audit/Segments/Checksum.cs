using System.Buffers.Binary;
using System.Numerics;

namespace EdgeDaemon.Core.Audit.Segments;

/// <summary>CRC-32C (Castagnoli, reflected, as in RFC 3720) with the processor's instruction. Against accidents, never against people.</summary>
public static class Checksum
{
    /// <summary>Goes on from the checksum of what came before (0 at the beginning).</summary>
    public static uint Append(uint checksum, ReadOnlySpan<byte> bytes)
    {
        uint state = ~checksum;
        while (bytes.Length >= sizeof(ulong))
        {
            state = BitOperations.Crc32C(state, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[sizeof(ulong)..];
        }

        foreach (byte value in bytes)
        {
            state = BitOperations.Crc32C(state, value);
        }

        return ~state;
    }
}
