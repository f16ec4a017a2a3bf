namespace EdgeDaemon.Ctl.Certification.Report;

/// <summary>A value with its interval for each line, and where 0 is.</summary>
internal sealed class IntervalChart(string title, string acrossName, IReadOnlyList<(string Name, string Colour, double Low, double Value, double High)> lines) : Chart
{
    private const double Line = 26;
    private const double Names = 210;

    public override string Title => title;

    public override double Height => Top + (lines.Count * Line) + 56;

    protected override void DrawBody(Markup into)
    {
        double from = Names, to = Width - Right - 8, bottom = Top + (lines.Count * Line);
        Axis axis = Axis.Around(lines.Min(line => line.Low), lines.Max(line => line.High));
        DrawAcross(into, axis, acrossName, from, to, Top, bottom);
        into.Empty("line", ("x1", X(0)), ("x2", X(0)), ("y1", Top), ("y2", bottom), ("stroke", Dark), ("stroke-width", 1.5)).Line();
        for (int i = 0; i < lines.Count; i++)
        {
            (string name, string colour, double low, double value, double high) = lines[i];
            double y = Top + (i * Line) + (Line / 2);
            into.Leaf("text", name, ("x", from - 8), ("y", y + 4), ("font-size", Ink), ("text-anchor", "end"), ("fill", Dark)).Line();
            into.Empty("line", ("x1", X(low)), ("x2", X(high)), ("y1", y), ("y2", y), ("stroke", colour), ("stroke-width", 2.0)).Line();
            into.Open("circle", ("cx", X(value)), ("cy", y), ("r", 4.0), ("fill", colour));
            into.Leaf("title", FormattableString.Invariant($"{name}: {value:0.0000} ({low:0.0000} to {high:0.0000})")).Close().Line();
        }

        double X(double value) => from + (axis.Place(value) * (to - from));
    }
}
