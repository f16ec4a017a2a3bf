using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using System.Security.Cryptography;

namespace EdgeDaemon.Core.Audit.Tree;

/// <summary>
/// SHA-256 (FIPS 180-4) of many short messages, eight side by side in the lanes of AVX2's registers, or sixteen in AVX-512's; a lane that is done takes the next message. A log's records and nodes are so short that
/// calling the library for each costs more than the hashing. Without AVX2: one after the other, by the framework. Optimized at once also where a JIT compiles it: its first calls are what it is chosen or not chosen by.
/// </summary>
internal static class ParallelSha256
{
    private const int Block = 64;

    // Rows of a transposition: lanes are filled by eights.
    private const int Group = 8;

    // 0x80, and the length in bits.
    private const int Ending = 9;

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

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void HashInLanes(ReadOnlySpan<byte> memory, ReadOnlySpan<HashedRange> messages, Span<byte> digests)
    {
        // A few messages would leave most of sixteen lanes idle.
        bool wide = Sha256WideLanes.IsSupported && messages.Length > Group;
        Span<HashLane> lanes = stackalloc HashLane[wide ? Sha256WideLanes.Lanes : Group];
        Span<uint> state = stackalloc uint[8 * lanes.Length];
        Span<byte> tails = stackalloc byte[lanes.Length * HashLane.TailBytes];
        Span<Vector256<uint>> rows = stackalloc Vector256<uint>[2 * Group];
        Span<Vector256<uint>> words = stackalloc Vector256<uint>[2 * lanes.Length];
        int next = 0;
        for (int at = 0; at < lanes.Length; at++)
        {
            lanes[at] = new HashLane(at, messages.Length);
            Prepare(ref lanes[at], next++, memory, messages, tails);
        }

        // Not before each has one: few messages would get two in half of the lanes, and the others none.
        foreach (ref HashLane lane in lanes)
        {
            Begin(ref lane, ref next, memory, messages, tails);
        }

        for (int group = 0; group < lanes.Length; group += Group)
        {
            Start(state, lanes.Length, group, 0xFF);
        }

        for (int blocks; (blocks = Soonest(lanes)) != HashLane.Idle;)
        {
            for (int block = 0; block < blocks; block++)
            {
                for (int group = 0; group < lanes.Length; group += Group)
                {
                    Load(lanes.Slice(group, Group), memory, tails, rows);
                    Transpose(rows[..Group], words.Slice(2 * group, Group));
                    Transpose(rows[Group..], words.Slice((2 * group) + Group, Group));
                }

                if (wide)
                {
                    Sha256WideLanes.Compress(state, words);
                }
                else
                {
                    Sha256Lanes.Compress(state, words);
                }
            }

            for (int group = 0; group < lanes.Length; group += Group)
            {
                Digests(state, lanes.Length, group, rows);
                int done = 0;
                for (int at = 0; at < Group; at++)
                {
                    ref HashLane lane = ref lanes[group + at];
                    if (lane.Left == HashLane.Idle || (lane.Left -= blocks) > 0)
                    {
                        continue;
                    }

                    rows[Group + at].AsByte().CopyTo(digests.Slice(lane.Message * TreeHash.Length, TreeHash.Length));
                    Begin(ref lane, ref next, memory, messages, tails);
                    done |= 1 << at;
                }

                Start(state, lanes.Length, group, done);
            }
        }
    }

    // So many blocks can be hashed before a lane is done.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Soonest(ReadOnlySpan<HashLane> lanes)
    {
        int blocks = HashLane.Idle;
        foreach (ref readonly HashLane lane in lanes)
        {
            blocks = Math.Min(blocks, lane.Left);
        }

        return blocks;
    }

    // The message that was prepared for the lane is its present one; another is prepared for it.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Begin(ref HashLane lane, ref int next, ReadOnlySpan<byte> memory, ReadOnlySpan<HashedRange> messages, Span<byte> tails)
    {
        lane.Message = lane.Prepared;
        if (lane.Message >= messages.Length)
        {
            (lane.Whole, lane.Left, lane.At) = (0, HashLane.Idle, lane.PresentTail);
            return;
        }

        HashedRange range = messages[lane.Message];
        lane.Turn();
        lane.Whole = range.Length / Block;
        lane.Left = (int)(((uint)range.Length + Ending + Block - 1) / Block);
        lane.At = lane.Whole > 0 ? range.Start : lane.PresentTail;
        Prepare(ref lane, next++, memory, messages, tails);
    }

    // A message's last block or two: rest, 0x80, zeros, length in bits.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Prepare(ref HashLane lane, int message, ReadOnlySpan<byte> memory, ReadOnlySpan<HashedRange> messages, Span<byte> tails)
    {
        lane.Prepared = message;
        if (message >= messages.Length)
        {
            return;
        }

        ReadOnlySpan<byte> bytes = memory.Slice(messages[message].Start, messages[message].Length);
        int rest = bytes.Length % Block;
        Span<byte> tail = tails.Slice(lane.NextTail, HashLane.TailBytes / 2);
        Vector512<byte>.Zero.CopyTo(tail);
        Vector512<byte>.Zero.CopyTo(tail[Block..]);
        bytes[^rest..].CopyTo(tail);
        tail[rest] = 0x80;
        BinaryPrimitives.WriteUInt64BigEndian(tail[(rest + Ending <= Block ? Block - 8 : ^8)..], (ulong)bytes.Length * 8);
    }

    // Of eight lanes each: the first eight words of its block, in rows 0 to 7, and the others, in 8 to 15. A lane without a message hashes its old tail for nothing.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Load(Span<HashLane> lanes, ReadOnlySpan<byte> memory, ReadOnlySpan<byte> tails, Span<Vector256<uint>> rows)
    {
        for (int at = 0; at < lanes.Length; at++)
        {
            ReadOnlySpan<byte> block = lanes[at].Whole > 0 ? memory.Slice(lanes[at].At, Block) : tails.Slice(lanes[at].At, Block);
            lanes[at].Advance();
            rows[at] = BigEndian(Vector256.Create(block));
            rows[Group + at] = BigEndian(Vector256.Create(block[32..]));
        }
    }

    // Eight rows of eight words become eight words of eight rows.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Transpose(ReadOnlySpan<Vector256<uint>> rows, Span<Vector256<uint>> into)
    {
        Vector256<ulong> a0 = Avx2.UnpackLow(rows[0], rows[1]).AsUInt64();
        Vector256<ulong> a1 = Avx2.UnpackHigh(rows[0], rows[1]).AsUInt64();
        Vector256<ulong> a2 = Avx2.UnpackLow(rows[2], rows[3]).AsUInt64();
        Vector256<ulong> a3 = Avx2.UnpackHigh(rows[2], rows[3]).AsUInt64();
        Vector256<ulong> a4 = Avx2.UnpackLow(rows[4], rows[5]).AsUInt64();
        Vector256<ulong> a5 = Avx2.UnpackHigh(rows[4], rows[5]).AsUInt64();
        Vector256<ulong> a6 = Avx2.UnpackLow(rows[6], rows[7]).AsUInt64();
        Vector256<ulong> a7 = Avx2.UnpackHigh(rows[6], rows[7]).AsUInt64();

        Vector256<uint> b0 = Avx2.UnpackLow(a0, a2).AsUInt32();
        Vector256<uint> b1 = Avx2.UnpackHigh(a0, a2).AsUInt32();
        Vector256<uint> b2 = Avx2.UnpackLow(a1, a3).AsUInt32();
        Vector256<uint> b3 = Avx2.UnpackHigh(a1, a3).AsUInt32();
        Vector256<uint> b4 = Avx2.UnpackLow(a4, a6).AsUInt32();
        Vector256<uint> b5 = Avx2.UnpackHigh(a4, a6).AsUInt32();
        Vector256<uint> b6 = Avx2.UnpackLow(a5, a7).AsUInt32();
        Vector256<uint> b7 = Avx2.UnpackHigh(a5, a7).AsUInt32();

        into[7] = Avx2.Permute2x128(b3, b7, 0x31);
        into[0] = Avx2.Permute2x128(b0, b4, 0x20);
        into[1] = Avx2.Permute2x128(b1, b5, 0x20);
        into[2] = Avx2.Permute2x128(b2, b6, 0x20);
        into[3] = Avx2.Permute2x128(b3, b7, 0x20);
        into[4] = Avx2.Permute2x128(b0, b4, 0x31);
        into[5] = Avx2.Permute2x128(b1, b5, 0x31);
        into[6] = Avx2.Permute2x128(b2, b6, 0x31);
    }

    // The state of eight lanes as bytes, each lane's in a row from 8 on: the digest of one that is done.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Digests(Span<uint> state, int lanes, int group, Span<Vector256<uint>> rows)
    {
        for (int word = 0; word < Group; word++)
        {
            rows[word] = BigEndian(Vector256.Create<uint>(state.Slice((word * lanes) + group, Group)).AsByte());
        }

        Transpose(rows[..Group], rows[Group..]);
    }

    // The state before the first block (FIPS 180-4 section 5.3.3), for those of eight lanes whose bit is set.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Start(Span<uint> state, int lanes, int group, int which)
    {
        Vector256<uint> bits = Vector256.Create(1u, 2, 4, 8, 16, 32, 64, 128);
        Vector256<uint> chosen = Vector256.Equals(Vector256.Create((uint)which) & bits, bits);
        for (int word = 0; word < Group; word++)
        {
            Span<uint> row = state.Slice((word * lanes) + group, Group);
            Vector256.ConditionalSelect(chosen, Vector256.Create(Initial[word]), Vector256.Create<uint>(row)).CopyTo(row);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> BigEndian(Vector256<byte> bytes) =>
        Avx2.Shuffle(bytes, Vector256.Create((byte)3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12)).AsUInt32();
}
