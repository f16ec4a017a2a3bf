namespace EdgeDaemon.Native.Onnx.Memory;

/// <summary>
/// How much memory the runs of one graph take, by the bytes of their inputs: what the probe saw, then the runs themselves. Any thread may ask;
/// who tells something new is let in one at a time, and left out when another is telling. What one run took beyond the others is forgotten after
/// <see cref="Remembered"/> runs of its size: where memory depends on values, one caller must not decide for good what the next are let in with.
/// </summary>
internal sealed class MemoryPeaks
{
    // A graph takes what its shapes say, the same each time; but the library lays memory out anew after the first run of a shape.
    /// <summary>Runs after which the most that one of them took replaces what is known of their size.</summary>
    public const int Remembered = 256;

    private const long Slack = 4L << 20;
    private const int Most = 64;

    private readonly Lock _change = new();
    private Point[] _points = []; // by growing bytes; replaced when there is a new one

    /// <summary>Whether anything is known.</summary>
    public bool Known => Volatile.Read(ref _points).Length > 0;

    /// <summary>What a run is expected to have at once, at most; 0 when nothing is known.</summary>
    public long Expected(long inputBytes)
    {
        Point[] points = Volatile.Read(ref _points);
        foreach (Point point in points)
        {
            if (inputBytes <= point.InputBytes)
            {
                return point.Peak;
            }
        }

        return points.Length == 0 ? 0 : Scaled(points[^1], inputBytes, power: 1);
    }

    /// <summary>
    /// What a run may have at once. Twice what is expected; of inputs larger than any that was seen as much as a graph may want whose memory grows with
    /// the square of its input, as attention's does.
    /// </summary>
    public long Allowed(long inputBytes)
    {
        Point[] points = Volatile.Read(ref _points);
        if (points.Length == 0)
        {
            return long.MaxValue;
        }

        long most = inputBytes <= points[^1].InputBytes ? Expected(inputBytes) : Scaled(points[^1], inputBytes, power: 2);
        return most > (long.MaxValue - Slack) / 2 ? long.MaxValue : (2 * most) + Slack;
    }

    /// <summary>The probe saw a run over so many bytes take so much: what later runs take never makes it less.</summary>
    public void Expect(long inputBytes, long peak)
    {
        lock (_change)
        {
            Add(inputBytes, peak, least: peak);
        }
    }

    /// <summary>A run over so many bytes took so much.</summary>
    public void Learn(long inputBytes, long peak)
    {
        if (inputBytes <= 0)
        {
            return;
        }

        // The usual case first, and apart: it allocates nothing.
        Point? covers = Covering(inputBytes, peak);
        if ((covers is null || covers.Count(peak)) && _change.TryEnter())
        {
            try
            {
                if (covers is null)
                {
                    Add(inputBytes, peak, least: 0);
                }
                else
                {
                    covers.Forget();
                    Level(_points);
                }
            }
            finally
            {
                _change.Exit();
            }
        }
    }

    // The same bytes in other shapes count as one.
    private void Add(long inputBytes, long peak, long least)
    {
        var points = new SortedDictionary<long, Point>();
        foreach (Point point in _points)
        {
            points[point.InputBytes] = point;
        }

        if (points.TryGetValue(inputBytes, out Point? known))
        {
            known.Raise(peak, least);
        }
        else
        {
            points[inputBytes] = new Point(inputBytes, peak, least);
        }

        if (points.Count > Most)
        {
            points.Remove(points.Keys.First(bytes => bytes != inputBytes));
        }

        Point[] all = [.. points.Values];
        Level(all);
        Volatile.Write(ref _points, all);
    }

    // Larger inputs take no less than smaller ones.
    private static void Level(Point[] points)
    {
        long most = 0;
        foreach (Point point in points)
        {
            most = Math.Max(most, point.Seen);
            point.Peak = most;
        }
    }

    // By a point of about that size: else each size of a graph that takes any would be one.
    private Point? Covering(long inputBytes, long peak)
    {
        foreach (Point point in Volatile.Read(ref _points))
        {
            if (inputBytes <= point.InputBytes)
            {
                return peak <= point.Peak && point.InputBytes <= inputBytes * 2 ? point : null;
            }
        }

        return null;
    }

    private static long Scaled(Point point, long inputBytes, int power)
    {
        double scaled = point.Peak * Math.Pow((double)inputBytes / point.InputBytes, power);
        return scaled >= long.MaxValue / 4 ? long.MaxValue / 4 : (long)scaled;
    }

    /// <summary>What runs of one size took. Counted without a lock: a count that two runs lose costs a few runs' patience, and a peak that is lost is learnt again.</summary>
    private sealed class Point(long inputBytes, long seen, long least)
    {
        private long _peak = seen;
        private long _recent;
        private int _runs;
        private long _least = least;

        public long InputBytes => inputBytes;

        /// <summary>What its own runs took.</summary>
        public long Seen { get; private set; } = seen;

        /// <summary>What a run of this size is expected to take.</summary>
        public long Peak
        {
            get => Volatile.Read(ref _peak);
            set => Volatile.Write(ref _peak, value);
        }

        /// <summary>True when enough runs were counted for <see cref="Forget"/>.</summary>
        public bool Count(long peak)
        {
            _recent = Math.Max(_recent, peak);
            return ++_runs >= Remembered;
        }

        public void Raise(long peak, long least)
        {
            Seen = Math.Max(Seen, peak);
            _least = Math.Max(_least, least);
        }

        public void Forget()
        {
            Seen = Math.Max(_least, _recent);
            _recent = 0;
            _runs = 0;
        }
    }
}
