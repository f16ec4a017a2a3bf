namespace EdgeDaemon.Core.Bundles.Onnx.Folding;

/// <summary>Operators that take elements out by positions.</summary>
internal static class PickRules
{
    public static FoldedValue Slice(FoldingCall call)
    {
        FoldedValue data = call.Data;
        bool attributes = call.Has("starts");
        long[]? starts = attributes ? call.Integers("starts") : call.Numbers(1);
        long[]? ends = attributes ? call.Integers("ends") : call.Numbers(2);
        long[]? axes = attributes ? call.Integers("axes") : call.At(3) is null ? [] : call.Numbers(3);
        long[]? steps = call.At(4) is null ? [] : call.Numbers(4);
        if (data.Shape is not { } shape || starts is null || ends is null || axes is null || steps is null || starts.Length != ends.Length)
        {
            return FoldedValue.Bounded(data.Volume, data.Type);
        }

        long[] result = [.. shape], begin = new long[shape.Length], step = [.. shape.Select(_ => 1L)];
        for (int i = 0; i < starts.Length; i++)
        {
            long axis = i < axes.Length ? axes[i] : i;
            axis += axis < 0 ? shape.Length : 0;
            if (axis < 0 || axis >= shape.Length || (axes.Length > 0 && i >= axes.Length) || (i < steps.Length && steps[i] == 0))
            {
                return FoldedValue.Bounded(data.Volume, data.Type);
            }

            step[axis] = i < steps.Length ? steps[i] : 1;
            (begin[axis], result[axis]) = Span(starts[i], ends[i], step[axis], shape[axis]);
        }

        return SmallLayout.Take(
            data, FoldedValue.Shaped(result, data.Type), at => SmallLayout.Position([.. at.Select((coordinate, axis) => begin[axis] + (coordinate * step[axis]))], shape));
    }

    public static FoldedValue Gather(FoldingCall call)
    {
        FoldedValue data = call.Data;
        long axis = call.Integer("axis", 0);
        if (data.Shape is not { } shape || call.Shape(1) is not { } positions || axis < -shape.Length || axis >= shape.Length)
        {
            return Picked(call, axis);
        }

        int along = (int)(axis < 0 ? axis + shape.Length : axis);
        FoldedValue made = FoldedValue.Shaped([.. shape[..along], .. positions, .. shape[(along + 1)..]], data.Type);
        if (call.At(1)!.Integers is not { } chosen)
        {
            return made;
        }

        return SmallLayout.Take(data, made, at =>
        {
            long position = chosen[(int)SmallLayout.Position(at.AsSpan(along, positions.Length), positions)];
            position += position < 0 ? shape[along] : 0;
            return position < 0 || position >= shape[along] ? -1
                : SmallLayout.Position([.. at[..along], position, .. at[(along + positions.Length)..]], shape);
        });
    }

    /// <summary>Slices of the data, as many as there are positions: by as many dimensions as the positions' last one says.</summary>
    public static FoldedValue GatherND(FoldingCall call)
    {
        long batch = call.Integer("batch_dims", 0);
        if (call.Shape(0) is not { } shape || call.Shape(1) is not [.. var places, var depth] || batch < 0 || depth < 0 || batch > places.Length || depth > shape.Length - batch)
        {
            return ElementRules.Combinations(call);
        }

        return FoldedValue.Shaped([.. places, .. shape[(int)(batch + depth)..]], call.Data.Type);
    }

    /// <summary>Columns of the data.</summary>
    public static FoldedValue Features(FoldingCall call) =>
        call.Shape(0) is [.. var rows, _] ? FoldedValue.Bounded(FoldedValue.Times(FoldedValue.VolumeOf(rows), call.At(1)?.Volume ?? 1), call.Data.Type) : ElementRules.Combinations(call);

    /// <summary>The greatest along a dimension, and where they stand.</summary>
    public static FoldedValue TopK(FoldingCall call)
    {
        FoldedValue data = call.Data;
        long axis = call.Integer("axis", -1);
        long[]? most = call.At(1) is null ? [call.Integer("k", 1)] : call.Numbers(1);
        FoldedValue made = FoldedValue.Bounded(data.Volume, data.Type);
        if (data.Shape is { } shape && axis >= -shape.Length && axis < shape.Length)
        {
            long[] result = [.. shape];
            ref long size = ref result[axis < 0 ? axis + shape.Length : axis];
            size = most is [long wanted] ? Math.Clamp(wanted, 0, size) : size;
            made = FoldedValue.Shaped(result, data.Type);
        }

        call.Each = [made, made with { Type = OnnxElements.Int64 }];
        return made;
    }

    /// <summary>As many as there are positions.</summary>
    public static FoldedValue GatherElements(FoldingCall call) =>
        call.At(1) is not { } positions ? FoldedValue.Unknown
        : positions.Shape is { } shape ? FoldedValue.Shaped(shape, call.Data.Type)
        : FoldedValue.Bounded(positions.Volume, call.Data.Type);

    /// <summary>A coordinate for each dimension of each element.</summary>
    public static FoldedValue NonZero(FoldingCall call) =>
        FoldedValue.Bounded(FoldedValue.Times(call.Data.Volume, Math.Max(1, call.Data.Shape?.Length ?? FoldedValue.MostDimensions)), OnnxElements.Int64);

    // The positions' shape is not known, or not even the data's.
    private static FoldedValue Picked(FoldingCall call, long axis)
    {
        FoldedValue data = call.Data;
        if (data.Shape is not { } shape || axis < -shape.Length || axis >= shape.Length)
        {
            return FoldedValue.Bounded(ElementRules.Product(call), data.Type);
        }

        long[] others = [.. shape];
        others[axis < 0 ? axis + shape.Length : axis] = 1;
        return FoldedValue.Bounded(FoldedValue.Times(FoldedValue.VolumeOf(others), call.At(1)?.Volume ?? 1), data.Type);
    }

    // Where it begins, and how many there are; the ends may be as far out as numbers go.
    private static (long Begin, long Count) Span(long start, long end, long step, long size)
    {
        Int128 from = start < 0 ? (Int128)start + size : start, to = end < 0 ? (Int128)end + size : end;
        (from, to) = step > 0
            ? (Int128.Clamp(from, 0, size), Int128.Clamp(to, 0, size))
            : (Int128.Clamp(from, 0, Math.Max(size - 1, 0)), Int128.Clamp(to, -1, Math.Max(size - 1, 0)));
        Int128 distance = step > 0 ? to - from : from - to, pace = Int128.Abs(step);
        return ((long)from, distance <= 0 ? 0 : (long)((distance + pace - 1) / pace));
    }
}
