namespace EdgeDaemon.Core.Smoothing.Boundaries;

/// <summary>
/// The probabilities of how many of m samples agree, for one look's step of <see cref="CountDistribution"/>. Made by m steps of the plain recurrence, all of
/// whose terms are positive: each step adds at most four roundings to the relative error of an entry.
/// </summary>
internal sealed class BinomialKernel
{
    /// <summary>Smaller entries are left out; their sum is <see cref="Lost"/>.</summary>
    public const double Negligible = 1e-24;

    private BinomialKernel(int samples, int first, double[] weights, double lost)
    {
        (Samples, First, Weights, Lost) = (samples, first, weights, lost);
    }

    public int Samples { get; }

    /// <summary>The count that the first weight belongs to.</summary>
    public int First { get; }

    public double[] Weights { get; }

    /// <summary>Probability that the weights leave out.</summary>
    public double Lost { get; }

    /// <summary>Roundings that one entry's relative error may consist of, applying it to a distribution included.</summary>
    public long Roundings => (4L * Samples) + Weights.Length + 1;

    public static BinomialKernel Of(int samples, double p)
    {
        double[] weights = new double[samples + 1];
        weights[0] = 1;
        double q = 1 - p;
        double lost = 0;
        int low = 0;
        int high = 0;
        for (int n = 1; n <= samples; n++)
        {
            high++;
            weights[high] = 0;
            for (int a = high; a > low; a--)
            {
                weights[a] = (weights[a] * q) + (weights[a - 1] * p);
            }

            weights[low] *= q;
            while (low < high && weights[low] < Negligible)
            {
                lost += weights[low];
                weights[low++] = 0;
            }

            while (high > low && weights[high] < Negligible)
            {
                lost += weights[high];
                weights[high--] = 0;
            }
        }

        return new BinomialKernel(samples, low, weights[low..(high + 1)], lost);
    }
}
