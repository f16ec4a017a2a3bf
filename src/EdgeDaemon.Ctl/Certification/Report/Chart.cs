using System.Globalization;
using System.Text;

namespace EdgeDaemon.Ctl.Certification.Report;

/// <summary>A picture of a report: SVG elements in a box of its own size, with no script, no link and no font but the reader's.</summary>
internal abstract class Chart
{
    public const double Width = 560;

    private const double Visible = 1;

    protected const double Left = 64;
    protected const double Right = 24;
    protected const double Top = 40;
    protected const double Ink = 12;
    protected const string Dark = "#222222";
    protected const string Grey = "#666666";
    protected const string Faint = "#dddddd";

    public abstract string Title { get; }

    public abstract double Height { get; }

    /// <summary>Its elements, the upper left corner at 0, 0.</summary>
    public void Draw(Markup into)
    {
        into.Leaf("text", Title, ("x", Left), ("y", 22.0), ("font-size", 15.0), ("font-weight", "bold"), ("fill", Dark));
        DrawBody(into);
    }

    /// <summary>A whole SVG document of charts, side by side in rows of two.</summary>
    public static Markup Document(IReadOnlyList<Chart> charts, string label)
    {
        int columns = Math.Min(2, charts.Count);
        double height = 0;
        for (int i = 0; i < charts.Count; i += columns)
        {
            height += RowHeight(charts, i, columns);
        }

        double width = columns * Width;
        var svg = new Markup();
        svg.Open(
            "svg", ("xmlns", "http://www.w3.org/2000/svg"), ("viewBox", string.Create(CultureInfo.InvariantCulture, $"0 0 {width:0} {height:0}")), ("width", width), ("height", height),
            ("font-family", "sans-serif"), ("role", "img"), ("aria-label", label)).Line();

        // White wherever it is shown: on a dark page dark ink would vanish.
        svg.Empty("rect", ("width", width), ("height", height), ("fill", "#ffffff")).Line();
        double y = 0;
        for (int i = 0; i < charts.Count; i += columns)
        {
            for (int column = 0; column < columns && i + column < charts.Count; column++)
            {
                svg.Open("g", ("transform", string.Create(CultureInfo.InvariantCulture, $"translate({column * Width:0} {y:0})"))).Line();
                charts[i + column].Draw(svg);
                svg.Close().Line();
            }

            y += RowHeight(charts, i, columns);
        }

        return svg.Close().Line();
    }

    protected abstract void DrawBody(Markup into);

    /// <summary>Of a curve's corners those that the eye can tell apart.</summary>
    protected static string Points(IReadOnlyList<(double X, double Y)> points)
    {
        var text = new StringBuilder();
        (double X, double Y) last = (double.NegativeInfinity, 0);
        for (int i = 0; i < points.Count; i++)
        {
            (double x, double y) = points[i];
            if (i + 1 < points.Count && Math.Abs(x - last.X) < Visible && Math.Abs(y - last.Y) < Visible)
            {
                continue;
            }

            last = (x, y);
            text.Append(text.Length == 0 ? "" : " ").Append(CultureInfo.InvariantCulture, $"{x:0.#},{y:0.#}");
        }

        return text.ToString();
    }

    /// <summary>Marks, grid lines and the name of a horizontal axis below a box.</summary>
    protected static void DrawAcross(Markup into, Axis axis, string name, double from, double to, double top, double bottom)
    {
        foreach ((double value, string text) in axis.Marks())
        {
            double x = from + (axis.Place(value) * (to - from));
            into.Empty("line", ("x1", x), ("x2", x), ("y1", top), ("y2", bottom), ("stroke", Faint)).Line();
            into.Leaf("text", text, ("x", x), ("y", bottom + 16), ("font-size", Ink), ("text-anchor", "middle"), ("fill", Grey)).Line();
        }

        into.Leaf("text", name, ("x", (from + to) / 2), ("y", bottom + 34), ("font-size", Ink), ("text-anchor", "middle"), ("fill", Dark)).Line();
    }

    private static double RowHeight(IReadOnlyList<Chart> charts, int first, int columns)
    {
        double height = 0;
        for (int i = first; i < Math.Min(first + columns, charts.Count); i++)
        {
            height = Math.Max(height, charts[i].Height);
        }

        return height;
    }
}
