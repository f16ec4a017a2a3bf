namespace EdgeDaemon.Core.Audit.Tree;

/// <summary>RFC 6962 section 2.1.2 (verified as RFC 9162 section 2.1.4.2 says): a tree is the beginning of a larger one.</summary>
public static class ConsistencyProof
{
    /// <summary>The subtrees whose roots make the proof, in the RFC's order. Empty where the sizes are equal, or the old one is zero.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The old size is larger.</exception>
    public static List<LeafRange> Ranges(ulong oldSize, ulong size)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(oldSize, size);
        var ranges = new List<LeafRange>();
        ulong first = 0;
        ulong end = size;
        if (oldSize == 0)
        {
            return ranges;
        }

        // SUBPROOF: what lies beside the way to the old tree's last subtree, then that subtree itself unless it is the whole old tree.
        while (oldSize != end)
        {
            ulong split = first + InclusionProof.LargestBelow(end - first);
            if (oldSize <= split)
            {
                ranges.Add(new LeafRange(split, end));
                end = split;
            }
            else
            {
                ranges.Add(new LeafRange(first, split));
                first = split;
            }
        }

        if (first != 0)
        {
            ranges.Add(new LeafRange(first, end));
        }

        ranges.Reverse();
        return ranges;
    }

    /// <param name="oldSize">Size of the smaller tree.</param>
    /// <param name="size">Size of the larger one.</param>
    /// <param name="oldRoot">Root of the smaller tree.</param>
    /// <param name="root">Root of the larger one.</param>
    /// <param name="proof">Hashes in the RFC's order.</param>
    public static bool Verify(ulong oldSize, ulong size, ReadOnlySpan<byte> oldRoot, ReadOnlySpan<byte> root, IReadOnlyList<byte[]> proof)
    {
        if (oldSize > size)
        {
            return false;
        }

        if (oldSize == size)
        {
            return proof.Count == 0 && oldRoot.SequenceEqual(root);
        }

        // Every tree goes on from the empty one: there is nothing to prove, but its root is known.
        if (oldSize == 0)
        {
            return proof.Count == 0 && oldRoot.SequenceEqual(TreeHash.Empty);
        }

        ulong node = oldSize - 1;
        ulong last = size - 1;
        while ((node & 1) != 0)
        {
            node >>= 1;
            last >>= 1;
        }

        // A whole power of two is its own first hash.
        int at = 0;
        Span<byte> old = stackalloc byte[TreeHash.Length];
        Span<byte> all = stackalloc byte[TreeHash.Length];
        ReadOnlySpan<byte> start = node == 0 ? oldRoot : proof.Count > 0 ? proof[at++] : default;
        if (start.Length != TreeHash.Length)
        {
            return false;
        }

        start.CopyTo(old);
        start.CopyTo(all);
        for (; at < proof.Count; at++)
        {
            byte[] part = proof[at];
            if (last == 0 || part.Length != TreeHash.Length)
            {
                return false;
            }

            if ((node & 1) != 0 || node == last)
            {
                TreeHash.Node(part, old, old);
                TreeHash.Node(part, all, all);
                while ((node & 1) == 0 && node != 0)
                {
                    node >>= 1;
                    last >>= 1;
                }
            }
            else
            {
                TreeHash.Node(all, part, all);
            }

            node >>= 1;
            last >>= 1;
        }

        return last == 0 && old.SequenceEqual(oldRoot) && all.SequenceEqual(root);
    }
}
