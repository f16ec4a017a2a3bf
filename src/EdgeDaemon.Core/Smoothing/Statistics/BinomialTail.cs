namespace EdgeDaemon.Core.Smoothing.Statistics;

/// <summary>
/// P[X >= k] for X binomial, enclosed: the probability of k as a product, the others by their ratios, the rest by a geometric series. Takes
/// min(k, n - k) and some multiples of sqrt(n) steps.
/// </summary>
public static class BinomialTail
{
    /// <summary>The greatest number of trials for which these functions are meant: beyond, they would take seconds.</summary>
    public const int MostTrials = 10_000_000;

    /// <param name="k">Successes, any number.</param>
    /// <param name="n">Trials, 0 to <see cref="MostTrials"/>.</param>
    /// <param name="p">The probability of a success, 0 to 1, the double itself.</param>
    /// <exception cref="ArgumentOutOfRangeException">n or p is none.</exception>
    public static Enclosure AtLeast(int k, int n, double p) => AtLeast(k, n, p, null);

    /// <param name="ways"><see cref="Ways"/> of k among n, when it is known: it takes most of the time, and who searches for a p needs it many times.</param>
    internal static Enclosure AtLeast(int k, int n, double p, ScaledEnclosure? ways)
    {
        if (n is < 0 or > MostTrials || !(p >= 0 && p <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(n), $"{n} trials of probability {p}: 0 to {MostTrials}, and between 0 and 1");
        }

        if (k <= 0 || k > n)
        {
            return k <= 0 ? Enclosure.One : Enclosure.Zero;
        }

        if (p is 0 or 1)
        {
            return Enclosure.Exactly(p);
        }

        Enclosure success = Enclosure.Exactly(p);
        Enclosure failure = success.Complement;
        return k >= n * p ? Beyond(k, n, success, failure, ways ?? Ways(k, n)) : Beyond(n - k + 1, n, failure, success, Ways(n - k + 1, n)).Complement;
    }

    /// <summary>P[X = k], with <see cref="Ways"/> of k among n.</summary>
    internal static Enclosure Exactly(int k, int n, Enclosure success, Enclosure failure, ScaledEnclosure ways) => Point(k, n, success, failure, ways).Value;

    /// <summary>n over k.</summary>
    internal static ScaledEnclosure Ways(int k, int n)
    {
        int few = Math.Min(k, n - k);
        var ways = new ScaledEnclosure(Enclosure.One);
        for (int i = 1; i <= few; i++)
        {
            ways *= Enclosure.Exactly(n - few + i) / Enclosure.Exactly(i);
        }

        return ways;
    }

    // k on the far side of the mean: each probability is smaller than the one before, by a ratio that only falls.
    private static Enclosure Beyond(int k, int n, Enclosure success, Enclosure failure, ScaledEnclosure ways)
    {
        Enclosure odds = success / failure;
        Enclosure term = Enclosure.One;
        Enclosure sum = term;
        for (int i = k; i < n; i++)
        {
            Enclosure ratio = odds * Enclosure.Exactly(n - i) / Enclosure.Exactly(i + 1);
            term *= ratio;
            sum += term;
            if (term.High < 1e-19 && ratio.High < 0.999)
            {
                // All that follow: at most the last times ratio / (1 - ratio).
                Enclosure rest = term * ratio / ratio.Complement;
                sum = new Enclosure(sum.Low, Math.BitIncrement(sum.High + rest.High));
                break;
            }
        }

        Enclosure tail = (Point(k, n, success, failure, ways) * sum).Value;
        return tail.High <= 1 ? tail : new Enclosure(Math.Min(tail.Low, 1), 1);
    }

    private static ScaledEnclosure Point(int k, int n, Enclosure success, Enclosure failure, ScaledEnclosure ways) =>
        ways * ScaledEnclosure.Power(success, k) * ScaledEnclosure.Power(failure, n - k);
}
