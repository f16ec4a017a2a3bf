using System.Globalization;

namespace EdgeDaemon.Ctl.Certification.Report;

/// <summary>A bar of shares for each series, adding up to all images, with its percentages written on it.</summary>
/// <param name="parts">Names and colours of the shares, from left to right.</param>
internal sealed class ShareChart(string title, IReadOnlyList<(string Name, string Colour, string Ink)> parts, IReadOnlyList<(string Name, double[] Shares)> bars) : Chart
{
    private const double Bar = 20;
    private const double Gap = 8;
    private const double Names = 150;

    public override string Title => title;

    public override double Height => Top + (bars.Count * (Bar + Gap)) + 40;

    protected override void DrawBody(Markup into)
    {
        double from = Names, to = Width - Right;
        for (int i = 0; i < bars.Count; i++)
        {
            double y = Top + (i * (Bar + Gap));
            into.Leaf("text", bars[i].Name, ("x", from - 8), ("y", y + 15), ("font-size", Ink), ("text-anchor", "end"), ("fill", Dark)).Line();
            double x = from;
            for (int part = 0; part < parts.Count; part++)
            {
                double share = bars[i].Shares[part];
                double width = share * (to - from);
                into.Open("rect", ("x", x), ("y", y), ("width", Math.Max(0, width - 1)), ("height", Bar), ("fill", parts[part].Colour));
                into.Leaf("title", $"{parts[part].Name}: {Percent(share)}").Close().Line();
                if (width > 44)
                {
                    into.Leaf("text", Percent(share), ("x", x + (width / 2)), ("y", y + 15), ("font-size", 11.0), ("text-anchor", "middle"), ("fill", parts[part].Ink)).Line();
                }

                x += width;
            }
        }

        double at = from;
        double legend = Top + (bars.Count * (Bar + Gap)) + 20;
        foreach ((string name, string colour, _) in parts)
        {
            into.Empty("rect", ("x", at), ("y", legend - 10), ("width", 12.0), ("height", 12.0), ("fill", colour)).Line();
            into.Leaf("text", name, ("x", at + 18), ("y", legend), ("font-size", Ink), ("fill", Dark)).Line();
            at += 30 + (6.2 * name.Length);
        }
    }

    private static string Percent(double share) => (100 * share).ToString("0.0", CultureInfo.InvariantCulture) + "%";
}
