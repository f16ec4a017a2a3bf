using System.Numerics;

namespace EdgeDaemon.Tests.Protocol.Numbers;

/// <summary>The oracle: decimal text and binary values as exact fractions, rounded once by integer division. Slow, and shares nothing with the product.</summary>
internal static class ExactDecimal
{
    /// <summary>Bits of the format's nearest value to a JSON number, ties to even, without sign; the infinity's bits beyond the largest.</summary>
    public static ulong Round(string text, int fractionBits, int minExponent, int maxExponent)
    {
        (BigInteger over, BigInteger under) = Fraction(text);
        if (over.IsZero)
        {
            return 0;
        }

        // The place of the result's last bit: from the fraction's size, at least the subnormals', one more where rounding carries.
        int exponent = (int)(over.GetBitLength() - under.GetBitLength());
        if (Compare(over, under, exponent) < 0)
        {
            exponent--;
        }

        int last = Math.Max(exponent, minExponent) - fractionBits;
        (BigInteger a, BigInteger b) = last > 0 ? (over, under << last) : (over << -last, under);
        BigInteger whole = BigInteger.DivRem(a, b, out BigInteger rest);
        int half = (2 * rest).CompareTo(b);
        if (half > 0 || (half == 0 && !whole.IsEven))
        {
            whole += 1;
        }

        ulong field = (ulong)(last + fractionBits - minExponent);
        ulong bits = (field << fractionBits) + (ulong)whole;
        ulong infinity = (ulong)(maxExponent - minExponent + 2) << fractionBits;
        return bits < infinity ? bits : infinity;
    }

    /// <summary>The magnitude of a JSON number as a fraction of integers.</summary>
    public static (BigInteger Over, BigInteger Under) Fraction(string text)
    {
        text = text.TrimStart('-');
        int e = text.IndexOfAny(['e', 'E']);
        int exponent = e < 0 ? 0 : int.Parse(text.AsSpan(e + 1));
        string digits = e < 0 ? text : text[..e];
        int point = digits.IndexOf('.');
        if (point >= 0)
        {
            exponent -= digits.Length - point - 1;
            digits = digits.Remove(point, 1);
        }

        BigInteger value = BigInteger.Parse(digits);
        return exponent < 0 ? (value, BigInteger.Pow(10, -exponent)) : (value * BigInteger.Pow(10, exponent), BigInteger.One);
    }

    /// <summary>over/under against 2^exponent.</summary>
    private static int Compare(BigInteger over, BigInteger under, int exponent) =>
        exponent >= 0 ? over.CompareTo(under << exponent) : (over << -exponent).CompareTo(under);
}
