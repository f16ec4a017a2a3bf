namespace EdgeDaemon.Core.Bundles;

/// <summary>
/// Orders text by its UTF-8 bytes, which is code point order. <see cref="string.CompareOrdinal(string, string)"/> compares UTF-16
/// units and so puts U+E000..U+FFFF behind the astral planes: a root digest computed in that order would not be the signer's.
/// </summary>
public sealed class Utf8Order : IComparer<string>
{
    public static Utf8Order Instance { get; } = new();

    public int Compare(string? x, string? y)
    {
        ReadOnlySpan<char> a = x;
        ReadOnlySpan<char> b = y;
        int common = a.CommonPrefixLength(b);
        if (common == a.Length || common == b.Length)
        {
            return a.Length.CompareTo(b.Length);
        }

        return Rank(a[common]).CompareTo(Rank(b[common]));
    }

    // Surrogates stand for code points above U+FFFF, so they rank above every other unit.
    private static int Rank(char unit) => unit < 0xD800 ? unit : unit < 0xE000 ? unit + 0x2000 : unit - 0x800;
}
