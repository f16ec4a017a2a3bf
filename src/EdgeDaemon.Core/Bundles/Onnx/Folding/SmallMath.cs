namespace EdgeDaemon.Core.Bundles.Onnx.Folding;

/// <summary>
/// Arithmetic over few numbers, as the runtime would do it: what exporters compute sizes with. A result that the runtime might round or wrap
/// differently is not known, which makes a size out of it a finding.
/// </summary>
internal static class SmallMath
{
    /// <summary>One input.</summary>
    public static FoldedValue Unary(string name, FoldedValue input, FoldedValue made) => name switch
    {
        "Identity" or "Dropout" => made with { Integers = input.Integers, Reals = input.Reals },
        "Neg" => Fill(made, input.Integers?.Select(value => -(Int128)value), input.Reals?.Select(value => -value)),
        "Abs" => Fill(made, input.Integers?.Select(value => Int128.Abs(value)), input.Reals?.Select(Math.Abs)),
        "Relu" => Fill(made, input.Integers?.Select(value => Int128.Max(value, 0)), input.Reals?.Select(value => Math.Max(value, 0))),
        "Not" => Fill(made, input.Integers?.Select(value => (Int128)(value == 0 ? 1 : 0)), null),
        "Floor" => Fill(made, null, input.Reals?.Select(Math.Floor)),
        "Ceil" => Fill(made, null, input.Reals?.Select(Math.Ceiling)),
        "Round" => Fill(made, null, input.Reals?.Select(value => Math.Round(value, MidpointRounding.ToEven))),
        "Sqrt" => Fill(made, null, input.Reals?.Select(Math.Sqrt)),
        "Cast" or "CastLike" => Cast(input, made),
        _ => made,
    };

    /// <summary>Two inputs and more, combined from the left, each stretched to the result's shape.</summary>
    public static FoldedValue Combine(string name, IReadOnlyList<FoldedValue?> inputs, FoldedValue made)
    {
        if (made.Shape is null || inputs.Count < 2 || inputs.Any(input => input is null or { Integers: null, Reals: null } or { Shape: null }))
        {
            return made;
        }

        FoldedValue[] stretched = [.. inputs.Select(input => SmallLayout.Stretch(input!, made.Shape))];
        if (name == "Where")
        {
            return stretched is [{ Integers: { } which }, var yes, var no] && yes.Type == no.Type ? Choose(which, yes, no, made) : made;
        }

        FoldedValue result = stretched[0];
        foreach (FoldedValue next in stretched.Skip(1))
        {
            if (result.Type != next.Type)
            {
                return made;
            }

            result = result.Integers is { } a && next.Integers is { } b ? Fill(made, a.Length == b.Length ? a.Zip(b, (x, y) => Integers(name, x, y)) : null)
                : result.Reals is { } c && next.Reals is { } d && c.Length == d.Length
                    ? IsComparison(name) ? Fill(made, c.Zip(d, (x, y) => Compare(name, x, y))) : Fill(made, null, c.Zip(d, (x, y) => Reals(name, x, y)))
                : made;
        }

        return result;
    }

    /// <summary>A reduction of everything there is.</summary>
    public static FoldedValue Reduce(string name, FoldedValue input, FoldedValue made) =>
        input.Integers is not { Length: > 0 } values ? made : name switch
        {
            "ReduceProd" => Fill(made, [values.Aggregate((Int128)1, (product, value) => Int128.Abs(product) > long.MaxValue ? product : product * value)]),
            "ReduceSum" => Fill(made, [values.Aggregate((Int128)0, (sum, value) => sum + value)]),
            "ReduceMax" => Fill(made, [values.Max()]),
            "ReduceMin" => Fill(made, [values.Min()]),
            _ => made,
        };

    public static bool IsComparison(string name) => name is "Equal" or "Less" or "Greater" or "LessOrEqual" or "GreaterOrEqual" or "And" or "Or" or "Xor";

    private static FoldedValue Choose(long[] which, FoldedValue yes, FoldedValue no, FoldedValue made) =>
        yes.Integers is { } a && no.Integers is { } b && a.Length == which.Length && b.Length == which.Length ? made with { Integers = [.. which.Select((w, i) => w != 0 ? a[i] : b[i])] }
        : yes.Reals is { } c && no.Reals is { } d && c.Length == which.Length && d.Length == which.Length ? made with { Reals = [.. which.Select((w, i) => w != 0 ? c[i] : d[i])] }
        : made;

    private static Int128? Integers(string name, long x, long y) => name switch
    {
        "Add" or "Sum" => (Int128)x + y,
        "Sub" => (Int128)x - y,
        "Mul" => (Int128)x * y,
        "Div" => y == 0 ? null : (Int128)x / y,
        "Mod" => x >= 0 && y > 0 ? x % y : null,
        "Min" => Math.Min(x, y),
        "Max" => Math.Max(x, y),
        "And" => (x != 0 && y != 0) ? 1 : 0,
        "Or" => (x != 0 || y != 0) ? 1 : 0,
        "Xor" => (x != 0 != (y != 0)) ? 1 : 0,
        _ when IsComparison(name) => Holds(name, x.CompareTo(y)) ? 1 : 0,
        _ => null,
    };

    private static double Reals(string name, double x, double y) => name switch
    {
        "Add" or "Sum" => x + y,
        "Sub" => x - y,
        "Mul" => x * y,
        "Div" => x / y,
        "Min" => Math.Min(x, y),
        "Max" => Math.Max(x, y),
        _ => double.NaN,
    };

    private static Int128? Compare(string name, double x, double y) => double.IsNaN(x) || double.IsNaN(y) ? null : Holds(name, x.CompareTo(y)) ? 1 : 0;

    private static bool Holds(string name, int order) => name switch
    {
        "Equal" => order == 0,
        "Less" => order < 0,
        "Greater" => order > 0,
        "LessOrEqual" => order <= 0,
        _ => order >= 0,
    };

    private static FoldedValue Cast(FoldedValue input, FoldedValue made) => made.Type switch
    {
        OnnxElements.Float or OnnxElements.Double => Fill(made, null, input.Reals ?? input.Integers?.Select(value => (double)value)),
        OnnxElements.Bool => made with { Integers = input.Integers?.Select(value => value != 0 ? 1L : 0L).ToArray() ?? input.Reals?.Select(value => value != 0 ? 1L : 0L).ToArray() },
        OnnxElements.Int32 when input.Integers is not null => made with { Integers = [.. input.Integers.Select(value => (long)(int)value)] },
        OnnxElements.Int32 or OnnxElements.Int64 =>
            Fill(made, input.Integers?.Select(value => (Int128?)value) ?? input.Reals?.Select(value => Math.Abs(value) < long.MaxValue ? (Int128?)(long)value : null)),
        _ => made,
    };

    private static FoldedValue Fill(FoldedValue made, IEnumerable<Int128>? integers, IEnumerable<double>? reals) =>
        integers is not null ? Fill(made, integers.Select(value => (Int128?)value)) : made with { Integers = null, Reals = Rounded(reals, made.Type) };

    // What goes round in the runtime's arithmetic is not known here.
    private static FoldedValue Fill(FoldedValue made, IEnumerable<Int128?>? integers)
    {
        (Int128 lowest, Int128 highest) = made.Type switch
        {
            OnnxElements.Int64 => ((Int128)long.MinValue, (Int128)long.MaxValue),
            OnnxElements.Int32 => (int.MinValue, int.MaxValue),
            OnnxElements.Bool => (0, 1),
            _ => (1, 0),
        };
        Int128?[]? all = integers?.ToArray();
        return made with { Reals = null, Integers = all is not null && all.All(value => value >= lowest && value <= highest) ? [.. all.Select(value => (long)value!.Value)] : null };
    }

    // A result of + - * / and of a square root, rounded from 64 bits to 32, is what 32-bit arithmetic gives.
    private static double[]? Rounded(IEnumerable<double>? reals, ulong type)
    {
        double[]? values = type switch
        {
            OnnxElements.Float => reals?.Select(value => (double)(float)value).ToArray(),
            OnnxElements.Double => reals?.ToArray(),
            _ => null,
        };
        return values is not null && Array.TrueForAll(values, double.IsFinite) ? values : null;
    }
}
