namespace EdgeDaemon.Core.Audit.Tree;

/// <summary>
/// Makes a proof while the leaves go by once, in memory of O(log n): the ranges of a proof do not overlap, so each leaf goes to one edge at most. May begin
/// behind some leaves, when the edge there is known.
/// </summary>
public sealed class ProofCollector
{
    private readonly List<LeafRange> _ranges;
    private readonly TreeEdge[] _edges;
    private ulong _next;

    /// <param name="ranges">Of <see cref="InclusionProof.Ranges"/> or <see cref="ConsistencyProof.Ranges"/>.</param>
    /// <param name="before">The tree before the first leaf that will be appended; null for leaf 0.</param>
    /// <param name="hasher">How nodes are made; null: <see cref="TreeHasher.Lanes"/>.</param>
    /// <exception cref="ArgumentException">A range begins before that leaf and is no subtree of the edge: the proof needs earlier leaves.</exception>
    public ProofCollector(List<LeafRange> ranges, TreeEdge? before = null, TreeHasher? hasher = null)
    {
        _ranges = ranges;
        _edges = new TreeEdge[ranges.Count];
        _next = before?.Size ?? 0;
        for (int at = 0; at < _edges.Length; at++)
        {
            _edges[at] = ranges[at].First < _next ? Take(before!, ranges[at], hasher) : new TreeEdge(hasher);
        }
    }

    /// <summary>The next leaf's hash, in order.</summary>
    public void Append(ReadOnlySpan<byte> leaf)
    {
        for (int at = 0; at < _edges.Length; at++)
        {
            if (_ranges[at].Contains(_next))
            {
                _edges[at].Append(leaf);
                break;
            }
        }

        _next++;
    }

    /// <summary>The proof's hashes in its order.</summary>
    /// <exception cref="InvalidOperationException">Not all its leaves went by.</exception>
    public List<byte[]> Proof()
    {
        var proof = new List<byte[]>(_edges.Length);
        for (int at = 0; at < _edges.Length; at++)
        {
            if (_next < _ranges[at].End)
            {
                throw new InvalidOperationException($"the proof needs the leaves up to {_ranges[at].End}, and {_next} went by");
            }

            proof.Add(_edges[at].Root());
        }

        return proof;
    }

    // The edge's subtrees from the left: sizes are the ones in the binary size, largest first.
    private static TreeEdge Take(TreeEdge before, LeafRange range, TreeHasher? hasher)
    {
        ulong first = 0;
        int at = 0;
        for (int bit = 63; bit >= 0; bit--)
        {
            ulong size = 1UL << bit;
            if ((before.Size & size) == 0)
            {
                continue;
            }

            if (first >= range.First && first < range.End)
            {
                // The first subtrees of the range; the rest of it, if any, goes by.
                return Rest(before, at, first, range, hasher);
            }

            first += size;
            at++;
        }

        throw Needs(range);
    }

    private static TreeEdge Rest(TreeEdge before, int at, ulong first, LeafRange range, TreeHasher? hasher)
    {
        ulong covered = Math.Min(before.Size, range.End) - range.First;
        int hashes = System.Numerics.BitOperations.PopCount(covered);
        ReadOnlySpan<byte> all = before.Hashes[(at * TreeHash.Length)..];
        if (first != range.First || all.Length < hashes * TreeHash.Length || !Ends(before.Size, at, hashes, range.First + covered))
        {
            throw Needs(range);
        }

        return TreeEdge.Read(covered, all[..(hashes * TreeHash.Length)], hasher);
    }

    // Whether the edge's subtrees number at to at + count - 1 end exactly there.
    private static bool Ends(ulong size, int at, int count, ulong end)
    {
        ulong sum = 0;
        for (int bit = 63, number = 0; bit >= 0 && number < at + count; bit--)
        {
            if ((size & (1UL << bit)) != 0)
            {
                sum += 1UL << bit;
                number++;
            }
        }

        return sum == end;
    }

    private static ArgumentException Needs(LeafRange range) => new($"the proof needs leaves from {range.First} on, which lie before the first one that is there");
}
