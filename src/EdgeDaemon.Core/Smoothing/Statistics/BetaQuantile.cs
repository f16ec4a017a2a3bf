namespace EdgeDaemon.Core.Smoothing.Statistics;

/// <summary>
/// Quantiles of the beta distribution with whole parameters, rounded down: its distribution function at x is P[X >= a] for X binomial of a + b - 1
/// trials at x. Newton's steps on the logarithm find a guess; the enclosure of the tail proves what is given back.
/// </summary>
public static class BetaQuantile
{
    /// <summary>An x with I_x(a, b) &lt;= alpha for certain.</summary>
    /// <param name="alpha">In (0, 1/2]: it is for lower bounds.</param>
    /// <param name="a">At least 1.</param>
    /// <param name="b">At least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">One of them is none.</exception>
    public static double Below(double alpha, int a, int b)
    {
        if (!(alpha > 0 && alpha <= 0.5) || a < 1 || b < 1 || (long)a + b - 1 > BinomialTail.MostTrials)
        {
            throw new ArgumentOutOfRangeException(nameof(alpha), $"no lower quantile {alpha} of beta({a}, {b}): alpha in (0, 1/2], a and b from 1");
        }

        int n = a + b - 1;
        ScaledEnclosure ways = BinomialTail.Ways(a, n);
        double x = Guess(alpha, a, n, ways);
        double step = x * 1e-16;
        while (true)
        {
            double candidate = x - step;
            if (candidate <= 0)
            {
                return 0;
            }

            Enclosure tail = BinomialTail.AtLeast(a, n, candidate, ways);
            if (tail.High <= alpha)
            {
                return candidate;
            }

            step = Math.Max(step * 4, step + (2 * (tail.High - alpha) / Slope(a, n, candidate, ways)));
        }
    }

    // ln I_x is concave in x: every step of Newton's lands below the quantile, and from there they climb to it without going past. The bracket catches
    // what lands so far below that the tail there is no double any more.
    private static double Guess(double alpha, int a, int n, ScaledEnclosure ways)
    {
        double low = 0;
        double high = a == n ? 1 : (double)a / n;
        double x = a == n ? 1 - (0.5 / n) : high;
        double target = Logarithm.Of(alpha);
        for (int i = 0; i < 100; i++)
        {
            Enclosure tail = BinomialTail.AtLeast(a, n, x, ways);
            if (tail.Middle <= alpha)
            {
                low = x;
            }
            else
            {
                high = x;
            }

            double next = tail.Low > 0 ? x - (tail.Middle * (Logarithm.Of(tail.Middle) - target) / Slope(a, n, x, ways)) : -1;
            if (Math.Abs(next - x) <= x * 1e-15)
            {
                return next;
            }

            x = next > low && next < high ? next : low + ((high - low) / 2);
        }

        return x;
    }

    // The density: P[X = a] * a / x.
    private static double Slope(int a, int n, double x, ScaledEnclosure ways)
    {
        Enclosure success = Enclosure.Exactly(x);
        return Math.Max(BinomialTail.Exactly(a, n, success, success.Complement, ways).Middle * a / x, 1e-280);
    }
}
