namespace EdgeDaemon.Core.Protocol.Numbers;

/// <summary>
/// 5^q as 128 bits with the leading one in front, cut off (not rounded): what both directions of the conversion between decimal and
/// binary multiply with. The binary exponent is not stored: it follows from q.
/// </summary>
public static partial class PowersOfFive
{
    /// <summary>Below this any 19 digits are less than half of the smallest double.</summary>
    public const int Least = -342;

    /// <summary>What the shortest text of the smallest doubles needs; reading ends at 308.</summary>
    public const int Greatest = 324;

    // 5^55 is the last that fits in 128 bits, 5^27 the last in 64.
    private const int LastExact = 55;
    private const int LastExactShort = 27;

    /// <summary>The leading 64 bits and the 64 behind them.</summary>
    /// <param name="power">From <see cref="Least"/> to <see cref="Greatest"/>.</param>
    /// <param name="low">The 64 bits behind the leading ones.</param>
    public static ulong Of(int power, out ulong low)
    {
        ReadOnlySpan<ulong> entry = Table.Slice(2 * (power - Least), 2);
        low = entry[1];
        return entry[0];
    }

    /// <summary>The same, rounded up to the next 128 bits where the power is not exact.</summary>
    public static ulong Above(int power, out ulong low)
    {
        ulong high = Of(power, out low);

        // No entry that is not exact ends in 64 ones, so that nothing is carried (the tests look).
        low += power is < 0 or > LastExact ? 1UL : 0;
        return high;
    }

    /// <summary>The leading 64 bits, rounded up where the power is not exact.</summary>
    public static ulong Above(int power) => Of(power, out _) + (power is < 0 or > LastExactShort ? 1UL : 0);
}
