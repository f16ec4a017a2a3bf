using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using EdgeDaemon.Core.Configuration;
using EdgeDaemon.Core.Toml;

namespace EdgeDaemon.Tests.Configuration;

/// <summary>The tables of Configuration/README.md, whose words the manual repeats: the default and the range that they state are the code's.</summary>
[TestClass]
public sealed partial class SettingsTableTests
{
    private static readonly string Readme = File.ReadAllText(Repository.File("src/EdgeDaemon.Core/Configuration/README.md"));

    // The others have nothing but what is required, or has no default.
    public static IEnumerable<object[]> Sections => Names.Select(section => (object[])[section]);

    private static IEnumerable<string> Names => SchemaKeys.Sections.Where(section => section is not ("[[listen]]" or "[[token_key]]" or "[device]"));

    /// <summary>Written out, the default changes nothing; another value does, or the comparison would show nothing.</summary>
    [TestMethod]
    [DynamicData(nameof(Sections))]
    public void A_default_written_out_changes_nothing(string section)
    {
        EdgedSettings plain = Parse(Before(section));
        int compared = 0;
        foreach ((string key, string type, string standing, string range) in Rows(section))
        {
            if (Literal(type, standing) is not { } value)
            {
                continue;
            }

            string before = Before(section) + (key.StartsWith("burst_", StringComparison.Ordinal) ? $"{key.Replace("burst_", "", StringComparison.Ordinal)}_per_second = 1\n" : "");
            Assert.IsTrue(Same(Parse(before), Parse($"{before}{key} = {value}\n")), $"{section} {key} = {value}");
            Assert.IsTrue(Others(type, standing, range).Any(other => TryParse($"{before}{key} = {other}\n") is { } changed && !Same(Parse(before), changed)), $"{section} {key}: nothing makes a difference");
            compared++;
        }

        Assert.IsTrue(compared > 0 && Same(plain, plain));
    }

    [TestMethod]
    [DynamicData(nameof(Sections))]
    public void A_number_outside_its_range_is_refused_and_its_ends_are_in_it(string section)
    {
        foreach ((string key, string type, string _, string range) in Rows(section).Where(row => row.Type == "integer"))
        {
            if (!Ends().IsMatch(range))
            {
                continue;
            }

            long[] ends = [.. range.Split(" to ").Select(end => long.Parse(end, CultureInfo.InvariantCulture))];
            string refused = $"must be between {ends[0]} and {ends[1]}, not ";
            Assert.Contains(refused, Errors($"{Before(section)}{key} = {ends[0] - 1}\n"), $"{section} {key}");
            Assert.Contains(refused, Errors($"{Before(section)}{key} = {ends[1] + 1}\n"), $"{section} {key}");
            Assert.DoesNotContain(refused, Errors($"{Before(section)}{key} = {ends[0]}\n"), $"{section} {key}");
            Assert.DoesNotContain(refused, Errors($"{Before(section)}{key} = {ends[1]}\n"), $"{section} {key}");
        }
    }

    /// <summary>A number that packaging/edged.toml only shows, because its table has no default, is the default all the same, or a comment that says so would not be true.</summary>
    [TestMethod]
    public void A_number_that_the_example_shows_in_a_comment_is_the_default()
    {
        string text = File.ReadAllText(Repository.File("packaging/edged.toml"));
        int compared = 0;
        foreach (string section in Names)
        {
            int from = text.IndexOf($"\n# {section}\n", StringComparison.Ordinal);
            if (from < 0)
            {
                continue;
            }

            string part = text[from..].Split("\n\n")[0] + "\n";
            foreach ((string key, string type, string standing, string _) in Rows(section).Where(row => row.Type == "integer" && Literal(row.Type, row.Default) is not null))
            {
                StringAssert.Contains(part, $"\n# {key} = {standing}\n", StringComparison.Ordinal);
                compared++;
            }
        }

        Assert.AreEqual(2, compared, "[token] max_seconds and skew_seconds");
    }

    // What has to stand there for the section to be read at all.
    private static string Before(string section) => section switch
    {
        "" => "format = 1\n",
        "[[tenant]]" => "format = 1\n[[tenant]]\nname = \"t\"\ncallers = [\"self\"]\nroles = [\"infer\"]\nmodels = [\"*\"]\n",
        "[token]" => "format = 1\ntoken_key = [{ id = \"k\", file = \"/k\" }]\n[token]\naudience = \"a\"\n",
        _ => $"format = 1\n{section}\n",
    };

    // As a file would write it; null where the table has words instead of a value.
    private static string? Literal(string type, string standing) => type switch
    {
        "integer" => long.TryParse(standing, NumberStyles.None, CultureInfo.InvariantCulture, out _) ? standing : null,
        "boolean" => standing,
        "string" => standing.StartsWith('"') ? standing : standing.StartsWith('/') ? $"\"{standing}\"" : null,
        "array of strings" => Words().IsMatch(standing) ? $"[{string.Join(", ", standing.Split(", ").Select(word => $"\"{word}\""))}]" : null,
        _ => null,
    };

    private static IEnumerable<string> Others(string type, string standing, string range) => type switch
    {
        "integer" => from change in (long[])[1, -1, 4096, -4096]
                     select (long.Parse(standing, CultureInfo.InvariantCulture) + change).ToString(CultureInfo.InvariantCulture),
        "boolean" => [standing == "true" ? "false" : "true"],
        "array of strings" => ["[\"infer\"]"],
        _ => range.Split(", ").Select(word => $"\"{word}\"").Append("\"/elsewhere\""),
    };

    // Arrays of a record are the same only where they are one: of those that this changes nothing of, one stands for both.
    private static bool Same(EdgedSettings one, EdgedSettings other) => one with { Listeners = [], Tenants = [], Token = null, Audit = Comparable(one) } == other with { Listeners = [], Tenants = [], Token = null, Audit = Comparable(other) }
        && one.Tenants.Length == other.Tenants.Length
        && one.Tenants.Zip(other.Tenants).All(pair => pair.First with { Callers = [], Models = [] } == pair.Second with { Callers = [], Models = [] })
        && (one.Token is null ? other.Token is null : one.Token with { Keys = [] } == (other.Token is null ? null : other.Token with { Keys = [] }));

    private static AuditSettings Comparable(EdgedSettings settings) => settings.Audit with { StrictModels = [] };

    private static EdgedSettings Parse(string text) => EdgedSettings.Parse(Encoding.UTF8.GetBytes(text), "f");

    private static EdgedSettings? TryParse(string text)
    {
        try
        {
            return Parse(text);
        }
        catch (TomlInvalidException)
        {
            return null;
        }
    }

    private static string Errors(string text)
    {
        try
        {
            Parse(text);
            return "";
        }
        catch (TomlInvalidException invalid)
        {
            return string.Join('\n', invalid.Diagnostics);
        }
    }

    private static IEnumerable<(string Key, string Type, string Default, string Range)> Rows(string section)
    {
        string start = section.Length == 0 ? "\n## The file\n" : $"\n## `{section}`\n";
        int begin = Readme.IndexOf(start, StringComparison.Ordinal) + start.Length;
        int end = Readme.IndexOf("\n## ", begin, StringComparison.Ordinal);
        string part = end < 0 ? Readme[begin..] : Readme[begin..end];
        return from line in part.Split('\n')
               where line.StartsWith("| `", StringComparison.Ordinal) && line.Split('|').Length >= 7
               let cells = line.Split('|').Select(cell => cell.Trim().Replace("`", "", StringComparison.Ordinal)).ToArray()
               where cells[1] != "format"
               select (cells[1], cells[2], cells[3], cells[4]);
    }

    [GeneratedRegex("^-?[0-9]+ to [0-9]+$")]
    private static partial Regex Ends();

    [GeneratedRegex("^[a-z]+(, [a-z]+)+$")]
    private static partial Regex Words();
}
