namespace EdgeDaemon.Ctl.Certification.Report;

/// <summary>The pictures of a report, from its series.</summary>
internal static class ReportCharts
{
    public static List<Chart> Of(IReadOnlyList<SeriesSummary> series, IReadOnlyList<PairedDifference> pairs)
    {
        IReadOnlyList<SeriesStyle> styles = SeriesStyle.Of([.. series.Select(one => one.Series)]);
        var charts = new List<Chart>
        {
            new LineChart(
                "Certified accuracy", Axis.Linear(series.Max(one => one.LargestRadius)), "l2 radius, in units of the tensor that gets the noise", "share of all images",
                Curves(one => one.AccuracySteps())),
            new LineChart(
                "Samples per decision", Axis.Powers(series.Min(one => one.Samples[0]), series.Max(one => one.Samples[^1])), "samples, those that choose the class included",
                "share of images decided", Curves(one => SeriesSummary.Cumulative(one.Samples))),
            new ShareChart(
                "Certified, wrong, abstained", [("right class certified", "#0072b2", "#ffffff"), ("another class certified", "#d55e00", "#ffffff"), ("abstained", "#cccccc", "#222222")],
                [.. series.Select(one => (one.Series.ToString(), new[] { (double)one.Right / one.Images, (double)one.Wrong / one.Images, (double)one.Abstained / one.Images }))]),
            new LineChart(
                "Time per decision", Axis.Powers(series.Min(one => one.Milliseconds[0]), series.Max(one => one.Milliseconds[^1])), "milliseconds from request to answer",
                "share of images decided", Curves(one => SeriesSummary.Cumulative(one.Milliseconds))),
        };
        if (pairs.Count > 0)
        {
            charts.Add(new IntervalChart(
                "Average certified radius: difference, same images", "difference with its 95% interval",
                [.. pairs.Select(pair => ($"{pair.First} over {pair.Second.Model}", Colour(pair.First), pair.Low, pair.Mean, pair.High))]));
        }

        return charts;

        List<(string, SeriesStyle, List<(double, double)>)> Curves(Func<SeriesSummary, List<(double, double)>> points) =>
            [.. series.Select((one, at) => (one.Series.ToString(), styles[at], points(one)))];

        string Colour(CertifiedSeries one) => styles[series.ToList().FindIndex(other => other.Series == one)].Colour;
    }
}
