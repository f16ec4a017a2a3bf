using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace EdgeDaemon.Tests.Monitoring;

/// <summary>One value: the family's name with its suffix, labels as they were meant, unescaped.</summary>
internal sealed record PrometheusSample(string Name, IReadOnlyDictionary<string, string> Labels, double Value);

/// <summary>One metric with all its values.</summary>
internal sealed record PrometheusFamily(string Name, string Type, string Help, List<PrometheusSample> Samples);

/// <summary>
/// A strict reader of Prometheus's text format 0.0.4, from its specification
/// (https://prometheus.io/docs/instrumenting/exposition_formats/): what it takes, every scraper takes. It knows nothing of the writer.
/// </summary>
internal sealed partial class PrometheusText
{
    private static readonly string[] Types = ["counter", "gauge", "histogram"];

    private readonly Dictionary<string, PrometheusFamily> _families = new(StringComparer.Ordinal);
    private readonly HashSet<string> _series = new(StringComparer.Ordinal);

    private PrometheusText(string text)
    {
        Assert.IsTrue(text.EndsWith('\n'), "the last line must end with a line feed");
        Assert.IsFalse(text.Contains('\r', StringComparison.Ordinal));
        string? help = null;
        PrometheusFamily? family = null;
        foreach (string line in text[..^1].Split('\n'))
        {
            if (line.StartsWith("# HELP ", StringComparison.Ordinal))
            {
                Assert.IsNull(help, line);
                help = line["# HELP ".Length..];
            }
            else if (line.StartsWith("# TYPE ", StringComparison.Ordinal))
            {
                string[] words = line.Split(' ');
                Assert.HasCount(4, words, line);
                StringAssert.StartsWith(help, words[2] + " ", line);
                CollectionAssert.Contains(Types, words[3]);
                family = new PrometheusFamily(words[2], words[3], help![(words[2].Length + 1)..], []);
                Assert.IsTrue(Name().IsMatch(family.Name), line);
                Assert.IsTrue(_families.TryAdd(family.Name, family), $"{family.Name} comes twice");
                Assert.AreEqual(family.Type == "counter", family.Name.EndsWith("_total", StringComparison.Ordinal), line);
                help = null;
            }
            else
            {
                Assert.IsNotNull(family, $"'{line}' belongs to no family");
                Assert.IsNull(help, line);
                family.Samples.Add(Sample(line, family));
            }
        }

        foreach (PrometheusFamily histogram in _families.Values.Where(one => one.Type == "histogram"))
        {
            Judge(histogram);
        }
    }

    public IReadOnlyDictionary<string, PrometheusFamily> Families => _families;

    public static PrometheusText Read(string text) => new(text);

    /// <summary>The one value with these labels among others; 0 when there is none.</summary>
    public double Sum(string name, params (string Name, string Value)[] labels) => Find(name)
        .Where(sample => labels.All(label => sample.Labels.TryGetValue(label.Name, out string? value) && value == label.Value))
        .Sum(sample => sample.Value);

    /// <summary>Every value of that name; a histogram's suffix belongs to it.</summary>
    public IEnumerable<PrometheusSample> Find(string name) => _families.Values.SelectMany(family => family.Samples).Where(sample => sample.Name == name);

    private PrometheusSample Sample(string line, PrometheusFamily family)
    {
        int at = 0;
        while (at < line.Length && line[at] is not ('{' or ' '))
        {
            at++;
        }

        string name = line[..at];
        string[] names = family.Type == "histogram" ? [family.Name + "_bucket", family.Name + "_sum", family.Name + "_count"] : [family.Name];
        CollectionAssert.Contains(names, name, $"'{line}' is not of {family.Name}");
        var labels = new Dictionary<string, string>(StringComparer.Ordinal);
        if (line[at] == '{')
        {
            at++;
            while (line[at] != '}')
            {
                int equals = line.IndexOf('=', at);
                string label = line[at..equals];
                Assert.IsTrue(LabelName().IsMatch(label), line);
                Assert.AreEqual('"', line[equals + 1], line);
                at = equals + 2;
                var value = new StringBuilder();
                for (; line[at] != '"'; at++)
                {
                    value.Append(line[at] != '\\' ? line[at] : line[++at] switch { '\\' => '\\', '"' => '"', 'n' => '\n', _ => throw new AssertFailedException($"an unknown escape: {line}") });
                }

                Assert.IsTrue(labels.TryAdd(label, value.ToString()), line);
                at++;
                if (line[at] == ',')
                {
                    at++;
                    Assert.AreNotEqual('}', line[at], line);
                }
            }

            at++;
        }

        Assert.AreEqual(' ', line[at], line);
        string number = line[(at + 1)..];
        double parsed = number switch
        {
            "+Inf" => double.PositiveInfinity,
            "-Inf" => double.NegativeInfinity,
            "NaN" => double.NaN,
            _ => double.Parse(number, NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture),
        };
        Assert.IsTrue(_series.Add(line[..at]), $"comes twice: {line}");
        return new PrometheusSample(name, labels, parsed);
    }

    private static void Judge(PrometheusFamily histogram)
    {
        foreach (IGrouping<string, PrometheusSample> one in histogram.Samples.GroupBy(sample => string.Join(',', sample.Labels.Where(label => label.Key != "le").Select(label => $"{label.Key}={label.Value}"))))
        {
            PrometheusSample[] buckets = [.. one.Where(sample => sample.Name.EndsWith("_bucket", StringComparison.Ordinal))];
            double[] bounds = [.. buckets.Select(bucket => bucket.Labels["le"] == "+Inf" ? double.PositiveInfinity : double.Parse(bucket.Labels["le"], CultureInfo.InvariantCulture))];
            CollectionAssert.AreEqual(bounds.Order().ToArray(), bounds, one.Key);
            Assert.IsTrue(double.IsPositiveInfinity(bounds[^1]), one.Key);
            CollectionAssert.AreEqual(buckets.Select(bucket => bucket.Value).Order().ToArray(), buckets.Select(bucket => bucket.Value).ToArray(), $"{one.Key} is not cumulative");
            Assert.AreEqual(buckets[^1].Value, one.Single(sample => sample.Name.EndsWith("_count", StringComparison.Ordinal)).Value, one.Key);
            Assert.IsGreaterThanOrEqualTo(0, one.Single(sample => sample.Name.EndsWith("_sum", StringComparison.Ordinal)).Value);
        }
    }

    [GeneratedRegex("^[a-zA-Z_:][a-zA-Z0-9_:]*$")]
    private static partial Regex Name();

    [GeneratedRegex("^[a-zA-Z_][a-zA-Z0-9_]*$")]
    private static partial Regex LabelName();
}
