using System.Collections.Immutable;

namespace EdgeDaemon.Ctl.Certification.Report;

/// <summary>One series in numbers.</summary>
internal sealed class SeriesSummary
{
    private readonly ImmutableArray<CertifiedRow> _rows;
    private readonly double[] _radii;

    /// <param name="rows">Of the series, at least one.</param>
    public SeriesSummary(CertifiedSeries series, IEnumerable<CertifiedRow> rows)
    {
        Series = series;
        _rows = [.. rows.OrderBy(row => row.Image)];
        _radii = [.. _rows.Where(row => row.Right).Select(row => row.Radius).Order()];
        Samples = [.. _rows.Select(row => (double)row.Samples).Order()];
        Milliseconds = [.. _rows.Select(row => row.Milliseconds).Order()];
    }

    public CertifiedSeries Series { get; }

    /// <summary>In order of their images.</summary>
    public ImmutableArray<CertifiedRow> Rows => _rows;

    public int Images => _rows.Length;

    public int Right => _radii.Length;

    public int Abstained => _rows.Count(row => row.Abstained);

    public int Wrong => Images - Right - Abstained;

    /// <summary>Growing.</summary>
    public double[] Samples { get; }

    /// <summary>Growing.</summary>
    public double[] Milliseconds { get; }

    /// <summary>The mean over all images of the radius, 0 where the class is not the true one.</summary>
    public double AverageRadius => _rows.Average(Credit);

    public double LargestRadius => _radii.Length == 0 ? 0 : _radii[^1];

    /// <summary>The share of images whose class is the true one, certified at that radius or a larger one.</summary>
    public double AccuracyAt(double radius)
    {
        int below = 0;
        while (below < _radii.Length && _radii[below] < radius)
        {
            below++;
        }

        return (double)(_radii.Length - below) / Images;
    }

    /// <summary>The corners of <see cref="AccuracyAt"/>, from radius 0 to the end of the last step.</summary>
    public List<(double X, double Y)> AccuracySteps()
    {
        var points = new List<(double, double)> { (0, AccuracyAt(0)) };
        foreach (double radius in _radii.Distinct())
        {
            points.Add((radius, AccuracyAt(radius)));
            points.Add((radius, AccuracyAt(Math.BitIncrement(radius))));
        }

        return points;
    }

    /// <summary>The share of values that are at most x, for growing values.</summary>
    public static List<(double X, double Y)> Cumulative(double[] growing)
    {
        var points = new List<(double, double)> { (growing[0], 0) };
        for (int i = 0; i < growing.Length; i++)
        {
            if (i + 1 == growing.Length || growing[i + 1] != growing[i])
            {
                points.Add((growing[i], points[^1].Item2));
                points.Add((growing[i], (i + 1.0) / growing.Length));
            }
        }

        return points;
    }

    /// <summary>The value that the share of growing values is at most.</summary>
    public static double Quantile(double[] growing, double share) => growing[Math.Clamp((int)Math.Ceiling(share * growing.Length) - 1, 0, growing.Length - 1)];

    /// <summary>What an image adds to the average certified radius.</summary>
    public static double Credit(CertifiedRow row) => row.Right ? row.Radius : 0;
}
