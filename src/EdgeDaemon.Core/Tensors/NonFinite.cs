using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace EdgeDaemon.Core.Tensors;

/// <summary>Finds NaN and infinity: all exponent bits set, in every floating type (IEEE 754-2019 section 3.4).</summary>
public static class NonFinite
{
    /// <summary>True when a floating-point tensor holds a value that is not finite; false for every other element type.</summary>
    public static bool Any(ElementType type, ReadOnlySpan<byte> tensor) => type switch
    {
        ElementType.Float32 => Any32(MemoryMarshal.Cast<byte, uint>(tensor)),
        ElementType.Float64 => Any64(MemoryMarshal.Cast<byte, ulong>(tensor)),
        ElementType.Float16 => Any16(MemoryMarshal.Cast<byte, ushort>(tensor), 0x7C00),
        ElementType.BFloat16 => Any16(MemoryMarshal.Cast<byte, ushort>(tensor), 0x7F80),
        _ => false,
    };

    private static bool Any32(ReadOnlySpan<uint> bits)
    {
        const uint Exponent = 0x7F80_0000;
        int i = 0;
        if (Vector256.IsHardwareAccelerated)
        {
            Vector256<uint> exponent = Vector256.Create(Exponent);
            Vector256<uint> found = Vector256<uint>.Zero;
            for (; i <= bits.Length - Vector256<uint>.Count; i += Vector256<uint>.Count)
            {
                found |= Vector256.Equals(Vector256.Create(bits[i..]) & exponent, exponent);
            }

            if (found != Vector256<uint>.Zero)
            {
                return true;
            }
        }

        for (; i < bits.Length; i++)
        {
            if ((bits[i] & Exponent) == Exponent)
            {
                return true;
            }
        }

        return false;
    }

    private static bool Any64(ReadOnlySpan<ulong> bits)
    {
        const ulong Exponent = 0x7FF0_0000_0000_0000;
        foreach (ulong value in bits)
        {
            if ((value & Exponent) == Exponent)
            {
                return true;
            }
        }

        return false;
    }

    private static bool Any16(ReadOnlySpan<ushort> bits, ushort exponent)
    {
        foreach (ushort value in bits)
        {
            if ((value & exponent) == exponent)
            {
                return true;
            }
        }

        return false;
    }
}
