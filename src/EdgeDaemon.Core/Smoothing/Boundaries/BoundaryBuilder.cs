namespace EdgeDaemon.Core.Smoothing.Boundaries;

/// <summary>
/// Calibrates tables: the lowest boundary of its shape whose exact error is within alpha, found by bisecting the scale with the integers, not the
/// scale, judged each time (reference/smoothing.md, 3.4). Runs no C library function: the same parameters give the same table on every machine.
/// </summary>
public static class BoundaryBuilder
{
    /// <exception cref="ArgumentOutOfRangeException">A parameter is outside its range.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static BoundaryTable Build(BoundaryParameters parameters, CancellationToken cancellation = default)
    {
        parameters.Checked();
        int[] up = Calibrated(parameters.P0, parameters.Alpha, parameters.Looks, cancellation);
        int[] down = Calibrated(1 - parameters.P0, parameters.Beta, parameters.Looks, cancellation);
        return new BoundaryTable(parameters, up, down, cancellation);
    }

    /// <summary>The lowest bounds whose exact error at p0 is at most the given one.</summary>
    public static int[] Calibrated(double p0, double error, LookSchedule looks, CancellationToken cancellation = default)
    {
        // Ville's inequality: at ln(1/error) the error is kept for certain, so the upper end always has a table.
        double high = -Statistics.Logarithm.Of(error);
        double low = 0;
        int[] best = BettingShape.Bounds(looks, p0, high);
        while (high - low > 1e-5)
        {
            double middle = (low + high) / 2;
            int[] bounds = BettingShape.Bounds(looks, p0, middle);
            if (ExactError.Of(p0, looks, bounds, cancellation) <= error)
            {
                (high, best) = (middle, bounds);
            }
            else
            {
                low = middle;
            }
        }

        return best;
    }
}
