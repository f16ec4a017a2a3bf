using System.Collections.Immutable;
using System.Globalization;
using System.Numerics;

namespace EdgeDaemon.Core.Smoothing.Noise;

/// <summary>
/// What drawn noise must look like: level, spread, shape, tails, and no memory of its neighbours. Each check rejects good noise with probability
/// 2 x <see cref="EachFalseAlarm"/> at most (normal tails beyond 7.3 standard deviations, doubled for the skewness of products; Chernoff's bounds for the
/// others), all <see cref="Checks"/> together with less than 3e-11. What they see of a fault: 0.7% of sigma in the level, 0.5% in the spread, 0.7% in a correlation.
/// </summary>
public static class NoiseStatistics
{
    /// <summary>Rows and elements of a row that <see cref="Judge"/> wants.</summary>
    public const int Rows = 256, RowElements = 4096;

    public const double EachFalseAlarm = 3e-13;

    private const int Draws = Rows * RowElements;
    private const double Deviations = 7.3;
    private const int Bins = 64;

    // Neighbours in a block, in a vector, in a tile, and the same place in the next row.
    private static ReadOnlySpan<int> Lags => [1, 2, 3, 4, 7, 8, 16, 32, 64, 512, RowElements, 2 * RowElements];

    private static ReadOnlySpan<double> Tails => [4, 4.5, 5, 5.5];

    /// <summary>How many checks there are.</summary>
    public static int Checks => 2 + 2 + (2 * Tails.Length) + (2 * Lags.Length);

    /// <summary>Null for noise as it should be; otherwise the first check that it fails, in words.</summary>
    /// <param name="steps">Whole steps, <see cref="Rows"/> samples of <see cref="RowElements"/> elements, one behind the other.</param>
    /// <param name="thresholds">As <see cref="RowNoise.Thresholds"/>.</param>
    /// <param name="sigma">In steps.</param>
    public static string? Judge(ReadOnlySpan<int> steps, ImmutableArray<ulong> thresholds, double sigma)
    {
        if (steps.Length != Draws)
        {
            throw new ArgumentException($"{Draws} draws are judged, not {steps.Length}", nameof(steps));
        }

        return Moments(steps, sigma) ?? Shape(steps, thresholds) ?? TailCounts(steps, thresholds, sigma) ?? Correlations(steps, sigma);
    }

    private static string? Moments(ReadOnlySpan<int> steps, double sigma)
    {
        double sum = 0, squares = 0;
        foreach (int value in steps)
        {
            sum += value;
            squares += (double)value * value;
        }

        double level = sum / (sigma * Math.Sqrt(Draws));
        if (Math.Abs(level) > Deviations)
        {
            return Text($"the noise's mean is {sum / Draws / sigma:F4} sigma, {level:F1} standard errors from 0");
        }

        // Rounding to steps adds 1/12 (Sheppard); the variance of a square is twice sigma^4.
        double expected = (sigma * sigma) + (1 / 12.0);
        double spread = ((squares / Draws / expected) - 1) * Math.Sqrt(Draws / 2.0);
        return Math.Abs(spread) > Deviations
            ? Text($"the noise's variance is {squares / Draws / expected:F4} of what it should be, {spread:F1} standard errors off")
            : null;
    }

    private static string? Shape(ReadOnlySpan<int> steps, ImmutableArray<ulong> thresholds)
    {
        // Bins of magnitude, as nearly equal as whole steps allow; the sign goes by itself.
        var ends = new List<int>();
        var chances = new List<double>();
        double below = 0;
        for (int m = 0; m < thresholds.Length && ends.Count < Bins - 1; m++)
        {
            double reached = (thresholds[m] - (double)(1UL << 63)) / (1UL << 63);
            if (reached >= (ends.Count + 1.0) / Bins)
            {
                ends.Add(m);
                chances.Add(reached - below);
                below = reached;
            }
        }

        chances.Add(1 - below);
        var counts = new long[chances.Count];
        int[] binOf = BinOf(ends);
        long positive = 0, other = 0;
        foreach (int value in steps)
        {
            int magnitude = Math.Abs(value);
            counts[magnitude < binOf.Length ? binOf[magnitude] : ends.Count]++;
            positive += value > 0 ? 1 : 0;
            other += value < 0 ? 1 : 0;
        }

        double sign = (positive - other) / Math.Sqrt(positive + other);
        if (!(Math.Abs(sign) <= Deviations))
        {
            return Text($"{positive} draws are above 0 and {other} below, {sign:F1} standard errors apart");
        }

        double statistic = 0;
        for (int bin = 0; bin < counts.Length; bin++)
        {
            double expected = chances[bin] * Draws;
            statistic += (counts[bin] - expected) * (counts[bin] - expected) / expected;
        }

        (double least, double most) = ChiSquareBounds(counts.Length - 1);
        return statistic < least || statistic > most
            ? Text($"chi-square over {counts.Length} bins is {statistic:F1}, not between {least:F1} and {most:F1}: the noise is not distributed as its table")
            : null;
    }

    private static int[] BinOf(List<int> ends)
    {
        int[] bins = new int[ends.Count == 0 ? 0 : ends[^1] + 1];
        int bin = 0;
        for (int magnitude = 0; magnitude < bins.Length; magnitude++)
        {
            bins[magnitude] = bin;
            bin += magnitude == ends[bin] ? 1 : 0;
        }

        return bins;
    }

    /// <summary>Chernoff: P(chi-square of k degrees beyond k x) is at most (x e^(1 - x))^(k/2), above for x above 1 and below for x below 1.</summary>
    private static (double Least, double Most) ChiSquareBounds(int degrees)
    {
        double Bound(double x) => degrees / 2.0 * (Math.Log(x) + 1 - x);
        double allowed = Math.Log(EachFalseAlarm / 2);
        double most = 1, least = 1;
        while (Bound(most) > allowed)
        {
            most += 1 / 64.0;
        }

        while (Bound(least) > allowed)
        {
            least *= 63 / 64.0;
        }

        return (degrees * least, degrees * most);
    }

    private static string? TailCounts(ReadOnlySpan<int> steps, ImmutableArray<ulong> thresholds, double sigma)
    {
        foreach (double tail in Tails)
        {
            int from = (int)Math.Ceiling(tail * sigma);
            if (from > thresholds.Length)
            {
                continue; // Saturated before.
            }

            double expected = Draws * ((~thresholds[from - 1] + 0.5) / (1UL << 63));
            int count = 0;
            foreach (int value in steps)
            {
                count += Math.Abs(value) >= from ? 1 : 0;
            }

            if (IsUnlikely(count, expected))
            {
                return Text($"{count} draws of {Draws} lie beyond {tail} sigma, where {expected:G3} belong");
            }
        }

        return null;
    }

    /// <summary>Chernoff for counts: P(count beyond n) is at most e^(n - m) (m/n)^n on either side of the mean m.</summary>
    private static bool IsUnlikely(int count, double mean)
    {
        double exponent = count == 0 ? -mean : count - mean + (count * Math.Log(mean / count));
        return exponent < Math.Log(EachFalseAlarm);
    }

    private static string? Correlations(ReadOnlySpan<int> steps, double sigma)
    {
        // In sigmas, and the squares centred: both of variance near 1, so sums over a row lose nothing in single precision.
        float[] values = new float[steps.Length], squares = new float[steps.Length];
        double variance = (sigma * sigma) + (1 / 12.0);
        float scale = (float)(1 / Math.Sqrt(variance)), half = (float)Math.Sqrt(0.5);
        for (int i = 0; i < steps.Length; i++)
        {
            float value = steps[i] * scale;
            values[i] = value;
            squares[i] = ((value * value) - 1) * half;
        }

        foreach (int lag in Lags)
        {
            double root = Math.Sqrt(steps.Length - lag);
            if (Products(values, lag) / root is var linear && !(Math.Abs(linear) <= Deviations))
            {
                return Text($"draws {lag} apart are correlated: {linear / root:F4}, {linear:F1} standard errors from 0");
            }

            if (Products(squares, lag) / root is var square && !(Math.Abs(square) <= Deviations))
            {
                return Text($"magnitudes of draws {lag} apart are correlated: {square / root:F4}, {square:F1} standard errors from 0");
            }
        }

        return null;
    }

    private static double Products(ReadOnlySpan<float> values, int lag)
    {
        double sum = 0;
        for (int at = 0; at + lag < values.Length; at += RowElements)
        {
            int count = Math.Min(RowElements, values.Length - lag - at);
            Vector<float> row = Vector<float>.Zero;
            int i = 0;
            for (; i <= count - Vector<float>.Count; i += Vector<float>.Count)
            {
                row += new Vector<float>(values[(at + i)..]) * new Vector<float>(values[(at + lag + i)..]);
            }

            sum += Vector.Sum(row);
            for (; i < count; i++)
            {
                sum += values[at + i] * values[at + lag + i];
            }
        }

        return sum;
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
