using System.Globalization;

namespace EdgeDaemon.Benchmarks.Report;

/// <summary>One row of the report: medians of the contenders, the compared figure with its interval, the target.</summary>
/// <param name="What">Subject, workload, clients, form.</param>
/// <param name="Unit">Of the three contenders' medians.</param>
/// <param name="Other">The bare program or the peer that the compared figure names.</param>
/// <param name="Figure">The compared figure; null when a contender is missing.</param>
/// <param name="Limit">What the figure is held against; <see cref="NoTarget"/> when it is only shown.</param>
/// <param name="AtMost">True: the figure's high end must not exceed the limit; false: its low end must reach it.</param>
internal sealed record Finding(
    string What, string Unit, double? Raw, double? Other, double? Edged, string FigureName, Interval? Figure, double Limit, bool AtMost)
{
    public const double NoTarget = double.NaN;

    /// <summary>A target is met when the bad end of the interval meets it.</summary>
    public bool? Met => Figure is null || double.IsNaN(Limit) ? null : AtMost ? Figure.High <= Limit : Figure.Low >= Limit;

    public string Target => double.IsNaN(Limit) ? "-" : string.Create(CultureInfo.InvariantCulture, $"{(AtMost ? "<=" : ">=")} {Limit:0.##}");

    /// <summary>The last column.</summary>
    public string Verdict => Met switch { true => "yes", false => "no", null => Figure is null ? "not measured" : "-" };
}
