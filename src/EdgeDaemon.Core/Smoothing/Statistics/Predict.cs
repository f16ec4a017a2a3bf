namespace EdgeDaemon.Core.Smoothing.Statistics;

/// <summary>
/// PREDICT: whether the class with the most votes is the smoothed classifier's, by the exact two-sided binomial test of the two highest counts
/// against a fair coin (Cohen et al. 2019; valid for the best of several classes: Hung and Fithian, arXiv 1610.03944).
/// </summary>
public static class Predict
{
    /// <summary>The test's p-value, rounded up.</summary>
    /// <param name="most">The highest count.</param>
    /// <param name="second">The second highest, at most the highest.</param>
    /// <exception cref="ArgumentOutOfRangeException">They are none.</exception>
    public static double Doubt(int most, int second)
    {
        if (second < 0 || second > most || (long)most + second > BinomialTail.MostTrials)
        {
            throw new ArgumentOutOfRangeException(nameof(second), $"{most} and {second} are no two highest counts");
        }

        return most == second ? 1 : Math.Min(1, 2 * BinomialTail.AtLeast(most, most + second, 0.5).High);
    }

    /// <summary>Whether the class may be answered; otherwise the answer is an abstention.</summary>
    public static bool Holds(int most, int second, double alpha) => Doubt(most, second) <= alpha;
}
