namespace EdgeDaemon.Ctl.Certification.Report;

/// <summary>Curves over a horizontal axis; the vertical one is a share, 0 to 1. The names stand below, each with its stroke.</summary>
internal sealed class LineChart(string title, Axis across, string acrossName, string shareName, IReadOnlyList<(string Name, SeriesStyle Style, List<(double X, double Y)> Points)> curves) : Chart
{
    private const double Box = 250;
    private const double LegendLine = 18;

    public override string Title => title;

    public override double Height => Top + Box + 48 + (LegendLine * ((curves.Count + 1) / 2)) + 12;

    protected override void DrawBody(Markup into)
    {
        double from = Left, to = Width - Right, bottom = Top + Box;
        DrawAcross(into, across, acrossName, from, to, Top, bottom);
        for (int i = 0; i <= 5; i++)
        {
            double y = bottom - (i * Box / 5);
            into.Empty("line", ("x1", from), ("x2", to), ("y1", y), ("y2", y), ("stroke", i == 0 ? Grey : Faint)).Line();
            into.Leaf("text", $"0.{2 * i}".Replace("0.10", "1", StringComparison.Ordinal).Replace("0.0", "0", StringComparison.Ordinal), ("x", from - 8), ("y", y + 4), ("font-size", Ink), ("text-anchor", "end"), ("fill", Grey)).Line();
        }

        into.Leaf(
            "text", shareName, ("x", 18.0), ("y", Top + (Box / 2)), ("font-size", Ink), ("text-anchor", "middle"), ("fill", Dark),
            ("transform", FormattableString.Invariant($"rotate(-90 18 {Top + (Box / 2):0})"))).Line();
        foreach ((string name, SeriesStyle style, List<(double X, double Y)> points) in curves)
        {
            into.Open(
                "polyline", ("points", Points([.. points.Select(point => (from + (across.Place(point.X) * (to - from)), bottom - (point.Y * Box)))])), ("fill", "none"),
                ("stroke", style.Colour), ("stroke-width", style.Width), ("stroke-dasharray", style.Dash.Length == 0 ? "none" : style.Dash), ("stroke-linejoin", "round"));
            into.Leaf("title", name).Close().Line();
        }

        for (int i = 0; i < curves.Count; i++)
        {
            double x = from + (i % 2 * (to - from) / 2);
            double y = bottom + 52 + (i / 2 * LegendLine);
            SeriesStyle style = curves[i].Style;
            into.Empty(
                "line", ("x1", x), ("x2", x + 30), ("y1", y - 4), ("y2", y - 4), ("stroke", style.Colour), ("stroke-width", style.Width),
                ("stroke-dasharray", style.Dash.Length == 0 ? "none" : style.Dash)).Line();
            into.Leaf("text", curves[i].Name, ("x", x + 38), ("y", y), ("font-size", Ink), ("fill", Dark)).Line();
        }
    }
}
