namespace EdgeDaemon.Core.Smoothing.Statistics;

/// <summary>
/// Clopper and Pearson's one-sided bounds on a probability from k successes in n trials, rounded outward: the lower one is never above the exact
/// bound, the upper one never below it, so that the stated alpha holds for what is given back (reference: Biometrika 26, 1934).
/// </summary>
public static class ClopperPearson
{
    /// <summary>0 when k is 0.</summary>
    /// <param name="k">Successes, 0 to n. What failed, timed out or was not a number is none.</param>
    /// <param name="n">Trials, 1 to <see cref="BinomialTail.MostTrials"/>.</param>
    /// <param name="alpha">In (0, 1/2]: the probability with which the bound may lie above the truth.</param>
    /// <exception cref="ArgumentOutOfRangeException">One of them is none.</exception>
    public static double Lower(int k, int n, double alpha)
    {
        if (n is < 1 or > BinomialTail.MostTrials || k < 0 || k > n || !(alpha > 0 && alpha <= 0.5))
        {
            throw new ArgumentOutOfRangeException(nameof(k), $"no bound for {k} of {n} at {alpha}: n from 1 to {BinomialTail.MostTrials}, alpha in (0, 1/2]");
        }

        return k == 0 ? 0 : BetaQuantile.Below(alpha, k, n - k + 1);
    }

    /// <summary>1 when k is n.</summary>
    /// <inheritdoc cref="Lower"/>
    public static double Upper(int k, int n, double alpha) => Math.Min(1, Math.BitIncrement(1 - Lower(n - k, n, alpha)));
}
