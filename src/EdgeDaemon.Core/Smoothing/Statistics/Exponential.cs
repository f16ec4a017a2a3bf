namespace EdgeDaemon.Core.Smoothing.Statistics;

/// <summary>exp(-y) enclosed: powers of an enclosed 1/e for the whole part, Taylor's series with its remainder for the rest.</summary>
public static class Exponential
{
    // 1/21! is below 2e-20: what the series leaves out is below a rounding.
    private const int Terms = 21;

    private static readonly Enclosure s_inverseOfE = Enclosure.Around(0.36787944117144233);

    /// <param name="y">At most 1e9, and narrower than 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is wider.</exception>
    public static Enclosure Negative(Enclosure y)
    {
        double whole = Math.Floor(y.Low);
        var rest = new Enclosure(Math.Max(0, Math.BitDecrement(y.Low - whole)), Math.BitIncrement(y.High - whole));

        if (rest.High >= 2)
        {
            throw new ArgumentOutOfRangeException(nameof(y), "too wide for this series");
        }

        // Every term is positive, and after the last each is less than a tenth of the one before it (rest < 2): together they are less than it.
        Enclosure sum = Enclosure.One;
        Enclosure term = Enclosure.One;
        for (int i = 1; i <= Terms; i++)
        {
            term = term * rest / Enclosure.Exactly(i);
            sum += term;
        }

        sum = new Enclosure(sum.Low, Math.BitIncrement(sum.High + term.High));
        return ScaledEnclosure.Power(s_inverseOfE, (long)whole).Value / sum;
    }
}
