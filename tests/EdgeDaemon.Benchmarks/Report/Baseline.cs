using System.Globalization;

namespace EdgeDaemon.Benchmarks.Report;

/// <summary>
/// The figures of an earlier run, committed. A figure has become worse when the good end of its interval does not reach the bad end of the
/// earlier one: noise that the two intervals cover is no regression.
/// </summary>
internal sealed class Baseline
{
    private const string Head = "what,compared,median,low,high,target";

    private readonly Dictionary<(string What, string Figure), Interval> _figures = [];

    public static Baseline Read(string file)
    {
        var baseline = new Baseline();
        int number = 0;
        foreach (string line in File.ReadLines(file))
        {
            number++;
            if (number == 1 && line == Head)
            {
                continue;
            }

            (string what, string figure, Interval interval) = Row(line) ?? throw new ArgumentException($"{file}:{number}:1: not a row of a baseline; mend it, or remove the file and make it anew with --write-baseline");
            baseline._figures[(what, figure)] = interval;
        }

        return baseline;
    }

    /// <summary>This run's figures; those of the file that it did not measure stay as they were.</summary>
    public static void Write(string file, IEnumerable<Finding> findings)
    {
        var lines = new Dictionary<(string What, string Figure), string>();
        foreach (Finding finding in findings.Where(finding => finding.Figure is not null))
        {
            lines[(finding.What, finding.FigureName)] = string.Create(
                CultureInfo.InvariantCulture,
                $"\"{finding.What}\",{finding.FigureName},{finding.Figure!.Median:F4},{finding.Figure.Low:F4},{finding.Figure.High:F4},{finding.Target}");
        }

        var rows = new List<string> { Head };
        if (File.Exists(file))
        {
            foreach (string line in File.ReadLines(file).Skip(1))
            {
                (string what, string figure, _) = Row(line) ?? throw new ArgumentException($"{file} is not a baseline; remove it");
                rows.Add(lines.Remove((what, figure), out string? measured) ? measured : line);
            }
        }

        File.WriteAllLines(file, [.. rows, .. lines.Values]);
    }

    /// <summary>
    /// One line for each figure that became worse, for each that has nothing to be held against, and for each of the file that this run did not measure (no failure either: its subject was not
    /// asked for, or a contender is missing). What was held is the rest: a run that holds nothing has shown nothing.
    /// </summary>
    public Comparison Compare(IEnumerable<Finding> findings)
    {
        List<string> worse = [], unknown = [];
        var left = new HashSet<(string What, string Figure)>(_figures.Keys);
        foreach (Finding finding in findings.Where(finding => finding.Figure is not null))
        {
            Interval now = finding.Figure!;
            string name = $"{finding.What}: {finding.FigureName}";
            left.Remove((finding.What, finding.FigureName));
            if (!_figures.TryGetValue((finding.What, finding.FigureName), out Interval? before))
            {
                unknown.Add(name);
            }
            else if (!double.IsFinite(now.Median) || (finding.AtMost ? now.Low > before.High : now.High < before.Low))
            {
                worse.Add(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{name} {now.Median:0.0##} [{now.Low:0.0##}, {now.High:0.0##}], was {before.Median:0.0##} [{before.Low:0.0##}, {before.High:0.0##}]"));
            }
        }

        return new Comparison(_figures.Count - left.Count - worse.Count, worse, unknown, [.. left.Select(figure => $"{figure.What}: {figure.Figure}")]);
    }

    private static (string What, string Figure, Interval Interval)? Row(string line)
    {
        // The first field is quoted: it has commas of its own.
        int quote = line.LastIndexOf('"');
        string[] fields = quote > 0 && line[0] == '"' ? line[(quote + 1)..].Split(',') : [];
        return fields.Length == 6
            && double.TryParse(fields[2], CultureInfo.InvariantCulture, out double median)
            && double.TryParse(fields[3], CultureInfo.InvariantCulture, out double low)
            && double.TryParse(fields[4], CultureInfo.InvariantCulture, out double high)
            ? (line[1..quote], fields[1], new Interval(median, low, high))
            : null;
    }
}
