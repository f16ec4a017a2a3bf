namespace EdgeDaemon.Core.Bundles.Onnx.Folding;

/// <summary>
/// Einsum, by its equation: the runtime multiplies two inputs after the other and keeps what later ones or the result still need, so what it makes
/// on its way may be more than the result.
/// </summary>
internal static class EinsumRule
{
    // Labels are ASCII letters, and below them one for each dimension that an ellipsis stands for, the last dimension first.
    private const int Labels = 128;
    private const int MostHidden = 'A';

    private const string Ellipsis = "...";

    public static FoldedValue Find(FoldingCall call)
    {
        string equation = (call.Attribute("equation")?.Text ?? "").Replace(" ", "", StringComparison.Ordinal);
        string[] sides = equation.Split("->");
        string[] terms = sides[0].Split(',');
        if (sides.Length > 2 || equation.Length == 0 || terms.Length != call.Inputs.Count)
        {
            return ElementRules.Combinations(call);
        }

        long[] sizes = new long[Labels], uses = new long[Labels];
        byte[]?[] labels = new byte[terms.Length][];
        int hidden = 0;
        for (int i = 0; i < terms.Length; i++)
        {
            if (call.Shape(i) is not { } shape || LabelsOf(terms[i], shape.Length) is not { } own)
            {
                return ElementRules.Combinations(call);
            }

            labels[i] = own;
            hidden = Math.Max(hidden, terms[i].Contains(Ellipsis, StringComparison.Ordinal) ? own.Length - (terms[i].Length - Ellipsis.Length) : 0);
            for (int axis = 0; axis < own.Length; axis++)
            {
                sizes[own[axis]] = Math.Max(sizes[own[axis]], shape[axis]);
                uses[own[axis]]++;
            }
        }

        byte[]? result = sides.Length == 1 ? Implied(uses)
            : LabelsOf(sides[1], sides[1].Contains(Ellipsis, StringComparison.Ordinal) ? sides[1].Length - Ellipsis.Length + hidden : sides[1].Length);
        if (result is null)
        {
            return ElementRules.Combinations(call);
        }

        long[] made = new long[result.Length];
        for (int axis = 0; axis < made.Length; axis++)
        {
            if (uses[result[axis]] == 0)
            {
                return ElementRules.Combinations(call);
            }

            made[axis] = sizes[result[axis]];
        }

        return FoldedValue.Shaped(made, call.Data.Type) with { Volume = Math.Max(FoldedValue.VolumeOf(made), Largest(labels, result, sizes)) };
    }

    // The largest of what is made on the way: whatever label the inputs so far have, and the others or the result need.
    private static long Largest(byte[]?[] labels, byte[] result, long[] sizes)
    {
        int[] last = new int[Labels];
        for (int i = 0; i < labels.Length; i++)
        {
            foreach (byte label in labels[i]!)
            {
                last[label] = i;
            }
        }

        foreach (byte label in result)
        {
            last[label] = labels.Length;
        }

        long most = 1;
        bool[] met = new bool[Labels];
        for (int i = 0; i < labels.Length; i++)
        {
            foreach (byte label in labels[i]!)
            {
                met[label] = true;
            }

            long volume = 1;
            for (int label = 0; label < Labels; label++)
            {
                volume = met[label] && last[label] > i ? FoldedValue.Times(volume, Math.Max(sizes[label], 1)) : volume;
            }

            most = i == 0 ? most : Math.Max(most, volume);
        }

        return most;
    }

    // A label for each dimension; null where the term is none, or of another rank.
    private static byte[]? LabelsOf(string term, int rank)
    {
        int dots = term.IndexOf(Ellipsis, StringComparison.Ordinal);
        int hidden = rank - term.Length + (dots < 0 ? 0 : Ellipsis.Length);
        if (hidden < 0 || hidden >= MostHidden || (dots < 0 && hidden > 0))
        {
            return null;
        }

        byte[] labels = new byte[rank];
        int at = 0;
        for (int i = 0; i < term.Length; i++)
        {
            if (i == dots)
            {
                for (int axis = hidden - 1; axis >= 0; axis--)
                {
                    labels[at++] = (byte)axis;
                }

                i += Ellipsis.Length - 1;
            }
            else if (char.IsAsciiLetter(term[i]))
            {
                labels[at++] = (byte)term[i];
            }
            else
            {
                return null;
            }
        }

        return labels;
    }

    // Without a right side: the ellipsis, then every letter that stands there once, in the alphabet's order.
    private static byte[] Implied(long[] uses)
    {
        byte[] result = new byte[Labels];
        int count = 0;
        for (int label = MostHidden - 1; label >= 0; label--)
        {
            if (uses[label] > 0)
            {
                result[count++] = (byte)label;
            }
        }

        for (int label = MostHidden; label < Labels; label++)
        {
            if (uses[label] == 1)
            {
                result[count++] = (byte)label;
            }
        }

        return result[..count];
    }
}
