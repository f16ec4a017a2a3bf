namespace EdgeDaemon.Core.Toml;

/// <summary>The known word that a mistyped one was most likely meant to be.</summary>
internal static class TomlSuggestion
{
    // Longer words are no typing errors of ours, and the comparison's cost is their product.
    private const int MaxLength = 64;

    public static string? Nearest(string mistyped, IEnumerable<string> known)
    {
        if (mistyped.Length > MaxLength)
        {
            return null;
        }

        string? nearest = null;
        int least = int.MaxValue;
        foreach (string word in known)
        {
            int distance = Distance(mistyped, word);
            if (distance < least && distance <= Math.Max(1, word.Length / 3))
            {
                least = distance;
                nearest = word;
            }
        }

        return nearest;
    }

    /// <summary>Insertions, deletions, replacements and swaps of neighbours (optimal string alignment), blind to case and to - for _.</summary>
    private static int Distance(string a, string b)
    {
        int[,] cost = new int[a.Length + 1, b.Length + 1];
        for (int i = 0; i <= a.Length; i++)
        {
            for (int j = 0; j <= b.Length; j++)
            {
                if (i == 0 || j == 0)
                {
                    cost[i, j] = i + j;
                    continue;
                }

                int best = cost[i - 1, j - 1] + (Same(a[i - 1], b[j - 1]) ? 0 : 1);
                best = Math.Min(best, Math.Min(cost[i - 1, j], cost[i, j - 1]) + 1);
                if (i > 1 && j > 1 && Same(a[i - 1], b[j - 2]) && Same(a[i - 2], b[j - 1]))
                {
                    best = Math.Min(best, cost[i - 2, j - 2] + 1);
                }

                cost[i, j] = best;
            }
        }

        return cost[a.Length, b.Length];
    }

    private static bool Same(char a, char b) => Fold(a) == Fold(b);

    private static char Fold(char c) => c == '-' ? '_' : char.ToLowerInvariant(c);
}
