using System.Runtime.CompilerServices;

namespace EdgeDaemon.Core.Protocol.Numbers;

/// <content>Digits to values.</content>
public partial struct PlainNumber
{
    private const int LastExactPower = 22;

    // The bits of a double that a float has no room for, and the middle between two floats among them.
    private const ulong BelowSingle = (1UL << 29) - 1;
    private const ulong Middle = 1UL << 28;

    // Three roundings (digits, power, result) move a double by less than this many of its last places.
    private const ulong Doubt = 16;

    private static ReadOnlySpan<double> ExactPowers =>
    [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
    ];

    /// <summary>The magnitude to within <see cref="Doubt"/> last places; false beyond the powers that a double holds exactly.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal readonly bool TryApproximate(out double magnitude)
    {
        ReadOnlySpan<double> powers = ExactPowers;
        double digits = (long)Digits;
        if (digits < 0)
        {
            // Nineteen digits may be more than a signed integer holds, and only those convert in one step.
        }
        else if ((uint)-Exponent < (uint)powers.Length)
        {
            magnitude = digits / powers[-Exponent];
            return true;
        }
        else if ((uint)Exponent < (uint)powers.Length)
        {
            magnitude = digits * powers[Exponent];
            return true;
        }

        magnitude = 0;
        return false;
    }

    /// <summary>The nearest float; false where the approximation is too near the middle of two, or beyond exact powers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal readonly bool TryToSingle(out float value)
    {
        bool near = TryApproximate(out double magnitude);
        ulong bits = BitConverter.DoubleToUInt64Bits(magnitude);
        value = BitConverter.UInt32BitsToSingle(BitConverter.SingleToUInt32Bits((float)magnitude) | (Negative ? 0x80000000u : 0));

        // With powers up to 22 the value is zero or between 1e-22 and 2e41: never subnormal, and the largest falls to the other path.
        return near && (bits & BelowSingle) - (Middle - Doubt) > 2 * Doubt && magnitude < float.MaxValue;
    }

    /// <summary>The nearest double; an infinity beyond the largest.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal readonly double ToDouble()
    {
        // Both operands exact: one operation rounds once (Clinger).
        if (Digits > 1UL << 53 || Exponent is < -LastExactPower or > LastExactPower || !TryApproximate(out double magnitude))
        {
            magnitude = EiselLemire.Round(Digits, Exponent);
        }

        return BitConverter.UInt64BitsToDouble(BitConverter.DoubleToUInt64Bits(magnitude) | (Negative ? 1UL << 63 : 0));
    }
}
