using EdgeDaemon.Core.Smoothing.Statistics;

namespace EdgeDaemon.Core.Smoothing.Boundaries;

/// <summary>
/// The shape of the boundaries: where the log of the likelihood ratio between the observed share and p0, N * KL(A/N || p0), plus a little of ln N, exceeds
/// a constant c that <see cref="BoundaryBuilder"/> calibrates. The betting sequence's mixture subtracts ln(N) / 2 instead, as it must to hold
/// for all time: over a bounded number of samples that only takes error away from the late looks, where the hard inputs are decided. The weight was chosen
/// by exact means over published certificates (tests/EdgeDaemon.Benchmarks/README.md); soundness does not hang on it.
/// </summary>
public sealed class LikelihoodShape : IBoundaryShape
{
    public const double Weight = 0.15;

    public static readonly LikelihoodShape Instance = new();

    private LikelihoodShape()
    {
    }

    public double Statistic(int counts, int samples, double p0)
    {
        double ratio = counts * Logarithm.Of(counts / (samples * p0));
        int others = samples - counts;
        if (others > 0)
        {
            ratio += others * Logarithm.Of(others / (samples * (1 - p0)));
        }

        return ratio + (Weight * Logarithm.Of(samples));
    }
}
