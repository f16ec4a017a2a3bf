using System.Globalization;
using System.Text;

namespace EdgeDaemon.Monitoring;

/// <summary>
/// The text format of Prometheus, version 0.0.4: families one after another, each with its help and type first. No value can end a line or a quoted
/// label early, whatever a name holds.
/// </summary>
internal sealed class MetricsText
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    private readonly StringBuilder _text = new();
    private string _family = "";

    public byte[] ToUtf8() => Encoding.UTF8.GetBytes(_text.ToString());

    /// <summary>A number that only grows; its name ends in <c>_total</c>.</summary>
    public void Counter(string name, string help)
    {
        if (!name.EndsWith("_total", StringComparison.Ordinal))
        {
            throw new ArgumentException($"the name of a counter ends in _total, '{name}' does not", nameof(name));
        }

        Begin(name, "counter", help);
    }

    /// <summary>A number as it stands.</summary>
    public void Gauge(string name, string help) => Begin(name, "gauge", help);

    /// <summary>Observations in buckets.</summary>
    public void Histogram(string name, string help) => Begin(name, "histogram", help);

    /// <summary>One value of the family that was begun last.</summary>
    public void Sample(double value, params ReadOnlySpan<(string Name, string Value)> labels) => Line("", value, labels);

    /// <summary>One histogram of the family that was begun last.</summary>
    /// <param name="bounds">Upper ends of the buckets, ascending.</param>
    /// <param name="counts">What each bucket holds, not what is below it; one more than there are bounds.</param>
    /// <param name="sum">Of all observations.</param>
    public void Buckets(ReadOnlySpan<double> bounds, ReadOnlySpan<long> counts, double sum, params ReadOnlySpan<(string Name, string Value)> labels)
    {
        (string, string)[] all = [.. labels, ("le", "")];
        long below = 0;
        for (int i = 0; i < counts.Length; i++)
        {
            below += counts[i];
            all[^1] = ("le", i < bounds.Length ? Number(bounds[i]) : "+Inf");
            Line("_bucket", below, all);
        }

        Line("_sum", sum, labels);
        Line("_count", below, labels);
    }

    private static string Number(double value) => value switch
    {
        double.PositiveInfinity => "+Inf",
        double.NegativeInfinity => "-Inf",
        _ => value.ToString("R", CultureInfo.InvariantCulture), // NaN is "NaN" there, too.
    };

    private void Begin(string name, string type, string help)
    {
        _family = Name(name);
        _text.Append("# HELP ").Append(_family).Append(' ');
        Escape(help, quotes: false);
        _text.Append("\n# TYPE ").Append(_family).Append(' ').Append(type).Append('\n');
    }

    private void Line(string suffix, double value, ReadOnlySpan<(string Name, string Value)> labels)
    {
        _text.Append(_family).Append(suffix);
        char before = '{';
        foreach ((string name, string text) in labels)
        {
            _text.Append(before).Append(Name(name)).Append("=\"");
            Escape(text, quotes: true);
            _text.Append('"');
            before = ',';
        }

        _text.Append(labels.IsEmpty ? " " : "} ").Append(Number(value)).Append('\n');
    }

    // Names are the program's own: a wrong one is a mistake that a test finds.
    private static string Name(string name)
    {
        bool valid = name.Length > 0 && !char.IsAsciiDigit(name[0]);
        foreach (char c in name)
        {
            valid &= char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '_';
        }

        return valid ? name : throw new ArgumentException($"'{name}' is no name of a metric or label", nameof(name));
    }

    // Label forging: a quote or a line end inside a value would begin a label, or a metric, of its author's choice.
    private void Escape(string text, bool quotes)
    {
        foreach (char c in text)
        {
            _ = c switch
            {
                '\\' => _text.Append("\\\\"),
                '\n' => _text.Append("\\n"),
                '"' when quotes => _text.Append("\\\""),
                _ => _text.Append(c),
            };
        }
    }
}
