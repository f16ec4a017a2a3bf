using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Security.Cryptography;
using EdgeDaemon.Core.Audit.Tree;

namespace EdgeDaemon.Native.OpenSsl;

/// <summary>
/// SHA-256 of one message after the other by libcrypto's low-level functions (sha.h): the processor's SHA instructions, for which .NET 9 and 10 have no intrinsics, without EVP's fetch of an
/// algorithm and memory for each message, which take longer than a frame's hash. Deprecated since OpenSSL 3.0, and still in its ABI: <see cref="HasherChoice"/> sees whether they are there.
/// </summary>
internal sealed unsafe class LowLevelSha256 : TreeHasher
{
    private const int NodeBytes = 1 + (2 * TreeHash.Length);

    // sizeof(SHA256_CTX), in every version: eight words of state, two of length, a block of sixteen, two counts. Nothing of it is read here.
    private const int ContextBytes = 4 * (8 + 2 + 16 + 2);

    // A garbage collection waits for calls without a transition: each stays under three microseconds, also for the longest record and without SHA instructions.
    private const int Piece = 1024;

    private readonly delegate* unmanaged[Cdecl, SuppressGCTransition]<ulong*, int> _init;
    private readonly delegate* unmanaged[Cdecl, SuppressGCTransition]<ulong*, byte*, nuint, int> _update;
    private readonly delegate* unmanaged[Cdecl, SuppressGCTransition]<byte*, ulong*, int> _final;

    /// <param name="init"><c>int SHA256_Init(SHA256_CTX *c)</c>.</param>
    /// <param name="update"><c>int SHA256_Update(SHA256_CTX *c, const void *data, size_t len)</c>.</param>
    /// <param name="final"><c>int SHA256_Final(unsigned char *md, SHA256_CTX *c)</c>.</param>
    public LowLevelSha256(nint init, nint update, nint final)
    {
        _init = (delegate* unmanaged[Cdecl, SuppressGCTransition]<ulong*, int>)init;
        _update = (delegate* unmanaged[Cdecl, SuppressGCTransition]<ulong*, byte*, nuint, int>)update;
        _final = (delegate* unmanaged[Cdecl, SuppressGCTransition]<byte*, ulong*, int>)final;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)] // As the lanes are, beside which it is measured.
    public override void Hash(ReadOnlySpan<byte> memory, ReadOnlySpan<HashedRange> messages, Span<byte> digests)
    {
        fixed (byte* into = digests[..(messages.Length * TreeHash.Length)])
        {
            for (int at = 0; at < messages.Length; at++)
            {
                Hash(memory.Slice(messages[at].Start, messages[at].Length), into + (at * TreeHash.Length));
            }
        }
    }

    public override void Hash(ReadOnlySpan<byte> message, Span<byte> digest)
    {
        fixed (byte* into = digest[..TreeHash.Length])
        {
            Hash(message, into);
        }
    }

    [SkipLocalsInit]
    public override void Nodes(ReadOnlySpan<byte> pairs, Span<byte> nodes)
    {
        int count = pairs.Length / (2 * TreeHash.Length);
        Span<byte> node = stackalloc byte[NodeBytes];
        node[0] = TreeHash.NodePrefix;
        fixed (byte* into = nodes[..(count * TreeHash.Length)])
        {
            for (int pair = 0; pair < count; pair++)
            {
                // By halves: the compiler would copy them by whole registers of AVX, and leave these in use, which makes the SHA instructions behind them, legacy SSE, take twice as long (Zen 3).
                ReadOnlySpan<byte> both = pairs.Slice(pair * 2 * TreeHash.Length, 2 * TreeHash.Length);
                for (int at = 0; at < both.Length; at += Vector128<byte>.Count)
                {
                    Vector128.Create(both[at..]).CopyTo(node[(1 + at)..]);
                }

                Hash(node, into + (pair * TreeHash.Length));
            }
        }
    }

    // The context is not cleared: it holds of a frame only what the log's file holds in the clear, and hashes that are published.
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Hash(ReadOnlySpan<byte> message, byte* digest)
    {
        ulong* context = stackalloc ulong[ContextBytes / sizeof(ulong)];
        int done = _init(context);
        fixed (byte* bytes = message)
        {
            for (int at = 0; at < message.Length; at += Piece)
            {
                done &= _update(context, bytes + at, (nuint)Math.Min(Piece, message.Length - at));
            }
        }

        if ((done & _final(digest, context)) != 1)
        {
            throw new CryptographicException("libcrypto's SHA-256 failed"); // None of them can; a digest that was not made must not pass for one.
        }
    }
}
