using System.Runtime.CompilerServices;
using EdgeDaemon.Core.Protocol.Numbers;

namespace EdgeDaemon.Core.Protocol;

/// <summary>A binary format narrower than a double, by its fields (IEEE 754 layout).</summary>
public interface INarrowFormat
{
    static abstract int FractionBits { get; }

    /// <summary>Exponent of the smallest normal value.</summary>
    static abstract int MinExponent { get; }

    static abstract int MaxExponent { get; }
}

public readonly struct Binary16 : INarrowFormat
{
    public static int FractionBits => 10;

    public static int MinExponent => -14;

    public static int MaxExponent => 15;
}

public readonly struct BrainFloat16 : INarrowFormat
{
    public static int FractionBits => 7;

    public static int MinExponent => -126;

    public static int MaxExponent => 127;
}

public readonly struct Binary32 : INarrowFormat
{
    public static int FractionBits => 23;

    public static int MinExponent => -126;

    public static int MaxExponent => 127;
}

/// <summary>Rounds decimal text once into a narrow format (ties to even), never through a double that was itself rounded.</summary>
internal static class NarrowFloat
{
    private const int DoubleFractionBits = 52;
    private const int DoubleBias = 1023;

    // Roundings of an approximation move it by less than this many of a double's last places.
    private const int Doubt = 16;

    /// <summary>The bits of the nearest value; false when that is an infinity.</summary>
    public static bool TryRound<T>(in JsonNumber number, out uint bits)
        where T : INarrowFormat
    {
        uint sign = number.Negative ? 1u << SignShift<T>() : 0;
        if (number.Digits == 0)
        {
            bits = sign;
            return true;
        }

        // Near the middle between two values (or outside the normal range) the approximation could fall on the wrong side.
        if (!number.TryApproximate(out double magnitude) || !IsDecided<T>(magnitude))
        {
            magnitude = Math.Abs(number.ToDouble());
            if (double.IsInfinity(magnitude))
            {
                bits = 0;
                return false;
            }

            // A double is never on the other side of a middle than the true value, but may have been rounded onto it.
            int lean = IsMiddle<T>(magnitude) ? number.CompareMagnitude(magnitude) : 0;
            bits = Round<T>(magnitude, lean);
        }
        else
        {
            bits = Round<T>(magnitude, 0);
        }

        bool finite = bits < Infinity<T>();
        bits |= sign;
        return finite;
    }

    /// <summary>The same for a plain number where its approximation decides; false where it does not.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryRound<T>(in PlainNumber number, out uint bits)
        where T : INarrowFormat
    {
        uint sign = number.Negative ? 1u << SignShift<T>() : 0;
        bits = sign;
        if (number.Digits == 0)
        {
            return true;
        }

        if (!number.TryApproximate(out double magnitude) || !IsDecided<T>(magnitude))
        {
            return false;
        }

        // Normal in both formats and not at a middle: half a place up, cut off, exponent to the other bias.
        int drop = DoubleFractionBits - T.FractionBits;
        uint rounded = (uint)((BitConverter.DoubleToUInt64Bits(magnitude) + (1UL << (drop - 1))) >> drop);
        rounded -= (uint)(DoubleBias - T.MaxExponent) << T.FractionBits;
        bits |= rounded;
        return rounded < Infinity<T>();
    }

    private static int SignShift<T>()
        where T : INarrowFormat => T.FractionBits + (T.MaxExponent == 15 ? 5 : 8);

    /// <summary>The bits of the positive infinity.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Infinity<T>()
        where T : INarrowFormat => (uint)(T.MaxExponent - T.MinExponent + 2) << T.FractionBits;

    /// <summary>True when a magnitude within 2^-51 of this one rounds to the same value.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsDecided<T>(double magnitude)
        where T : INarrowFormat
    {
        ulong bits = BitConverter.DoubleToUInt64Bits(magnitude);
        int exponent = (int)(bits >> DoubleFractionBits) - DoubleBias;
        if (exponent < T.MinExponent || exponent > T.MaxExponent)
        {
            return false;
        }

        int drop = DoubleFractionBits - T.FractionBits;
        long middle = 1L << (drop - 1);
        long low = (long)(bits & ((1UL << drop) - 1));

        // Unsigned, so that no branch asks on which side: that is a coin.
        return (ulong)(low - middle + Doubt) > 2 * Doubt;
    }

    /// <summary>True when the magnitude is exactly between two neighbours of the format.</summary>
    private static bool IsMiddle<T>(double magnitude)
        where T : INarrowFormat
    {
        Split<T>(magnitude, out ulong significand, out int drop, out _);
        return drop <= DoubleFractionBits + 1 && (significand & ((1UL << drop) - 1)) == 1UL << (drop - 1);
    }

    /// <summary>The nearest value's bits without sign; a middle goes by <paramref name="lean"/>, or to even when that is 0.</summary>
    private static uint Round<T>(double magnitude, int lean)
        where T : INarrowFormat
    {
        Split<T>(magnitude, out ulong significand, out int drop, out int exponent);
        if (drop > DoubleFractionBits + 1)
        {
            // Less than half of the smallest subnormal.
            return 0;
        }

        if (exponent > T.MaxExponent)
        {
            return Infinity<T>();
        }

        ulong kept = significand >> drop;
        ulong low = significand & ((1UL << drop) - 1);
        ulong middle = 1UL << (drop - 1);
        if (low > middle || (low == middle && (lean > 0 || (lean == 0 && (kept & 1) == 1))))
        {
            kept++;
        }

        // The leading bit of a normal value, and a carry out of the fraction, add themselves to the exponent field.
        uint field = exponent >= T.MinExponent ? (uint)(exponent - T.MinExponent) : 0;
        return (field << T.FractionBits) + (uint)kept;
    }

    /// <summary>The significand with its leading bit, and how many of its bits the format has no room for.</summary>
    private static void Split<T>(double magnitude, out ulong significand, out int drop, out int exponent)
        where T : INarrowFormat
    {
        ulong bits = BitConverter.DoubleToUInt64Bits(magnitude);
        exponent = (int)(bits >> DoubleFractionBits) - DoubleBias;
        significand = (bits & ((1UL << DoubleFractionBits) - 1)) | (1UL << DoubleFractionBits);
        drop = DoubleFractionBits - T.FractionBits + Math.Max(0, T.MinExponent - exponent);
    }
}
