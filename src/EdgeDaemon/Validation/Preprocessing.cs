using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Tensors;

namespace EdgeDaemon.Validation;

/// <summary>The bundle's preprocessing: numbers as the caller sends them become the numbers that the graphs were trained on.</summary>
internal static class Preprocessing
{
    /// <summary>Each element of <paramref name="source"/> divided by the bundle's divisor, in FP32 (one rounding).</summary>
    public static void Apply(Preprocess preprocess, ElementType type, ReadOnlySpan<byte> source, Span<byte> destination)
    {
        var divisor = (float)preprocess.DivideBy;
        Span<float> prepared = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(destination);
        switch (type)
        {
            case ElementType.UInt8:
                for (int i = 0; i < source.Length; i++)
                {
                    prepared[i] = source[i] / divisor;
                }

                break;
            case ElementType.Int8:
                Divide<sbyte>(source, prepared, divisor);
                break;
            case ElementType.UInt16:
                Divide<ushort>(source, prepared, divisor);
                break;
            case ElementType.Int16:
                Divide<short>(source, prepared, divisor);
                break;
            case ElementType.Float32:
                Divide<float>(source, prepared, divisor);
                break;
            default:
                throw new NotSupportedException($"the manifest's checks allow no preprocessing of {type.WireName()}");
        }
    }

    private static void Divide<T>(ReadOnlySpan<byte> source, Span<float> prepared, float divisor)
        where T : unmanaged, System.Numerics.INumberBase<T>
    {
        ReadOnlySpan<T> elements = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, T>(source);
        for (int i = 0; i < elements.Length; i++)
        {
            prepared[i] = float.CreateTruncating(elements[i]) / divisor;
        }
    }
}
