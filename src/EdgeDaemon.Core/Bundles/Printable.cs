using System.Text;

namespace EdgeDaemon.Core.Bundles;

/// <summary>Names chosen by others, made fit for one line of a log: no control characters, no line or direction games, bounded.</summary>
public static class Printable
{
    private const int MaxRunes = 120;

    /// <param name="name">Any text.</param>
    /// <param name="maxRunes">Where it is cut off; whole messages get more room than names.</param>
    public static string Of(string name, int maxRunes = MaxRunes)
    {
        var text = new StringBuilder();
        int runes = 0;
        foreach (Rune rune in name.EnumerateRunes())
        {
            if (++runes > maxRunes)
            {
                return text.Append("...").ToString();
            }

            switch (Rune.GetUnicodeCategory(rune))
            {
                case System.Globalization.UnicodeCategory.Control:
                case System.Globalization.UnicodeCategory.Format:
                case System.Globalization.UnicodeCategory.LineSeparator:
                case System.Globalization.UnicodeCategory.ParagraphSeparator:
                    text.Append("\\u{").Append(rune.Value.ToString("x")).Append('}');
                    break;
                default:
                    text.Append(rune.ToString());
                    break;
            }
        }

        return text.ToString();
    }
}
