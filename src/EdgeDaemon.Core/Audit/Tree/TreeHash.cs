using System.Security.Cryptography;

namespace EdgeDaemon.Core.Audit.Tree;

/// <summary>The hashes of RFC 6962 section 2.1, SHA-256. The prefixes keep a leaf from being passed off as a node.</summary>
public static class TreeHash
{
    /// <summary>Bytes of a hash.</summary>
    public const int Length = SHA256.HashSizeInBytes;

    public const byte LeafPrefix = 0;

    public const byte NodePrefix = 1;

    private static readonly byte[] EmptyRoot = SHA256.HashData([]);

    /// <summary>Root of the tree without leaves: the hash of nothing.</summary>
    public static ReadOnlySpan<byte> Empty => EmptyRoot;

    /// <summary>One leaf by the framework; of many, a <see cref="TreeHasher"/> makes them faster.</summary>
    /// <param name="prefixed">0x00 and the leaf's data, one after the other (a frame has them so).</param>
    /// <param name="into">32 bytes.</param>
    public static void PrefixedLeaf(ReadOnlySpan<byte> prefixed, Span<byte> into) => SHA256.HashData(prefixed, into);

    /// <summary>Allocates: for proofs and tests. Frames are hashed by <see cref="PrefixedLeaf"/>.</summary>
    public static byte[] Leaf(ReadOnlySpan<byte> data) => SHA256.HashData([LeafPrefix, .. data]);

    /// <param name="left">32 bytes.</param>
    /// <param name="right">32 bytes.</param>
    /// <param name="into">32 bytes; may be one of the two.</param>
    public static void Node(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right, Span<byte> into)
    {
        Span<byte> both = stackalloc byte[1 + (2 * Length)];
        both[0] = NodePrefix;
        left.CopyTo(both[1..]);
        right.CopyTo(both[(1 + Length)..]);
        SHA256.HashData(both, into);
    }
}
