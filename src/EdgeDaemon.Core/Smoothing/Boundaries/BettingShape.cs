using EdgeDaemon.Core.Smoothing.Statistics;

namespace EdgeDaemon.Core.Smoothing.Boundaries;

/// <summary>
/// The shape of the reference's tables, to compare with: where the likelihood of the counts under a Beta(1/2, 1/2) mixture exceeds that under p0 by a
/// factor exp(c) (the betting confidence sequence of Voracek, NeurIPS 2024, arXiv 2406.17830). The paper's c = ln(1/alpha) holds by Ville's
/// inequality for any number of samples and spends a fraction of alpha.
/// </summary>
public sealed class BettingShape : IBoundaryShape
{
    public static readonly BettingShape Instance = new();

    private static readonly double s_lnPi = Logarithm.Of(Math.PI);

    private BettingShape()
    {
    }

    public double Statistic(int counts, int samples, double p0)
    {
        // B(1/2, 1/2) is pi.
        double mixture = Logarithm.Gamma(counts + 0.5) + Logarithm.Gamma(samples - counts + 0.5) - Logarithm.Gamma(samples + 1.0) - s_lnPi;
        return mixture - (counts * Logarithm.Of(p0)) - ((samples - counts) * Logarithm.Of(1 - p0));
    }
}
