using System.Numerics;

namespace EdgeDaemon.Core.Smoothing.Noise;

/// <summary>A quotient of integers, so that no rounding of a sigma comes between two machines. The denominator is above 0; not reduced.</summary>
internal readonly record struct ExactRatio(BigInteger Numerator, BigInteger Denominator)
{
    private const int FractionBits = 52;
    private const int ExponentBias = 1075; // Of a double whose 53 bits are read as an integer.

    /// <summary>The exact value of a finite double.</summary>
    public static ExactRatio Of(double value)
    {
        long bits = BitConverter.DoubleToInt64Bits(value);
        long fraction = bits & ((1L << FractionBits) - 1);
        int exponent = (int)(bits >> FractionBits) & 0x7FF;
        BigInteger digits = exponent == 0 ? fraction : fraction | (1L << FractionBits);
        return new ExactRatio(bits < 0 ? -digits : digits, BigInteger.One).Shifted(Math.Max(exponent, 1) - ExponentBias);
    }

    public static ExactRatio operator *(ExactRatio left, ExactRatio right) => new(left.Numerator * right.Numerator, left.Denominator * right.Denominator);

    public static ExactRatio operator /(ExactRatio left, ExactRatio right) => new(left.Numerator * right.Denominator, left.Denominator * right.Numerator);

    /// <summary>Times a power of two.</summary>
    public ExactRatio Shifted(int power) => power >= 0 ? this with { Numerator = Numerator << power } : this with { Denominator = Denominator << -power };

    /// <summary>The largest integer that is not above it; for values from 0 on.</summary>
    public BigInteger Floor() => BigInteger.Divide(Numerator, Denominator);
}
