using System.Collections.Immutable;

namespace EdgeDaemon.Core.Smoothing.Certificates;

/// <summary>What some samples chose.</summary>
/// <param name="Failed">Those that chose nothing: they are for no class.</param>
/// <param name="Counts">Growing classes, counts above 0.</param>
public sealed record SampleTally(int Samples, int Failed, ImmutableArray<ClassCount> Counts)
{
    /// <summary>0 for a class that nobody chose.</summary>
    public int Of(int chosen)
    {
        foreach (ClassCount count in Counts)
        {
            if (count.Class == chosen)
            {
                return count.Count;
            }
        }

        return 0;
    }

    /// <summary>The class of the largest count, the lowest of several; <see cref="Votes.None"/> when every sample failed.</summary>
    public int Largest()
    {
        var best = new ClassCount(Votes.None, 0);
        foreach (ClassCount count in Counts)
        {
            best = count.Count > best.Count ? count : best;
        }

        return best.Class;
    }

    /// <summary>By classes' counts, one for each class.</summary>
    public static SampleTally From(int samples, ReadOnlySpan<int> counts)
    {
        var list = ImmutableArray.CreateBuilder<ClassCount>();
        int chosen = 0;
        for (int i = 0; i < counts.Length; i++)
        {
            if (counts[i] > 0)
            {
                list.Add(new ClassCount(i, counts[i]));
                chosen += counts[i];
            }
        }

        return new SampleTally(samples, samples - chosen, list.ToImmutable());
    }
}

public readonly record struct ClassCount(int Class, int Count);
