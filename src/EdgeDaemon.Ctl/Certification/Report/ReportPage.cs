using System.Collections.Immutable;
using System.Globalization;

namespace EdgeDaemon.Ctl.Certification.Report;

/// <summary>
/// report.html: one file with its pictures in it. It is XML as well as HTML, has no script, and asks nobody for anything: its policy forbids a browser what an escaping
/// mistake might otherwise allow.
/// </summary>
internal static class ReportPage
{
    private const string Policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

    private const string Style =
        "body{font-family:sans-serif;color:#222;background:#fff;max-width:1140px;margin:2em auto;padding:0 1em}table{border-collapse:collapse;margin:1em 0}"
        + "th,td{padding:.25em .8em;text-align:right;border-bottom:1px solid #ddd}th:first-child,td:first-child{text-align:left}svg{max-width:100%;height:auto}";

    /// <param name="labels">Of the classes; empty when the models declare none.</param>
    public static string Write(RunSettings settings, IReadOnlyList<SeriesSummary> series, IReadOnlyList<PairedDifference> pairs, ImmutableArray<string> labels)
    {
        var page = new Markup();
        page.Open("html", ("xmlns", "http://www.w3.org/1999/xhtml"), ("lang", "en")).Line().Open("head").Line();
        page.Empty("meta", ("charset", "utf-8")).Line();
        page.Empty("meta", ("http-equiv", "Content-Security-Policy"), ("content", Policy)).Line();
        page.Leaf("title", "Certified robustness").Line().Leaf("style", Style).Line();
        page.Close().Line().Open("body").Line();
        page.Leaf("h1", "Certified robustness").Line();
        page.Leaf(
            "p", "A certified radius says: no change of the input whose l2 norm is smaller alters the class of the smoothed model, with an error probability of at most alpha for each answer. Accuracy at a radius is the share of all images whose true class is certified there or further.").Line();
        Summary(page, series);
        foreach (Chart chart in ReportCharts.Of(series, pairs))
        {
            page.Open("p").Add(Chart.Document([chart], chart.Title)).Close().Line();
        }

        Pairs(page, pairs);
        Classes(page, series, labels);
        page.Leaf("h2", "What was asked").Line();
        Table(page, ["setting", "value"], settings.Values.Select(value => new[] { value.Key, value.Value }));
        page.Close().Line().Close();
        return "<!DOCTYPE html>\n" + page + "\n";
    }

    private static void Summary(Markup page, IReadOnlyList<SeriesSummary> series)
    {
        double[] radii = Radii(series);
        Table(
            page,
            ["series", "images", "abstained", "wrong", .. radii.Select(radius => $"r {Number(radius)}"), "average radius", "samples mean", "median", "ms mean", "median"],
            series.Select(one => (string[])
            [
                one.Series.ToString(), Whole(one.Images), Percent(one.Abstained, one.Images), Percent(one.Wrong, one.Images),
                .. radii.Select(radius => Number(one.AccuracyAt(radius))),
                Number(one.AverageRadius), Whole(one.Samples.Average()), Whole(SeriesSummary.Quantile(one.Samples, 0.5)),
                Number(one.Milliseconds.Average()), Number(SeriesSummary.Quantile(one.Milliseconds, 0.5)),
            ]));
    }

    // A ladder's own radii, as long as they fit; else round ones.
    private static double[] Radii(IReadOnlyList<SeriesSummary> series)
    {
        double[] found = [.. series.SelectMany(one => one.Rows).Where(row => row.Radius > 0).Select(row => row.Radius).Distinct().Order().Take(13)];
        return found.Length <= 12 ? found : [.. Axis.Linear(series.Max(one => one.LargestRadius)).Marks().Select(mark => mark.Value)];
    }

    private static void Pairs(Markup page, IReadOnlyList<PairedDifference> pairs)
    {
        if (pairs.Count == 0)
        {
            return;
        }

        page.Leaf("h2", "Average certified radius: differences on the same images").Line();
        Table(
            page, ["first", "second", "images", "difference", "95% from", "to"],
            pairs.Select(pair => (string[])[pair.First.ToString(), pair.Second.ToString(), Whole(pair.Images), Number(pair.Mean), Number(pair.Low), Number(pair.High)]));
    }

    private static void Classes(Markup page, IReadOnlyList<SeriesSummary> series, ImmutableArray<string> labels)
    {
        int[] classes = [.. series.SelectMany(one => one.Rows).Select(row => row.Label).Distinct().Order().Take(1001)];
        if (classes.Length > 1000)
        {
            return; // A table nobody reads.
        }

        page.Leaf("h2", "Classes: share certified as themselves, and average radius").Line();
        Table(
            page, ["class", "images", .. series.Select(one => one.Series.ToString())],
            classes.Select(label => (string[])
            [
                label < labels.Length ? $"{label} {labels[label]}" : Whole(label),
                Whole(series.Max(one => one.Rows.Count(row => row.Label == label))),
                .. series.Select(one =>
                {
                    CertifiedRow[] rows = [.. one.Rows.Where(row => row.Label == label)];
                    return rows.Length == 0 ? "" : $"{Percent(rows.Count(row => row.Right), rows.Length)}, {Number(rows.Average(SeriesSummary.Credit))}";
                }),
            ]));
    }

    private static void Table(Markup page, string[] head, IEnumerable<string[]> rows)
    {
        page.Open("table").Open("thead").Open("tr");
        foreach (string cell in head)
        {
            page.Leaf("th", cell);
        }

        page.Close().Close().Line().Open("tbody").Line();
        foreach (string[] row in rows)
        {
            page.Open("tr");
            foreach (string cell in row)
            {
                page.Leaf("td", cell);
            }

            page.Close().Line();
        }

        page.Close().Close().Line();
    }

    private static string Number(double value) => value.ToString("0.####", CultureInfo.InvariantCulture);

    private static string Whole(double value) => value.ToString("#,0", CultureInfo.InvariantCulture);

    private static string Percent(int part, int all) => (100.0 * part / all).ToString("0.0", CultureInfo.InvariantCulture) + "%";
}
