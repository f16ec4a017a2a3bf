namespace EdgeDaemon.Ctl.Certification.Report;

/// <summary>
/// How much larger one series' average certified radius is than another's on the same images: the mean of the differences image by image, which is far surer than the
/// difference of two means, with its 95% interval (normal approximation; half of it is 1.96 standard errors).
/// </summary>
/// <param name="First">The one that is compared.</param>
/// <param name="Second">The one it is compared with.</param>
/// <param name="Images">That both have decided.</param>
internal sealed record PairedDifference(CertifiedSeries First, CertifiedSeries Second, int Images, double Mean, double Low, double High)
{
    private const double TwoSided95 = 1.959963984540054;

    /// <summary>Null with fewer than two images in common.</summary>
    public static PairedDifference? Of(SeriesSummary first, SeriesSummary second)
    {
        Dictionary<int, CertifiedRow> others = second.Rows.ToDictionary(row => row.Image);
        var differences = new List<double>();
        foreach (CertifiedRow row in first.Rows)
        {
            if (others.TryGetValue(row.Image, out CertifiedRow? other))
            {
                differences.Add(SeriesSummary.Credit(row) - SeriesSummary.Credit(other));
            }
        }

        int count = differences.Count;
        if (count < 2)
        {
            return null;
        }

        double mean = differences.Average();
        double variance = differences.Sum(difference => (difference - mean) * (difference - mean)) / (count - 1);
        double half = TwoSided95 * Math.Sqrt(variance / count);
        return new PairedDifference(first.Series, second.Series, count, mean, mean - half, mean + half);
    }

    /// <summary>The first series of each sigma against every other one of that sigma.</summary>
    public static List<PairedDifference> All(IReadOnlyList<SeriesSummary> series)
    {
        var pairs = new List<PairedDifference>();
        foreach (IGrouping<double, SeriesSummary> group in series.GroupBy(one => one.Series.Sigma))
        {
            SeriesSummary[] members = [.. group];
            pairs.AddRange(members[1..].Select(other => Of(members[0], other)).OfType<PairedDifference>());
        }

        return pairs;
    }
}
