namespace EdgeDaemon.Core.Audit.Tree;

/// <summary>
/// How the tree's hashes are made: SHA-256 of many short messages, whichever way is the fastest on this machine. All ways give the same bytes. For any number of threads at once; allocates nothing.
/// </summary>
public abstract class TreeHasher
{
    /// <summary>The way that is always there: <see cref="LaneHasher"/>.</summary>
    public static TreeHasher Lanes { get; } = new LaneHasher();

    /// <summary>Hashes messages as they are: of leaves, RFC 6962's prefix stands before each.</summary>
    /// <param name="memory">Holds all messages.</param>
    /// <param name="messages">Where they begin, and their lengths.</param>
    /// <param name="digests">32 bytes for each, in their order.</param>
    /// <exception cref="ArgumentOutOfRangeException">A message or its digest does not lie in the memory.</exception>
    public abstract void Hash(ReadOnlySpan<byte> memory, ReadOnlySpan<HashedRange> messages, Span<byte> digests);

    /// <summary>Hashes one message as it is.</summary>
    /// <param name="message">Of a leaf: 0x00 and its data (a frame has them so).</param>
    /// <param name="digest">32 bytes.</param>
    public abstract void Hash(ReadOnlySpan<byte> message, Span<byte> digest);

    /// <summary>The nodes above pairs of hashes, with RFC 6962's prefix 0x01.</summary>
    /// <param name="pairs">64 bytes for each: left and right.</param>
    /// <param name="nodes">32 bytes for each. May lie in the same memory where there is one pair alone.</param>
    public abstract void Nodes(ReadOnlySpan<byte> pairs, Span<byte> nodes);
}
