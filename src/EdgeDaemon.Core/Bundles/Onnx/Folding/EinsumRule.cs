namespace EdgeDaemon.Core.Bundles.Onnx.Folding;

/// <summary>
/// Einsum, by its equation: the runtime multiplies two inputs after the other and keeps what later ones or the result still need, so what it makes
/// on its way may be more than the result.
/// </summary>
internal static class EinsumRule
{
    // Labels of the dimensions that an ellipsis stands for, from the last one down: below every letter.
    private const int LastOfEllipsis = -1;

    public static FoldedValue Find(FoldingCall call)
    {
        string equation = (call.Attribute("equation")?.Text ?? "").Replace(" ", "", StringComparison.Ordinal);
        string[] sides = equation.Split("->");
        string[] terms = sides[0].Split(',');
        if (sides.Length > 2 || equation.Length == 0 || terms.Length != call.Inputs.Count)
        {
            return ElementRules.Combinations(call);
        }

        var sizes = new Dictionary<int, long>();
        var uses = new Dictionary<int, int>();
        var labels = new List<int[]>();
        for (int i = 0; i < terms.Length; i++)
        {
            if (call.Shape(i) is not { } shape || Labels(terms[i], shape.Length) is not { } own || own.Length != shape.Length)
            {
                return ElementRules.Combinations(call);
            }

            labels.Add(own);
            for (int axis = 0; axis < own.Length; axis++)
            {
                sizes[own[axis]] = Math.Max(sizes.GetValueOrDefault(own[axis]), shape[axis]);
                uses[own[axis]] = uses.GetValueOrDefault(own[axis]) + 1;
            }
        }

        int[]? result = sides.Length == 2 ? Labels(sides[1], Ellipsis(sizes) + sides[1].Replace("...", "", StringComparison.Ordinal).Length) : Implied(uses);
        if (result is null || !Array.TrueForAll(result, sizes.ContainsKey))
        {
            return ElementRules.Combinations(call);
        }

        long[] made = Array.ConvertAll(result, label => sizes[label]);
        return FoldedValue.Shaped(made, call.Data.Type) with { Volume = Math.Max(FoldedValue.VolumeOf(made), Largest(labels, result, sizes)) };
    }

    // The largest of what is made on the way.
    private static long Largest(List<int[]> labels, int[] result, Dictionary<int, long> sizes)
    {
        long most = 1;
        var running = new HashSet<int>(labels[0]);
        for (int i = 1; i < labels.Count; i++)
        {
            running.UnionWith(labels[i]);
            var needed = new HashSet<int>(result);
            for (int later = i + 1; later < labels.Count; later++)
            {
                needed.UnionWith(labels[later]);
            }

            running.IntersectWith(needed);
            long volume = 1;
            foreach (int label in running)
            {
                volume = FoldedValue.Times(volume, Math.Max(sizes[label], 1));
            }

            most = Math.Max(most, volume);
        }

        return most;
    }

    // A label for each dimension; null where the term is none.
    private static int[]? Labels(string term, int rank)
    {
        int dots = term.IndexOf("...", StringComparison.Ordinal);
        string letters = term.Replace("...", "", StringComparison.Ordinal);
        int hidden = rank - letters.Length;
        if (hidden < 0 || (dots < 0 && hidden > 0) || !letters.All(char.IsAsciiLetter))
        {
            return null;
        }

        var labels = new List<int>();
        for (int i = 0; i <= letters.Length; i++)
        {
            for (int axis = 0; i == dots && axis < hidden; axis++)
            {
                labels.Add(LastOfEllipsis - (hidden - 1 - axis));
            }

            if (i < letters.Length)
            {
                labels.Add(letters[i]);
            }
        }

        return [.. labels];
    }

    // Without a right side: the ellipsis, then every letter that stands there once, in the alphabet's order.
    private static int[] Implied(Dictionary<int, int> uses)
    {
        var result = new List<int>();
        foreach ((int label, int count) in uses)
        {
            if (label < 0 || count == 1)
            {
                result.Add(label);
            }
        }

        result.Sort();
        return [.. result];
    }

    private static int Ellipsis(Dictionary<int, long> sizes)
    {
        int count = 0;
        foreach (int label in sizes.Keys)
        {
            count += label < 0 ? 1 : 0;
        }

        return count;
    }
}
