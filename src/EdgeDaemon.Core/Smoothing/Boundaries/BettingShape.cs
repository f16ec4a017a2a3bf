using EdgeDaemon.Core.Smoothing.Statistics;

namespace EdgeDaemon.Core.Smoothing.Boundaries;

/// <summary>
/// The shape of the boundaries: where the likelihood of the counts under a Beta(1/2, 1/2) mixture exceeds that under p0 by a factor exp(c) (the
/// betting confidence sequence of Voracek, NeurIPS 2024, arXiv 2406.17830). The paper's c = ln(1/alpha) holds by Ville's inequality and spends a
/// fraction of alpha; here c is only a scale that <see cref="BoundaryBuilder"/> calibrates.
/// </summary>
public static class BettingShape
{
    private static readonly double s_lnPi = Logarithm.Of(Math.PI);

    /// <summary>The log of the likelihoods' ratio for A counts among N.</summary>
    public static double Statistic(int counts, int samples, double p0)
    {
        // B(1/2, 1/2) is pi.
        double mixture = Logarithm.Gamma(counts + 0.5) + Logarithm.Gamma(samples - counts + 0.5) - Logarithm.Gamma(samples + 1.0) - s_lnPi;
        return mixture - (counts * Logarithm.Of(p0)) - ((samples - counts) * Logarithm.Of(1 - p0));
    }

    /// <summary>The smallest A of [ceil(p0 N), N] whose statistic is above c, or <see cref="BoundaryTable.Never"/>: the statistic rises with A there.</summary>
    public static int Bound(int samples, double p0, double c)
    {
        int low = Math.Max(1, (int)Math.Ceiling(p0 * samples));
        int high = samples;
        if (low > samples || !(Statistic(samples, samples, p0) > c))
        {
            return BoundaryTable.Never;
        }

        while (low < high)
        {
            int middle = low + ((high - low) / 2);
            if (Statistic(middle, samples, p0) > c)
            {
                high = middle;
            }
            else
            {
                low = middle + 1;
            }
        }

        return low;
    }

    public static int[] Bounds(LookSchedule looks, double p0, double c)
    {
        int[] bounds = new int[looks.Count];
        for (int i = 0; i < bounds.Length; i++)
        {
            bounds[i] = Bound(looks[i], p0, c);
        }

        return bounds;
    }
}
