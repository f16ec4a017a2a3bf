using System.Numerics;

namespace EdgeDaemon.Core.Audit.Tree;

/// <summary>RFC 6962 section 2.1.1 (verified as RFC 9162 section 2.1.3.2 says): one leaf is in a tree.</summary>
public static class InclusionProof
{
    /// <summary>The subtrees whose roots make the proof, from the leaf's sibling up.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such leaf.</exception>
    public static List<LeafRange> Ranges(ulong index, ulong size)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, size);
        var ranges = new List<LeafRange>();
        ulong first = 0;
        ulong end = size;
        while (end - first > 1)
        {
            ulong split = first + LargestBelow(end - first);
            if (index < split)
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

        ranges.Reverse();
        return ranges;
    }

    /// <param name="index">The leaf's place, from 0.</param>
    /// <param name="size">The tree's.</param>
    /// <param name="leaf">The leaf's hash.</param>
    /// <param name="proof">Hashes from the leaf's sibling up.</param>
    /// <param name="root">The tree's.</param>
    public static bool Verify(ulong index, ulong size, ReadOnlySpan<byte> leaf, IReadOnlyList<byte[]> proof, ReadOnlySpan<byte> root)
    {
        if (index >= size || leaf.Length != TreeHash.Length)
        {
            return false;
        }

        ulong node = index;
        ulong last = size - 1;
        Span<byte> hash = stackalloc byte[TreeHash.Length];
        leaf.CopyTo(hash);
        foreach (byte[] part in proof)
        {
            if (last == 0 || part.Length != TreeHash.Length)
            {
                return false;
            }

            if ((node & 1) != 0 || node == last)
            {
                TreeHash.Node(part, hash, hash);
                while ((node & 1) == 0 && node != 0)
                {
                    node >>= 1;
                    last >>= 1;
                }
            }
            else
            {
                TreeHash.Node(hash, part, hash);
            }

            node >>= 1;
            last >>= 1;
        }

        return last == 0 && hash.SequenceEqual(root);
    }

    /// <summary>The largest power of two below a size of at least two: where RFC 6962 splits.</summary>
    internal static ulong LargestBelow(ulong size) => 1UL << BitOperations.Log2(size - 1);
}
