using System.Numerics;

namespace EdgeDaemon.Core.Protocol.Numbers;

/// <summary>
/// The nearest double to digits x 10^exponent, ties to even, for every pair of the two: D. Lemire, "Number parsing at a gigabyte per
/// second" (2021), with N. Mushtak and D. Lemire, "Fast number parsing without fallback" (2023), who prove that one product with 128 bits of
/// the power decides always.
/// </summary>
internal static class EiselLemire
{
    private const int FractionBits = 52;
    private const int LeastPower = PowersOfFive.Least;
    private const int GreatestPower = 308;

    /// <summary>The nearest double, not negative; an infinity beyond the largest.</summary>
    public static double Round(ulong digits, long exponent)
    {
        if (digits == 0 || exponent < LeastPower)
        {
            return 0;
        }

        if (exponent > GreatestPower)
        {
            return double.PositiveInfinity;
        }

        int power = (int)exponent;
        int zeros = BitOperations.LeadingZeroCount(digits);
        ulong high = Multiply(digits << zeros, power, out ulong low);
        int upper = (int)(high >> 63);
        int shift = upper + 64 - FractionBits - 3;
        ulong significand = high >> shift;
        int field = BinaryExponent(power) + upper - zeros + 1023;
        if (field <= 0)
        {
            return Subnormal(significand, field);
        }

        // Exactly between two doubles: possible for few powers only, and then the product is exact.
        if (low <= 1 && power is >= -4 and <= 23 && (significand & 3) == 1 && significand << shift == high)
        {
            significand &= ~1UL;
        }

        significand = (significand + (significand & 1)) >> 1;
        if (significand >= 2UL << FractionBits)
        {
            significand = 1UL << FractionBits;
            field++;
        }

        return field >= 0x7ff
            ? double.PositiveInfinity
            : BitConverter.UInt64BitsToDouble((significand & ~(1UL << FractionBits)) | ((ulong)field << FractionBits));
    }

    private static double Subnormal(ulong significand, int field)
    {
        if (1 - field >= 64)
        {
            return 0;
        }

        // No tie can happen here: it would need more digits than 64 bits hold. Rounding up into the normal range is right as it stands.
        significand >>= 1 - field;
        significand = (significand + (significand & 1)) >> 1;
        return BitConverter.UInt64BitsToDouble(significand);
    }

    /// <summary>floor(log2(10^power)) + 63.</summary>
    private static int BinaryExponent(int power) => ((217706 * power) >> 16) + 63;

    /// <summary>The leading 128 bits of the product: the second half of the power counts only where the first leaves the rounding open.</summary>
    private static ulong Multiply(ulong digits, int power, out ulong low)
    {
        const ulong Open = ulong.MaxValue >> (FractionBits + 3);
        ulong five = PowersOfFive.Of(power, out ulong rest);

        // The proof wants these reciprocals rounded up, so that what they came from is found again.
        rest += power is >= -27 and < 0 ? 1UL : 0;
        ulong high = Math.BigMul(digits, five, out low);
        if ((high & Open) == Open)
        {
            ulong second = Math.BigMul(digits, rest, out _);
            low += second;
            high += low < second ? 1UL : 0;
        }

        return high;
    }
}
