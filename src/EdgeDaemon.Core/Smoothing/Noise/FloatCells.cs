using System.Collections.Immutable;

namespace EdgeDaemon.Core.Smoothing.Noise;

/// <summary>
/// Where the Gaussian behind a draw lies, in 1/1024 of a grid step, from the draw's first 16 bits; and on which side of any threshold it lies,
/// from all 64. For draws from 2^63 on, whose Gaussians are from 0 on; others mirror.
/// </summary>
internal sealed class FloatCells
{
    public const int Count = 1 << 15;
    public const int FractionBits = 10;
    public const int PerStep = 1 << FractionBits;
    public const int WidthBits = 10;
    public const uint MostWidth = (1 << WidthBits) - 1;

    // 2^64 times a difference of probabilities: what doubles may be wrong by in CompareNear, many times over.
    private const double Doubt = 1 << 14;

    private readonly ExactRatio _sigma;
    private readonly double _sigmaNear;
    private readonly ImmutableArray<double> _densities;

    /// <param name="sigma">In steps: from 64 to 128.</param>
    public FloatCells(ExactRatio sigma)
    {
        _sigma = sigma;
        _sigmaNear = (double)((sigma.Numerator << 80) / sigma.Denominator) / Math.Pow(2, 80);
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
    /// <param name="draw">From 2^63 on.</param>
    /// <param name="rest">The input's place about its own grid point, from -1/2 to 1/2 of a step.</param>
    /// <param name="place">The lowest place of the draw's cell.</param>
    /// <returns>False when the draw lies in doubt at a threshold.</returns>
    public bool TrySearch(ulong draw, float rest, int place, out int steps)
    {
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

        double far = Difference(draw, Thresholds[m]) + Correction(m, back);
        return Math.Abs(far) > Doubt ? Math.Sign(far) : CompareExactly(draw, m, back);
    }

    private static double Difference(ulong left, ulong right) => left >= right ? left - right : -(double)(right - left);

    /// <summary>2^64 (Phi(y) - Phi(y - d)) for the entry's y and d = back / sigma, |d| &lt; 2^-7, by Taylor's series with Hermite polynomials.</summary>
    private double Correction(int m, double back)
    {
        double y = (m + 0.5) / _sigmaNear, d = back / _sigmaNear, square = y * y;
        double h2 = square - 1, h3 = (square - 3) * y, h4 = (((square - 6) * square) + 3), h5 = (((square - 10) * square) + 15) * y;
        double h6 = (((((square - 15) * square) + 45) * square) - 15);

        // What follows is below 2^-66: He7 times the density stays under 50, d^8 / 8! under 2^-71.
        double series = 1 + (d / 2 * (y + (d / 3 * (h2 + (d / 4 * (h3 + (d / 5 * (h4 + (d / 6 * (h5 + (d / 7 * h6)))))))))));
        return _densities[m] * 18446744073709551616.0 * d * series;
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
        int place = from + (int)(PerStep * _sigmaNear / 65536 / _densities[m]);
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
