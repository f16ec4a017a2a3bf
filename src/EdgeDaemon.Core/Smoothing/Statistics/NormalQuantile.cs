namespace EdgeDaemon.Core.Smoothing.Statistics;

/// <summary>
/// The inverse of Phi, rounded outward. The guess may be as good or bad as it likes: what is given back is proven by an enclosure of Phi, and moved
/// away from the exact quantile until it is.
/// </summary>
public static class NormalQuantile
{
    /// <summary>A z with Phi(z) &lt;= p for certain; closer to the exact one than 2e-9 + 3e-16 / (1 - p) for p in [1e-12, 1 - 1e-12]: near 1 a double has few digits of 1 - p.</summary>
    /// <param name="p">In (0, 1).</param>
    /// <exception cref="ArgumentOutOfRangeException">p is not in (0, 1).</exception>
    public static double Below(double p)
    {
        double guess = Guess(p);
        for (double step = Step(guess); ; step *= 4)
        {
            double z = guess - step;
            if (NormalProbability.Above(z) <= p || z < -NormalProbability.Farthest)
            {
                return z < -NormalProbability.Farthest ? double.NegativeInfinity : z;
            }
        }
    }

    /// <summary>A z with Phi(z) &gt;= p for certain, as close.</summary>
    /// <inheritdoc cref="Below"/>
    public static double Above(double p)
    {
        double guess = Guess(p);
        for (double step = Step(guess); ; step *= 4)
        {
            double z = guess + step;
            if (NormalProbability.Below(z) >= p || z > NormalProbability.Farthest)
            {
                return z > NormalProbability.Farthest ? double.PositiveInfinity : z;
            }
        }
    }

    private static double Step(double guess) => Math.Max(Math.Abs(guess), 1) * 1e-16;

    // Abramowitz and Stegun 26.2.23 (error below 4.5e-4), then Newton's steps, which double the digits.
    private static double Guess(double p)
    {
        if (!(p > 0 && p < 1))
        {
            throw new ArgumentOutOfRangeException(nameof(p), $"a probability between 0 and 1 has a quantile, {p} has none");
        }

        double tail = Math.Min(p, 1 - p);
        double t = Math.Sqrt(-2 * Logarithm.Of(tail));
        double z = t - ((2.515517 + (t * (0.802853 + (t * 0.010328)))) / (1 + (t * (1.432788 + (t * (0.189269 + (t * 0.001308)))))));
        z = Math.Clamp(z, 0, NormalProbability.Farthest - 1);
        for (int i = 0; i < 4; i++)
        {
            // For z >= 0 the tail beyond z, in full precision however small.
            z = Math.Max(0, z + ((NormalProbability.Of(-z).Middle - tail) / NormalProbability.Density(z).Middle));
        }

        return p < 0.5 ? -z : z;
    }
}
