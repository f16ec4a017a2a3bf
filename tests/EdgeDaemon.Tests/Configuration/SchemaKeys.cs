using System.Text;
using EdgeDaemon.Core.Configuration;
using EdgeDaemon.Core.Toml;

namespace EdgeDaemon.Tests.Configuration;

/// <summary>The keys of edged.toml as the code itself names them when it meets one that it does not know.</summary>
internal static class SchemaKeys
{
    /// <summary>The tables as a file writes them; the empty text stands for the keys before any table.</summary>
    public static readonly string[] Sections = ["", .. Tables()];

    /// <summary>The keys of one section, without the tables below it.</summary>
    public static string[] Of(string section)
    {
        string[] keys = Named(section);
        return section.Length > 0 ? keys : [.. keys.Where(key => !Sections.Any(table => table.Trim('[', ']') == key))];
    }

    // A name that the file's top takes as a table is one; only then has the unknown key in it a section to be unknown in.
    private static IEnumerable<string> Tables() =>
        from key in Named("")
        where key != "format" // Written before it in every file, and no table twice.
        from table in (string[])[$"[{key}]", $"[[{key}]]"]
        where Diagnostics(table).Any(message => message.Contains("known here: ", StringComparison.Ordinal))
        select table;

    private static string[] Named(string section)
    {
        string message = Diagnostics(section).Single(text => text.Contains("known here: ", StringComparison.Ordinal));
        string[] keys = message[(message.IndexOf("known here: ", StringComparison.Ordinal) + "known here: ".Length)..].Split(", ");
        Assert.IsTrue(keys.Length > 0 && keys[0].Length > 0, message);
        return keys;
    }

    private static string[] Diagnostics(string section)
    {
        var thrown = Assert.ThrowsExactly<TomlInvalidException>(
            () => EdgedSettings.Parse(Encoding.UTF8.GetBytes($"format = 1\n{section}\nno_such_thing_at_all = 1"), "f"));
        return [.. thrown.Diagnostics.Select(diagnostic => diagnostic.Message).Where(message => message.Contains("no_such_thing_at_all", StringComparison.Ordinal))];
    }
}
