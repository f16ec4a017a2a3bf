namespace EdgeDaemon.Core.Smoothing.Statistics;

/// <summary>
/// Phi(z), the normal distribution function, enclosed. Up to 2: 1/2 + phi(z) * (z + z^3/3 + z^5/(3*5) + ..), whose terms are positive. Beyond: the
/// tail by Laplace's continued fraction phi(z) / (z + 1/(z + 2/(z + 3/(z + ..)))), whose successive convergents lie on either side of it
/// (Abramowitz and Stegun, 26.2.11 and 26.2.14).
/// </summary>
public static class NormalProbability
{
    /// <summary>From here on a probability is told from 0 or 1 by no double.</summary>
    public const double Farthest = 40;

    // At z = 2 a hundred convergents leave less than 1e-20 of the tail.
    private const int Convergents = 100;

    private static readonly Enclosure s_inverseRootOf2Pi = Enclosure.Around(0.3989422804014327);

    /// <summary>The largest double that is proven to be at most Phi(z).</summary>
    public static double Below(double z) => Of(z).Low;

    /// <summary>The smallest double that is proven to be at least Phi(z).</summary>
    public static double Above(double z) => Of(z).High;

    /// <exception cref="ArgumentOutOfRangeException">z is not a number.</exception>
    public static Enclosure Of(double z)
    {
        if (double.IsNaN(z))
        {
            throw new ArgumentOutOfRangeException(nameof(z), "Phi of what is not a number");
        }

        double distance = Math.Abs(z);
        if (distance >= 2)
        {
            Enclosure tail = Tail(distance);
            return z < 0 ? tail : tail.Complement;
        }

        Enclosure above = Enclosure.Exactly(0.5) + (Density(distance) * Series(distance));
        return z < 0 ? above.Complement : above;
    }

    /// <summary>exp(-z*z/2) / sqrt(2 pi).</summary>
    /// <param name="z">At most <see cref="Farthest"/> in magnitude.</param>
    public static Enclosure Density(double z) =>
        s_inverseRootOf2Pi * Exponential.Negative(Enclosure.Exactly(Math.Abs(z)) * Enclosure.Exactly(Math.Abs(z)) * Enclosure.Exactly(0.5));

    private static Enclosure Series(double z)
    {
        Enclosure square = Enclosure.Exactly(z) * Enclosure.Exactly(z);
        Enclosure term = Enclosure.Exactly(z);
        Enclosure sum = term;

        // z < 2: from the term of 9 on each is less than half of the one before, so all that follow are together less than the last one counted.
        for (int odd = 3; odd <= 61; odd += 2)
        {
            term = term * square / Enclosure.Exactly(odd);
            sum += term;
        }

        return new Enclosure(sum.Low, Math.BitIncrement(sum.High + term.High));
    }

    private static Enclosure Tail(double z)
    {
        if (z >= Farthest)
        {
            return new Enclosure(0, 1e-300);
        }

        Enclosure density = Density(z);
        return density / Enclosure.Between(Fraction(z, Convergents), Fraction(z, Convergents + 1));
    }

    private static Enclosure Fraction(double z, int convergents)
    {
        Enclosure at = Enclosure.Exactly(z);
        Enclosure below = at;
        for (int i = convergents; i >= 1; i--)
        {
            below = at + (Enclosure.Exactly(i) / below);
        }

        return below;
    }
}
