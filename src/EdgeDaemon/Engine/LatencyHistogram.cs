using System.Collections.Immutable;
using System.Diagnostics;
using System.Numerics;

namespace EdgeDaemon.Engine;

/// <summary>
/// How long something took, counted in fixed buckets. One writer at a time, so that counting takes no atomic operation; read by anyone: what
/// is read may be an observation behind, and is never torn.
/// </summary>
internal sealed class LatencyHistogram
{
    /// <summary>Upper ends of the buckets in seconds, each belonging to its bucket; the last bucket has none.</summary>
    public static readonly ImmutableArray<double> Bounds =
        [0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

    private static readonly long[] Limits = [.. Bounds.Select(seconds => (long)(seconds * Stopwatch.Frequency))];

    // For each position of the highest bit: the bucket of the least number that has it there.
    private static readonly byte[] First = [.. Enumerable.Range(0, 63).Select(bit => (byte)Limits.Count(limit => limit < 1L << bit))];

    private readonly long[] _counts = new long[Bounds.Length + 1];
    private long _ticks;

    /// <summary>Of all observations together, in <see cref="Stopwatch"/>'s ticks.</summary>
    public long Ticks => Volatile.Read(ref _ticks);

    /// <param name="ticks"><see cref="Stopwatch"/>'s.</param>
    public void Observe(long ticks)
    {
        int bucket = First[BitOperations.Log2((ulong)Math.Max(ticks, 1))];
        while (bucket < Limits.Length && ticks > Limits[bucket])
        {
            bucket++;
        }

        Volatile.Write(ref _ticks, _ticks + ticks);
        Volatile.Write(ref _counts[bucket], _counts[bucket] + 1);
    }

    /// <summary>Adds what each bucket holds, not what is below it.</summary>
    public void AddTo(Span<long> counts)
    {
        for (int i = 0; i < _counts.Length; i++)
        {
            counts[i] += Volatile.Read(ref _counts[i]);
        }
    }
}
