using System.Text.Json;
using System.Text.RegularExpressions;
using EdgeDaemon.Tests.Monitoring;

namespace EdgeDaemon.EndToEnd;

/// <summary>packaging/grafana/edged.json against a page of metrics that a daemon gave: no panel asks for what does not exist, and none is empty for another reason.</summary>
[TestClass]
public sealed partial class DashboardTests
{
    [TestMethod]
    public async Task EachExpression_NamesMetricsAndLabelsThatThereAre()
    {
        await using Daemon daemon = await Daemon.StartAsync("", "bench/bench-mlp", "digits/digits-s25");
        using (HttpConnection connection = daemon.Connect())
        {
            Assert.AreEqual(200, connection.Ask(Releases.Question()).Status);
            Assert.AreEqual(200, connection.Ask(Digits.Binary(0, 2)).Status);
            Assert.AreEqual(404, connection.Ask(Digits.Infer("nobody", "{}"u8)).Status);
        }

        PrometheusText page = MetricsTests.Scrape(daemon);
        var asked = new HashSet<string>(StringComparer.Ordinal);
        int expressions = 0;
        foreach ((string where, string expression) in Expressions())
        {
            expressions++;
            Balanced(where, expression);
            int metrics = 0;
            foreach (Match match in Metric().Matches(Quoted().Replace(expression, "\"\"")))
            {
                string name = match.Groups[1].Value;
                metrics++;
                asked.Add(name);
                PrometheusSample[] samples = [.. page.Find(name)];
                Assert.IsGreaterThan(0, samples.Length, $"{where}: {name} is not on the page");
                foreach (Match label in Label().Matches(match.Groups[2].Value))
                {
                    string labelName = label.Groups[1].Value;
                    Assert.IsTrue(labelName == "instance" || samples.All(sample => sample.Labels.ContainsKey(labelName)), $"{where}: {name} has no label {labelName}");
                }
            }

            Assert.IsGreaterThan(0, metrics, $"{where}: '{expression}' asks for nothing");
            foreach (Match group in By().Matches(expression))
            {
                foreach (string label in group.Groups[1].Value.Split(", "))
                {
                    string[] names = [.. Metric().Matches(Quoted().Replace(expression, "\"\"")).Select(match => match.Groups[1].Value)];
                    Assert.IsTrue(names.Any(name => page.Find(name).Any(sample => sample.Labels.ContainsKey(label))), $"{where}: nothing has the label {label}");
                }
            }

            // A counter is of use only as a rate; a gauge only as it is.
            foreach (string name in Metric().Matches(expression).Select(match => match.Groups[1].Value))
            {
                bool counted = name.EndsWith("_total", StringComparison.Ordinal) || name.EndsWith("_bucket", StringComparison.Ordinal);
                Assert.AreEqual(counted, expression.Contains($"rate({name}", StringComparison.Ordinal) || expression.Contains($"increase({name}", StringComparison.Ordinal), $"{where}: {expression}");
            }
        }

        Assert.IsGreaterThan(30, expressions);

        // The other way round: whatever is counted and not shown is left out on purpose.
        string[] left = [.. page.Families.Keys.Where(name => !asked.Any(one => one == name || one == name + "_bucket"))];
        CollectionAssert.AreEquivalent(
            new[] { "edged_model_loaded_timestamp_seconds", "edged_trust_version", "edged_start_timestamp_seconds", "edged_reload_timestamp_seconds" }, left);
    }

    [TestMethod]
    public void Panels_HaveIdsOfTheirOwn_AndLieBesideOneAnother()
    {
        JsonElement dashboard = Dashboard();
        JsonElement[] panels = [.. dashboard.GetProperty("panels").EnumerateArray()];
        CollectionAssert.AllItemsAreUnique(panels.Select(panel => panel.GetProperty("id").GetInt32()).ToArray());
        CollectionAssert.AllItemsAreUnique(panels.Select(panel => panel.GetProperty("title").GetString()).ToArray());
        var taken = new HashSet<(int, int)>();
        foreach (JsonElement panel in panels)
        {
            JsonElement place = panel.GetProperty("gridPos");
            int left = place.GetProperty("x").GetInt32(), top = place.GetProperty("y").GetInt32(), width = place.GetProperty("w").GetInt32();
            Assert.IsLessThanOrEqualTo(24, left + width);
            for (int x = left; x < left + width; x++)
            {
                for (int y = top; y < top + place.GetProperty("h").GetInt32(); y++)
                {
                    Assert.IsTrue(taken.Add((x, y)), panel.GetProperty("title").GetString());
                }
            }

            if (panel.GetProperty("type").GetString() != "row")
            {
                Assert.AreEqual("${datasource}", panel.GetProperty("datasource").GetProperty("uid").GetString());
                JsonElement[] targets = [.. panel.GetProperty("targets").EnumerateArray()];
                Assert.IsNotEmpty(targets);
                CollectionAssert.AllItemsAreUnique(targets.Select(target => target.GetProperty("refId").GetString()).ToArray());
                Assert.IsFalse(string.IsNullOrWhiteSpace(panel.GetProperty("description").GetString()));
            }
        }

        JsonElement source = dashboard.GetProperty("templating").GetProperty("list")[0];
        Assert.AreEqual(("datasource", "prometheus"), (source.GetProperty("type").GetString(), source.GetProperty("query").GetString()));
    }

    private static JsonElement Dashboard() => JsonDocument.Parse(
        File.ReadAllBytes(Path.Combine(Installation.Root, "packaging", "grafana", "edged.json")), new JsonDocumentOptions { AllowDuplicateProperties = false }).RootElement;

    private static IEnumerable<(string Where, string Expression)> Expressions()
    {
        JsonElement dashboard = Dashboard();
        foreach (JsonElement panel in dashboard.GetProperty("panels").EnumerateArray().Where(panel => panel.TryGetProperty("targets", out _)))
        {
            foreach (JsonElement target in panel.GetProperty("targets").EnumerateArray())
            {
                yield return (panel.GetProperty("title").GetString()!, target.GetProperty("expr").GetString()!);
            }
        }

        foreach (JsonElement variable in dashboard.GetProperty("templating").GetProperty("list").EnumerateArray().Skip(1))
        {
            yield return (variable.GetProperty("name").GetString()!, variable.GetProperty("query").GetProperty("query").GetString()!);
        }
    }

    private static void Balanced(string where, string expression)
    {
        var open = new Stack<char>();
        foreach (char c in Quoted().Replace(expression, ""))
        {
            if (c is '(' or '{' or '[')
            {
                open.Push(c);
            }
            else if (c is ')' or '}' or ']')
            {
                Assert.IsTrue(open.TryPop(out char opened) && (opened, c) is ('(', ')') or ('{', '}') or ('[', ']'), $"{where}: {expression}");
            }
        }

        Assert.IsEmpty(open, $"{where}: {expression}");
    }

    // A name, with the labels that it is asked by.
    [GeneratedRegex(@"\b(edged_[a-z0-9_]+)(?:\{([^}]*)\})?")]
    private static partial Regex Metric();

    [GeneratedRegex("([a-z_]+)(?:=~|!=|=)")]
    private static partial Regex Label();

    [GeneratedRegex(@"by \(([a-z_, ]+)\)")]
    private static partial Regex By();

    [GeneratedRegex("\"[^\"]*\"")]
    private static partial Regex Quoted();
}
