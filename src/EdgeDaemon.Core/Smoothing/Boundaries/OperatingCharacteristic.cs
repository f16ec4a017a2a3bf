namespace EdgeDaemon.Core.Smoothing.Boundaries;

/// <summary>What a table does with an input whose probability is known, computed exactly (but for a relative 1e-9) by dynamic programming instead of by trials.</summary>
/// <param name="Certified">Probability of certifying.</param>
/// <param name="GivenUp">Probability of giving up; what remains has used all samples undecided.</param>
/// <param name="Samples">Mean number of samples, selection apart.</param>
public readonly record struct OperatingCharacteristic(double Certified, double GivenUp, double Samples)
{
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static OperatingCharacteristic Of(BoundaryTable table, double p, CancellationToken cancellation = default) =>
        Of(table.Looks, table.Up, table.Down, p, cancellation);

    /// <param name="up">Agreements that certify at each look, or <see cref="BoundaryTable.Never"/>.</param>
    /// <param name="down">Disagreements that give up at each look, or <see cref="BoundaryTable.Never"/>.</param>
    /// <param name="p">The probability of an agreement.</param>
    /// <inheritdoc cref="Of(BoundaryTable, double, CancellationToken)"/>
    public static OperatingCharacteristic Of(LookSchedule looks, ReadOnlySpan<int> up, ReadOnlySpan<int> down, double p, CancellationToken cancellation = default)
    {
        var paths = new CountDistribution(new BinomialKernels(p));
        double certified = 0;
        double givenUp = 0;
        double samples = 0;
        for (int i = 0; i < looks.Count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            double undecided = paths.Remaining;
            if (undecided < 1e-13)
            {
                break;
            }

            samples += undecided * (looks[i] - paths.Samples);
            paths.Advance(looks[i] - paths.Samples);
            if (up[i] != BoundaryTable.Never)
            {
                certified += paths.TakeAtLeast(up[i]);
            }

            if (down[i] != BoundaryTable.Never)
            {
                givenUp += paths.TakeAtMost(looks[i] - down[i]);
            }
        }

        return new OperatingCharacteristic(certified, givenUp, samples);
    }
}
