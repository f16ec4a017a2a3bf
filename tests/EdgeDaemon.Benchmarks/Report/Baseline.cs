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

            // The first field is quoted: it has commas of its own.
            int quote = line.LastIndexOf('"');
            string[] fields = quote > 0 && line[0] == '"' ? line[(quote + 1)..].Split(',') : [];
            if (fields.Length != 6
                || !double.TryParse(fields[2], CultureInfo.InvariantCulture, out double median)
                || !double.TryParse(fields[3], CultureInfo.InvariantCulture, out double low)
                || !double.TryParse(fields[4], CultureInfo.InvariantCulture, out double high))
            {
                throw new ArgumentException($"{file}:{number}:1: not a row of a baseline; write the file again with --write-baseline");
            }

            baseline._figures[(line[1..quote], fields[1])] = new Interval(median, low, high);
        }

        return baseline;
    }

    public static void Write(string file, IEnumerable<Finding> findings) => File.WriteAllLines(file, findings
        .Where(finding => finding.Figure is not null)
        .Select(finding => string.Create(
            CultureInfo.InvariantCulture,
            $"\"{finding.What}\",{finding.FigureName},{finding.Figure!.Median:F4},{finding.Figure.Low:F4},{finding.Figure.High:F4},{finding.Target}"))
        .Prepend(Head));

    /// <summary>One line for each figure that became worse, and for each that has nothing to be held against (which is no failure).</summary>
    public (IReadOnlyList<string> Worse, IReadOnlyList<string> Unknown) Compare(IEnumerable<Finding> findings)
    {
        List<string> worse = [], unknown = [];
        foreach (Finding finding in findings.Where(finding => finding.Figure is not null))
        {
            Interval now = finding.Figure!;
            string name = $"{finding.What}: {finding.FigureName}";
            if (!_figures.TryGetValue((finding.What, finding.FigureName), out Interval? before))
            {
                unknown.Add(name);
            }
            else if (finding.AtMost ? now.Low > before.High : now.High < before.Low)
            {
                worse.Add(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{name} {now.Median:0.0##} [{now.Low:0.0##}, {now.High:0.0##}], was {before.Median:0.0##} [{before.Low:0.0##}, {before.High:0.0##}]"));
            }
        }

        return (worse, unknown);
    }
}
