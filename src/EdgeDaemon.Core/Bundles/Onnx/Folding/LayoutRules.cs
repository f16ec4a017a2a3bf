namespace EdgeDaemon.Core.Bundles.Onnx.Folding;

/// <summary>Operators that arrange what is there: exact where the shapes are known, else no more than went in.</summary>
internal static class LayoutRules
{
    public static FoldedValue Reshape(FoldingCall call)
    {
        FoldedValue data = call.Data;
        long[]? target = call.At(1) is null ? call.Integers("shape") : call.Numbers(1);
        if (target is null)
        {
            // What holds no elements can be given any dimensions.
            return call.Constant && (data.Shape is null || data.Shape.Contains(0))
                ? call.Refuse("the shape that Reshape gives to a tensor, an empty one perhaps, is computed from constants in a way that is not followed")
                : FoldedValue.Bounded(data.Volume, data.Type);
        }

        bool copies = call.Integer("allowzero", 0) == 0;
        long[] shape = [.. target.Select((size, axis) => size == 0 && copies ? (data.Shape is { } own && axis < own.Length ? own[axis] : 1) : size)];
        int open = Array.IndexOf(shape, -1);
        if (open >= 0)
        {
            long others = shape.Where(size => size != -1).Aggregate(1L, FoldedValue.Times);
            long all = data.Shape?.Aggregate(1L, FoldedValue.Times) ?? data.Volume;
            shape[open] = others <= 0 ? 0 : all / others;
        }

        FoldedValue made = FoldedValue.Shaped(shape, data.Type) with { Integers = data.Integers, Reals = data.Reals };

        // A dimension that is copied from a shape that is not known may be any part of it.
        if (call.Likely && data.Shape is null && copies && target.Contains(0))
        {
            return FoldedValue.Bounded(data.Volume, data.Type);
        }

        return data.Shape is not null || (open < 0 && !(copies && target.Contains(0))) ? made
            : FoldedValue.Bounded(copies && target.Contains(0) ? FoldedValue.Times(made.Volume, data.Volume) : Math.Max(made.Volume, data.Volume), data.Type);
    }

    public static FoldedValue Squeeze(FoldingCall call)
    {
        FoldedValue data = call.Data;
        long[]? axes = call.At(1) is null ? call.Integers("axes") : call.Numbers(1);
        return data.Shape is not { } shape || axes is null
            ? data with { Shape = null }
            : data with { Shape = [.. shape.Where((size, axis) => axes.Length == 0 ? size != 1 : !axes.Contains(axis) && !axes.Contains(axis - shape.Length))] };
    }

    public static FoldedValue Unsqueeze(FoldingCall call)
    {
        FoldedValue data = call.Data;
        long[]? axes = call.At(1) is null ? call.Integers("axes") : call.Numbers(1);
        if (data.Shape is not { } shape || axes is null || shape.Length + axes.Length > FoldedValue.MostDimensions)
        {
            return data with { Shape = null };
        }

        int rank = shape.Length + axes.Length;
        var result = new List<long>();
        int next = 0;
        for (int axis = 0; axis < rank; axis++)
        {
            result.Add(axes.Contains(axis) || axes.Contains(axis - rank) ? 1 : next < shape.Length ? shape[next++] : 1);
        }

        return data with { Shape = [.. result] };
    }

    public static FoldedValue Flatten(FoldingCall call)
    {
        FoldedValue data = call.Data;
        long axis = call.Integer("axis", 1);
        if (data.Shape is not { } shape || axis < -shape.Length || axis > shape.Length)
        {
            return data with { Shape = null };
        }

        int split = (int)(axis < 0 ? axis + shape.Length : axis);
        return data with { Shape = [shape[..split].Aggregate(1L, FoldedValue.Times), shape[split..].Aggregate(1L, FoldedValue.Times)] };
    }

    public static FoldedValue Transpose(FoldingCall call)
    {
        FoldedValue data = call.Data;
        if (data.Shape is not { } shape)
        {
            return FoldedValue.Bounded(data.Volume, data.Type);
        }

        long[] order = call.Integers("perm");
        order = order.Length == 0 ? [.. Enumerable.Range(0, shape.Length).Reverse().Select(axis => (long)axis)] : order;
        if (order.Length != shape.Length || order.Distinct().Count() != order.Length || order.Any(axis => axis < 0 || axis >= shape.Length))
        {
            return FoldedValue.Bounded(data.Volume, data.Type);
        }

        long[] turned = new long[shape.Length];
        return SmallLayout.Take(data, FoldedValue.Shaped(order.Select(axis => shape[axis]), data.Type), at =>
        {
            for (int i = 0; i < order.Length; i++)
            {
                turned[order[i]] = at[i];
            }

            return SmallLayout.Position(turned, shape);
        });
    }

    public static FoldedValue Concat(FoldingCall call)
    {
        FoldedValue first = call.Data;
        long axis = call.Integer("axis", 0);
        if (first.Shape is not { } shape || axis < -shape.Length || axis >= shape.Length
            || call.Inputs.Any(input => input?.Shape is not { } other || other.Length != shape.Length))
        {
            return FoldedValue.Bounded(ElementRules.Sum(call), first.Type);
        }

        int at = (int)(axis < 0 ? axis + shape.Length : axis);
        long[] result = [.. shape];
        result[at] = call.Inputs.Aggregate(0L, (sum, input) => FoldedValue.Plus(sum, input!.Shape![at]));
        FoldedValue made = FoldedValue.Shaped(result, first.Type);

        // Along the first dimension the values simply follow one another; sizes are made in one dimension.
        return at != 0 || SmallLayout.Count(result) is null ? made
            : call.Inputs.All(input => input!.Integers is not null) ? made with { Integers = [.. call.Inputs.SelectMany(input => input!.Integers!)] }
            : call.Inputs.All(input => input!.Reals is not null) ? made with { Reals = [.. call.Inputs.SelectMany(input => input!.Reals!)] }
            : made;
    }

    public static FoldedValue Split(FoldingCall call)
    {
        FoldedValue data = call.Data;
        long axis = call.Integer("axis", 0);
        long[]? parts = call.At(1) is null ? call.Integers("split") : call.Numbers(1);
        if (data.Shape is not { } shape || axis < -shape.Length || axis >= shape.Length || parts is null || call.Outputs == 0)
        {
            return FoldedValue.Bounded(data.Volume, data.Type);
        }

        int along = (int)(axis < 0 ? axis + shape.Length : axis);
        if (parts.Length == 0)
        {
            // Equal parts, the last one smaller where they do not come out even.
            long part = (shape[along] + call.Outputs - 1) / call.Outputs;
            parts = [.. Enumerable.Range(0, call.Outputs).Select(i => Math.Clamp(shape[along] - (i * part), 0, part))];
        }

        long begin = 0;
        var each = new List<FoldedValue>();
        foreach (long part in parts.Take(call.Outputs))
        {
            long[] result = [.. shape];
            result[along] = Math.Clamp(part, 0, shape[along]);
            long offset = begin;
            each.Add(SmallLayout.Take(data, FoldedValue.Shaped(result, data.Type), at =>
            {
                long[] source = [.. at];
                source[along] += offset;
                return SmallLayout.Position(source, shape);
            }));
            begin = FoldedValue.Plus(begin, result[along]);
        }

        call.Each = [.. each];
        return FoldedValue.Bounded(data.Volume, data.Type);
    }

    /// <summary>The shape itself, or a stretch of it. Of what a request brings it is a constant where no dimension is left open.</summary>
    public static FoldedValue Shape(FoldingCall call)
    {
        FoldedValue data = call.Data;
        call.Constant |= data is { Fixed: true, Shape: not null };
        if (data.Shape is not { } shape)
        {
            return FoldedValue.Bounded(FoldedValue.MostDimensions, OnnxElements.Int64);
        }

        (int start, int end) = (Within(call.Integer("start", 0), shape.Length), Within(call.Integer("end", shape.Length), shape.Length));
        long[] part = start < end ? shape[start..end] : [];
        return FoldedValue.OfIntegers(part, [part.Length]);
    }

    /// <summary>The number of elements.</summary>
    public static FoldedValue Size(FoldingCall call)
    {
        FoldedValue data = call.Data;
        call.Constant |= data is { Fixed: true, Shape: not null };
        return data.Shape is { } shape && shape.Aggregate(1L, FoldedValue.Times) is var count && count < FoldedValue.Endless
            ? FoldedValue.OfIntegers([count], [])
            : FoldedValue.Shaped([], OnnxElements.Int64);
    }

    /// <summary>Channels become width and height, or the other way round: as many elements, unless there are none.</summary>
    public static FoldedValue Blocks(FoldingCall call)
    {
        long block = Math.Max(call.Integer("blocksize", 1), 1);
        FoldedValue data = call.Data;
        if (data.Shape is [long n, long c, long h, long w] && !data.Shape.Contains(0) && block < FoldedValue.MostDimensions)
        {
            // Channels may be an open dimension, counted as 1.
            return call.Operator == "DepthToSpace" && c % (block * block) == 0 ? FoldedValue.Shaped([n, c / (block * block), h * block, w * block], data.Type)
                : call.Operator == "SpaceToDepth" && h % block == 0 && w % block == 0 ? FoldedValue.Shaped([n, c * block * block, h / block, w / block], data.Type)
                : FoldedValue.Bounded(data.Volume, data.Type);
        }

        return FoldedValue.Bounded(data.Shape is { } shape && !shape.Contains(0) ? data.Volume : FoldedValue.Times(data.Volume, FoldedValue.Times(block, block)), data.Type);
    }

    private static int Within(long position, int length) => (int)Math.Clamp(position < 0 ? position + length : position, 0, length);
}
