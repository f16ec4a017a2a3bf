using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace EdgeDaemon.Core.Smoothing.Noise;

/// <summary>One figure for the bits that a path writes: SHA-256 over rows of a fixed seed and input, so that executables, processors and scripts can be compared.</summary>
public static class NoiseDigest
{
    private const int Elements = 1000;

    /// <summary>Lower-case hex. The same for every path, or one of them is broken.</summary>
    /// <remarks>
    /// The seed is 00 01 .. 1f, the key that of place 0; element i of the input is 7 i mod 256, for FP32 less 100 and divided by 97; samples 0, 1, 2, 3,
    /// 2^32 + 5 and 2^64 - 1, one behind the other, as FP32 in little-endian order.
    /// </remarks>
    public static string Of(RowNoise noise, NoisePath path)
    {
        Span<byte> seedBits = stackalloc byte[NoiseSeed.Size];
        for (int i = 0; i < seedBits.Length; i++)
        {
            seedBits[i] = (byte)i;
        }

        using var seed = new NoiseSeed(seedBits);
        NoiseKey key = seed.Key(0);
        byte[] input = Input(noise.ElementSize);
        var row = new float[Elements];
        using var digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        ReadOnlySpan<ulong> samples = [0, 1, 2, 3, (1UL << 32) + 5, ulong.MaxValue];
        foreach (ulong sample in samples)
        {
            noise.TryAddBy(path, key, sample, 0, input, row);
            digest.AppendData(MemoryMarshal.AsBytes(row.AsSpan()));
        }

        return Convert.ToHexStringLower(digest.GetHashAndReset());
    }

    private static byte[] Input(int elementSize)
    {
        byte[] input = new byte[Elements * elementSize];
        for (int i = 0; i < Elements; i++)
        {
            byte value = (byte)(7 * i);
            if (elementSize == 1)
            {
                input[i] = value;
            }
            else
            {
                MemoryMarshal.Cast<byte, float>(input)[i] = (value - 100) / 97f;
            }
        }

        return input;
    }
}
