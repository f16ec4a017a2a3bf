namespace EdgeDaemon.Core.Bundles.Onnx.Folding;

/// <summary>What is known of a value of the graph without computing it.</summary>
internal sealed record FoldedValue
{
    /// <summary>More than anything may have; sums and products end here instead of going round.</summary>
    public const long Endless = long.MaxValue;

    /// <summary>Dimensions beyond this are no shape of the runtime's.</summary>
    public const int MostDimensions = 64;

    /// <summary>A value that only a request brings, of a shape that nothing says.</summary>
    public static readonly FoldedValue Unknown = new() { Volume = 1 };

    private readonly long? _likely;

    /// <summary>Made from constants alone: the runtime may compute it when it loads the model.</summary>
    public bool Constant { get; init; }

    /// <summary>
    /// At most so many elements, a dimension of 0 counted as 1: a tensor of 0 by 2^40 holds nothing, but its sum over the first
    /// dimension has 2^40 elements. Of what a request brings: with 1 for each dimension that is left open, and 1 where nothing is known.
    /// </summary>
    public required long Volume { get; init; }

    /// <summary>
    /// As <see cref="Volume"/>, but where a request decides on a shape, it is taken to make no more by that than went in. Never more than the volume.
    /// </summary>
    public long Likely
    {
        get => Math.Min(_likely ?? Volume, Volume);
        init => _likely = value;
    }

    /// <summary>What is known of its texts; null where it holds none.</summary>
    public TextSize? Text { get; init; }

    /// <summary>Null where it is not known.</summary>
    public long[]? Shape { get; init; }

    /// <summary>The shape has no dimension that a request chooses.</summary>
    public bool Fixed { get; init; }

    /// <summary>The first dimension of a declared shape that is left open; -1 where there is none.</summary>
    public int Open { get; private init; } = -1;

    /// <summary>Few integers or truth values, where they are known.</summary>
    public long[]? Integers { get; init; }

    /// <summary>Few reals, rounded as their type rounds them, where they are known.</summary>
    public double[]? Reals { get; init; }

    /// <summary>TensorProto.DataType; 0 where it is not known.</summary>
    public ulong Type { get; init; }

    /// <summary>Bytes of one element, 8 where the type is not known.</summary>
    public int Width => OnnxElements.Bits(Type) switch
    {
        <= 0 => 8,
        int bits => Math.Max(1, bits / 8),
    };

    /// <summary>Bytes of all elements, <see cref="Likely"/> so many; of texts with what each takes beside its letters, those of a request left out.</summary>
    public long Bytes => Times(Likely, Text is null ? Width : Plus(TextSize.Each, Text.Letters));

    /// <summary>With the letters of a request, a guess of how many those are.</summary>
    public long BytesWithRequest => Plus(Bytes, Times(Text?.Quoted ?? 0, TextSize.OfRequest));

    public static FoldedValue Of(OnnxTensor tensor) => new()
    {
        Constant = true,
        Volume = tensor.Shape is null ? 1 : VolumeOf(tensor.Shape),
        Shape = tensor.Shape,
        Fixed = true,
        Integers = tensor.Values,
        Reals = tensor.Reals,
        Type = tensor.Type,
        Text = tensor.Type == OnnxElements.Text ? new TextSize(tensor.LongestText, 0, 0) : null,
    };

    /// <summary>What a request brings, or what the file declares of a value.</summary>
    public static FoldedValue Of(OnnxPort port) => port.Shape is not { } shape
        ? Unknown with { Type = port.Type, Text = TextOf(port) }
        : new()
        {
            Volume = VolumeOf([.. shape]),
            Shape = [.. shape.Select(dimension => dimension < 0 ? 1 : dimension)],
            Fixed = shape.All(dimension => dimension >= 0),
            Open = shape.IndexOf(-1),
            Type = port.Type,
            Text = TextOf(port),
        };

    /// <summary>With what the file declares of it, which the runtime believes where it cannot tell; so nothing that is declared makes a value less than it is.</summary>
    public FoldedValue Declared(FoldedValue declared)
    {
        long most = Math.Max(Volume, declared.Volume);
        if (declared.Shape is null)
        {
            return this;
        }

        if (Shape is not null)
        {
            return !declared.Fixed || declared.Volume <= Volume ? this
                : declared.Shape.Length != Shape.Length ? this with { Volume = most, Likely = most }
                : Widened(Shape, declared.Shape);
        }

        if (Constant)
        {
            // Computed at load, whatever is declared: an arrangement that is not true would hide what is made of it.
            return this with { Volume = most, Likely = most };
        }

        if (declared.Volume >= Likely)
        {
            return this with { Shape = declared.Shape, Fixed = declared.Fixed, Volume = most, Likely = declared.Volume };
        }

        if (declared.Open < 0)
        {
            return this;
        }

        // The first dimension that is left open holds the rest.
        long[] shape = [.. declared.Shape];
        shape[declared.Open] = ((Likely - 1) / declared.Volume) + 1;
        return this with { Shape = shape };
    }

    /// <summary>A shape that is known; dimensions below 0 are taken as 0.</summary>
    public static FoldedValue Shaped(IEnumerable<long> shape, ulong type = 0)
    {
        long[] dimensions = [.. shape.Select(dimension => Math.Max(dimension, 0))];
        return dimensions.Length > MostDimensions ? Bounded(VolumeOf(dimensions), type) : new() { Volume = VolumeOf(dimensions), Shape = dimensions, Type = type };
    }

    /// <summary>No shape, but not more elements than this.</summary>
    public static FoldedValue Bounded(long volume, ulong type = 0) => new() { Volume = Math.Max(volume, 1), Type = type };

    public static FoldedValue OfIntegers(long[] values, long[] shape, ulong type = OnnxElements.Int64) =>
        Shaped(shape, type) with { Integers = values.Length <= OnnxTensor.MostValues ? values : null };

    /// <summary>The product, zeros and what is open (below 0) counted as 1.</summary>
    public static long VolumeOf(ReadOnlySpan<long> shape)
    {
        long volume = 1;
        foreach (long dimension in shape)
        {
            volume = Times(volume, Math.Max(dimension, 1));
        }

        return volume;
    }

    /// <summary>The product of two numbers from 0 on, or <see cref="Endless"/>.</summary>
    public static long Times(long left, long right) => (long)Int128.Min((Int128)left * right, Endless);

    /// <summary>The sum of two numbers from 0 on, or <see cref="Endless"/>.</summary>
    public static long Plus(long left, long right) => (long)Int128.Min((Int128)left + right, Endless);

    // Each dimension as large as either says: of a row that is declared a column, nobody knows what it will be stretched to.
    private FoldedValue Widened(long[] own, long[] declared)
    {
        long[] shape = [.. own];
        for (int axis = 0; axis < shape.Length; axis++)
        {
            shape[axis] = Math.Max(shape[axis], declared[axis]);
        }

        long volume = VolumeOf(shape);
        return this with { Shape = shape, Fixed = true, Volume = volume, Likely = volume };
    }

    private static TextSize? TextOf(OnnxPort port) => port.Type == OnnxElements.Text ? TextSize.Brought : null;
}
