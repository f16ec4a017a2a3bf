using System.Globalization;
using System.Xml.Linq;
using EdgeDaemon.Benchmarks;
using EdgeDaemon.Benchmarks.Contenders;
using EdgeDaemon.Benchmarks.Report;

namespace EdgeDaemon.Tests.Benchmarks;

/// <summary>The report's three forms, read by readers of other people's where there are any: a figure that was not measured stays in its row, and nothing is drawn off the page.</summary>
[TestClass]
public sealed class ReportFilesTests
{
    private static readonly Finding[] Findings =
    [
        new("added CPU a request, cnn, 8 clients", "us", 100.25, 30.5, 21.125, "edged / bare", new Interval(0.7, 0.66, 0.74), 0.75, AtMost: true),
        new("rate, <wide> & \"large\"", "1/s", 12345, 3318, 10285, "edged / node", new Interval(0.9, 0.8, 1.2), 1, AtMost: false),
        new("rate, cnn, 8 clients", "1/s", 9000, null, 8000, "edged / cpp-grpc", null, 1, AtMost: false),
        new("client's CPU", "us", null, 1, 2, "client / load", new Interval(2, 1.9, 2.1), Finding.NoTarget, AtMost: true),
        new("resident, edged - bare", "MiB", null, 47.8, 47.6, "edged - bare", new Interval(-0.16, -0.26, -0.05), 15, AtMost: true),
        new("nothing was answered", "us", 0, 0, 0, "edged / bare", new Interval(double.NaN, double.NegativeInfinity, double.PositiveInfinity), 1, AtMost: true),
    ];

    private string _folder = "";

    [TestInitialize]
    public void Write()
    {
        _folder = Directory.CreateTempSubdirectory("report-").FullName;
        var report = new ReportFiles(_folder);
        foreach (Finding finding in Findings)
        {
            report.Add(finding);
        }

        report.Add(new Chart("Requests a second: cnn & co", "1/s", [("raw", new Interval(10, 9, 11)), ("edged", new Interval(8, 7, 9)), ("bare", new Interval(5, 4, 6))]));
        report.Add(new Chart("Nobody answered", "1/s", [("raw", new Interval(0, 0, 0))]));
        report.Add("cpu", new Workload("cnn", "bench-cnn", "", null, "x", [1], "y", [1]), 8, "edged oip-raw", 3, new Slice(1000, 0.5, 21.5, 100, 200));
        report.Write("Two cores, 30 rounds.\n");
    }

    [TestCleanup]
    public void Remove() => Directory.Delete(_folder, recursive: true);

    [TestMethod]
    public void Csv_HasARowOfElevenFieldsForEachFinding()
    {
        string[][] rows = [.. File.ReadAllLines(Path.Combine(_folder, "report.csv")).Select(Fields)];
        Assert.HasCount(Findings.Length + 1, rows);
        Assert.IsTrue(rows.All(row => row.Length == 11), "a row has another number of fields");
        CollectionAssert.AreEqual((string[])["added CPU a request, cnn, 8 clients", "us", "100.25", "30.5", "21.125", "edged / bare", "0.7", "0.66", "0.74", "<= 0.75", "True"], rows[1]);
        Assert.AreEqual(Findings[1].What, rows[2][0], "quotes of a field are doubled");
        CollectionAssert.AreEqual((string[])["", "8000", "edged / cpp-grpc", "", "", "", ">= 1", ""], rows[3][3..]);
        string[] slice = File.ReadAllLines(Path.Combine(_folder, "slices.csv"))[1].Split(',');
        CollectionAssert.AreEqual((string[])["cpu", "cnn", "8", "edged oip-raw", "3", "1000", "0.5000", "2000.00", "21.500", "100.00", "200.00"], slice);
    }

    [TestMethod]
    public void Markdown_HasARowOfNineCellsForEachFinding()
    {
        string[] rows = [.. File.ReadAllLines(Path.Combine(_folder, "report.md")).Where(line => line.StartsWith('|'))];
        Assert.HasCount(Findings.Length + 2, rows);
        Assert.IsTrue(rows.All(row => row.Count(one => one == '|') == 10), "a row has another number of cells");
        Assert.AreEqual("| added CPU a request, cnn, 8 clients | us | 100.25 | 30.5 | 21.125 | edged / bare | 0.7 [0.66, 0.74] | <= 0.75 | yes |", rows[2]);
        StringAssert.EndsWith(rows[3], "| **no** |");
        StringAssert.EndsWith(rows[4], "| - | >= 1 | not measured |");
    }

    [TestMethod]
    public void Html_IsWellFormed_AndDrawsEveryFigureOnItsPage()
    {
        string html = File.ReadAllText(Path.Combine(_folder, "report.html"));
        string[] lines = html.Split('\n');
        Assert.AreEqual("<!DOCTYPE html>", lines[0].TrimEnd());

        // As XML but for the two elements that HTML never closes.
        string body = html[html.IndexOf("<body>", StringComparison.Ordinal)..html.IndexOf("</html>", StringComparison.Ordinal)];
        XElement page = XElement.Parse(body);
        XElement[] charts = [.. page.Elements("svg")];
        Assert.HasCount(3 + 2, charts, "figures with a target that are numbers, and the two charts");
        Assert.HasCount(Findings.Length + 1, page.Element("table")!.Elements("tr").ToArray());
        Assert.AreEqual(Findings[1].What, page.Element("table")!.Elements("tr").ElementAt(2).Element("td")!.Value);
        Assert.IsFalse(html.Contains("<script", StringComparison.OrdinalIgnoreCase) || html.Contains("src=", StringComparison.Ordinal));
        foreach (XElement chart in charts)
        {
            double width = Number(chart.Attribute("width")!), height = Number(chart.Attribute("height")!);
            foreach (XAttribute place in chart.Descendants().Attributes().Where(one => one.Name.LocalName is "x" or "x1" or "x2"))
            {
                Assert.IsTrue(Number(place) is >= 0 and var at && at <= width, $"{place} of {width}");
            }

            foreach (XAttribute place in chart.Descendants().Attributes().Where(one => one.Name.LocalName is "y" or "y1" or "y2"))
            {
                Assert.IsTrue(Number(place) is >= 0 and var at && at <= height, $"{place} of {height}");
            }

            Assert.IsTrue(chart.Elements("rect").All(bar => Number(bar.Attribute("width")!) >= 0));
        }
    }

    private static double Number(XAttribute attribute) => double.Parse(attribute.Value, CultureInfo.InvariantCulture);

    // RFC 4180.
    private static string[] Fields(string line)
    {
        var fields = new List<string>();
        for (int at = 0; at <= line.Length;)
        {
            if (at < line.Length && line[at] == '"')
            {
                string text = "";
                for (at++; line[at] != '"' || (at + 1 < line.Length && line[at + 1] == '"'); at++)
                {
                    at += line[at] == '"' ? 1 : 0;
                    text += line[at];
                }

                fields.Add(text);
                at += 2;
                continue;
            }

            int comma = line.IndexOf(',', at);
            int end = comma < 0 ? line.Length : comma;
            fields.Add(line[at..end]);
            at = end + 1;
        }

        return [.. fields];
    }
}
