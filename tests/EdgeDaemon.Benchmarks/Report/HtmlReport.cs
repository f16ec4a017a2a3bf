using System.Globalization;
using System.Net;
using System.Text;

namespace EdgeDaemon.Benchmarks.Report;

/// <summary>One page that needs nothing but itself: the table, and charts as SVG. No script, nothing from outside.</summary>
internal static class HtmlReport
{
    private const int Width = 720;
    private const int Left = 190;
    private const int Row = 24;

    public static string Write(string preamble, IReadOnlyList<Finding> findings, IReadOnlyList<Chart> charts)
    {
        var page = new StringBuilder("""
            <!DOCTYPE html>
            <html lang="en"><head><meta charset="utf-8"><title>What serving costs, side by side</title>
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
            <style>
            body { font: 15px/1.4 sans-serif; margin: 2em auto; max-width: 1100px; padding: 0 1em; color: #222; background: #fff; }
            table { border-collapse: collapse; } td, th { border-bottom: 1px solid #ddd; padding: .2em .6em; text-align: right; }
            td:first-child, th:first-child { text-align: left; } .no { color: #b00020; font-weight: bold; }
            svg { display: block; margin: 1em 0; } text { font: 13px sans-serif; fill: #222; } .small { font-size: 11px; fill: #666; }
            .bar { fill: #9db7d5; } .own { fill: #2f6db5; } .range { stroke: #111; stroke-width: 1.5; } .target { stroke: #b00020; stroke-dasharray: 4 3; }
            </style></head><body><h1>What serving costs, side by side</h1>

            """);
        page.Append(CultureInfo.InvariantCulture, $"<p>{Text(preamble)}</p>\n<table><tr><th>what</th><th>unit</th><th>raw</th><th>other</th><th>edged</th><th>compared</th><th>median [95%]</th><th>target</th><th>met</th></tr>\n");
        foreach (Finding finding in findings)
        {
            string figure = finding.Figure is { } f ? $"{Number(f.Median)} [{Number(f.Low)}, {Number(f.High)}]" : "-";
            string met = $"<td{(finding.Met == false ? " class=\"no\"" : "")}>{finding.Verdict}</td>";
            page.Append(
                CultureInfo.InvariantCulture,
                $"<tr><td>{Text(finding.What)}</td><td>{Text(finding.Unit)}</td><td>{Number(finding.Raw)}</td><td>{Number(finding.Other)}</td><td>{Number(finding.Edged)}</td><td>{Text(finding.FigureName)}</td><td>{figure}</td><td>{Text(finding.Target)}</td>{met}</tr>\n");
        }

        page.Append("</table>\n<h2>Compared figures</h2>\n<p>Median and 95% interval; the dashed line is the target, which the bad end must meet.</p>\n");
        foreach (Finding finding in findings.Where(finding => finding.Met is not null && double.IsFinite(finding.Figure!.Low) && double.IsFinite(finding.Figure.High)))
        {
            Ratio(page, finding);
        }

        page.Append("<h2>Contenders</h2>\n");
        foreach (Chart chart in charts)
        {
            Bars(page, chart);
        }

        return page.Append("</body></html>\n").ToString();
    }

    /// <summary>One figure on a line from zero (or the least value) to beyond its target.</summary>
    private static void Ratio(StringBuilder page, Finding finding)
    {
        Interval figure = finding.Figure!;
        double least = Math.Min(0, Math.Min(figure.Low, finding.Limit));
        double most = 1.1 * Math.Max(Math.Max(figure.High, finding.Limit), least + 1e-9);
        double X(double value) => 10 + ((value - least) / (most - least) * (Width - 20));
        string colour = finding.Met == true ? "own" : "bar";
        page.Append(
            CultureInfo.InvariantCulture,
            $"""
            <svg width="{Width}" height="58" role="img" aria-label="{Text(finding.What)}"><text x="10" y="14">{Text(finding.What)}: {Text(finding.FigureName)} {Number(figure.Median)}, target {Text(finding.Target)}</text>
            <rect class="{colour}" x="{X(Math.Min(0, figure.Median)):F1}" y="24" width="{Math.Abs(X(figure.Median) - X(0)):F1}" height="14"/>
            <line class="range" x1="{X(figure.Low):F1}" y1="31" x2="{X(figure.High):F1}" y2="31"/>
            <line class="target" x1="{X(finding.Limit):F1}" y1="20" x2="{X(finding.Limit):F1}" y2="44"/><text class="small" x="{X(finding.Limit):F1}" y="55">{Number(finding.Limit)}</text></svg>

            """);
    }

    private static void Bars(StringBuilder page, Chart chart)
    {
        double most = Math.Max(1.15 * chart.Bars.Max(bar => bar.Value.High), 1e-9); // A slice in which nothing was answered has no length.
        double Length(double value) => value / most * (Width - Left - 90);
        page.Append(CultureInfo.InvariantCulture, $"<svg width=\"{Width}\" height=\"{30 + (Row * chart.Bars.Count)}\" role=\"img\" aria-label=\"{Text(chart.Title)}\"><text x=\"10\" y=\"16\" font-weight=\"bold\">{Text(chart.Title)} ({Text(chart.Unit)})</text>\n");
        int y = 26;
        foreach ((string name, Interval value) in chart.Bars)
        {
            page.Append(
                CultureInfo.InvariantCulture,
                $"""
                <text x="{Left - 8}" y="{y + 15}" text-anchor="end">{Text(name)}</text><rect class="{(name.StartsWith("edged", StringComparison.Ordinal) ? "own" : "bar")}" x="{Left}" y="{y + 2}" width="{Length(value.Median):F1}" height="{Row - 6}"/>
                <line class="range" x1="{Left + Length(value.Low):F1}" y1="{y + 11}" x2="{Left + Length(value.High):F1}" y2="{y + 11}"/><text x="{Left + Length(value.High) + 6:F1}" y="{y + 15}">{Number(value.Median)}</text>

                """);
            y += Row;
        }

        page.Append("</svg>\n");
    }

    private static string Text(string text) => WebUtility.HtmlEncode(text);

    private static string Number(double? value) => value is double number ? number.ToString(Math.Abs(number) >= 1000 ? "0" : "0.0##", CultureInfo.InvariantCulture) : "-";
}
