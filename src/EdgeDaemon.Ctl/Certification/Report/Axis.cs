using System.Globalization;

namespace EdgeDaemon.Ctl.Certification.Report;

/// <summary>Values of one direction -> places in a chart, and the values that are worth a mark.</summary>
/// <param name="From">The value at the axis' start.</param>
/// <param name="To">The value at its end.</param>
/// <param name="Logarithmic">Equal ratios are equal lengths; values are above 0.</param>
internal sealed record Axis(double From, double To, bool Logarithmic)
{
    private const int WantedMarks = 6;

    /// <summary>From 0 to a round value at or above the largest.</summary>
    public static Axis Linear(double largest)
    {
        double step = Step(largest > 0 ? largest : 1);
        return new Axis(0, Math.Ceiling((largest > 0 ? largest : 1) / step * (1 - 1e-12)) * step, false);
    }

    /// <summary>Round values around what may be on both sides of 0.</summary>
    public static Axis Around(double least, double most)
    {
        least = Math.Min(least, 0);
        most = Math.Max(most, 0);
        double step = Step(most - least > 0 ? most - least : 1);
        return new Axis(Math.Floor(least / step) * step, Math.Ceiling(most / step) * step, false);
    }

    /// <summary>Whole powers of ten around values above 0.</summary>
    public static Axis Powers(double least, double most)
    {
        double low = Math.Pow(10, Math.Floor(Math.Log10(Math.Max(least, 1e-3))));
        double high = Math.Pow(10, Math.Ceiling(Math.Log10(Math.Max(most, 1e-3))));
        return new Axis(low, high > low ? high : low * 10, true);
    }

    /// <summary>0 at the start to 1 at the end.</summary>
    public double Place(double value) => Logarithmic
        ? Math.Log(Math.Max(value, From) / From) / Math.Log(To / From)
        : (value - From) / (To - From);

    public IEnumerable<(double Value, string Text)> Marks()
    {
        if (Logarithmic)
        {
            for (double value = From; value <= To * 1.001; value *= 10)
            {
                yield return (value, value >= 1 ? value.ToString("#,0", CultureInfo.InvariantCulture) : value.ToString("0.###", CultureInfo.InvariantCulture));
            }

            yield break;
        }

        double step = Step(To - From);
        int marks = (int)Math.Round((To - From) / step);
        for (int i = 0; i <= marks; i++)
        {
            double value = From + (i * step);
            yield return (value, (Math.Abs(value) < step / 2 ? 0 : value).ToString("0.####", CultureInfo.InvariantCulture));
        }
    }

    private static double Step(double range)
    {
        double raw = range / WantedMarks;
        double power = Math.Pow(10, Math.Floor(Math.Log10(raw)));
        return (raw / power) switch
        {
            <= 1 => power,
            <= 2 => 2 * power,
            <= 2.5 => 2.5 * power,
            <= 5 => 5 * power,
            _ => 10 * power,
        };
    }
}
