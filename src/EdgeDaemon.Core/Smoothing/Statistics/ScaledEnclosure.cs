namespace EdgeDaemon.Core.Smoothing.Statistics;

/// <summary>An <see cref="Enclosure"/> times a power of two: 0.5 to the millionth is no double, but a factor of one.</summary>
public readonly record struct ScaledEnclosure
{
    // Below this a mantissa may lose bits when it is scaled.
    private const double Smallest = 1e-290;

    private readonly Enclosure _mantissa;
    private readonly long _exponent;

    public ScaledEnclosure(Enclosure value)
        : this(value, 0)
    {
    }

    private ScaledEnclosure(Enclosure mantissa, long exponent)
    {
        if (mantissa.High is 0 or double.PositiveInfinity)
        {
            (_mantissa, _exponent) = (mantissa, exponent);
            return;
        }

        int shift = Math.ILogB(mantissa.High);
        double low = Math.ScaleB(mantissa.Low, -shift);
        _mantissa = new Enclosure(low < Smallest ? 0 : low, Math.ScaleB(mantissa.High, -shift));
        _exponent = exponent + shift;
    }

    /// <summary>As doubles: what is too small for one lies between 0 and the smallest.</summary>
    public Enclosure Value
    {
        get
        {
            if (_mantissa.High == 0)
            {
                return Enclosure.Zero;
            }

            int exponent = (int)Math.Clamp(_exponent, -2000, 2000);
            double low = Math.ScaleB(_mantissa.Low, exponent);
            double high = Math.ScaleB(_mantissa.High, exponent);
            return new Enclosure(low < Smallest ? 0 : Math.Min(low, double.MaxValue), high < Smallest ? Smallest : high);
        }
    }

    public static ScaledEnclosure operator *(ScaledEnclosure a, ScaledEnclosure b) => new(a._mantissa * b._mantissa, a._exponent + b._exponent);

    public static ScaledEnclosure operator *(ScaledEnclosure a, Enclosure b) => new(a._mantissa * b, a._exponent);

    /// <summary>By repeated squaring: the relative width grows by two roundings for each unit of the exponent, no more.</summary>
    public static ScaledEnclosure Power(Enclosure value, long exponent)
    {
        var result = new ScaledEnclosure(Enclosure.One);
        var square = new ScaledEnclosure(value);
        for (long left = exponent; left > 0; left >>= 1)
        {
            if ((left & 1) != 0)
            {
                result *= square;
            }

            square *= square;
        }

        return result;
    }
}
