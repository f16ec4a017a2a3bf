namespace EdgeDaemon.Core.Bundles.Onnx.Folding;

/// <summary>Operators that make as much as a number says, whatever goes in: the ones that a small file can ask for much memory with.</summary>
internal static class NumberRules
{
    /// <summary>Spans of integers from here on may go round in the runtime's arithmetic, and come out positive.</summary>
    private const double WidestSpan = 1L << 31;

    public static FoldedValue Constant(FoldingCall call)
    {
        if (call.Attribute("value")?.Tensor is { } tensor)
        {
            return FoldedValue.Of(tensor);
        }

        if (call.Attribute("sparse_value")?.Tensor is { } dense)
        {
            return FoldedValue.Of(dense);
        }

        foreach ((string name, ulong type, bool list) in ((string, ulong, bool)[])[
            ("value_int", OnnxElements.Int64, false), ("value_ints", OnnxElements.Int64, true), ("value_float", OnnxElements.Float, false),
            ("value_floats", OnnxElements.Float, true), ("value_string", OnnxElements.Text, false), ("value_strings", OnnxElements.Text, true)])
        {
            if (call.Attribute(name) is { } attribute)
            {
                return FoldedValue.Shaped(list ? [attribute.Count] : [], type) with
                {
                    Integers = attribute.Values is { Length: <= OnnxTensor.MostValues } few ? few : null,
                    Reals = attribute.Reals is { Length: <= OnnxTensor.MostValues } reals ? reals : null,
                };
            }
        }

        return FoldedValue.Unknown;
    }

    public static FoldedValue ConstantOfShape(FoldingCall call)
    {
        if (call.Sizes(0) is not { } shape)
        {
            return FoldedValue.Unknown;
        }

        OnnxTensor? value = call.Attribute("value")?.Tensor;
        FoldedValue made = FoldedValue.Shaped(shape, value?.Type ?? OnnxElements.Float);
        return SmallLayout.Count(made.Shape ?? [long.MaxValue]) is not { } count ? made : made with
        {
            Integers = value?.Values is [long integer] ? [.. Enumerable.Repeat(integer, count)] : null,
            Reals = value is null ? new double[count] : value.Reals is [double real] ? [.. Enumerable.Repeat(real, count)] : null,
        };
    }

    public static FoldedValue Expand(FoldingCall call)
    {
        FoldedValue data = call.Data;
        if (call.Sizes(1) is not { } target)
        {
            return FoldedValue.Bounded(data.Volume, data.Type);
        }

        long[] wanted = [.. target.Select(size => Math.Max(size, 0))];
        return data.Shape is { } shape && ElementRules.Stretch(shape, wanted) is { } both
            ? SmallLayout.Stretch(data, both)
            : FoldedValue.Bounded(FoldedValue.Times(data.Volume, FoldedValue.VolumeOf(wanted)), data.Type);
    }

    public static FoldedValue Tile(FoldingCall call)
    {
        FoldedValue data = call.Data;
        if (call.Sizes(1) is not { } repeats)
        {
            return FoldedValue.Bounded(data.Volume, data.Type);
        }

        // The first opset repeats one dimension, which a third input names.
        return data.Shape is { } shape && shape.Length == repeats.Length && call.At(2) is null
            ? SmallLayout.Take(
                data,
                FoldedValue.Shaped(shape.Select((size, axis) => FoldedValue.Times(size, Math.Max(repeats[axis], 0))), data.Type),
                at => SmallLayout.Position([.. at.Select((coordinate, axis) => coordinate % shape[axis])], shape))
            : FoldedValue.Bounded(FoldedValue.Times(data.Volume, FoldedValue.VolumeOf(repeats)), data.Type);
    }

    public static FoldedValue Range(FoldingCall call)
    {
        ulong type = call.Data.Type;
        (double[]? start, double[]? limit, double[]? delta) = (call.Scales(0), call.Scales(1), call.Scales(2));
        if (start is not [double from] || limit is not [double to] || delta is not [double step])
        {
            return FoldedValue.Unknown with { Type = type };
        }

        if (!double.IsFinite(from) || !double.IsFinite(to) || !double.IsFinite(step) || step == 0)
        {
            return call.Refuse("the bounds of Range are no finite numbers, or its step is 0");
        }

        // As the runtime counts: the difference in the bounds' own type, the quotient in 64 bits.
        double span = type == OnnxElements.Float ? (float)(to - from) : to - from;
        double count = Math.Ceiling(Math.Abs(span) >= WidestSpan && call.At(0)!.Integers is not null ? Math.Abs(span / step) : span / step);
        long length = count <= 0 ? 0 : count < FoldedValue.Endless ? (long)count : FoldedValue.Endless;
        if (call.At(0)!.Integers is not [long first] || call.At(1)!.Integers is not [_] || call.At(2)!.Integers is not [long pace] || Math.Abs(span) >= WidestSpan
            || length > OnnxTensor.MostValues)
        {
            return FoldedValue.Shaped([length], type);
        }

        return FoldedValue.OfIntegers([.. Enumerable.Range(0, (int)length).Select(i => first + (i * pace))], [length], type);
    }

    public static FoldedValue OneHot(FoldingCall call)
    {
        FoldedValue indices = call.Data;
        long depth = call.Scales(1) is not [double known] || double.IsNaN(known) ? 1 : known < FoldedValue.Endless ? (long)Math.Max(known, 1) : FoldedValue.Endless;
        return FoldedValue.Bounded(FoldedValue.Times(indices.Volume, depth), call.At(2)?.Type ?? 0);
    }

    /// <summary>A window of as many elements as the first input says.</summary>
    public static FoldedValue Window(FoldingCall call) =>
        call.Sizes(0) is [long size] ? FoldedValue.Shaped([size], (ulong)call.Integer("output_datatype", OnnxElements.Float)) : FoldedValue.Unknown;

    public static FoldedValue Random(FoldingCall call) => FoldedValue.Shaped(call.Integers("shape"), (ulong)call.Integer("dtype", OnnxElements.Float));

    /// <summary>Samples for each row.</summary>
    public static FoldedValue Multinomial(FoldingCall call)
    {
        long samples = Math.Max(call.Integer("sample_size", 1), 1);
        ulong type = (ulong)call.Integer("dtype", OnnxElements.Int32);
        return call.Data.Shape is [long rows, _] ? FoldedValue.Shaped([rows, samples], type) : FoldedValue.Bounded(FoldedValue.Times(call.Data.Volume, samples), type);
    }

    /// <summary>A grid of two or three coordinates for each place of a picture of the size that the second input says.</summary>
    public static FoldedValue AffineGrid(FoldingCall call) => call.Sizes(1) switch
    {
        [long n, _, long h, long w] => FoldedValue.Shaped([n, h, w, 2], call.Data.Type),
        [long n, _, long d, long h, long w] => FoldedValue.Shaped([n, d, h, w, 3], call.Data.Type),
        { } size => FoldedValue.Bounded(FoldedValue.Times(FoldedValue.VolumeOf(size), 3), call.Data.Type),
        null => FoldedValue.Unknown,
    };

    public static FoldedValue CenterCropPad(FoldingCall call)
    {
        FoldedValue data = call.Data;
        if (call.Sizes(1) is not { } size)
        {
            return FoldedValue.Bounded(data.Volume, data.Type);
        }

        long[] axes = call.Integers("axes");
        if (data.Shape is not { } shape || (axes.Length == 0 ? size.Length != shape.Length : size.Length != axes.Length)
            || axes.Any(axis => axis < -shape.Length || axis >= shape.Length))
        {
            return FoldedValue.Bounded(FoldedValue.Times(data.Volume, FoldedValue.VolumeOf(size)), data.Type);
        }

        long[] result = [.. shape];
        for (int i = 0; i < size.Length; i++)
        {
            long axis = axes.Length == 0 ? i : axes[i];
            result[axis < 0 ? axis + shape.Length : axis] = size[i];
        }

        return FoldedValue.Shaped(result, data.Type);
    }

    /// <summary>Blocks of columns put into a picture of the size that the second input says.</summary>
    public static FoldedValue Col2Im(FoldingCall call) =>
        FoldedValue.Bounded(FoldedValue.Times(call.Shape(0) is [long n, long c, _] ? FoldedValue.VolumeOf([n, c]) : call.Data.Volume, FoldedValue.VolumeOf(call.Sizes(1) ?? [])), call.Data.Type);

    /// <summary>Regions of interest, each pooled to a size that attributes say.</summary>
    public static FoldedValue Regions(FoldingCall call)
    {
        long size = call.Operator == "RoiAlign"
            ? FoldedValue.VolumeOf([call.Integer("output_height", 1), call.Integer("output_width", 1)])
            : FoldedValue.VolumeOf(call.Integers("pooled_shape"));
        long regions = call.Shape(1) is [long count, ..] ? count : call.At(1)?.Volume ?? 1;
        long channels = call.Shape(0) is [_, long c, ..] ? c : call.Data.Volume;
        return FoldedValue.Bounded(FoldedValue.Times(size, FoldedValue.VolumeOf([regions, channels])), call.Data.Type);
    }

    /// <summary>Counts of word groups: as many columns as the greatest index says.</summary>
    public static FoldedValue WordGroups(FoldingCall call) =>
        FoldedValue.Bounded(FoldedValue.Times(call.Data.Volume, FoldedValue.Plus(call.Attribute("ngram_indexes")?.Largest ?? 0, 1)), OnnxElements.Float);

    /// <summary>Columns of other widths beside one another; the attribute says how wide the runtime makes them.</summary>
    public static FoldedValue Features(FoldingCall call) => FoldedValue.Bounded(
        FoldedValue.Times(Math.Max(ElementRules.Sum(call), 1), Math.Max(1, call.Integers("inputdimensions").Aggregate(0L, (sum, width) => FoldedValue.Plus(sum, Math.Max(width, 0))))),
        OnnxElements.Float);
}
