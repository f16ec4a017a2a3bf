using EdgeDaemon.Core.Audit;

namespace EdgeDaemon.Audit;

/// <summary>The segments that are not written any more, oldest first, and what they take. May be asked by any thread.</summary>
internal sealed class SealedSegments
{
    private readonly Lock _change = new();
    private readonly List<SealedSegment> _segments = [];
    private long _bytes;
    private long _freeable;

    public SealedSegments(IEnumerable<SealedSegment> past)
    {
        foreach (SealedSegment segment in past)
        {
            Add(segment);
        }
    }

    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>Of <see cref="Bytes"/>, as <see cref="Weigh"/> last found.</summary>
    public long FreeableBytes => Interlocked.Read(ref _freeable);

    public SealedSegment? Oldest
    {
        get
        {
            lock (_change)
            {
                return _segments.Count > 0 ? _segments[0] : null;
            }
        }
    }

    public void Add(SealedSegment segment)
    {
        lock (_change)
        {
            _segments.Add(segment);
            Interlocked.Add(ref _bytes, segment.Bytes);
        }
    }

    /// <summary>The oldest is gone.</summary>
    public void RemoveOldest()
    {
        lock (_change)
        {
            Interlocked.Add(ref _bytes, -_segments[0].Bytes);
            _segments.RemoveAt(0);
        }
    }

    /// <summary>An operator may have exported and removed the oldest ones.</summary>
    /// <param name="names">Files that there are.</param>
    /// <returns>Whether one was gone.</returns>
    public bool Forget(IEnumerable<string> names)
    {
        var there = new HashSet<string>(names, StringComparer.Ordinal);
        bool forgot = false;
        lock (_change)
        {
            while (_segments.Count > 0 && !there.Contains(SpoolLayout.SegmentName(_segments[0].Number)))
            {
                RemoveOldest();
                forgot = true;
            }
        }

        return forgot;
    }

    /// <summary>Finds what may go because it ended before a time, in microseconds since 1970.</summary>
    /// <returns>Bytes an hour that came in, from the first to the last; null: too few segments to say.</returns>
    public double? Weigh(long keepFrom)
    {
        lock (_change)
        {
            long freeable = 0;
            foreach (SealedSegment segment in _segments)
            {
                freeable += segment.LastTime <= keepFrom ? segment.Bytes : 0;
            }

            Interlocked.Exchange(ref _freeable, freeable);
            return _segments.Count > 2 && _segments[^1].LastTime - _segments[0].LastTime is var span and > 0
                ? (_bytes - _segments[0].Bytes) * (3_600_000_000.0 / span)
                : null;
        }
    }
}
