using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace EdgeDaemon.Core.Tensors;

/// <summary>
/// The dimensions of one tensor, held in place (no allocation): rank 0 to <see cref="MaxRank"/>. Every size that is
/// derived from caller-chosen dimensions is computed with overflow checks here and nowhere else.
/// </summary>
public struct TensorShape
{
    /// <summary>More dimensions than any served operator uses; a bound, so that a shape has a size.</summary>
    public const int MaxRank = 16;

    private Dimensions _dimensions;
    private int _rank;

    public readonly int Rank => _rank;

    /// <summary>The dimensions in order; valid while the shape is.</summary>
    [UnscopedRef]
    public readonly ReadOnlySpan<long> Span => ((ReadOnlySpan<long>)_dimensions)[.._rank];

    public readonly long this[int index] => Span[index];

    /// <summary>False for more than <see cref="MaxRank"/> dimensions.</summary>
    public static bool TryCreate(ReadOnlySpan<long> dimensions, out TensorShape shape)
    {
        shape = default;
        if (dimensions.Length > MaxRank)
        {
            return false;
        }

        dimensions.CopyTo(shape._dimensions);
        shape._rank = dimensions.Length;
        return true;
    }

    /// <summary>Appends one dimension; false when the shape is full.</summary>
    public bool TryAdd(long dimension)
    {
        if (_rank == MaxRank)
        {
            return false;
        }

        _dimensions[_rank++] = dimension;
        return true;
    }

    /// <summary>Replaces one dimension (a variable one by its value).</summary>
    public void Set(int index, long dimension)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)_rank);
        _dimensions[index] = dimension;
    }

    /// <summary>The product of the dimensions (1 for rank 0). False for a negative dimension or a product above 2^63-1.</summary>
    public readonly bool TryElementCount(out long count)
    {
        count = 1;
        bool zero = false, overflow = false;
        foreach (long dimension in Span)
        {
            if (dimension < 0)
            {
                return false;
            }

            if (dimension == 0)
            {
                zero = true;
            }
            else if ((count | dimension) <= int.MaxValue)
            {
                count *= dimension;
            }
            else if (!overflow)
            {
                long high = Math.BigMul(count, dimension, out long low);
                overflow = high != 0 || low < 0;
                count = low;
            }
        }

        if (zero)
        {
            // A zero anywhere makes the product zero, whatever overflows beside it.
            count = 0;
            return true;
        }

        return !overflow;
    }

    /// <summary>Bytes of a dense tensor of this shape. False on overflow, and for types without a fixed size.</summary>
    public readonly bool TryByteCount(ElementType type, out long bytes)
    {
        bytes = 0;
        if (type.Size() == 0 || !TryElementCount(out long count))
        {
            return false;
        }

        long high = Math.BigMul(count, type.Size(), out long low);
        bytes = low;
        return high == 0 && low >= 0;
    }

    public readonly bool SequenceEqual(in TensorShape other) => Span.SequenceEqual(other.Span);

    public override readonly string ToString() => $"[{string.Join(',', Span.ToArray())}]";

    [InlineArray(MaxRank)]
    private struct Dimensions
    {
        private long _first;
    }
}
