using System.Globalization;
using System.Text;

namespace EdgeDaemon.Core.Toml;

/// <summary>
/// Text from a file inside a message: shortened, and without characters that would forge log lines or hide text
/// (controls, bidirectional overrides, invisible formats).
/// </summary>
internal static class TomlText
{
    private const int MaxLength = 64;

    public static string Quote(string text)
    {
        var quoted = new StringBuilder("'");
        int shown = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (shown++ == MaxLength)
            {
                quoted.Append("...");
                break;
            }

            if (IsPlain(rune))
            {
                quoted.Append(rune);
            }
            else
            {
                quoted.Append(CultureInfo.InvariantCulture, $"\\u{{{rune.Value:X}}}");
            }
        }

        return quoted.Append('\'').ToString();
    }

    /// <summary>The first character of a text, or what else stands there.</summary>
    public static string NameFirst(ReadOnlySpan<byte> utf8)
    {
        if (utf8.IsEmpty)
        {
            return "the end of the file";
        }

        if (utf8[0] == '\n' || utf8.StartsWith("\r\n"u8))
        {
            return "the end of the line";
        }

        if (utf8[0] == '\r')
        {
            return "a carriage return without line feed";
        }

        Rune.DecodeFromUtf8(utf8, out Rune first, out _);
        return IsPlain(first) ? $"'{first}'" : $"the character U+{first.Value:X4}";
    }

    private static bool IsPlain(Rune rune) => Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control
        or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned
        or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);
}
