using System.Text;
using System.Text.RegularExpressions;

namespace EdgeDaemon.Tests.Packaging;

/// <summary>Text to and from the little of roff that the manual pages use: man macros, bold, italics, escaped characters.</summary>
internal static partial class Roff
{
    /// <summary>One line of text that shows in a page as it is: hyphens that can be copied, straight quotes, no control line.</summary>
    public static string Escape(string line)
    {
        string text = line.Replace("\\", "\\e", StringComparison.Ordinal)
            .Replace("-", "\\-", StringComparison.Ordinal)
            .Replace("'", "\\(aq", StringComparison.Ordinal)
            .Replace("`", "\\(ga", StringComparison.Ordinal)
            .Replace("^", "\\(ha", StringComparison.Ordinal)
            .Replace("~", "\\(ti", StringComparison.Ordinal);
        return text.StartsWith('.') ? "\\&" + text : text;
    }

    /// <summary>What a reader of the page sees: macros gone, escapes undone, one space where space or a line end was.</summary>
    public static string Plain(string roff)
    {
        var text = new StringBuilder();
        foreach (string line in roff.Split('\n'))
        {
            text.Append(Macro().Replace(line, "")).Append(' ');
        }

        string plain = Font().Replace(text.ToString(), "")
            .Replace("\\-", "-", StringComparison.Ordinal)
            .Replace("\\(aq", "'", StringComparison.Ordinal)
            .Replace("\\(ga", "`", StringComparison.Ordinal)
            .Replace("\\(ha", "^", StringComparison.Ordinal)
            .Replace("\\(ti", "~", StringComparison.Ordinal)
            .Replace("\\(dq", "\"", StringComparison.Ordinal)
            .Replace("\\&", "", StringComparison.Ordinal)
            .Replace("\\e", "\\", StringComparison.Ordinal);
        return Space().Replace(plain, " ").Trim();
    }

    [GeneratedRegex(@"^\.[A-Z]{1,2}( |$)")]
    private static partial Regex Macro();

    [GeneratedRegex(@"\\f[BIRP]")]
    private static partial Regex Font();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Space();
}
