namespace EdgeDaemon.Core.Smoothing.Boundaries;

/// <summary>What a table is calibrated for.</summary>
/// <param name="P0">Certified is "the class's probability is above this". In (0, 1); for a radius, <see cref="Statistics.CertifiedRadius.Probability"/>.</param>
/// <param name="Alpha">Bound on the probability of certifying wrongly. In [1e-9, 0.1].</param>
/// <param name="Beta">Bound on the probability of giving up what is above P0. It costs completeness, never soundness. In [1e-9, 0.1].</param>
/// <param name="Looks">When decisions may fall.</param>
public sealed record BoundaryParameters(double P0, double Alpha, double Beta, LookSchedule Looks)
{
    public const double LeastError = 1e-9;

    public const double MostError = 0.1;

    /// <exception cref="ArgumentOutOfRangeException">One of them is outside its range.</exception>
    public BoundaryParameters Checked()
    {
        if (!(P0 > 0 && P0 < 1))
        {
            throw new ArgumentOutOfRangeException(nameof(P0), $"P0 is {P0}: no table decides that, use a smaller radius or a larger sigma");
        }

        if (!(Alpha >= LeastError && Alpha <= MostError && Beta >= LeastError && Beta <= MostError))
        {
            throw new ArgumentOutOfRangeException(nameof(Alpha), $"alpha {Alpha} and beta {Beta} are not both from {LeastError} to {MostError}");
        }

        return this;
    }
}
