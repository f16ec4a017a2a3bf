namespace EdgeDaemon.Core.Bundles.Onnx.Folding;

/// <summary>Along one side of a picture: how far the kernel reaches, how far it steps, and what is put around.</summary>
/// <param name="Same">auto_pad keeps the size, up to the stride.</param>
/// <param name="Output">What output_shape says; 0 where it says nothing.</param>
internal readonly record struct SpatialFrame(long Kernel, long Stride, long Dilation, long Pads, long Added, bool Same, long Output)
{
    /// <summary>Places of a kernel that slides over so many elements.</summary>
    /// <param name="up">The last place may hang over the end.</param>
    public long Slid(long size, bool up)
    {
        if (Same)
        {
            return (long)(((Int128)size + Stride - 1) / Stride);
        }

        Int128 room = (Int128)size + Pads - Reach, last = room < 0 ? -1 : up ? (room + Stride - 1) / Stride : room / Stride;
        return (long)Int128.Clamp(last + 1, 0, FoldedValue.Endless);
    }

    /// <summary>Elements that so many come to when each is spread by the kernel.</summary>
    public long Spread(long size) =>
        Output > 0 ? Output
        : (long)Int128.Clamp(Same ? (Int128)size * Stride : ((Int128)Stride * (size - 1)) + Added + Reach - Pads, 0, FoldedValue.Endless);

    /// <summary>The most that either way makes of so many.</summary>
    public long Most(long size) => Math.Max(Math.Max(FoldedValue.Plus(size, Pads), Output), (long)Int128.Min(((Int128)Stride * size) + Added + Reach, FoldedValue.Endless));

    private Int128 Reach => ((Int128)Dilation * (Kernel - 1)) + 1;

    public static Attributes Read(FoldingCall call, long[]? kernels, bool last) => new(
        call.Has("kernel_shape") ? call.Integers("kernel_shape")
            : kernels is { Length: > 2 } ? last ? kernels[1..^1] : kernels[2..] : [],
        call.Integers("strides"),
        call.Integers("dilations"),
        call.Integers("pads"),
        call.Integers("output_padding"),
        call.Integers("output_shape"),
        call.Attribute("auto_pad")?.Text is "SAME_UPPER" or "SAME_LOWER",
        call.Attribute("auto_pad")?.Text == "VALID");

    /// <summary>The attributes, for all sides.</summary>
    internal sealed record Attributes(long[] Kernel, long[] Strides, long[] Dilations, long[] Pads, long[] Added, long[] Output, bool Same, bool Valid)
    {
        /// <summary>Sides that any attribute speaks of.</summary>
        public int Rank => Math.Max(Math.Max(Kernel.Length, Strides.Length), Math.Max(Math.Max(Dilations.Length, Pads.Length / 2), Math.Max(Added.Length, Output.Length)));

        public SpatialFrame this[int side] => new(
            Positive(Kernel, side),
            Positive(Strides, side),
            Positive(Dilations, side),
            Valid || Pads.Length / 2 <= side ? 0 : (long)Int128.Clamp((Int128)Pads[side] + Pads[side + (Pads.Length / 2)], 0, FoldedValue.Endless),
            side < Added.Length ? Math.Max(Added[side], 0) : 0,
            Same,
            OutputOf(side));

        // Written with or without the two dimensions in front.
        private long OutputOf(int side)
        {
            int skipped = Kernel.Length > 0 && Output.Length > Kernel.Length ? Output.Length - Kernel.Length : 0;
            return side + skipped < Output.Length ? Math.Max(Output[side + skipped], 0) : 0;
        }

        private static long Positive(long[] values, int side) => side < values.Length ? Math.Max(values[side], 1) : 1;
    }
}
