using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using System.Security.Cryptography;

namespace EdgeDaemon.Core.Audit.Tree;

/// <summary>
/// SHA-256 (FIPS 180-4) of many short messages, eight side by side in the lanes of AVX2's registers; a lane that is done takes the next message. A log's records and nodes are so short that
/// calling the library for each costs more than the hashing. Without AVX2: one after the other, by the library.
/// </summary>
internal static class ParallelSha256
{
    private const int Lanes = 8;
    private const int Block = 64;

    // A message's last block or two: rest, 0x80, zeros, length in bits.
    private const int Tail = 2 * Block;

    private static ReadOnlySpan<uint> Constants =>
    [
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
        0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
        0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
        0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
    ];

    private static ReadOnlySpan<uint> Initial => [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];

    /// <param name="memory">Holds all messages.</param>
    /// <param name="messages">Where they begin, and their lengths.</param>
    /// <param name="digests">32 bytes for each.</param>
    public static void Hash(ReadOnlySpan<byte> memory, ReadOnlySpan<HashedRange> messages, Span<byte> digests)
    {
        if (Avx2.IsSupported && messages.Length > 2)
        {
            HashInLanes(memory, messages, digests);
            return;
        }

        for (int at = 0; at < messages.Length; at++)
        {
            SHA256.HashData(memory.Slice(messages[at].Start, messages[at].Length), digests.Slice(at * TreeHash.Length, TreeHash.Length));
        }
    }

    private static void HashInLanes(ReadOnlySpan<byte> memory, ReadOnlySpan<HashedRange> messages, Span<byte> digests)
    {
        Span<uint> state = stackalloc uint[8 * Lanes];
        Span<byte> tails = stackalloc byte[Lanes * Tail];
        Span<int> message = stackalloc int[Lanes]; // Which one the lane works on; -1 when it has none.
        Span<int> block = stackalloc int[Lanes];
        Span<int> blocks = stackalloc int[Lanes];
        Span<Vector256<uint>> words = stackalloc Vector256<uint>[16];
        tails.Clear();
        int next = 0;
        int busy = 0;
        for (int lane = 0; lane < Lanes; lane++)
        {
            busy += Begin(lane, ref next, memory, messages, state, tails, message, block, blocks) ? 1 : 0;
        }

        while (busy > 0)
        {
            Load(0, memory, messages, tails, message, block, words);
            Load(32, memory, messages, tails, message, block, words[8..]);
            Compress(state, words);
            for (int lane = 0; lane < Lanes; lane++)
            {
                if (message[lane] < 0 || ++block[lane] < blocks[lane])
                {
                    continue;
                }

                Span<byte> digest = digests.Slice(message[lane] * TreeHash.Length, TreeHash.Length);
                for (int word = 0; word < 8; word++)
                {
                    BinaryPrimitives.WriteUInt32BigEndian(digest[(word * 4)..], state[(word * Lanes) + lane]);
                }

                busy -= Begin(lane, ref next, memory, messages, state, tails, message, block, blocks) ? 0 : 1;
            }
        }
    }

    // Gives the lane its next message; false when there is none left.
    private static bool Begin(
        int lane, ref int next, ReadOnlySpan<byte> memory, ReadOnlySpan<HashedRange> messages, Span<uint> state, Span<byte> tails, Span<int> message, Span<int> block, Span<int> blocks)
    {
        block[lane] = 0;
        if (next == messages.Length)
        {
            message[lane] = -1;
            return false;
        }

        HashedRange range = messages[next];
        message[lane] = next++;
        for (int word = 0; word < 8; word++)
        {
            state[(word * Lanes) + lane] = Initial[word];
        }

        int rest = range.Length % Block;
        int tail = rest + 9 <= Block ? Block : Tail;
        blocks[lane] = (range.Length / Block) + (tail / Block);
        Span<byte> last = tails.Slice(lane * Tail, tail);
        last.Clear();
        memory.Slice(range.Start + range.Length - rest, rest).CopyTo(last);
        last[rest] = 0x80;
        BinaryPrimitives.WriteUInt64BigEndian(last[(tail - 8)..], (ulong)range.Length * 8);
        return true;
    }

    // Eight words of each lane's block become eight vectors, one word of all lanes each.
    private static void Load(int half, ReadOnlySpan<byte> memory, ReadOnlySpan<HashedRange> messages, Span<byte> tails, Span<int> message, Span<int> block, Span<Vector256<uint>> words)
    {
        Vector256<uint> r0 = Half(0, half, memory, messages, tails, message, block);
        Vector256<uint> r1 = Half(1, half, memory, messages, tails, message, block);
        Vector256<uint> r2 = Half(2, half, memory, messages, tails, message, block);
        Vector256<uint> r3 = Half(3, half, memory, messages, tails, message, block);
        Vector256<uint> r4 = Half(4, half, memory, messages, tails, message, block);
        Vector256<uint> r5 = Half(5, half, memory, messages, tails, message, block);
        Vector256<uint> r6 = Half(6, half, memory, messages, tails, message, block);
        Vector256<uint> r7 = Half(7, half, memory, messages, tails, message, block);

        Vector256<ulong> a0 = Avx2.UnpackLow(r0, r1).AsUInt64();
        Vector256<ulong> a1 = Avx2.UnpackHigh(r0, r1).AsUInt64();
        Vector256<ulong> a2 = Avx2.UnpackLow(r2, r3).AsUInt64();
        Vector256<ulong> a3 = Avx2.UnpackHigh(r2, r3).AsUInt64();
        Vector256<ulong> a4 = Avx2.UnpackLow(r4, r5).AsUInt64();
        Vector256<ulong> a5 = Avx2.UnpackHigh(r4, r5).AsUInt64();
        Vector256<ulong> a6 = Avx2.UnpackLow(r6, r7).AsUInt64();
        Vector256<ulong> a7 = Avx2.UnpackHigh(r6, r7).AsUInt64();

        Vector256<uint> b0 = Avx2.UnpackLow(a0, a2).AsUInt32();
        Vector256<uint> b1 = Avx2.UnpackHigh(a0, a2).AsUInt32();
        Vector256<uint> b2 = Avx2.UnpackLow(a1, a3).AsUInt32();
        Vector256<uint> b3 = Avx2.UnpackHigh(a1, a3).AsUInt32();
        Vector256<uint> b4 = Avx2.UnpackLow(a4, a6).AsUInt32();
        Vector256<uint> b5 = Avx2.UnpackHigh(a4, a6).AsUInt32();
        Vector256<uint> b6 = Avx2.UnpackLow(a5, a7).AsUInt32();
        Vector256<uint> b7 = Avx2.UnpackHigh(a5, a7).AsUInt32();

        words[0] = Avx2.Permute2x128(b0, b4, 0x20);
        words[1] = Avx2.Permute2x128(b1, b5, 0x20);
        words[2] = Avx2.Permute2x128(b2, b6, 0x20);
        words[3] = Avx2.Permute2x128(b3, b7, 0x20);
        words[4] = Avx2.Permute2x128(b0, b4, 0x31);
        words[5] = Avx2.Permute2x128(b1, b5, 0x31);
        words[6] = Avx2.Permute2x128(b2, b6, 0x31);
        words[7] = Avx2.Permute2x128(b3, b7, 0x31);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> Half(int lane, int half, ReadOnlySpan<byte> memory, ReadOnlySpan<HashedRange> messages, Span<byte> tails, Span<int> message, Span<int> block)
    {
        ReadOnlySpan<byte> from;
        if (message[lane] >= 0 && (block[lane] + 1) * Block <= messages[message[lane]].Length)
        {
            from = memory.Slice(messages[message[lane]].Start + (block[lane] * Block) + half, 32);
        }
        else
        {
            int whole = message[lane] >= 0 ? messages[message[lane]].Length / Block : 0;
            from = tails.Slice((lane * Tail) + ((block[lane] - whole) * Block) + half, 32);
        }

        return Avx2.Shuffle(Vector256.Create(from), Vector256.Create((byte)3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12)).AsUInt32();
    }

    private static void Compress(Span<uint> state, Span<Vector256<uint>> w)
    {
        Vector256<uint> a = Row(state, 0);
        Vector256<uint> b = Row(state, 1);
        Vector256<uint> c = Row(state, 2);
        Vector256<uint> d = Row(state, 3);
        Vector256<uint> e = Row(state, 4);
        Vector256<uint> f = Row(state, 5);
        Vector256<uint> g = Row(state, 6);
        Vector256<uint> h = Row(state, 7);
        w = w[..16];
        for (int at = 0; at < 64; at += 16)
        {
            if (at > 0)
            {
                for (int word = 0; word < 16; word++)
                {
                    w[word] += SmallSigma0(w[(word + 1) & 15]) + w[(word + 9) & 15] + SmallSigma1(w[(word + 14) & 15]);
                }
            }

            h += BigSigma1(e) + Choose(e, f, g) + Vector256.Create(Constants[at + 0]) + w[0];
            d += h;
            h += BigSigma0(a) + Majority(a, b, c);
            g += BigSigma1(d) + Choose(d, e, f) + Vector256.Create(Constants[at + 1]) + w[1];
            c += g;
            g += BigSigma0(h) + Majority(h, a, b);
            f += BigSigma1(c) + Choose(c, d, e) + Vector256.Create(Constants[at + 2]) + w[2];
            b += f;
            f += BigSigma0(g) + Majority(g, h, a);
            e += BigSigma1(b) + Choose(b, c, d) + Vector256.Create(Constants[at + 3]) + w[3];
            a += e;
            e += BigSigma0(f) + Majority(f, g, h);
            d += BigSigma1(a) + Choose(a, b, c) + Vector256.Create(Constants[at + 4]) + w[4];
            h += d;
            d += BigSigma0(e) + Majority(e, f, g);
            c += BigSigma1(h) + Choose(h, a, b) + Vector256.Create(Constants[at + 5]) + w[5];
            g += c;
            c += BigSigma0(d) + Majority(d, e, f);
            b += BigSigma1(g) + Choose(g, h, a) + Vector256.Create(Constants[at + 6]) + w[6];
            f += b;
            b += BigSigma0(c) + Majority(c, d, e);
            a += BigSigma1(f) + Choose(f, g, h) + Vector256.Create(Constants[at + 7]) + w[7];
            e += a;
            a += BigSigma0(b) + Majority(b, c, d);
            h += BigSigma1(e) + Choose(e, f, g) + Vector256.Create(Constants[at + 8]) + w[8];
            d += h;
            h += BigSigma0(a) + Majority(a, b, c);
            g += BigSigma1(d) + Choose(d, e, f) + Vector256.Create(Constants[at + 9]) + w[9];
            c += g;
            g += BigSigma0(h) + Majority(h, a, b);
            f += BigSigma1(c) + Choose(c, d, e) + Vector256.Create(Constants[at + 10]) + w[10];
            b += f;
            f += BigSigma0(g) + Majority(g, h, a);
            e += BigSigma1(b) + Choose(b, c, d) + Vector256.Create(Constants[at + 11]) + w[11];
            a += e;
            e += BigSigma0(f) + Majority(f, g, h);
            d += BigSigma1(a) + Choose(a, b, c) + Vector256.Create(Constants[at + 12]) + w[12];
            h += d;
            d += BigSigma0(e) + Majority(e, f, g);
            c += BigSigma1(h) + Choose(h, a, b) + Vector256.Create(Constants[at + 13]) + w[13];
            g += c;
            c += BigSigma0(d) + Majority(d, e, f);
            b += BigSigma1(g) + Choose(g, h, a) + Vector256.Create(Constants[at + 14]) + w[14];
            f += b;
            b += BigSigma0(c) + Majority(c, d, e);
            a += BigSigma1(f) + Choose(f, g, h) + Vector256.Create(Constants[at + 15]) + w[15];
            e += a;
            a += BigSigma0(b) + Majority(b, c, d);
        }

        (Row(state, 0) + a).CopyTo(state);
        (Row(state, 1) + b).CopyTo(state[Lanes..]);
        (Row(state, 2) + c).CopyTo(state[(2 * Lanes)..]);
        (Row(state, 3) + d).CopyTo(state[(3 * Lanes)..]);
        (Row(state, 4) + e).CopyTo(state[(4 * Lanes)..]);
        (Row(state, 5) + f).CopyTo(state[(5 * Lanes)..]);
        (Row(state, 6) + g).CopyTo(state[(6 * Lanes)..]);
        (Row(state, 7) + h).CopyTo(state[(7 * Lanes)..]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> Row(Span<uint> state, int row) => Vector256.Create<uint>(state.Slice(row * Lanes, Lanes));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> Rotate(Vector256<uint> x, int right) => Vector256.ShiftRightLogical(x, right) | Vector256.ShiftLeft(x, 32 - right);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> BigSigma0(Vector256<uint> x) => Rotate(x, 2) ^ Rotate(x, 13) ^ Rotate(x, 22);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> BigSigma1(Vector256<uint> x) => Rotate(x, 6) ^ Rotate(x, 11) ^ Rotate(x, 25);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> SmallSigma0(Vector256<uint> x) => Rotate(x, 7) ^ Rotate(x, 18) ^ Vector256.ShiftRightLogical(x, 3);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> SmallSigma1(Vector256<uint> x) => Rotate(x, 17) ^ Rotate(x, 19) ^ Vector256.ShiftRightLogical(x, 10);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> Choose(Vector256<uint> x, Vector256<uint> y, Vector256<uint> z) => z ^ (x & (y ^ z));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> Majority(Vector256<uint> x, Vector256<uint> y, Vector256<uint> z) => (x & y) | (z & (x | y));
}
