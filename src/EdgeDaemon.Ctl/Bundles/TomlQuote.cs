using System.Text;

namespace EdgeDaemon.Ctl.Bundles;

/// <summary>Any text as a TOML basic string, quotes included (TOML 1.0, "String").</summary>
internal static class TomlQuote
{
    public static string Of(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (char letter in text)
        {
            quoted.Append(letter switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                < ' ' or '\u007F' => $"\\u{(int)letter:X4}",
                _ => letter.ToString(),
            });
        }

        return quoted.Append('"').ToString();
    }
}
