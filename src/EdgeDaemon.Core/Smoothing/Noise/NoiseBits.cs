using System.Runtime.InteropServices;

namespace EdgeDaemon.Core.Smoothing.Noise;

/// <summary>
/// Which random bits are whose. The 64-bit draw of element e of sample s has its 16 high bits from the block with counter (e / 8, 0, low s, high s):
/// half-word e mod 8, the low half of each word first. Its 48 low bits, which few draws need, are words 0 and 1 (the low half) of the block
/// with counter (e, 1, low s, high s).
/// </summary>
internal static partial class NoiseBits
{
    /// <summary>Elements that one block serves.</summary>
    public const int PerBlock = 8;

    /// <summary>Draws that are completed together.</summary>
    public const int LowGroup = 8;

    private const uint HighBits = 0;
    private const uint LowBits = 1;

    /// <summary>The 16 high bits of consecutive draws.</summary>
    /// <param name="high">A multiple of 64 of them.</param>
    /// <param name="first">The first element: a multiple of 8.</param>
    public static void Fill(NoisePath path, NoiseKey key, ulong sample, uint first, Span<ushort> high)
    {
        uint block = first / PerBlock;
        switch (path)
        {
            case NoisePath.Vector512:
                FillVector512(key, sample, block, high);
                break;
            case NoisePath.Vector256:
                FillVector256(key, sample, block, high);
                break;
            default:
                FillScalar(key, sample, block, high);
                break;
        }
    }

    /// <summary>The 48 low bits of some draws.</summary>
    /// <param name="elements">Which: a multiple of <see cref="LowGroup"/> of them.</param>
    public static void FillLow(NoisePath path, NoiseKey key, ulong sample, ReadOnlySpan<uint> elements, Span<ulong> low)
    {
        switch (path)
        {
            case NoisePath.Vector512:
                FillLowVector512(key, sample, elements, low);
                break;
            case NoisePath.Vector256:
                FillLowVector256(key, sample, elements, low);
                break;
            default:
                for (int i = 0; i < elements.Length; i++)
                {
                    PhiloxBlock bits = Philox.Block(new PhiloxBlock(elements[i], LowBits, (uint)sample, (uint)(sample >> 32)), key);
                    low[i] = ((ulong)(ushort)bits.W1 << 32) | bits.W0;
                }

                break;
        }
    }

    private static void FillScalar(NoiseKey key, ulong sample, uint block, Span<ushort> high)
    {
        Span<uint> words = MemoryMarshal.Cast<ushort, uint>(high);
        for (int i = 0; i + 4 <= words.Length; i += 4)
        {
            PhiloxBlock bits = Philox.Block(new PhiloxBlock(block++, HighBits, (uint)sample, (uint)(sample >> 32)), key);
            words[i] = bits.W0;
            words[i + 1] = bits.W1;
            words[i + 2] = bits.W2;
            words[i + 3] = bits.W3;
        }
    }
}
