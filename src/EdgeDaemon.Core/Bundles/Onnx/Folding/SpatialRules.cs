namespace EdgeDaemon.Core.Bundles.Onnx.Folding;

/// <summary>Operators over pictures, whose padding, kernels, strides and scales say how much comes out.</summary>
internal static class SpatialRules
{
    /// <param name="weights">The input that holds the kernels.</param>
    public static Func<FoldingCall, FoldedValue> Conv(int weights) => call =>
    {
        long[]? kernels = call.Shape(weights);
        long channels = kernels is [long first, ..] ? first : call.At(weights)?.Volume ?? 1;
        return Spatial(call, channels, kernels, (size, frame) => frame.Slid(size, up: false));
    };

    public static FoldedValue ConvTranspose(FoldingCall call)
    {
        long[]? kernels = call.Shape(1);
        long groups = Math.Clamp(call.Integer("group", 1), 1, Math.Max(1, kernels is [long inner, ..] ? inner : 1));
        long channels = FoldedValue.Times(kernels is [_, long each, ..] ? each : call.At(1)?.Volume ?? 1, groups);
        return Spatial(call, channels, kernels, (size, frame) => frame.Spread(size));
    }

    public static FoldedValue Pool(FoldingCall call) => Spatial(call, null, null, (size, frame) => frame.Slid(size, call.Integer("ceil_mode", 0) != 0));

    public static FoldedValue GlobalPool(FoldingCall call) => call.Data.Shape is [long n, long c, ..] shape
        ? FoldedValue.Shaped([n, c, .. Enumerable.Repeat(1L, shape.Length - 2)], call.Data.Type)
        : FoldedValue.Bounded(call.Data.Volume, call.Data.Type);

    /// <summary>A value of each channel for each place of a grid.</summary>
    public static FoldedValue Sample(FoldingCall call) => call.Shape(0) is [long n, long channels, ..] && call.Shape(1) is [_, .. var places, _]
        ? FoldedValue.Shaped([n, channels, .. places], call.Data.Type)
        : ElementRules.Combinations(call);

    public static FoldedValue MaxUnpool(FoldingCall call) =>
        call.At(2) is null ? Spatial(call, null, null, (size, frame) => frame.Spread(size))
        : call.Sizes(2) is { } shape ? FoldedValue.Shaped(shape, call.Data.Type)
        : FoldedValue.Bounded(call.Data.Volume, call.Data.Type);

    public static FoldedValue Pad(FoldingCall call)
    {
        FoldedValue data = call.Data;
        long[]? pads = call.Has("pads") ? call.Integers("pads") : call.Has("paddings") ? call.Integers("paddings") : call.Sizes(1);
        long[]? axes = call.At(3) is null ? [] : call.Numbers(3);
        if (pads is null || axes is null)
        {
            return FoldedValue.Bounded(data.Volume, data.Type);
        }

        int count = pads.Length / 2;
        if (data.Shape is not { } shape || count != (axes.Length == 0 ? shape.Length : axes.Length) || axes.Any(axis => axis < -shape.Length || axis >= shape.Length))
        {
            // Each dimension grows by its padding at most that many times over.
            long grown = Enumerable.Range(0, count).Aggregate(1L, (product, i) => FoldedValue.Times(product, Padded(1, pads[i], pads[i + count])));
            return FoldedValue.Bounded(FoldedValue.Times(data.Volume, grown), data.Type);
        }

        long[] result = [.. shape];
        for (int i = 0; i < count; i++)
        {
            long axis = axes.Length == 0 ? i : axes[i];
            ref long size = ref result[axis < 0 ? axis + shape.Length : axis];
            size = Padded(size, pads[i], pads[i + count]);
        }

        return FoldedValue.Shaped(result, data.Type);
    }

    /// <summary>Resize and its forerunner Upsample: sizes or scales, as an input or, long ago, as attributes.</summary>
    public static FoldedValue Resize(FoldingCall call)
    {
        FoldedValue data = call.Data;
        bool old = call.Operator == "Upsample" || call.Inputs.Count == 2;
        long[]? sizes = old || call.At(3) is null ? null : call.Sizes(3);
        double[]? scales = call.Has("scales") ? call.Attribute("scales")!.Reals
            : call.Has("height_scale") ? [1, 1, call.Real("height_scale", 1), call.Real("width_scale", 1)]
            : call.At(old ? 1 : 2) is { } given && given.Shape is not [0] ? call.Scales(old ? 1 : 2)
            : null;
        long[] axes = call.Integers("axes");
        int count = sizes?.Length ?? scales?.Length ?? 0;
        if (count == 0)
        {
            return FoldedValue.Bounded(data.Volume, data.Type);
        }

        long[]? shape = data.Shape is { } own && count == (axes.Length == 0 ? own.Length : axes.Length) && !axes.Any(axis => axis < -own.Length || axis >= own.Length) ? own : null;
        long[] result = shape is null ? [.. Enumerable.Repeat(1L, count)] : [.. shape];
        int Axis(int i) => shape is null || axes.Length == 0 ? i : (int)(axes[i] < 0 ? axes[i] + shape.Length : axes[i]);
        if (sizes is not null && call.Attribute("keep_aspect_ratio_policy")?.Text == "not_smaller")
        {
            // One scale for all of them, the greatest: the others come out larger than their sizes say.
            double scale = Enumerable.Range(0, count).Max(i => (double)sizes[i] / Math.Max(result[Axis(i)], 1));
            scales = [.. Enumerable.Repeat(scale, count)];
        }

        for (int i = 0; i < count; i++)
        {
            long scaled = scales is not null && i < scales.Length ? Scaled(result[Axis(i)], scales[i]) : 0;
            result[Axis(i)] = Math.Max(sizes?[i] ?? 0, scaled);
        }

        return shape is null ? FoldedValue.Bounded(FoldedValue.Times(data.Volume, FoldedValue.VolumeOf(result)), data.Type) : FoldedValue.Shaped(result, data.Type);
    }

    private static FoldedValue Spatial(FoldingCall call, long? channels, long[]? kernels, Func<long, SpatialFrame, long> size)
    {
        FoldedValue data = call.Operator == "ConvInteger" ? call.Data with { Type = OnnxElements.Int32 } : call.Data;
        bool last = call.Operator.StartsWith("Nhwc", StringComparison.Ordinal) || call.Integer("channels_last", 0) != 0;
        SpatialFrame.Attributes given = SpatialFrame.Read(call, kernels, last);
        if (data.Shape is not { Length: > 2 } shape)
        {
            // Nothing is known of the sides: each grows at most as often as it would from 1.
            long grown = Enumerable.Range(0, given.Rank).Aggregate(1L, (product, i) => FoldedValue.Times(product, FoldedValue.Plus(given[i].Most(1), 1)));
            return FoldedValue.Bounded(FoldedValue.Times(FoldedValue.Times(data.Volume, grown), channels ?? 1), data.Type);
        }

        long[] result = [.. shape];
        int first = last ? 1 : 2;
        result[last ? ^1 : 1] = channels ?? shape[last ? ^1 : 1];
        for (int i = 0; i < shape.Length - 2; i++)
        {
            result[first + i] = size(shape[first + i], given[i]);
        }

        return FoldedValue.Shaped(result, data.Type);
    }

    private static long Padded(long size, long before, long after) => (long)Int128.Clamp((Int128)size + before + after, 0, FoldedValue.Endless);

    private static long Scaled(long size, double scale)
    {
        double scaled = Math.Ceiling(size * scale);
        return double.IsNaN(scaled) || scaled >= FoldedValue.Endless ? FoldedValue.Endless : Math.Max(1, (long)scaled);
    }
}
