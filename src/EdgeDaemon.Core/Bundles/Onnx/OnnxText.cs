using System.Text;
using System.Text.Unicode;

namespace EdgeDaemon.Core.Bundles.Onnx;

/// <summary>Texts of a model, which others chose: bounded, UTF-8, no control characters, else a finding.</summary>
internal static class OnnxText
{
    public const int LongestName = 1024;
    public const int LongestDocumentation = 1 << 20;

    /// <summary>A name; cut short and made printable when it is not fit to be one.</summary>
    public static string Name(ReadOnlySpan<byte> utf8, OnnxFindings findings, string place)
    {
        if (utf8.Length > LongestName)
        {
            findings.Danger(OnnxRule.Text, place, $"a name of {utf8.Length} bytes");
            utf8 = utf8[..LongestName];
        }

        if (!Utf8.IsValid(utf8))
        {
            findings.Danger(OnnxRule.Text, place, "a name that is not UTF-8");
        }

        string name = Encoding.UTF8.GetString(utf8);
        if (name.Any(char.IsControl))
        {
            findings.Danger(OnnxRule.Text, place, $"a name with control characters: '{Printable.Of(name)}'");
        }

        return name;
    }

    /// <summary>A text for people, which may have lines.</summary>
    public static void Check(ReadOnlySpan<byte> utf8, int longest, OnnxRule rule, OnnxFindings findings, string place)
    {
        if (utf8.Length > longest)
        {
            findings.Danger(rule, place, $"a text of {utf8.Length} bytes");
            return;
        }

        if (!Utf8.IsValid(utf8))
        {
            findings.Danger(rule, place, "a text that is not UTF-8");
        }

        foreach (byte letter in utf8)
        {
            if (letter is < 0x20 and not ((byte)'\n' or (byte)'\r' or (byte)'\t') or 0x7f)
            {
                findings.Danger(rule, place, "a text with control characters");
                return;
            }
        }
    }
}
