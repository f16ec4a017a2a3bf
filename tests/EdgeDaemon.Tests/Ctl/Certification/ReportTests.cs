using System.Globalization;
using System.Xml;
using System.Xml.Linq;
using EdgeDaemon.Ctl.Certification;
using EdgeDaemon.Ctl.Certification.Report;

namespace EdgeDaemon.Tests.Ctl.Certification;

/// <summary>The figures of a report against counting by hand, and its page against hostile text and whatever runs or asks.</summary>
[TestClass]
public sealed class ReportTests
{
    private const string Hostile = "</title></svg><script>alert('x')</script>\"'&<!--\u0000\u001b[31m\u202e]]>\ud83d\ude00";

    private static readonly CertifiedSeries Ensemble = new("digits", 0.25), Member = new("digits-a", 0.25), Other = new("digits-s50", 0.5);

    [TestMethod]
    public void Accuracy_falls_where_radii_end_and_wrong_classes_never_count()
    {
        var summary = new SeriesSummary(Ensemble, [Row(0, 1, 1, 0.5), Row(1, 2, 2, 0.25), Row(2, 3, 4, 0.75), Row(3, 5, -1, 0)]);
        Assert.AreEqual((4, 2, 1, 1), (summary.Images, summary.Right, summary.Wrong, summary.Abstained));
        Assert.AreEqual((0.5, 0.5, 0.25, 0.25, 0.0), (summary.AccuracyAt(0), summary.AccuracyAt(0.25), summary.AccuracyAt(0.3), summary.AccuracyAt(0.5), summary.AccuracyAt(0.51)));
        Assert.AreEqual(0.75 / 4, summary.AverageRadius, 1e-15);
        CollectionAssert.AreEqual((List<(double, double)>)[(0, 0.5), (0.25, 0.5), (0.25, 0.25), (0.5, 0.25), (0.5, 0)], summary.AccuracySteps());
    }

    [TestMethod]
    public void Differences_are_paired_by_image()
    {
        // Differences .5, 0, .25 and one image that only one of them has.
        SeriesSummary first = new(Ensemble, [Row(0, 1, 1, 0.5), Row(1, 1, 1, 0.25), Row(2, 1, 1, 0.5), Row(9, 1, 1, 9)]);
        SeriesSummary second = new(Member, [Row(0, 1, 2, 0.75), Row(1, 1, 1, 0.25), Row(2, 1, 1, 0.25)]);
        PairedDifference pair = PairedDifference.Of(first, second)!;
        Assert.AreEqual(3, pair.Images);
        Assert.AreEqual(0.25, pair.Mean, 1e-15);
        Assert.AreEqual(0.25 - (1.959963984540054 * 0.25 / Math.Sqrt(3)), pair.Low, 1e-12);
        Assert.AreEqual(0.25 + (1.959963984540054 * 0.25 / Math.Sqrt(3)), pair.High, 1e-12);
        Assert.HasCount(1, PairedDifference.All([first, second, new(Other, [Row(0, 1, 1, 1), Row(1, 1, 1, 1)])]));
    }

    [TestMethod]
    public void The_page_is_well_formed_runs_nothing_and_asks_nobody()
    {
        string page = Page();
        XDocument document = Parse(page);
        XNamespace html = "http://www.w3.org/1999/xhtml", svg = "http://www.w3.org/2000/svg";
        foreach (XElement element in document.Descendants())
        {
            Assert.IsTrue(element.Name.Namespace == html || element.Name.Namespace == svg, element.Name.ToString());
            CollectionAssert.DoesNotContain((string[])["script", "link", "img", "image", "iframe", "object", "embed", "foreignObject", "a", "use", "base", "form"], element.Name.LocalName);
            foreach (XAttribute attribute in element.Attributes().Where(attribute => !attribute.IsNamespaceDeclaration))
            {
                Assert.IsFalse(attribute.Name.LocalName.StartsWith("on", StringComparison.OrdinalIgnoreCase) || attribute.Name.LocalName is "href" or "src" or "style", attribute.ToString());
                Assert.IsFalse(attribute.Value.Contains("url(", StringComparison.OrdinalIgnoreCase) || attribute.Value.Contains("javascript:", StringComparison.OrdinalIgnoreCase));
            }
        }

        StringAssert.Contains(page, "default-src 'none'".Replace("'", "&#39;", StringComparison.Ordinal));
        Assert.HasCount(5, document.Descendants(svg + "svg").ToArray());
    }

    // The labels are a model's author's, the settings may hold anybody's words.
    [TestMethod]
    public void Hostile_text_stays_text()
    {
        XDocument document = Parse(Page());
        string[] cells = [.. document.Descendants(XName.Get("td", "http://www.w3.org/1999/xhtml")).Select(cell => cell.Value)];
        string shown = Hostile.Replace('\u0000', '\ufffd').Replace('\u001b', '\ufffd').Replace('\u202e', '\ufffd');
        CollectionAssert.Contains(cells, $"1 {shown}");
        Assert.IsTrue(cells.Any(cell => cell.StartsWith("</title></svg><script>", StringComparison.Ordinal)), "a setting's value");
    }

    [TestMethod]
    public void A_picture_is_a_document_of_its_own_and_its_curves_end_where_the_figures_do()
    {
        List<SeriesSummary> series = Some();
        string text = Chart.Document(ReportCharts.Of(series, PairedDifference.All(series)), Hostile).ToString();
        XDocument document = Parse(text);
        XNamespace svg = "http://www.w3.org/2000/svg";
        Assert.AreEqual(svg + "svg", document.Root!.Name);
        XElement[] curves = [.. document.Descendants(svg + "polyline")];
        Assert.HasCount(9, curves, "three pictures of three curves");
        foreach (XElement curve in curves)
        {
            foreach (string point in curve.Attribute("points")!.Value.Split(' '))
            {
                double[] place = [.. point.Split(',').Select(number => double.Parse(number, CultureInfo.InvariantCulture))];
                Assert.IsTrue(place[0] is >= 63.9 and <= 536.1 && place[1] is >= 39.9 and <= 290.1, point);
            }
        }

        // digits@0.25: half of the images are certified at radius 0, in a box of 250 from 40 down to 290.
        StringAssert.StartsWith(curves[0].Attribute("points")!.Value, "64,165 ");
    }

    [TestMethod]
    [DataRow(0.75, 0.8)]
    [DataRow(1.0, 1.0)]
    [DataRow(3.2, 4.0)]
    [DataRow(0.0, 1.0)]
    public void An_axis_ends_at_a_round_number_that_holds_everything(double largest, double end) => Assert.AreEqual(end, Axis.Linear(largest).To, 1e-12);

    private static string Page()
    {
        var settings = new RunSettings();
        settings.Set("note", Hostile);
        List<SeriesSummary> series = Some();
        return ReportPage.Write(settings, series, PairedDifference.All(series), ["zero", Hostile, "two"]);
    }

    private static List<SeriesSummary> Some() =>
    [
        new(Ensemble, [Row(0, 1, 1, 0.5), Row(1, 2, 2, 0.25), Row(2, 3, 4, 0.75), Row(3, 5, -1, 0)]),
        new(Member, [Row(0, 1, 1, 0.25), Row(1, 2, 2, 0.25), Row(2, 3, 3, 0.25), Row(3, 5, -1, 0)]),
        new(Other, [Row(0, 1, -1, 0), Row(1, 2, -1, 0)]),
    ];

    private static CertifiedRow Row(int image, int label, int chosen, double radius) =>
        new(Ensemble, image, label, chosen, radius, radius * 255, 300 + (100 * image), "certified", 2.5 * (image + 1));

    private static XDocument Parse(string text)
    {
        using var reader = XmlReader.Create(new StringReader(text), new XmlReaderSettings { DtdProcessing = DtdProcessing.Ignore, XmlResolver = null });
        return XDocument.Load(reader);
    }
}
