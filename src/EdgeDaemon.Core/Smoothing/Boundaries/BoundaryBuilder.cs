using EdgeDaemon.Core.Smoothing.Statistics;

namespace EdgeDaemon.Core.Smoothing.Boundaries;

/// <summary>
/// Calibrates tables: the lowest boundary of its shape whose exact error is within alpha. Each trial scale becomes integers first, and the integers are
/// judged, never the scale (reference/smoothing.md, 3.4). Calls no function of the C library: the same parameters give the same table on every machine.
/// </summary>
public static class BoundaryBuilder
{
    // Scales closer than this give tables that differ in nothing worth a pass.
    private const double Resolution = 2e-5;

    // A share of the error, about: less than this left over is not worth another round.
    private const double Unspent = 0.002;

    private const int MostRounds = 4;

    /// <exception cref="ArgumentOutOfRangeException">A parameter is outside its range.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static BoundaryTable Build(BoundaryParameters parameters, CancellationToken cancellation = default) =>
        Build(parameters, LikelihoodShape.Instance, cancellation);

    /// <inheritdoc cref="Build(BoundaryParameters, CancellationToken)"/>
    public static BoundaryTable Build(BoundaryParameters parameters, IBoundaryShape shape, CancellationToken cancellation = default)
    {
        parameters.Checked();
        int[] up = Calibrated(shape, parameters.P0, parameters.Alpha, parameters.Looks, cancellation);
        int[] down = Calibrated(shape, 1 - parameters.P0, parameters.Beta, parameters.Looks, cancellation);
        return new BoundaryTable(parameters, up, down, cancellation);
    }

    /// <summary>
    /// The lowest bounds of the shape whose exact error at p is at most the given one. Where a single early entry is what keeps the error from being spent
    /// (a count more or less there is worth several percent), the entries up to it are kept and the later ones calibrated once more.
    /// </summary>
    public static int[] Calibrated(IBoundaryShape shape, double p, double error, LookSchedule looks, CancellationToken cancellation = default)
    {
        var search = new Search(shape, p, error, looks, cancellation);
        for (int round = 0; round < MostRounds && !search.Spent; round++)
        {
            search.Narrow();
            if (!search.Spent)
            {
                search.KeepUntilTheObstacle();
            }
        }

        return search.Best;
    }

    private sealed class Search
    {
        private readonly IBoundaryShape _shape;
        private readonly LookSchedule _looks;
        private readonly CancellationToken _cancellation;
        private readonly BinomialKernels _kernels;
        private readonly double _target;
        private double _low;
        private double _high;
        private double _excess;
        private int _kept;

        public Search(IBoundaryShape shape, double p, double error, LookSchedule looks, CancellationToken cancellation)
        {
            (_shape, _looks, _cancellation) = (shape, looks, cancellation);
            _kernels = new BinomialKernels(p);
            _target = Logarithm.Of(error);

            // Up and up until the error is kept; at the latest where no count is convincing.
            _high = -_target;
            Best = shape.Bounds(looks, p, _high);
            for (_excess = Excess(Best); _excess > 0; _excess = Excess(Best))
            {
                _low = _high;
                _high *= 1.5;
                Best = shape.Bounds(looks, p, _high);
            }
        }

        /// <summary>The best bounds so far; their error is within the given one.</summary>
        public int[] Best { get; private set; }

        public bool Spent => _excess > -Unspent || _kept == _looks.Count;

        /// <summary>
        /// ln(error) is nearly a line in the scale: regula falsi, with the stale end's weight halved (Illinois) and every third step a bisection, as integers
        /// make it a line of steps.
        /// </summary>
        public void Narrow()
        {
            double lowExcess = -_target;
            double highExcess = _excess;
            int side = 0;
            for (int step = 0; _high - _low > Resolution && step < 60; step++)
            {
                double share = step % 3 == 2 ? 0.5 : Math.Clamp(lowExcess / (lowExcess - highExcess), 0.01, 0.99);
                double middle = _low + ((_high - _low) * share);
                int[] bounds = At(middle);
                double excess = Excess(bounds);
                if (excess <= 0)
                {
                    (_high, highExcess, _excess, Best) = (middle, excess, excess, bounds);
                    lowExcess = side == 1 ? lowExcess / 2 : lowExcess;
                    side = 1;
                }
                else
                {
                    (_low, lowExcess) = (middle, excess);
                    highExcess = side == -1 ? highExcess / 2 : highExcess;
                    side = -1;
                }
            }
        }

        /// <summary>Of the entries that a hair less of scale would lower, those that the error can bear are lowered, the latest first; up to the one that it cannot, all are kept.</summary>
        public void KeepUntilTheObstacle()
        {
            int[] lower = At(_low);
            int bearable = _looks.Count;
            int unbearable = _kept;
            while (bearable - unbearable > 1)
            {
                int middle = (bearable + unbearable) / 2;
                int[] mixed = [.. Best[..middle], .. lower[middle..]];
                double excess = Excess(mixed);
                if (excess <= 0)
                {
                    (bearable, Best, _excess) = (middle, mixed, excess);
                }
                else
                {
                    unbearable = middle;
                }
            }

            _kept = bearable;
            _high = _low;
            _low = 0;
        }

        private int[] At(double scale)
        {
            int[] bounds = _shape.Bounds(_looks, _kernels.Probability, scale);
            Best.AsSpan(0, _kept).CopyTo(bounds);
            return bounds;
        }

        private double Excess(int[] bounds) => Logarithm.Of(Math.Max(ExactError.Of(_kernels, _looks, bounds, _cancellation), 1e-300)) - _target;
    }
}
