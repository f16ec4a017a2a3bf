using System.Collections.Immutable;

namespace EdgeDaemon.Engine.Voting;

/// <summary>
/// How far the members of one lane agreed, row by row, and how often the first of them were enough. One writer at a time, as with
/// <see cref="LatencyHistogram"/>.
/// </summary>
internal sealed class VoteStatistics
{
    /// <summary>Upper ends of the buckets: shares of the members.</summary>
    public static readonly ImmutableArray<double> Bounds = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1];

    private readonly long[] _counts = new long[Bounds.Length + 1];
    private double _sum;
    private long _votes;
    private long _earlyExits;

    public void Observe(float agreement)
    {
        int bucket = 0;
        while (bucket < Bounds.Length && agreement > Bounds[bucket])
        {
            bucket++;
        }

        Volatile.Write(ref _sum, _sum + agreement);
        Volatile.Write(ref _counts[bucket], _counts[bucket] + 1);
    }

    /// <summary>A run that was answered.</summary>
    public void CountVote(bool early)
    {
        Volatile.Write(ref _votes, _votes + 1);
        Volatile.Write(ref _earlyExits, _earlyExits + (early ? 1 : 0));
    }

    public static VoteSum Sum(IEnumerable<VoteStatistics> lanes)
    {
        long[] counts = new long[Bounds.Length + 1];
        double sum = 0;
        long votes = 0, early = 0;
        foreach (VoteStatistics lane in lanes)
        {
            for (int i = 0; i < counts.Length; i++)
            {
                counts[i] += Volatile.Read(ref lane._counts[i]);
            }

            sum += Volatile.Read(ref lane._sum);
            votes += Volatile.Read(ref lane._votes);
            early += Volatile.Read(ref lane._earlyExits);
        }

        return new VoteSum([.. counts], sum, votes, early);
    }
}

/// <summary>Over all lanes.</summary>
/// <param name="Counts">Rows by their agreement, what each bucket of <see cref="VoteStatistics.Bounds"/> holds.</param>
/// <param name="Agreement">Of all rows, added up.</param>
/// <param name="Votes">Runs that were answered.</param>
/// <param name="EarlyExits">Of those, the ones that asked the first members alone.</param>
internal sealed record VoteSum(ImmutableArray<long> Counts, double Agreement, long Votes, long EarlyExits);
