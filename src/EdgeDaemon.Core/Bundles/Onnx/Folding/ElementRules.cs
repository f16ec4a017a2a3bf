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

    /// <summary>Each element once, and positions.</summary>
    public static FoldedValue Unique(FoldingCall call)
    {
        FoldedValue elements = FoldedValue.Bounded(call.Data.Volume, call.Data.Type), positions = FoldedValue.Bounded(call.Data.Volume, OnnxElements.Int64);
        call.Each = [elements, positions, positions, positions];
        return elements;
    }

    /// <summary>At most an element for each combination of its inputs' elements: for shapes that are not known.</summary>
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

        FoldedValue made = FoldedValue.Bounded(FoldedValue.Times(Sum(call), columns), call.Operator is "ZipMap" or "CastMap" or "DictVectorizer" ? 0ul : OnnxElements.Float);
        if (call.Operator.EndsWith("Classifier", StringComparison.Ordinal))
        {
            // A label for each row, which may be a text, and the scores.
            call.Each = [FoldedValue.Bounded(call.Data.Volume), made];
        }

        return made;
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

    /// <summary>The product of all inputs; of what is likely the largest of them.</summary>
    public static long Product(FoldingCall call)
    {
        long product = 1;
        foreach (FoldedValue? input in call.Inputs)
        {
            long volume = input?.Volume ?? 1;
            product = call.Likely ? Math.Max(product, volume) : FoldedValue.Times(product, volume);
        }

        return product;
    }

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
        "CategoryMapper" => (ulong)(data.Type switch { OnnxElements.Text => OnnxElements.Int64, OnnxElements.Int64 => OnnxElements.Text, _ => 0 }),
        "LabelEncoder" => LabelOf(call, data.Type),
        "RegexFullMatch" => OnnxElements.Bool,
        _ => data.Type,
    };

    // What the values are that stand for the keys; the first version turned texts into numbers and numbers into texts.
    private static ulong LabelOf(FoldingCall call, ulong type) =>
        call.Has("values_strings") || call.Attribute("values_tensor")?.Tensor?.Type == OnnxElements.Text ? OnnxElements.Text
        : call.Has("values_int64s") ? OnnxElements.Int64
        : call.Has("values_floats") ? OnnxElements.Float
        : call.Attribute("values_tensor")?.Tensor is { } values ? values.Type
        : !call.Has("classes_strings") ? 0ul
        : (ulong)(type == OnnxElements.Text ? OnnxElements.Int64 : OnnxElements.Text);
}
