namespace EdgeDaemon.Core.Bundles;

/// <summary>Patterns over model names: <c>*</c> is any run of characters, <c>?</c> any one; everything else is itself.</summary>
public static class NamePattern
{
    /// <summary>Null for a usable pattern, else what is wrong with it.</summary>
    public static string? Fault(string pattern) =>
        pattern.Length > 0 && pattern.All(c => ModelName.Allows(c) || c is '*' or '?')
            ? null
            : "must be a model name or a pattern of letters, digits, '.', '_', '-', '*' and '?'";

    /// <summary>Linear in name times stars: a hostile pattern cannot make it exponential.</summary>
    public static bool Matches(string pattern, ReadOnlySpan<char> name)
    {
        int p = 0, n = 0, star = -1, resume = 0;
        while (n < name.Length)
        {
            if (p < pattern.Length && pattern[p] == '*')
            {
                star = p++;
                resume = n;
            }
            else if (p < pattern.Length && (pattern[p] == '?' || pattern[p] == name[n]))
            {
                p++;
                n++;
            }
            else if (star >= 0)
            {
                p = star + 1;
                n = ++resume;
            }
            else
            {
                return false;
            }
        }

        while (p < pattern.Length && pattern[p] == '*')
        {
            p++;
        }

        return p == pattern.Length;
    }
}
