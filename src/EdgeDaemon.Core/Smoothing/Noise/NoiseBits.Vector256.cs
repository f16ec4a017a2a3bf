using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace EdgeDaemon.Core.Smoothing.Noise;

/// <content>The same with four blocks in a register, and two registers of each word: there are sixteen in all.</content>
internal static partial class NoiseBits
{
    private static void FillVector256(NoiseKey key, ulong sample, uint block, Span<ushort> high)
    {
        ref Vector256<ulong> into = ref Unsafe.As<ushort, Vector256<ulong>>(ref MemoryMarshal.GetReference(high));
        for (int at = 0; at < high.Length / 64; at++)
        {
            TwoGroups(key, sample, block, ref Unsafe.Add(ref into, 4 * at));
            block += 8;
        }
    }

    // Blocks 0 and 1 in even lanes, 2 and 3 in odd ones.
    private static Vector256<ulong> Counters256(uint block) => Vector256.Create((ulong)block) + Vector256.Create(0UL, 2, 1, 3);

    private static void TwoGroups(NoiseKey key, ulong sample, uint block, ref Vector256<ulong> into)
    {
        Vector256<ulong> a0 = Counters256(block), b0 = Counters256(block + 4), a1 = Vector256.Create((ulong)HighBits), b1 = a1;
        Rounds256(key, sample, ref a0, ref a1, ref b0, ref b1, out Vector256<ulong> a2, out Vector256<ulong> a3, out Vector256<ulong> b2, out Vector256<ulong> b3);
        Store(a0, a1, a2, a3, ref into);
        Store(b0, b1, b2, b3, ref Unsafe.Add(ref into, 2));
    }

    private static void FillLowVector256(NoiseKey key, ulong sample, ReadOnlySpan<uint> elements, Span<ulong> low)
    {
        for (int i = 0; i < elements.Length; i += LowGroup)
        {
            Vector256<ulong> a0 = Avx2.ConvertToVector256Int64(Vector128.Create(elements[i..])).AsUInt64(), a1 = Vector256.Create((ulong)LowBits);
            Vector256<ulong> b0 = Avx2.ConvertToVector256Int64(Vector128.Create(elements[(i + 4)..])).AsUInt64(), b1 = a1;
            Rounds256(key, sample, ref a0, ref a1, ref b0, ref b1, out _, out _, out _, out _);
            Low(a0, a1).CopyTo(low[i..]);
            Low(b0, b1).CopyTo(low[(i + 4)..]);
        }

        static Vector256<ulong> Low(Vector256<ulong> w0, Vector256<ulong> w1) =>
            (w0 & Vector256.Create((ulong)uint.MaxValue)) | ((w1 & Vector256.Create((ulong)ushort.MaxValue)) << 32);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Rounds256(
        NoiseKey key,
        ulong sample,
        ref Vector256<ulong> a0,
        ref Vector256<ulong> a1,
        ref Vector256<ulong> b0,
        ref Vector256<ulong> b1,
        out Vector256<ulong> a2,
        out Vector256<ulong> a3,
        out Vector256<ulong> b2,
        out Vector256<ulong> b3)
    {
        Vector256<uint> multiplier0 = Vector256.Create((ulong)Philox.Multiplier0).AsUInt32(), multiplier1 = Vector256.Create((ulong)Philox.Multiplier1).AsUInt32();
        a2 = b2 = Vector256.Create((ulong)(uint)sample);
        a3 = b3 = Vector256.Create(sample >> 32);
        (uint key0, uint key1) = key;
        for (int round = 0; round < Philox.Rounds; round++)
        {
            Vector256<ulong> k0 = Vector256.Create((ulong)key0), k1 = Vector256.Create((ulong)key1);
            Vector256<ulong> a = Avx2.Multiply(a0.AsUInt32(), multiplier0), b = Avx2.Multiply(b0.AsUInt32(), multiplier0);
            Vector256<ulong> c = Avx2.Multiply(a2.AsUInt32(), multiplier1), d = Avx2.Multiply(b2.AsUInt32(), multiplier1);
            a0 = (c >>> 32) ^ (a1 ^ k0);
            b0 = (d >>> 32) ^ (b1 ^ k0);
            a2 = (a >>> 32) ^ (a3 ^ k1);
            b2 = (b >>> 32) ^ (b3 ^ k1);
            (a1, b1) = (c, d);
            (a3, b3) = (a, b);
            key0 += Philox.Weyl0;
            key1 += Philox.Weyl1;
        }
    }

    /// <summary>Four words of four blocks, in the order of blocks, to 64 bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector256<ulong> w0, Vector256<ulong> w1, Vector256<ulong> w2, Vector256<ulong> w3, ref Vector256<ulong> into)
    {
        Vector256<ulong> low = Vector256.Create((ulong)uint.MaxValue);
        Vector256<ulong> first = (w0 & low) | (w1 << 32), second = (w2 & low) | (w3 << 32);
        into = Avx2.UnpackLow(first, second);
        Unsafe.Add(ref into, 1) = Avx2.UnpackHigh(first, second);
    }
}
