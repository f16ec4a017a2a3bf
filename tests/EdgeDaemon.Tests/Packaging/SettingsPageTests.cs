using System.Text.RegularExpressions;
using EdgeDaemon.Tests.Configuration;

namespace EdgeDaemon.Tests.Packaging;

/// <summary>packaging/man/edged.toml.5 against the schema that the code reads, and against the words of the schema's README.</summary>
[TestClass]
public sealed partial class SettingsPageTests
{
    private static readonly string Page = File.ReadAllText(Repository.File("packaging/man/edged.toml.5"));
    private static readonly string Readme = File.ReadAllText(Repository.File("src/EdgeDaemon.Core/Configuration/README.md"));

    [TestMethod]
    public void It_has_every_key_of_the_schema_in_its_section_and_no_other()
    {
        string[] sections = [.. Heading().Matches(Keys()).Select(match => match.Groups[1].Value == "The file" ? "" : match.Groups[1].Value)];
        CollectionAssert.AreEquivalent(SchemaKeys.Sections, sections);
        foreach (string section in sections)
        {
            CollectionAssert.AreEquivalent(SchemaKeys.Of(section), Entries(section).Keys.ToArray(), section);
        }
    }

    [TestMethod]
    public void It_gives_each_key_the_type_default_range_and_meaning_of_the_readme()
    {
        int compared = 0;
        foreach (string section in SchemaKeys.Sections)
        {
            Dictionary<string, string> entries = Entries(section);
            foreach (string[] row in Rows(section))
            {
                string entry = entries[row[0]];
                foreach (string cell in row[1..5].Where(cell => cell != "the same"))
                {
                    StringAssert.Contains(entry, cell, StringComparison.OrdinalIgnoreCase, $"{section} {row[0]}");
                }

                compared++;
            }
        }

        Assert.AreEqual(SchemaKeys.Sections.Sum(section => SchemaKeys.Of(section).Length), compared);
    }

    /// <summary>The entries of one section of the page: key and plain text.</summary>
    private static Dictionary<string, string> Entries(string section)
    {
        string part = Between(Keys() + ".SS ", $".SS {(section.Length == 0 ? "The file" : section)}\n", ".SS ");
        return Entry().Matches(part + ".TP\n").ToDictionary(match => match.Groups[1].Value, match => Roff.Plain(match.Groups[2].Value));
    }

    private static IEnumerable<string[]> Rows(string section)
    {
        string part = Between(Readme + "\n## ", section.Length == 0 ? "\n## The file\n" : $"\n## `{section}`\n", "\n## ");
        return part.Split('\n').Where(line => line.StartsWith("| `", StringComparison.Ordinal))
            .Select(line => line.Split('|')[1..^1].Select(cell => Link().Replace(cell.Trim(), "$1").Replace("`", "", StringComparison.Ordinal)).ToArray());
    }

    private static string Keys() => Between(Page, "\n.SH KEYS\n", "\n.SH ") + "\n";

    private static string Between(string text, string start, string end)
    {
        int from = text.IndexOf(start, StringComparison.Ordinal);
        Assert.IsGreaterThanOrEqualTo(0, from, start);
        from += start.Length;
        return text[from..text.IndexOf(end, from, StringComparison.Ordinal)];
    }

    [GeneratedRegex(@"^\.SS (.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"\.TP\n\\fB([a-z0-9_]+)\\fR\n(.+?)(?=\.TP\n|\.PP\n)", RegexOptions.Singleline)]
    private static partial Regex Entry();

    [GeneratedRegex(@"\[([^\]]*)\]\([^)]*\)")]
    private static partial Regex Link();
}
