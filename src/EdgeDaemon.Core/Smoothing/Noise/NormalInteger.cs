using System.Numerics;

namespace EdgeDaemon.Core.Smoothing.Noise;

/// <summary>The normal distribution function in integers: no library's exponential or error function, so the same digits on every machine.</summary>
internal static class NormalInteger
{
    private const int LeastBits = 128;

    // What the roundings below may add up to, in last places. A series has fewer than 2^10 terms for |y| < 20; each of them is cut off by less than
    // 2, an earlier cut grows with its series, and the quotient sets both series against one another: far below 2^32.
    private const int DoubtBits = 32;

    private static readonly BigInteger LeastRoot = RootOfTwoPi(LeastBits);

    /// <summary>floor(2^64 Phi(y)) and the density at y, for y above 0.</summary>
    /// <remarks>
    /// Phi(y) = 1/2 + A / (E sqrt(2 pi)), A = sum of y^(2n+1) / (1 3 5 .. (2n+1)), E = exp(y^2/2) = sum of (y^2/2)^n / n!: all terms are positive, nothing
    /// cancels. Phi of a rational other than 0 is transcendental, so the loop ends: more digits always show on which side of an integer it lies.
    /// </remarks>
    public static (ulong Threshold, double Density) At(ExactRatio y)
    {
        for (int bits = LeastBits; ; bits *= 2)
        {
            (BigInteger above, BigInteger scale) = Series(y, bits);
            BigInteger value = (above << bits) / scale;
            BigInteger doubt = BigInteger.One << DoubtBits;
            BigInteger low = (value - doubt) >> (bits - 64);
            if (low == (value + doubt) >> (bits - 64))
            {
                // 1/2 added last: as the integer 2^63 it moves no fraction.
                return ((ulong)(low + (BigInteger.One << 63)), (double)((BigInteger.One << (2 * bits)) / scale) / Math.Pow(2, bits));
            }
        }
    }

    /// <summary>A and E sqrt(2 pi), times 2^bits.</summary>
    private static (BigInteger Sum, BigInteger Scale) Series(ExactRatio y, int bits)
    {
        BigInteger square = (y.Numerator * y.Numerator << bits) / (y.Denominator * y.Denominator);
        BigInteger term = (y.Numerator << bits) / y.Denominator, sum = BigInteger.Zero;
        BigInteger power = BigInteger.One << bits, exponential = BigInteger.Zero;
        for (int n = 0; !term.IsZero || !power.IsZero; n++)
        {
            sum += term;
            exponential += power;
            term = (term * square >> bits) / ((2 * n) + 3);
            power = (power * square >> (bits + 1)) / (n + 1);
        }

        return (sum, exponential * (bits == LeastBits ? LeastRoot : RootOfTwoPi(bits)) >> bits);
    }

    /// <summary>sqrt(2 pi) times 2^bits, rounded down.</summary>
    private static BigInteger RootOfTwoPi(int bits)
    {
        // Machin: pi = 16 arctan(1/5) - 4 arctan(1/239); 64 digits more than are kept.
        int digits = (2 * bits) + 64;
        BigInteger pi = (16 * ArcTangentOfInverse(5, digits)) - (4 * ArcTangentOfInverse(239, digits));
        return Root(pi >> 63);
    }

    private static BigInteger ArcTangentOfInverse(int n, int bits)
    {
        BigInteger power = (BigInteger.One << bits) / n, sum = power;
        for (int k = 3; !power.IsZero; k += 2)
        {
            power /= n * n;
            sum += k % 4 == 3 ? -(power / k) : power / k;
        }

        return sum;
    }

    /// <summary>The integer square root, by Newton's steps from above.</summary>
    private static BigInteger Root(BigInteger square)
    {
        BigInteger root = BigInteger.One << (int)((square.GetBitLength() + 1) / 2);
        while (true)
        {
            BigInteger next = (root + (square / root)) >> 1;
            if (next >= root)
            {
                return root;
            }

            root = next;
        }
    }
}
