namespace EdgeDaemon.Benchmarks.Report;

/// <summary>A median and its 95% interval by the percentile bootstrap over pairs (10,000 resamples, fixed seed).</summary>
internal sealed record Interval(double Median, double Low, double High)
{
    private const int Resamples = 10_000;

    public static Interval Of(IReadOnlyList<double> pairs)
    {
        var random = new Random(20261121);
        var medians = new double[Resamples];
        var drawn = new double[pairs.Count];
        for (int resample = 0; resample < Resamples; resample++)
        {
            for (int index = 0; index < drawn.Length; index++)
            {
                drawn[index] = pairs[random.Next(pairs.Count)];
            }

            medians[resample] = MedianOf(drawn);
        }

        Array.Sort(medians);
        return new Interval(MedianOf([.. pairs]), medians[(int)(.025 * Resamples)], medians[(int)(.975 * Resamples)]);
    }

    public static double MedianOf(double[] values)
    {
        double[] sorted = [.. values];
        Array.Sort(sorted);
        int middle = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
