namespace EdgeDaemon.Core.Bundles.Onnx.Folding;

/// <summary>What of a graph's values is held at once while a request is computed: from the node that makes a value to the last one that uses it.</summary>
internal sealed class LiveValues
{
    // Sums of these do not overflow; what is larger was found already.
    private const long MostOfOne = 1L << 43;

    private readonly Dictionary<string, Life> _lives = new(StringComparer.Ordinal);
    private readonly List<Life> _all = [];
    private Life? _inside;
    private int _node;

    /// <summary>The next node is being looked at.</summary>
    public void Next() => _node++;

    public void Make(string name, long bytes)
    {
        var life = new Life { Made = _node, Used = _node, Bytes = Math.Min(bytes, MostOfOne) };
        _lives[name] = life;
        _all.Add(life);
    }

    public void Use(string name)
    {
        if (_lives.TryGetValue(name, out Life? life))
        {
            life.Used = _node;
        }
    }

    /// <summary>What a graph inside of the node holds at its fullest; of several one is computed at a time.</summary>
    public void Inside(long bytes)
    {
        if (_inside?.Made != _node)
        {
            _inside = new Life { Made = _node, Used = _node };
            _all.Add(_inside);
        }

        _inside.Bytes = Math.Max(_inside.Bytes, Math.Min(bytes, MostOfOne));
    }

    /// <summary>The most bytes that are held at once, and the number of the node, from 0 on, at which they are.</summary>
    public (long Bytes, int Node) Fullest()
    {
        long[] change = new long[_node + 2];
        foreach (Life life in _all)
        {
            change[life.Made] += life.Bytes;
            change[life.Used + 1] -= life.Bytes;
        }

        long now = 0, most = 0;
        int at = 0;
        for (int node = 0; node < change.Length; node++)
        {
            now += change[node];
            if (now > most)
            {
                (most, at) = (now, node);
            }
        }

        return (most, Math.Max(at - 1, 0));
    }

    private sealed class Life
    {
        public required int Made { get; init; }

        public required int Used { get; set; }

        public long Bytes { get; set; }
    }
}
