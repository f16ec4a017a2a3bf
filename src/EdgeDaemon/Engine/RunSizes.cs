using System.Collections.Immutable;
using System.Numerics;

namespace EdgeDaemon.Engine;

/// <summary>Runs counted by their rows: each number up to 64 by itself, above that by powers of two, so that no caller's choice of a size makes the table grow.</summary>
internal static class RunSizes
{
    public const int Exact = 64;

    /// <summary>How many sizes are told apart.</summary>
    public const int Slots = Exact + 31 - 6;

    /// <summary>Upper ends of the buckets in which requests of one run are counted.</summary>
    public static readonly ImmutableArray<double> Requests = [1, 2, 4, 8, 16, 32, 64];

    /// <param name="rows">1 or more.</param>
    public static int SlotOf(int rows) => rows <= Exact ? rows - 1 : Exact + 32 - BitOperations.LeadingZeroCount((uint)(rows - 1)) - 7;

    /// <summary>The most rows that are counted there.</summary>
    public static long RowsOf(int slot) => slot < Exact ? slot + 1 : 1L << (slot - Exact + 7);

    public static int BucketOf(int requests)
    {
        int bucket = 0;
        while (bucket < Requests.Length && requests > Requests[bucket])
        {
            bucket++;
        }

        return bucket;
    }
}
