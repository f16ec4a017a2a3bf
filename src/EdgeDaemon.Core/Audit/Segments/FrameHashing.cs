using EdgeDaemon.Core.Audit.Tree;

namespace EdgeDaemon.Core.Audit.Segments;

/// <summary>
/// The tree of a verification, some frames behind the walk: frames wait in the walk's memory until they are hashed together. Whoever needs the tree as it is now says
/// <see cref="Flush"/> first.
/// </summary>
internal sealed class FrameHashing(KeptCheckpoint? kept, FrameVisitor? visitor, TreeHasher hasher)
{
    private readonly LeafBatch _batch = new(hasher);
    private readonly (int Start, int Length, long Offset)[] _frames = new (int, int, long)[LeafBatch.Most];
    private SegmentWalk? _walk;

    public TreeEdge Edge { get; } = new(hasher);

    /// <summary>Frames from now on are this walk's.</summary>
    public void Begin(SegmentWalk walk)
    {
        _walk = walk;
        walk.BeforeMove = Flush;
    }

    /// <summary>The walk's present frame is the next leaf.</summary>
    public void Add()
    {
        int start = _walk!.Start;
        ReadOnlySpan<byte> frame = _walk.Frame;
        if (kept is not null && Edge.Size + (ulong)_batch.Count == kept.Size)
        {
            Flush();
            kept.Meet(Edge);
        }

        _frames[_batch.Count] = (start, frame.Length, _walk.Offset);
        _batch.Add(start + Frame.LeafOffset, Frame.PrefixedLeaf(frame).Length);
        if (_batch.IsFull)
        {
            Flush();
        }
    }

    /// <summary>Nothing more comes: the walk's memory is let go.</summary>
    public void End()
    {
        Flush();
        _walk = null;
    }

    /// <summary>Every frame that was added is in the tree.</summary>
    public void Flush()
    {
        if (_batch.Count == 0)
        {
            return;
        }

        int count = _batch.AppendTo(Edge, _walk!.Memory);
        for (int at = 0; visitor is not null && at < count; at++)
        {
            (int start, int length, long offset) = _frames[at];
            visitor(_walk.Header.Segment, offset, _walk.Memory.Slice(start, length), _batch.Hash(at));
        }
    }
}
