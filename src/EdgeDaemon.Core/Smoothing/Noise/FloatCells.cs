using System.Collections.Immutable;

namespace EdgeDaemon.Core.Smoothing.Noise;

/// <summary>
/// Where the Gaussian behind a draw lies, in 1/1024 of a grid step, from the draw's first 16 bits; and on which side of any threshold it lies,
/// from all 64. Without the sign, which is the highest bit.
/// </summary>
internal sealed class FloatCells
{
    public const int Count = 1 << 15;
    public const int IndexMask = Count - 1;
    public const int FractionBits = 10;
    public const int PerStep = 1 << FractionBits;
    public const int WidthBits = 10;
    public const uint MostWidth = (1 << WidthBits) - 1;

    private const double TwoTo64 = 18446744073709551616.0;

    // 2^64 times a difference of probabilities: what doubles may be wrong by in Compare, many times over: some twenty roundings of terms below 2^56, and of a
    // distance below 2^58 (a greater one is beyond doubt).
    private const double Doubt = 1 << 14;

    // The same without the terms from the third on: 2^64 x 2^-21 / 6 x 0.4 is below 2^40.
    private const double Near = 1L << 42;

    private readonly ExactRatio _sigma;
    private readonly double _perSigma;
    private readonly ImmutableArray<double> _densities;

    /// <param name="sigma">In steps: from 64 to 128.</param>
    public FloatCells(ExactRatio sigma)
    {
        _sigma = sigma;
        _perSigma = (double)((sigma.Denominator << 80) / sigma.Numerator) / Math.Pow(2, 80);
        ImmutableArray<double>.Builder densities = ImmutableArray.CreateBuilder<double>();
        Thresholds = NormalThresholds.Compute(sigma, int.MaxValue, densities);
        _densities = densities.ToImmutable();
        Pack();
    }

    /// <summary>As <see cref="NormalThresholds"/> says: boundaries of an input that lies on the grid.</summary>
    public ImmutableArray<ulong> Thresholds { get; }

    /// <summary>The lowest place of the cell, shifted by <see cref="WidthBits"/>, and its width; <see cref="MostWidth"/> also stands for wider ones.</summary>
    public uint[] Packed { get; } = new uint[Count];

    /// <summary>How many whole steps input and Gaussian add up to, rounded to the nearest.</summary>
    /// <param name="draw">Its highest bit is not looked at: the Gaussian is from 0 on.</param>
    /// <param name="rest">The input's place about its own grid point, from -1/2 to 1/2 of a step; negated when the Gaussian is below 0, as is the sum.</param>
    /// <param name="place">The lowest place of the draw's cell.</param>
    /// <returns>False when the draw lies in doubt at a threshold.</returns>
    public bool TrySearch(ulong draw, float rest, int place, out int steps)
    {
        draw |= 1UL << 63;
        steps = (place + (int)MathF.Floor(rest * PerStep) + (PerStep / 2)) >> FractionBits;
        while (true)
        {
            int side = Compare(draw, steps, rest);
            if (side <= 0)
            {
                return side < 0;
            }

            steps++;
        }
    }

    /// <summary>On which side of V = 2^64 Phi((m + 1/2 - back) / sigma) the reals of (draw, draw + 1) lie: -1 below, 1 above, 0 when V is among them.</summary>
    /// <param name="back">From -1/2 to 1/2.</param>
    private int Compare(ulong draw, int m, double back)
    {
        if (m >= Thresholds.Length)
        {
            return draw == ulong.MaxValue ? 0 : -1;
        }

        double apart = Difference(draw, Thresholds[m]), scale = _densities[m] * TwoTo64;
        double y = (m + 0.5) * _perSigma, d = back * _perSigma;

        // Two terms decide all but one in some sixty: what follows them is d^3 / 6 times at most 0.4, |d| < 2^-7.
        double near = apart + (scale * d * (1 + (d * y * 0.5)));
        if (Math.Abs(near) > Near)
        {
            return near > 0 ? 1 : -1;
        }

        double far = apart + (scale * d * Series(y, d));
        return Math.Abs(far) > Doubt ? Math.Sign(far) : CompareExactly(draw, m, back);
    }

    private static double Difference(ulong left, ulong right) => left >= right ? left - right : -(double)(right - left);

    /// <summary>(Phi(y) - Phi(y - d)) / (d times the density at y), |d| &lt; 2^-7, by Taylor's series with Hermite polynomials.</summary>
    private static double Series(double y, double d)
    {
        double square = y * y;
        double h2 = square - 1, h3 = (square - 3) * y, h4 = ((square - 6) * square) + 3, h5 = (((square - 10) * square) + 15) * y;
        double h6 = ((((square - 15) * square) + 45) * square) - 15;

        // What follows is below 2^-66: He7 times the density stays under 50, d^8 / 8! under 2^-71.
        return 1 + (d / 2 * (y + (d / 3 * (h2 + (d / 4 * (h3 + (d / 5 * (h4 + (d / 6 * (h5 + (d / 7 * h6)))))))))));
    }

    // Once in 2^49 comparisons or less.
    private int CompareExactly(ulong draw, int m, double back)
    {
        ExactRatio rest = ExactRatio.Of(back);
        var place = new ExactRatio((((2 * m) + 1) * rest.Denominator) - (2 * rest.Numerator), 2 * rest.Denominator);
        if (place.Numerator.IsZero)
        {
            return draw >= 1UL << 63 ? 1 : -1; // V is the integer 2^63.
        }

        return draw.CompareTo(NormalInteger.At(place / _sigma).Threshold);
    }

    /// <summary>True when the Gaussian of every draw from <paramref name="edge"/> on is at <paramref name="place"/> or above.</summary>
    private bool Reaches(ulong edge, int place) =>
        Compare(edge, place >> FractionBits, 0.5 - ((place & (PerStep - 1)) / (double)PerStep)) > 0;

    private void Pack()
    {
        int low = 0;
        for (int cell = 0; cell < Count; cell++)
        {
            if (cell == Count - 1)
            {
                Packed[cell] = ((uint)low << WidthBits) | MostWidth; // It has no upper end.
                return;
            }

            ulong edge = (1UL << 63) + ((ulong)(cell + 1) << 48);
            int next = LastReached(edge, low);
            Packed[cell] = ((uint)low << WidthBits) | Math.Min((uint)(next + 1 - low), MostWidth);
            low = next;
        }
    }

    private int LastReached(ulong edge, int from)
    {
        // From below: one cell further at the density where the last one ended, which is an end that is reached too soon.
        int m = from >> FractionBits;
        int place = from + (int)(PerStep / (_perSigma * 65536 * _densities[m]));
        while (place > from && !Reaches(edge, place))
        {
            place--;
        }

        while (Reaches(edge, place + 1))
        {
            place++;
        }

        return place;
    }
}
