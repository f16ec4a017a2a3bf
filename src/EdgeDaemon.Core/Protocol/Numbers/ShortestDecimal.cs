using System.Runtime.CompilerServices;

namespace EdgeDaemon.Core.Protocol.Numbers;

/// <summary>
/// The shortest decimal that reads back to the same bits, and of those the nearest to the value: R. Giulietti, "The Schubfach way to render
/// doubles" (2020). A value lies between the middles to its neighbours; scaled by a power of ten so that the gap holds at least two and at
/// most twenty integers, the answer is one of four candidates around it.
/// </summary>
public static class ShortestDecimal
{
    /// <summary>For formats of up to 24 significant bits, exponents within a float's.</summary>
    /// <param name="magnitude">The bits without sign; finite and not zero.</param>
    /// <param name="exponent">The value is the result x 10^this.</param>
    /// <returns>At most nine digits, perhaps with zeros at the end.</returns>
    public static uint Of<T>(uint magnitude, out int exponent)
        where T : INarrowFormat
    {
        uint fraction = magnitude & ((1u << T.FractionBits) - 1);
        int field = (int)(magnitude >> T.FractionBits);
        uint significand = field == 0 ? fraction : fraction | (1u << T.FractionBits);
        int binary = Math.Max(field, 1) - 1 + T.MinExponent - T.FractionBits;
        if (IsSmallInteger(significand, binary, T.FractionBits))
        {
            exponent = 0;
            return significand >> -binary;
        }

        // At a power of two the neighbour below is only half as far away.
        bool closer = fraction == 0 && field > 1;
        exponent = DecimalExponent(binary, closer);
        int shift = binary + FloorLog2OfPowerOfTen(-exponent) + 1;
        ulong power = PowersOfFive.Above(-exponent);
        uint lower = RoundToOdd(power, ((4 * significand) - (closer ? 1u : 2u)) << shift);
        uint value = RoundToOdd(power, (4 * significand) << shift);
        uint upper = RoundToOdd(power, ((4 * significand) + 2) << shift);
        return (uint)Choose(lower, value, upper, (significand & 1) == 0, ref exponent);
    }

    /// <summary>For a double. At most seventeen digits, perhaps with zeros at the end.</summary>
    /// <param name="magnitude">The bits without sign; finite and not zero.</param>
    /// <param name="exponent">The value is the result x 10^this.</param>
    public static ulong OfDouble(ulong magnitude, out int exponent)
    {
        const int FractionBits = 52;
        ulong fraction = magnitude & ((1UL << FractionBits) - 1);
        int field = (int)(magnitude >> FractionBits);
        ulong significand = field == 0 ? fraction : fraction | (1UL << FractionBits);
        int binary = Math.Max(field, 1) - 1075;
        if (IsSmallInteger(significand, binary, FractionBits))
        {
            exponent = 0;
            return significand >> -binary;
        }

        bool closer = fraction == 0 && field > 1;
        exponent = DecimalExponent(binary, closer);
        int shift = binary + FloorLog2OfPowerOfTen(-exponent) + 1;
        ulong power = PowersOfFive.Above(-exponent, out ulong rest);
        ulong lower = RoundToOdd(power, rest, ((4 * significand) - (closer ? 1u : 2u)) << shift);
        ulong value = RoundToOdd(power, rest, (4 * significand) << shift);
        ulong upper = RoundToOdd(power, rest, ((4 * significand) + 2) << shift);
        return Choose(lower, value, upper, (significand & 1) == 0, ref exponent);
    }

    /// <summary>Integers that the format holds exactly are their own shortest text.</summary>
    private static bool IsSmallInteger(ulong significand, int binary, int fractionBits) =>
        binary <= 0 && -binary <= fractionBits && (significand & ((1UL << -binary) - 1)) == 0;

    /// <summary>All three are four times the scaled values, the lowest bit set where something was cut off.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Choose(ulong lower, ulong value, ulong upper, bool even, ref int exponent)
    {
        // The middles themselves read back to an even value.
        lower += even ? 0UL : 1;
        upper -= even ? 0UL : 1;
        ulong digits = value / 4;
        if (digits >= 10)
        {
            ulong shorter = digits / 10;
            bool down = lower <= 40 * shorter;
            bool up = (40 * shorter) + 40 <= upper;
            if (down != up)
            {
                exponent++;
                return shorter + (up ? 1UL : 0);
            }
        }

        bool below = lower <= 4 * digits;
        bool above = (4 * digits) + 4 <= upper;
        if (below != above)
        {
            return digits + (above ? 1UL : 0);
        }

        ulong middle = (4 * digits) + 2;
        return digits + (value > middle || (value == middle && (digits & 1) != 0) ? 1UL : 0);
    }

    /// <summary>floor(log10(2^binary)), or of three quarters of it.</summary>
    private static int DecimalExponent(int binary, bool closer) => ((binary * 1262611) - (closer ? 524031 : 0)) >> 22;

    private static int FloorLog2OfPowerOfTen(int power) => (power * 1741647) >> 19;

    private static uint RoundToOdd(ulong power, uint factor)
    {
        ulong high = Math.BigMul(power, factor, out ulong low);
        return (uint)high | (low >> 32 > 1 ? 1u : 0);
    }

    private static ulong RoundToOdd(ulong power, ulong rest, ulong factor)
    {
        ulong carry = Math.BigMul(rest, factor, out _);
        ulong high = Math.BigMul(power, factor, out ulong low);
        low += carry;
        high += low < carry ? 1UL : 0;
        return high | (low > 1 ? 1UL : 0);
    }
}
