using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace EdgeDaemon.Core.Smoothing.Noise;

/// <content>
/// Eight blocks in a register, each word in the low half of a 64-bit lane: a product then holds both halves that a round wants, and what is left in a high
/// half is never looked at, since a multiplication reads low halves alone. Four registers of each word hide the multiplier's latency.
/// </content>
internal static partial class NoiseBits
{
    private const byte Xor3 = 0x96;

    private static void FillVector512(NoiseKey key, ulong sample, uint block, Span<ushort> high)
    {
        ref Vector512<ulong> into = ref Unsafe.As<ushort, Vector512<ulong>>(ref MemoryMarshal.GetReference(high));
        int groups = high.Length / 64;
        int at = 0;
        for (; at + 4 <= groups; at += 4)
        {
            FourGroups(key, sample, block, ref Unsafe.Add(ref into, 2 * at));
            block += 32;
        }

        for (; at < groups; at++)
        {
            OneGroup(key, sample, block, ref Unsafe.Add(ref into, 2 * at));
            block += 8;
        }
    }

    // Blocks 0 to 3 in even lanes, 4 to 7 in odd ones: as unpacking wants them for words to end in the order of blocks.
    private static Vector512<ulong> Counters512(uint block) => Vector512.Create((ulong)block) + Vector512.Create(0UL, 4, 1, 5, 2, 6, 3, 7);

    private static void FourGroups(NoiseKey key, ulong sample, uint block, ref Vector512<ulong> into)
    {
        Vector512<uint> multiplier0 = Vector512.Create((ulong)Philox.Multiplier0).AsUInt32(), multiplier1 = Vector512.Create((ulong)Philox.Multiplier1).AsUInt32();
        Vector512<ulong> a0 = Counters512(block), b0 = Counters512(block + 8), c0 = Counters512(block + 16), d0 = Counters512(block + 24);
        Vector512<ulong> a1 = Vector512.Create((ulong)HighBits), b1 = a1, c1 = a1, d1 = a1;
        Vector512<ulong> a2 = Vector512.Create((ulong)(uint)sample), b2 = a2, c2 = a2, d2 = a2;
        Vector512<ulong> a3 = Vector512.Create(sample >> 32), b3 = a3, c3 = a3, d3 = a3;
        (uint key0, uint key1) = key;
        for (int round = 0; round < Philox.Rounds; round++)
        {
            Vector512<ulong> k0 = Vector512.Create((ulong)key0), k1 = Vector512.Create((ulong)key1);
            Vector512<ulong> a = Avx512F.Multiply(a0.AsUInt32(), multiplier0), b = Avx512F.Multiply(b0.AsUInt32(), multiplier0);
            Vector512<ulong> c = Avx512F.Multiply(c0.AsUInt32(), multiplier0), d = Avx512F.Multiply(d0.AsUInt32(), multiplier0);
            Vector512<ulong> e = Avx512F.Multiply(a2.AsUInt32(), multiplier1), f = Avx512F.Multiply(b2.AsUInt32(), multiplier1);
            Vector512<ulong> g = Avx512F.Multiply(c2.AsUInt32(), multiplier1), h = Avx512F.Multiply(d2.AsUInt32(), multiplier1);
            a0 = Avx512F.TernaryLogic(e >>> 32, a1, k0, Xor3);
            b0 = Avx512F.TernaryLogic(f >>> 32, b1, k0, Xor3);
            c0 = Avx512F.TernaryLogic(g >>> 32, c1, k0, Xor3);
            d0 = Avx512F.TernaryLogic(h >>> 32, d1, k0, Xor3);
            a2 = Avx512F.TernaryLogic(a >>> 32, a3, k1, Xor3);
            b2 = Avx512F.TernaryLogic(b >>> 32, b3, k1, Xor3);
            c2 = Avx512F.TernaryLogic(c >>> 32, c3, k1, Xor3);
            d2 = Avx512F.TernaryLogic(d >>> 32, d3, k1, Xor3);
            (a1, b1, c1, d1) = (e, f, g, h);
            (a3, b3, c3, d3) = (a, b, c, d);
            key0 += Philox.Weyl0;
            key1 += Philox.Weyl1;
        }

        Store(a0, a1, a2, a3, ref into);
        Store(b0, b1, b2, b3, ref Unsafe.Add(ref into, 2));
        Store(c0, c1, c2, c3, ref Unsafe.Add(ref into, 4));
        Store(d0, d1, d2, d3, ref Unsafe.Add(ref into, 6));
    }

    private static void OneGroup(NoiseKey key, ulong sample, uint block, ref Vector512<ulong> into)
    {
        Vector512<ulong> c0 = Counters512(block), c1 = Vector512.Create((ulong)HighBits), c2 = Vector512.Create((ulong)(uint)sample), c3 = Vector512.Create(sample >> 32);
        Rounds512(key, ref c0, ref c1, ref c2, ref c3);
        Store(c0, c1, c2, c3, ref into);
    }

    private static void FillLowVector512(NoiseKey key, ulong sample, ReadOnlySpan<uint> elements, Span<ulong> low)
    {
        for (int i = 0; i < elements.Length; i += LowGroup)
        {
            Vector512<ulong> c0 = Avx512F.ConvertToVector512UInt64(Vector256.Create(elements[i..])), c1 = Vector512.Create((ulong)LowBits);
            Vector512<ulong> c2 = Vector512.Create((ulong)(uint)sample), c3 = Vector512.Create(sample >> 32);
            Rounds512(key, ref c0, ref c1, ref c2, ref c3);
            Vector512<ulong> bits = (c0 & Vector512.Create((ulong)uint.MaxValue)) | ((c1 & Vector512.Create((ulong)ushort.MaxValue)) << 32);
            bits.CopyTo(low[i..]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Rounds512(NoiseKey key, ref Vector512<ulong> c0, ref Vector512<ulong> c1, ref Vector512<ulong> c2, ref Vector512<ulong> c3)
    {
        Vector512<uint> multiplier0 = Vector512.Create((ulong)Philox.Multiplier0).AsUInt32(), multiplier1 = Vector512.Create((ulong)Philox.Multiplier1).AsUInt32();
        (uint key0, uint key1) = key;
        for (int round = 0; round < Philox.Rounds; round++)
        {
            Vector512<ulong> product0 = Avx512F.Multiply(c0.AsUInt32(), multiplier0), product1 = Avx512F.Multiply(c2.AsUInt32(), multiplier1);
            c0 = Avx512F.TernaryLogic(product1 >>> 32, c1, Vector512.Create((ulong)key0), Xor3);
            c1 = product1;
            c2 = Avx512F.TernaryLogic(product0 >>> 32, c3, Vector512.Create((ulong)key1), Xor3);
            c3 = product0;
            key0 += Philox.Weyl0;
            key1 += Philox.Weyl1;
        }
    }

    /// <summary>Four words of eight blocks, in the order of blocks, to 128 bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector512<ulong> w0, Vector512<ulong> w1, Vector512<ulong> w2, Vector512<ulong> w3, ref Vector512<ulong> into)
    {
        Vector512<ulong> low = Vector512.Create((ulong)uint.MaxValue);
        Vector512<ulong> first = (w0 & low) | (w1 << 32), second = (w2 & low) | (w3 << 32);
        into = Avx512F.UnpackLow(first, second);
        Unsafe.Add(ref into, 1) = Avx512F.UnpackHigh(first, second);
    }
}
