namespace EdgeDaemon.Core.Bundles.Onnx.Folding;

/// <summary>Operators whose result has the shape of an input, of their inputs stretched to one another, or less.</summary>
internal static class ElementRules
{
    /// <summary>Element by element, over the first input.</summary>
    public static FoldedValue Same(FoldingCall call)
    {
        FoldedValue data = call.Data;
        FoldedValue made = data with { Integers = null, Reals = null, Type = TypeOf(call, data) };
        return SmallMath.Unary(call.Operator, data, made);
    }

    /// <summary>Element by element, over inputs that are stretched to one shape.</summary>
    public static FoldedValue Broadcast(FoldingCall call)
    {
        ulong type = SmallMath.IsComparison(call.Operator) ? OnnxElements.Bool : call.At(call.Operator == "Where" ? 1 : 0)?.Type ?? 0;
        long[]? shape = [];
        foreach (FoldedValue? input in call.Inputs)
        {
            shape = shape is null || input?.Shape is null ? null : Stretch(shape, input.Shape);
        }

        return shape is null ? FoldedValue.Bounded(Product(call), type) : SmallMath.Combine(call.Operator, call.Inputs, FoldedValue.Shaped(shape, type));
    }

    /// <summary>Any part of the inputs, or all of them behind one another.</summary>
    public static FoldedValue Parts(FoldingCall call) => FoldedValue.Bounded(Sum(call), call.Data.Type);

    /// <summary>Positions, a type of their own.</summary>
    public static FoldedValue Positions(FoldingCall call) => FoldedValue.Bounded(Sum(call), OnnxElements.Int64);

    /// <summary>At most an element for each combination of its inputs' elements.</summary>
    public static FoldedValue Combinations(FoldingCall call) => FoldedValue.Bounded(Product(call), call.Data.Type);

    /// <summary>One number.</summary>
    public static FoldedValue One(FoldingCall call) => FoldedValue.Shaped([], OnnxElements.Int64);

    /// <summary>Each element becomes as many as the longest list among the attributes has, or the attribute <c>n_targets</c>, <c>targets</c> or <c>max_map</c> says.</summary>
    public static FoldedValue Columns(FoldingCall call)
    {
        long columns = 1;
        foreach (string list in (string[])["classlabels_ints", "classlabels_int64s", "classlabels_strings", "cats_int64s", "cats_strings", "int64_vocabulary", "string_vocabulary",
            "class_ids", "coefficients", "intercepts", "rho", "vectors_per_class", "classlabels_ints", "target_ids"])
        {
            columns = Math.Max(columns, call.Attribute(list)?.Count ?? 1);
        }

        foreach (string number in (string[])["n_targets", "targets", "max_map"])
        {
            columns = Math.Max(columns, call.Integer(number, 1));
        }

        foreach (string numbers in (string[])["class_ids", "target_ids"])
        {
            columns = Math.Max(columns, FoldedValue.Plus(call.Attribute(numbers)?.Largest ?? 0, 1));
        }

        return FoldedValue.Bounded(FoldedValue.Times(Sum(call), columns));
    }

    /// <summary>What a reduction leaves; its axes stand in an attribute or, later, in an input.</summary>
    public static FoldedValue Reduce(FoldingCall call)
    {
        FoldedValue data = call.Data;
        ulong type = call.Operator is "ArgMax" or "ArgMin" ? OnnxElements.Int64 : data.Type;
        bool one = call.Operator is "ArgMax" or "ArgMin";
        long[]? axes = one ? [call.Integer("axis", 0)] : call.At(1) is null ? call.Integers("axes") : call.Numbers(1);
        bool keep = call.Integer("keepdims", 1) != 0;
        if (data.Shape is not { } shape || axes is null || axes.Any(axis => axis < -shape.Length || axis >= shape.Length))
        {
            return FoldedValue.Bounded(data.Volume, type);
        }

        if (axes.Length == 0 && call.Integer("noop_with_empty_axes", 0) != 0)
        {
            return data with { Integers = null, Reals = null };
        }

        bool Reduced(int axis) => axes.Length == 0 || axes.Contains(axis) || axes.Contains(axis - shape.Length);
        var left = FoldedValue.Shaped(shape.Select((size, axis) => Reduced(axis) ? (keep ? 1 : -1) : size).Where(size => size >= 0), type);
        return left.Volume == 1 && shape.Length <= 1 && !one ? SmallMath.Reduce(call.Operator, data, left) : left;
    }

    public static long Product(FoldingCall call) => call.Inputs.Aggregate(1L, (product, input) => FoldedValue.Times(product, input?.Volume ?? 1));

    public static long Sum(FoldingCall call) => call.Inputs.Aggregate(0L, (sum, input) => FoldedValue.Plus(sum, input?.Volume ?? 0));

    /// <summary>Two shapes stretched to one; null where they do not fit.</summary>
    public static long[]? Stretch(long[] left, long[] right)
    {
        if (left.Length < right.Length)
        {
            (left, right) = (right, left);
        }

        long[] shape = [.. left];
        for (int axis = 0; axis < right.Length; axis++)
        {
            ref long size = ref shape[axis + left.Length - right.Length];
            if (size != right[axis] && size != 1 && right[axis] != 1)
            {
                return null;
            }

            size = size == 1 ? right[axis] : size;
        }

        return shape;
    }

    private static ulong TypeOf(FoldingCall call, FoldedValue data) => call.Operator switch
    {
        "Cast" => (ulong)call.Integer("to", 0),
        "CastLike" => call.At(1)?.Type ?? 0,
        "IsInf" or "IsNaN" or "Not" => OnnxElements.Bool,
        "QuantizeLinear" => call.At(2)?.Type ?? 2,
        "DynamicQuantizeLinear" => 2,
        "DequantizeLinear" => call.At(1)?.Type ?? 0,
        "EyeLike" or "RandomNormalLike" or "RandomUniformLike" or "Bernoulli" => (ulong)call.Integer("dtype", (long)data.Type),
        _ => data.Type,
    };
}
