using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using System.Security.Cryptography;

namespace EdgeDaemon.Core.Audit.Tree;

/// <summary>
/// SHA-256 (FIPS 180-4) of many short messages, eight side by side in the lanes of AVX2's registers, or sixteen in AVX-512's; a lane that is done takes the next message. A log's records and nodes are so short that
/// calling the library for each costs more than the hashing. Without AVX2: one after the other, by the framework.
/// </summary>
internal static class ParallelSha256
{
    private const int Block = 64;

    // Rows of a transposition: lanes are filled by eights.
    private const int Group = 8;

    // A message's last block or two: rest, 0x80, zeros, length in bits.
    private const int Tail = 2 * Block;

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
        // A few messages would leave most of sixteen lanes idle.
        bool wide = Sha256WideLanes.IsSupported && messages.Length > Group;
        int lanes = wide ? Sha256WideLanes.Lanes : Group;
        Span<uint> state = stackalloc uint[8 * lanes];
        Span<byte> tails = stackalloc byte[lanes * Tail];
        Span<int> message = stackalloc int[lanes]; // Which one the lane works on; -1 when it has none.
        Span<int> block = stackalloc int[lanes];
        Span<int> blocks = stackalloc int[lanes];
        Span<Vector256<uint>> words = stackalloc Vector256<uint>[2 * lanes];
        tails.Clear();
        int next = 0;
        int busy = 0;
        for (int lane = 0; lane < lanes; lane++)
        {
            busy += Begin(lane, ref next, memory, messages, state, tails, message, block, blocks) ? 1 : 0;
        }

        while (busy > 0)
        {
            for (int group = 0; group < lanes; group += Group)
            {
                Load(group, memory, messages, tails, message, block, words.Slice(2 * group, 16));
            }

            if (wide)
            {
                Sha256WideLanes.Compress(state, words);
            }
            else
            {
                Sha256Lanes.Compress(state, words);
            }

            for (int lane = 0; lane < lanes; lane++)
            {
                if (message[lane] < 0 || ++block[lane] < blocks[lane])
                {
                    continue;
                }

                Span<byte> digest = digests.Slice(message[lane] * TreeHash.Length, TreeHash.Length);
                for (int word = 0; word < 8; word++)
                {
                    BinaryPrimitives.WriteUInt32BigEndian(digest[(word * 4)..], state[(word * message.Length) + lane]);
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
            state[(word * message.Length) + lane] = Initial[word];
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

    // Eight words of each lane's block become eight vectors, one word of all lanes each; twice.
    private static void Load(int group, ReadOnlySpan<byte> memory, ReadOnlySpan<HashedRange> messages, Span<byte> tails, Span<int> message, Span<int> block, Span<Vector256<uint>> words)
    {
        ReadOnlySpan<byte> lane0 = Present(group, memory, messages, tails, message, block);
        ReadOnlySpan<byte> lane1 = Present(group + 1, memory, messages, tails, message, block);
        ReadOnlySpan<byte> lane2 = Present(group + 2, memory, messages, tails, message, block);
        ReadOnlySpan<byte> lane3 = Present(group + 3, memory, messages, tails, message, block);
        ReadOnlySpan<byte> lane4 = Present(group + 4, memory, messages, tails, message, block);
        ReadOnlySpan<byte> lane5 = Present(group + 5, memory, messages, tails, message, block);
        ReadOnlySpan<byte> lane6 = Present(group + 6, memory, messages, tails, message, block);
        ReadOnlySpan<byte> lane7 = Present(group + 7, memory, messages, tails, message, block);
        for (int half = 0; half < 2; half++)
        {
            Vector256<uint> r0 = Words(lane0, half);
            Vector256<uint> r1 = Words(lane1, half);
            Vector256<uint> r2 = Words(lane2, half);
            Vector256<uint> r3 = Words(lane3, half);
            Vector256<uint> r4 = Words(lane4, half);
            Vector256<uint> r5 = Words(lane5, half);
            Vector256<uint> r6 = Words(lane6, half);
            Vector256<uint> r7 = Words(lane7, half);

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

            Span<Vector256<uint>> into = words.Slice(half * 8, 8);
            into[0] = Avx2.Permute2x128(b0, b4, 0x20);
            into[1] = Avx2.Permute2x128(b1, b5, 0x20);
            into[2] = Avx2.Permute2x128(b2, b6, 0x20);
            into[3] = Avx2.Permute2x128(b3, b7, 0x20);
            into[4] = Avx2.Permute2x128(b0, b4, 0x31);
            into[5] = Avx2.Permute2x128(b1, b5, 0x31);
            into[6] = Avx2.Permute2x128(b2, b6, 0x31);
            into[7] = Avx2.Permute2x128(b3, b7, 0x31);
        }
    }

    // The block that a lane is at: of its message, or of its tail. A lane without a message hashes its old tail for nothing.
    private static ReadOnlySpan<byte> Present(int lane, ReadOnlySpan<byte> memory, ReadOnlySpan<HashedRange> messages, Span<byte> tails, Span<int> message, Span<int> block)
    {
        int at = block[lane];
        if (message[lane] < 0)
        {
            return tails.Slice(lane * Tail, Block);
        }

        HashedRange range = messages[message[lane]];
        int whole = range.Length / Block;
        return at < whole ? memory.Slice(range.Start + (at * Block), Block) : tails.Slice((lane * Tail) + ((at - whole) * Block), Block);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> Words(ReadOnlySpan<byte> block, int half) =>
        Avx2.Shuffle(
            Vector256.Create(block.Slice(half * 32, 32)),
            Vector256.Create((byte)3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12)).AsUInt32();
}
