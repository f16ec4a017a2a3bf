using System.Numerics;

namespace EdgeDaemon.Core.Audit.Tree;

/// <summary>
/// The right edge of an RFC 6962 tree: the roots of its full subtrees, one for each bit of the size, largest first. All that appending needs. No allocation but
/// at construction. Not for two threads at once.
/// </summary>
/// <param name="hasher">How nodes are made; null: <see cref="TreeHasher.Lanes"/>.</param>
public sealed class TreeEdge(TreeHasher? hasher = null)
{
    private readonly byte[] _hashes = new byte[64 * TreeHash.Length];
    private readonly byte[] _putAside = new byte[64 * TreeHash.Length];
    private readonly TreeHasher _hasher = hasher ?? TreeHasher.Lanes;

    /// <summary>Leaves so far.</summary>
    public ulong Size { get; private set; }

    /// <summary>Number of hashes: the ones in the binary size.</summary>
    public int Count => BitOperations.PopCount(Size);

    /// <summary>The edge as bytes, <see cref="Count"/> hashes of 32 bytes, largest subtree first. Valid until the next append.</summary>
    public ReadOnlySpan<byte> Hashes => _hashes.AsSpan(0, Count * TreeHash.Length);

    /// <summary>An edge from its bytes. Nothing here can say whether it is the right one: its root must be known.</summary>
    /// <param name="size">Leaves.</param>
    /// <param name="hashes">As <see cref="Hashes"/>.</param>
    /// <param name="hasher">As of the constructor.</param>
    /// <exception cref="AuditFormatException">There are not as many hashes as that size has.</exception>
    public static TreeEdge Read(ulong size, ReadOnlySpan<byte> hashes, TreeHasher? hasher = null)
    {
        var edge = new TreeEdge(hasher) { Size = size };
        if (hashes.Length != edge.Count * TreeHash.Length)
        {
            throw new AuditFormatException($"the edge of a tree of {size} leaves has {edge.Count} hashes, not {hashes.Length} bytes");
        }

        hashes.CopyTo(edge._hashes);
        return edge;
    }

    /// <param name="leaf">The leaf's hash, 32 bytes.</param>
    public void Append(ReadOnlySpan<byte> leaf)
    {
        int at = Count * TreeHash.Length;
        leaf[..TreeHash.Length].CopyTo(_hashes.AsSpan(at));

        // As many full subtrees of one size meet as the size has ones at its end: each pair becomes one of double size.
        for (ulong rest = Size; (rest & 1) != 0; rest >>= 1)
        {
            at -= TreeHash.Length;
            _hasher.Nodes(_hashes.AsSpan(at, 2 * TreeHash.Length), _hashes.AsSpan(at, TreeHash.Length));
        }

        Size++;
    }

    /// <summary>The tree's root: RFC 6962's MTH of all leaves. Changes nothing.</summary>
    /// <param name="into">32 bytes.</param>
    public void Root(Span<byte> into)
    {
        if (Size == 0)
        {
            TreeHash.Empty.CopyTo(into);
            return;
        }

        int at = (Count - 1) * TreeHash.Length;
        Span<byte> pair = stackalloc byte[2 * TreeHash.Length];
        Span<byte> root = pair[TreeHash.Length..];
        _hashes.AsSpan(at, TreeHash.Length).CopyTo(root);
        while ((at -= TreeHash.Length) >= 0)
        {
            _hashes.AsSpan(at, TreeHash.Length).CopyTo(pair);
            _hasher.Nodes(pair, root);
        }

        root.CopyTo(into);
    }

    /// <summary>The same as a new array.</summary>
    public byte[] Root()
    {
        byte[] root = new byte[TreeHash.Length];
        Root(root);
        return root;
    }

    /// <summary>Becomes a copy of another edge.</summary>
    public void CopyFrom(TreeEdge other)
    {
        other.Hashes.CopyTo(_hashes);
        Size = other.Size;
    }

    /// <summary>Forgets every leaf.</summary>
    public void Clear() => Size = 0;

    /// <summary>Takes an edge's subtrees apart from the smallest up while many leaves are appended level by level (<see cref="LeafBatch"/>).</summary>
    internal ref struct Merge(TreeEdge edge, ulong leaves)
    {
        private readonly TreeEdge _edge = edge;
        private readonly ulong _size = edge.Size + leaves;
        private readonly byte[] _put = edge._putAside;
        private int _count = edge.Count;
        private int _putCount;
        private int _level;

        /// <summary>Gives the subtree of this level, if there is one.</summary>
        public bool Take(Span<byte> into)
        {
            if ((_edge.Size >> _level & 1) == 0)
            {
                return false;
            }

            _edge._hashes.AsSpan(--_count * TreeHash.Length, TreeHash.Length).CopyTo(into);
            return true;
        }

        /// <summary>The subtree of this level that stays.</summary>
        public void Put(ReadOnlySpan<byte> hash) => hash.CopyTo(_put.AsSpan(_putCount++ * TreeHash.Length));

        public void Rise() => _level++;

        /// <summary>What was put follows what was not taken, largest first.</summary>
        public void Finish()
        {
            while (_putCount > 0)
            {
                _put.AsSpan(--_putCount * TreeHash.Length, TreeHash.Length).CopyTo(_edge._hashes.AsSpan(_count++ * TreeHash.Length));
            }

            _edge.Size = _size;
        }
    }
}
