namespace EdgeDaemon.Core.Bundles.Onnx.Folding;

/// <summary>Few numbers put elsewhere: what slices, gathers, stretches and turns do to the values that sizes are made of.</summary>
internal static class SmallLayout
{
    /// <summary>The result's values, each taken from where <paramref name="from"/> says for its coordinates.</summary>
    /// <param name="made">The result; its shape is known.</param>
    /// <param name="from">Coordinates in the result to a position in the input's row-major order; outside of it nothing is known.</param>
    public static FoldedValue Take(FoldedValue input, FoldedValue made, Func<long[], long> from)
    {
        if (made.Shape is not { } shape || input is { Integers: null, Reals: null } || Count(shape) is not { } count)
        {
            return made;
        }

        long[] source = new long[count];
        long[] at = new long[shape.Length];
        for (int i = 0; i < count; i++)
        {
            source[i] = from(at);
            for (int axis = shape.Length - 1; axis >= 0 && ++at[axis] == shape[axis]; axis--)
            {
                at[axis] = 0;
            }
        }

        int length = input.Integers?.Length ?? input.Reals!.Length;
        return source.Any(position => position < 0 || position >= length) ? made
            : made with { Integers = Pick(input.Integers, source), Reals = Pick(input.Reals, source) };
    }

    /// <summary>As broadcasting stretches it; unknown values where it does not fit.</summary>
    public static FoldedValue Stretch(FoldedValue input, long[] shape)
    {
        FoldedValue made = FoldedValue.Shaped(shape, input.Type);
        return input.Shape is not { } own || own.Length > shape.Length ? made : Take(input, made, at =>
        {
            long position = 0;
            for (int axis = 0; axis < own.Length; axis++)
            {
                long coordinate = at[axis + shape.Length - own.Length];
                if (own[axis] != 1 && coordinate >= own[axis])
                {
                    return -1;
                }

                position = (position * own[axis]) + (own[axis] == 1 ? 0 : coordinate);
            }

            return position;
        });
    }

    /// <summary>Position of coordinates in row-major order.</summary>
    public static long Position(ReadOnlySpan<long> at, ReadOnlySpan<long> shape)
    {
        long position = 0;
        for (int axis = 0; axis < shape.Length; axis++)
        {
            position = (position * shape[axis]) + at[axis];
        }

        return position;
    }

    /// <summary>Elements, zeros as they are; null when more than are followed.</summary>
    public static int? Count(ReadOnlySpan<long> shape)
    {
        long count = 1;
        foreach (long dimension in shape)
        {
            count = FoldedValue.Times(count, dimension);
        }

        return count <= OnnxTensor.MostValues ? (int)count : null;
    }

    private static T[]? Pick<T>(T[]? values, long[] source) => values is null ? null : [.. source.Select(position => values[position])];
}
