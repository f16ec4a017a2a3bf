using System.Globalization;
using System.Text;
using EdgeDaemon.Benchmarks.Contenders;

namespace EdgeDaemon.Benchmarks.Report;

/// <summary>report.md and report.html for people, report.csv and slices.csv for everything else.</summary>
internal sealed class ReportFiles(string folder)
{
    private readonly List<Finding> _findings = [];
    private readonly List<Chart> _charts = [];
    private readonly StringBuilder _slices = new("subject,workload,clients,contender,pair,requests,seconds,rate,cpu_us,p50_us,p99_us\n");

    public void Add(Finding finding)
    {
        _findings.Add(finding);
        Console.WriteLine(Row(finding));
    }

    public IReadOnlyList<Finding> Findings => _findings;

    public void Add(Chart chart) => _charts.Add(chart);

    public void Add(string subject, Workload workload, int clients, string contender, int pair, Slice slice) => _slices.Append(
        CultureInfo.InvariantCulture,
        $"{subject},{workload.Name},{clients},{contender},{pair},{slice.Requests},{slice.Seconds:F4},{slice.Rate:F2},{slice.CpuMicroseconds:F3},{slice.P50Microseconds:F2},{slice.P99Microseconds:F2}\n");

    /// <summary>Writes the files and gives the Markdown back.</summary>
    public string Write(string preamble)
    {
        var text = new StringBuilder(preamble).Append('\n').Append(
            "| what | unit | raw | other | edged | compared | median [95%] | target | met |\n|---|---|---|---|---|---|---|---|---|\n");
        var csv = new StringBuilder("what,unit,raw,other,edged,compared,median,low,high,target,met\n");
        foreach (Finding finding in _findings)
        {
            text.Append(Row(finding)).Append('\n');
            csv.Append(
                CultureInfo.InvariantCulture,
                $"\"{finding.What.Replace("\"", "\"\"", StringComparison.Ordinal)}\",{finding.Unit},{finding.Raw},{finding.Other},{finding.Edged},{finding.FigureName},{finding.Figure?.Median},{finding.Figure?.Low},{finding.Figure?.High},{finding.Target},{finding.Met}\n");
        }

        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "report.md"), text.ToString());
        File.WriteAllText(Path.Combine(folder, "report.csv"), csv.ToString());
        File.WriteAllText(Path.Combine(folder, "report.html"), HtmlReport.Write(preamble, _findings, _charts));
        File.WriteAllText(Path.Combine(folder, "slices.csv"), _slices.ToString());
        return text.ToString();
    }

    private static string Row(Finding finding)
    {
        static string Number(double? value) => value?.ToString("0.0##", CultureInfo.InvariantCulture) ?? "-";
        string figure = finding.Figure is { } interval ? $"{Number(interval.Median)} [{Number(interval.Low)}, {Number(interval.High)}]" : "-";
        string met = finding.Met == false ? "**no**" : finding.Verdict;
        return $"| {finding.What} | {finding.Unit} | {Number(finding.Raw)} | {Number(finding.Other)} | {Number(finding.Edged)} | {finding.FigureName} | {figure} | {finding.Target} | {met} |";
    }
}
