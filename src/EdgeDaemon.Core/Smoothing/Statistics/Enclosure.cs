namespace EdgeDaemon.Core.Smoothing.Statistics;

/// <summary>
/// A number that is not negative and lies between two doubles. IEEE 754 rounds the four operations to the nearest double, so the neighbour below
/// and the neighbour above what they give enclose the exact result: no operation here can lose it. Nothing here calls the C library, whose
/// logarithms differ from processor to processor: the same arguments give the same bits everywhere.
/// </summary>
public readonly record struct Enclosure
{
    public static readonly Enclosure Zero = Exactly(0);

    public static readonly Enclosure One = Exactly(1);

    /// <summary>pi, Euler's number and so on: not doubles themselves, but next to one.</summary>
    public static Enclosure Around(double nearest) => new(Math.BitDecrement(nearest), Math.BitIncrement(nearest));

    public static Enclosure Exactly(double value) => new(value, value);

    public Enclosure(double low, double high)
    {
        if (!(low >= 0 && low <= high))
        {
            throw new ArgumentOutOfRangeException(nameof(low), $"{low} and {high} enclose no number that is not negative");
        }

        Low = low;
        High = high;
    }

    /// <summary>Not above the number.</summary>
    public double Low { get; }

    /// <summary>Not below it. Infinite after an overflow.</summary>
    public double High { get; }

    /// <summary>Somewhere in between: for guesses, never for a proof.</summary>
    public double Middle => Low + ((High - Low) / 2);

    /// <summary>1 minus a number of [0, 1].</summary>
    public Enclosure Complement => new(Down(1 - High), Math.Min(1, Up(1 - Low)));

    public static Enclosure operator +(Enclosure a, Enclosure b) => new(Down(a.Low + b.Low), Up(a.High + b.High));

    public static Enclosure operator *(Enclosure a, Enclosure b) => new(Down(a.Low * b.Low), Up(a.High * b.High));

    /// <exception cref="DivideByZeroException">The divisor may be 0.</exception>
    public static Enclosure operator /(Enclosure a, Enclosure b) =>
        b.Low > 0 ? new(Down(a.Low / b.High), Up(a.High / b.Low)) : throw new DivideByZeroException();

    /// <summary>Of two numbers that enclose the same one from both sides, in any order.</summary>
    public static Enclosure Between(Enclosure a, Enclosure b) => new(Math.Min(a.Low, b.Low), Math.Max(a.High, b.High));

    private static double Down(double value) => Math.Max(0, Math.BitDecrement(value));

    private static double Up(double value) => Math.BitIncrement(value);
}
