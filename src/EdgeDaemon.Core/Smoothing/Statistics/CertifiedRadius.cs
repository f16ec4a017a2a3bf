namespace EdgeDaemon.Core.Smoothing.Statistics;

/// <summary>Between a probability and an l2 radius under Gaussian noise (Cohen, Rosenfeld and Kolter 2019), each rounded to the safe side.</summary>
public static class CertifiedRadius
{
    /// <summary>sigma * PhiInv(lowerBound), rounded down; 0 when the bound is 1/2 or less, for which nothing is certified.</summary>
    /// <param name="lowerBound">On the chosen class's probability, in [0, 1).</param>
    /// <param name="sigma">The noise's standard deviation, positive, the double itself, in units of the tensor that receives the noise.</param>
    /// <exception cref="ArgumentOutOfRangeException">One of them is none.</exception>
    public static double Of(double lowerBound, double sigma)
    {
        RequireSigma(sigma);
        if (!(lowerBound >= 0 && lowerBound < 1))
        {
            throw new ArgumentOutOfRangeException(nameof(lowerBound), $"{lowerBound} is no lower bound on a probability");
        }

        return lowerBound <= 0.5 ? 0 : Math.Max(0, Math.BitDecrement(sigma * NormalQuantile.Below(lowerBound)));
    }

    /// <summary>Phi(radius / sigma), rounded up: whose probability is above it is certified at that radius.</summary>
    /// <param name="radius">At least 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">One of them is none.</exception>
    public static double Probability(double radius, double sigma)
    {
        RequireSigma(sigma);
        if (!(radius >= 0 && double.IsFinite(radius)))
        {
            throw new ArgumentOutOfRangeException(nameof(radius), $"{radius} is no radius");
        }

        return Math.Min(1, NormalProbability.Above(Math.BitIncrement(radius / sigma)));
    }

    private static void RequireSigma(double sigma)
    {
        if (!(sigma > 0 && double.IsFinite(sigma)))
        {
            throw new ArgumentOutOfRangeException(nameof(sigma), $"{sigma} is no standard deviation");
        }
    }
}
