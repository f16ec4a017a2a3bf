using System.Text.RegularExpressions;
using EdgeDaemon.Core.Configuration;

namespace EdgeDaemon.Tests.Configuration;

/// <summary>packaging/edged.toml and the README's tables against the schema that the code reads.</summary>
[TestClass]
public sealed class ExampleFileTests
{
    [TestMethod]
    public void Its_values_are_the_defaults_but_for_the_listeners()
    {
        EdgedSettings example = EdgedSettings.Parse(File.ReadAllBytes(Repository.File("packaging/edged.toml")), "edged.toml");
        EdgedSettings defaults = EdgedSettings.Parse("format = 1"u8, "edged.toml");
        Assert.AreEqual(defaults, example with { Listeners = defaults.Listeners, Tenants = defaults.Tenants });
        TenantSettings tenant = example.Tenants.Single(), standing = defaults.Tenants.Single();
        Assert.AreEqual(standing, tenant with { Callers = standing.Callers, CallersPlace = standing.CallersPlace, Models = standing.Models });
        CollectionAssert.AreEqual(standing.Callers.ToArray(), tenant.Callers.ToArray());
        CollectionAssert.AreEqual(standing.Models.ToArray(), tenant.Models.ToArray());
        Assert.AreEqual(2, example.Listeners.Length);
        Assert.AreEqual(("local", "/run/edged/edged.sock", 0b110_110_000), (example.Listeners[0].Name, example.Listeners[0].UnixPath, example.Listeners[0].Mode));
        Assert.AreEqual(("control", "/run/edged/control.sock", 0b110_000_000), (example.Listeners[1].Name, example.Listeners[1].UnixPath, example.Listeners[1].Mode));
        Assert.IsFalse(example.Listeners[0].ExposesControl);
    }

    [TestMethod]
    public void It_has_every_key_of_the_schema_in_its_section_each_with_a_comment()
    {
        string text = File.ReadAllText(Repository.File("packaging/edged.toml"));
        foreach (string section in SchemaKeys.Sections)
        {
            // What has no default that could be written out stands as a comment, table and all.
            string head = text.Contains($"\n{section}\n", StringComparison.Ordinal) ? $"\n{section}\n" : $"\n# {section}\n";
            string part = section.Length == 0 ? text[..text.IndexOf("\n[", StringComparison.Ordinal)] : After(text, head, "\n[");
            foreach (string key in SchemaKeys.Of(section))
            {
                StringAssert.Matches(part, new Regex($"^#.*\n(# )?{key} = ", RegexOptions.Multiline), $"{section} {key}");
            }
        }
    }

    [TestMethod]
    public void The_readme_has_every_key_of_the_schema_in_its_section()
    {
        string text = File.ReadAllText(Repository.File("src/EdgeDaemon.Core/Configuration/README.md"));
        foreach (string section in SchemaKeys.Sections)
        {
            string part = After(text, section.Length == 0 ? "\n## The file\n" : $"\n## `{section}`\n", "\n## ");
            foreach (string key in SchemaKeys.Of(section))
            {
                StringAssert.Contains(part, $"\n| `{key}` | ", StringComparison.Ordinal);
            }
        }
    }

    private static string After(string text, string start, string end)
    {
        int from = text.IndexOf(start, StringComparison.Ordinal);
        Assert.IsTrue(from >= 0, start);
        from += start.Length;
        int to = text.IndexOf(end, from, StringComparison.Ordinal);
        return to < 0 ? text[from..] : text[from..to];
    }
}
