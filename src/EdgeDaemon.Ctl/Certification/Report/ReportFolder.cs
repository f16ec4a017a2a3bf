using System.Collections.Immutable;
using System.Text;
using EdgeDaemon.Native.Posix.Files;

namespace EdgeDaemon.Ctl.Certification.Report;

/// <summary>The report beside its results: report.html, and the pictures together as report.svg.</summary>
internal static class ReportFolder
{
    public const string Page = "report.html";
    public const string Picture = "report.svg";

    private const int Readable = 0b110_100_100;

    /// <param name="rows">Series come in the order in which they were first asked for: what is named first stays what others are compared with.</param>
    /// <exception cref="CtlException">There is nothing to report.</exception>
    public static List<SeriesSummary> Write(string folder, RunSettings settings, IReadOnlyCollection<CertifiedRow> rows, ImmutableArray<string> labels)
    {
        List<SeriesSummary> series = [.. rows.GroupBy(row => row.Series).Select(group => new SeriesSummary(group.Key, group))];
        if (series.Count == 0)
        {
            throw new CtlException($"{folder} holds no results: nothing was decided yet");
        }

        List<PairedDifference> pairs = PairedDifference.All(series);
        DurableFile.Write(Path.Combine(folder, Page), Encoding.UTF8.GetBytes(ReportPage.Write(settings, series, pairs, labels)), Readable);
        DurableFile.Write(Path.Combine(folder, Picture), Encoding.UTF8.GetBytes(Chart.Document(ReportCharts.Of(series, pairs), "Certified robustness").ToString()), Readable);
        return series;
    }
}
