namespace EdgeDaemon.Ctl.Certification.Report;

/// <summary>How a series is drawn: hues tell sigmas apart (or models, when there is one sigma only), strokes tell models of one sigma apart. Never by hue alone.</summary>
internal sealed record SeriesStyle(string Colour, string Dash, double Width)
{
    // Okabe and Ito's palette, which people with any kind of colour blindness can tell apart.
    private static readonly string[] s_colours = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000"];
    private static readonly string[] s_dashes = ["", "7 3", "2 3", "9 3 2 3", "12 4", "4 4"];

    /// <summary>One for each series, in their order.</summary>
    public static IReadOnlyList<SeriesStyle> Of(IReadOnlyList<CertifiedSeries> series)
    {
        double[] sigmas = [.. series.Select(one => one.Sigma).Distinct()];
        var styles = new List<SeriesStyle>();
        foreach (CertifiedSeries one in series)
        {
            int sigma = Array.IndexOf(sigmas, one.Sigma);
            int place = styles.Where((_, at) => series[at].Sigma == one.Sigma).Count();
            int hue = sigmas.Length > 1 ? sigma : place;
            styles.Add(new SeriesStyle(s_colours[hue % s_colours.Length], s_dashes[place % s_dashes.Length], place == 0 ? 2.4 : 1.4));
        }

        return styles;
    }
}
