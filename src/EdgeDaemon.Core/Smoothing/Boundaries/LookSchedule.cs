namespace EdgeDaemon.Core.Smoothing.Boundaries;

/// <summary>
/// After which numbers of samples a decision may fall. Between looks nothing is decided: the error is calibrated for these looks alone, and a look
/// more would spend error that nobody counted.
/// </summary>
public sealed class LookSchedule
{
    /// <summary>Beyond, a table takes minutes and a decision hours.</summary>
    public const int MostSamples = 1_000_000;

    /// <summary>Bounds what a table occupies (8 bytes a look) and how long its proof takes.</summary>
    public const int MostLooks = 20_000;

    private readonly int[] _looks;

    /// <exception cref="ArgumentException">They do not rise, or are too many or too large.</exception>
    public LookSchedule(ReadOnlySpan<int> looks)
    {
        if (looks.IsEmpty || looks.Length > MostLooks || looks[0] < 1 || looks[^1] > MostSamples)
        {
            throw new ArgumentException($"a schedule has 1 to {MostLooks} looks, from 1 to {MostSamples} samples");
        }

        for (int i = 1; i < looks.Length; i++)
        {
            if (looks[i] <= looks[i - 1])
            {
                throw new ArgumentException($"looks rise: {looks[i]} comes after {looks[i - 1]}");
            }
        }

        _looks = looks.ToArray();
    }

    /// <summary>A look after each <paramref name="period"/> samples, and one at the end.</summary>
    /// <exception cref="ArgumentException">There would be too many.</exception>
    public static LookSchedule Every(int period, int maxSamples) => Growing(period, 0, maxSamples);

    /// <summary>
    /// Looks at multiples of a period, each further from the one before by at least the given share of it: dense where easy inputs are decided, sparse
    /// where a batch more or less changes nothing. The last one is at <paramref name="maxSamples"/>.
    /// </summary>
    /// <param name="period">Samples; one batch, or a divisor of it.</param>
    /// <param name="growth">0 for equal steps; 0.01 to 0.1 otherwise.</param>
    /// <exception cref="ArgumentException">There would be too many.</exception>
    public static LookSchedule Growing(int period, double growth, int maxSamples)
    {
        if (period < 1 || maxSamples < period || maxSamples > MostSamples || !(growth is >= 0 and <= 1))
        {
            throw new ArgumentException($"no looks every {period} of {maxSamples} samples: 1 <= period <= samples <= {MostSamples}");
        }

        var looks = new List<int>();
        for (int at = period; at < maxSamples; at += Math.Max(1, (int)(at * growth / period)) * period)
        {
            if (looks.Count == MostLooks)
            {
                throw new ArgumentException($"looks every {period} of {maxSamples} samples are more than {MostLooks}: lengthen the period");
            }

            looks.Add(at);
        }

        looks.Add(maxSamples);
        return new LookSchedule([.. looks]);
    }

    public int Count => _looks.Length;

    public int MaxSamples => _looks[^1];

    public int this[int index] => _looks[index];

    public ReadOnlySpan<int> Looks => _looks;
}
