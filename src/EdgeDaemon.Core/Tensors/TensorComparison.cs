using System.Buffers.Binary;
using System.Globalization;

namespace EdgeDaemon.Core.Tensors;

/// <summary>Whether a tensor is the expected one: bit for bit, or with floating-point elements within a tolerance.</summary>
/// <param name="Absolute">0 or more.</param>
/// <param name="Relative">0 to 1, of the expected value's size.</param>
public readonly record struct TensorComparison(double Absolute, double Relative)
{
    /// <summary>Where the tensors differ, in words; null when <paramref name="found"/> will do.</summary>
    /// <remarks>With a tolerance, NaN answers NaN and infinity the same infinity. Integers, truth values and text have no tolerance.</remarks>
    public string? Difference(ElementType type, ReadOnlySpan<byte> expected, ReadOnlySpan<byte> found)
    {
        if (expected.Length != found.Length)
        {
            return $"{found.Length} bytes, expected {expected.Length}";
        }

        bool exact = Absolute == 0 && Relative == 0;
        int at = expected.CommonPrefixLength(found);
        if (at == expected.Length)
        {
            return null;
        }

        if (type is not (ElementType.Float16 or ElementType.BFloat16 or ElementType.Float32 or ElementType.Float64))
        {
            return type == ElementType.Bytes ? $"byte {at} is another one" : $"element {at / type.Size()} is another one";
        }

        int size = type.Size();
        for (int element = at / size; element < expected.Length / size; element++)
        {
            ReadOnlySpan<byte> wanted = expected.Slice(element * size, size), given = found.Slice(element * size, size);
            if (exact ? !wanted.SequenceEqual(given) : !Near(Value(type, wanted), Value(type, given)))
            {
                return string.Create(CultureInfo.InvariantCulture, $"element {element} is {Value(type, given):R}, expected {Value(type, wanted):R}");
            }
        }

        return null;
    }

    private static double Value(ElementType type, ReadOnlySpan<byte> element) => type switch
    {
        ElementType.Float16 => (double)BinaryPrimitives.ReadHalfLittleEndian(element),
        ElementType.BFloat16 => BitConverter.Int32BitsToSingle(BinaryPrimitives.ReadUInt16LittleEndian(element) << 16),
        ElementType.Float32 => BinaryPrimitives.ReadSingleLittleEndian(element),
        _ => BinaryPrimitives.ReadDoubleLittleEndian(element),
    };

    private bool Near(double expected, double found) =>
        expected.Equals(found) || expected == found || (double.IsFinite(expected) && Math.Abs(found - expected) <= Absolute + (Relative * Math.Abs(expected)));
}
