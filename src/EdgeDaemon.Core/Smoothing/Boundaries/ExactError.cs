namespace EdgeDaemon.Core.Smoothing.Boundaries;

/// <summary>
/// The probability that a boundary of whole numbers is ever reached, by dynamic programming over the count (reference/smoothing.md, 3.4): exact but for
/// rounding, which is counted and added, as is all that the band cuts off. The chance of reaching it rises with p (coupling: with a larger p, the same
/// uniforms agree wherever they did), so at p0 it bounds it for every p below.
/// </summary>
public static class ExactError
{
    /// <summary>Never below the exact probability at p; above it by a relative 1e-9 at most.</summary>
    /// <param name="p">The probability of a count, the double itself.</param>
    /// <param name="bounds">For each look: the count that reaches it, or <see cref="BoundaryTable.Never"/>.</param>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static double Of(double p, LookSchedule looks, ReadOnlySpan<int> bounds, CancellationToken cancellation = default) =>
        Of(new BinomialKernels(p), looks, bounds, cancellation);

    /// <inheritdoc cref="Of(double, LookSchedule, ReadOnlySpan{int}, CancellationToken)"/>
    public static double Of(BinomialKernels kernels, LookSchedule looks, ReadOnlySpan<int> bounds, CancellationToken cancellation = default)
    {
        var paths = new CountDistribution(kernels);
        double reached = 0;
        for (int i = 0; i < looks.Count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            paths.Advance(looks[i] - paths.Samples);
            if (bounds[i] != BoundaryTable.Never)
            {
                reached += paths.TakeAtLeast(bounds[i]);
            }
        }

        return (reached + paths.Lost) * (1 + paths.RelativeError + (2 * looks.Count * 1.2e-16));
    }
}
