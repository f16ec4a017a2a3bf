namespace EdgeDaemon.Core.Audit.Tree;

/// <summary>
/// Hashes the leaves of many frames at once, and appends them to a tree level by level: frames are short, and a call to the framework for each costs more than its hash. Allocates once.
/// Not for two threads at once.
/// </summary>
/// <param name="hasher">How.</param>
public sealed class LeafBatch(TreeHasher hasher)
{
    /// <summary>Most leaves of a batch.</summary>
    public const int Most = 1024;

    private readonly HashedRange[] _ranges = new HashedRange[Most];
    private readonly byte[] _hashes = new byte[Most * TreeHash.Length];
    private byte[] _level = new byte[(Most + 1) * TreeHash.Length];
    private byte[] _above = new byte[(Most + 1) * TreeHash.Length];

    /// <summary>Leaves so far.</summary>
    public int Count { get; private set; }

    public bool IsFull => Count == Most;

    /// <summary>The leaves' hashes after <see cref="AppendTo"/>, until the next <see cref="Add"/>.</summary>
    public ReadOnlySpan<byte> Hash(int leaf) => _hashes.AsSpan(leaf * TreeHash.Length, TreeHash.Length);

    /// <summary>Takes a leaf; its bytes are read by <see cref="AppendTo"/>.</summary>
    /// <param name="start">Where the prefix 0x00 and the leaf's data lie in the memory (of a frame: its byte 7).</param>
    /// <param name="length">Of prefix and data.</param>
    /// <exception cref="InvalidOperationException">The batch is full.</exception>
    public void Add(int start, int length)
    {
        if (IsFull)
        {
            throw new InvalidOperationException($"a batch has at most {Most} leaves");
        }

        _ranges[Count++] = new HashedRange(start, length);
    }

    /// <summary>Hashes the leaves and appends them in their order; the batch is empty then. Allocates nothing.</summary>
    /// <returns>How many they were: their hashes can be had by <see cref="Hash"/>.</returns>
    public int AppendTo(TreeEdge edge, ReadOnlySpan<byte> memory)
    {
        int count = Count;
        Count = 0;
        hasher.Hash(memory, _ranges.AsSpan(0, count), _hashes);
        if (count < 4)
        {
            for (int leaf = 0; leaf < count; leaf++)
            {
                edge.Append(Hash(leaf));
            }

            return count;
        }

        // One level after the other: what the edge has there comes first, pairs become the next level, one that is left alone becomes the edge's.
        var subtrees = new TreeEdge.Merge(edge, (ulong)count);
        _hashes.AsSpan(0, count * TreeHash.Length).CopyTo(_level.AsSpan(TreeHash.Length));
        int first = TreeHash.Length;
        for (int left = count; left > 0;)
        {
            if (subtrees.Take(_level.AsSpan(0, TreeHash.Length)))
            {
                first = 0;
                left++;
            }

            int pairs = left / 2;
            if ((left & 1) != 0)
            {
                subtrees.Put(_level.AsSpan(first + ((left - 1) * TreeHash.Length), TreeHash.Length));
            }

            // The first place of a level is for what the edge has.
            hasher.Nodes(_level.AsSpan(first, pairs * 2 * TreeHash.Length), _above.AsSpan(TreeHash.Length));
            (_level, _above) = (_above, _level);
            subtrees.Rise();
            first = TreeHash.Length;
            left = pairs;
        }

        subtrees.Finish();
        return count;
    }
}
