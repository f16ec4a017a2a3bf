namespace EdgeDaemon.Native.Onnx.Memory;

/// <summary>
/// How much memory the runs of one graph take, by the bytes of their inputs: what the probe saw, then the runs themselves. Any thread may ask;
/// who tells is let in one at a time, and left out when another is telling.
/// </summary>
internal sealed class MemoryPeaks
{
    // A graph takes what its shapes say, the same each time; but the library lays memory out anew after the first run of a shape.
    private const long Slack = 4L << 20;
    private const int Most = 64;

    private readonly Lock _change = new();
    private (long InputBytes, long Peak)[] _points = []; // by growing bytes; replaced, never changed

    /// <summary>Whether anything is known.</summary>
    public bool Known => Volatile.Read(ref _points).Length > 0;

    /// <summary>What a run is expected to have at once, at most; 0 when nothing is known.</summary>
    public long Expected(long inputBytes)
    {
        (long InputBytes, long Peak)[] points = Volatile.Read(ref _points);
        foreach ((long bytes, long peak) in points)
        {
            if (inputBytes <= bytes)
            {
                return peak;
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
        (long InputBytes, long Peak)[] points = Volatile.Read(ref _points);
        if (points.Length == 0)
        {
            return long.MaxValue;
        }

        long most = inputBytes <= points[^1].InputBytes ? Expected(inputBytes) : Scaled(points[^1], inputBytes, power: 2);
        return most > (long.MaxValue - Slack) / 2 ? long.MaxValue : (2 * most) + Slack;
    }

    /// <summary>A run over so many bytes took so much.</summary>
    public void Learn(long inputBytes, long peak)
    {
        // The usual case first, and apart: it allocates nothing.
        if (inputBytes > 0 && !Covers(inputBytes, peak) && _change.TryEnter())
        {
            try
            {
                Add(inputBytes, peak);
            }
            finally
            {
                _change.Exit();
            }
        }
    }

    private void Add(long inputBytes, long peak)
    {
        // The same bytes in other shapes count as one; larger inputs take no less than smaller ones.
        var points = new SortedDictionary<long, long>();
        foreach ((long bytes, long seen) in _points)
        {
            points[bytes] = seen;
        }

        points[inputBytes] = Math.Max(peak, points.GetValueOrDefault(inputBytes));
        if (points.Count > Most)
        {
            points.Remove(points.Keys.First(bytes => bytes != inputBytes));
        }

        long most = 0;
        Volatile.Write(ref _points, [.. points.Select(point => (point.Key, most = Math.Max(most, point.Value)))]);
    }

    // By a point of about that size: else each size of a graph that takes any would be one.
    private bool Covers(long inputBytes, long peak)
    {
        foreach ((long bytes, long seen) in Volatile.Read(ref _points))
        {
            if (inputBytes <= bytes)
            {
                return peak <= seen && bytes <= inputBytes * 2;
            }
        }

        return false;
    }

    private static long Scaled((long InputBytes, long Peak) point, long inputBytes, int power)
    {
        double scaled = point.Peak * Math.Pow((double)inputBytes / point.InputBytes, power);
        return scaled >= long.MaxValue / 4 ? long.MaxValue / 4 : (long)scaled;
    }
}
