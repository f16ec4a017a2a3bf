using EdgeDaemon.Core.Audit.Segments;

namespace EdgeDaemon.Ctl.Audit;

/// <summary>
/// Records of a spool in their order, while the daemon may be writing it: the newest segment grows, is followed by another, or ends in a batch of which only
/// a part is there yet. Looks at checksums and sequences and at nothing more: whether the log is true is what <c>verify</c> says.
/// </summary>
internal sealed class SpoolReader : IDisposable
{
    private readonly SpoolFolder _spool;
    private readonly bool _goOn;
    private readonly Action<string> _warn;
    private SegmentCursor? _cursor;
    private SpoolSegment? _following;
    private long _from;

    /// <param name="spool">The spool's folder.</param>
    /// <param name="goOn">Behind what is damaged or missing: true warns and goes on with the next segment, false throws.</param>
    /// <param name="warn">Told of what was passed over.</param>
    public SpoolReader(SpoolFolder spool, bool goOn, Action<string> warn)
    {
        _spool = spool;
        _goOn = goOn;
        _warn = warn;
    }

    /// <summary>Sequence of the record that comes next.</summary>
    public long Next => _cursor?.Next ?? _from;

    public long Sequence => (long)Frame.Sequence(Present);

    /// <summary>Microseconds of UTC since 1970.</summary>
    public long Time => Frame.Time(Present);

    public ReadOnlySpan<byte> Record => Frame.Record(Present);

    /// <summary>The record's whole frame. Valid until the next <see cref="Read"/>.</summary>
    public ReadOnlySpan<byte> Present => Cursor.Present;

    /// <summary>The segment of the present record, and where its frame begins there.</summary>
    public SegmentCursor Cursor => _cursor ?? throw new InvalidOperationException("nothing was read yet");

    /// <summary>Where in the newest segment something stands that is no whole frame; null when the log ends cleanly.</summary>
    public string? Unfinished { get; private set; }

    /// <summary>Segments that are there now.</summary>
    public int SegmentCount => Segments().Count;

    /// <summary>Goes to the segment that holds this sequence, or to the oldest one; records before the sequence are passed over.</summary>
    /// <returns>The first sequence of that segment: more than what was asked for where old segments were removed.</returns>
    public long Seek(long sequence)
    {
        Leave();
        IReadOnlyList<string> files = Segments();
        for (int at = files.Count - 1; at > 0; at--)
        {
            if (Open(files[at]) is not { } segment)
            {
                continue;
            }

            if ((long)segment.Header.FirstSequence <= sequence)
            {
                Begin(segment, sequence);
                return (long)segment.Header.FirstSequence;
            }

            segment.Dispose();
        }

        Begin(SpoolSegment.Open(files[0]), sequence);
        return (long)Cursor.Segment.Header.FirstSequence;
    }

    /// <summary>Goes to a segment, counted from the oldest (0).</summary>
    public void SeekSegment(int number)
    {
        Leave();
        Begin(SpoolSegment.Open(Segments()[number]), 0);
    }

    /// <summary>Goes to the next record; false where there is none, yet.</summary>
    /// <exception cref="CtlException">What is there is damaged, and this reader does not go on.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public bool Read()
    {
        if (_cursor is null)
        {
            SeekSegment(0);
        }

        while (true)
        {
            FrameFound found = ReadFrame();
            if (found == FrameFound.Frame)
            {
                if (Sequence >= _from)
                {
                    _from = 0;
                    return true;
                }
            }
            else if (_following is not null)
            {
                Enter(found);
            }
            else if (!FindFollowing())
            {
                Unfinished = found == FrameFound.Unfinished ? $"{Cursor.Segment.Path}:{Cursor.Offset}" : null;
                return false;
            }

            // With a following segment known, this one is asked once more: it may have got its last records after the first look.
        }
    }

    public void Dispose() => Leave();

    private IReadOnlyList<string> Segments()
    {
        IReadOnlyList<string> files = _spool.Segments();
        if (files.Count > 1)
        {
            using SpoolSegment? newest = SpoolSegment.TryOpen(files[^1], out _);
            if (newest is null)
            {
                return [.. files.Take(files.Count - 1)];
            }
        }

        return files;
    }

    private void Begin(SpoolSegment segment, long from)
    {
        _cursor = new SegmentCursor(segment);
        _from = from;

        // Where the next segment is there already, it says where this one ends: a batch that was given up behind it is no part of the log.
        FindFollowing();
    }

    private FrameFound ReadFrame()
    {
        long limit = _following is null ? long.MaxValue : (long)_following.Header.FirstSequence;
        FrameFound found = Cursor.Read(limit);
        if (found != FrameFound.Frame)
        {
            // What was read ahead can be older than the file.
            Cursor.Forget();
            found = Cursor.Read(limit);
        }

        return found;
    }

    private bool FindFollowing()
    {
        ulong present = Cursor.Segment.Header.Segment;
        while (_spool.After(present) is { Path: { } path } after)
        {
            // The newest one may be without its header yet, in a copy that is being made or beside a writer that lays it out in place.
            _following = after.IsNewest ? SpoolSegment.TryOpen(path, out _) : Open(path);
            if (_following is not null || after.IsNewest)
            {
                break;
            }

            present = after.Number;
        }

        return _following is not null;
    }

    // Null where it is no segment and this reader goes on behind such.
    private SpoolSegment? Open(string path)
    {
        SpoolSegment? segment = SpoolSegment.TryOpen(path, out string? fault);
        if (segment is null)
        {
            Damaged($"{path}:0: {fault}");
        }

        return segment;
    }

    private void Enter(FrameFound found)
    {
        SegmentCursor left = Cursor;
        SpoolSegment next = _following!;
        long first = (long)next.Header.FirstSequence;
        if (left.Next < first)
        {
            string name = Path.GetFileName(next.Path);
            Damaged(found == FrameFound.Unfinished
                ? $"{left.Segment.Path}:{left.Offset}: is damaged: records {left.Next} to {first - 1} cannot be read"
                : $"{left.Segment.Path}:{left.Offset}: ends before record {left.Next}, and {name} begins with record {first}: what is between is missing");
        }
        else if (left.Next > first)
        {
            _warn($"{left.Segment.Path}: its last {left.Next - first} records were given up after an error of the disk and come again, with other numbers");
        }

        left.Segment.Dispose();
        _following = null;
        _cursor = new SegmentCursor(next);
        FindFollowing();
    }

    private void Damaged(string what)
    {
        if (!_goOn)
        {
            throw new CtlException($"{what}; 'edgectl audit verify' says more");
        }

        _warn(what);
    }

    private void Leave()
    {
        _cursor?.Segment.Dispose();
        _cursor = null;
        _following?.Dispose();
        _following = null;
    }
}
