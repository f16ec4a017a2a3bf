using System.Buffers.Binary;

namespace EdgeDaemon.Core.Bundles.Onnx;

/// <summary>The values of a small tensor as the runtime will read them, for the types that sizes are computed in.</summary>
internal static class SmallValues
{
    /// <param name="raw">raw_data, empty when the values stand in a field of their type.</param>
    /// <param name="data">The field of their type.</param>
    /// <returns>Integers (and truth values) or reals; both null for any other type.</returns>
    public static (long[]? Integers, double[]? Reals) Of(ulong type, long elements, ReadOnlySpan<byte> raw, OnnxNumbers data)
    {
        bool typed = raw.IsEmpty && elements > 0;
        return type switch
        {
            OnnxElements.Int64 => (typed ? data.AllIntegers : Integers(raw, sizeof(long)), null),

            // A field of 32-bit numbers keeps the low half of whatever stands there.
            OnnxElements.Int32 => (typed ? data.AllIntegers?.Select(value => (long)(int)value).ToArray() : Integers(raw, sizeof(int)), null),
            OnnxElements.Bool => (typed ? data.AllIntegers?.Select(value => (int)value != 0 ? 1L : 0L).ToArray() : Integers(raw, sizeof(byte)), null),
            OnnxElements.Float => (null, typed ? data.AllReals : Reals(raw, sizeof(float))),
            OnnxElements.Double => (null, typed ? data.AllReals : Reals(raw, sizeof(double))),
            _ => (null, null),
        };
    }

    private static long[] Integers(ReadOnlySpan<byte> data, int size)
    {
        long[] values = new long[data.Length / size];
        for (int i = 0; i < values.Length; i++)
        {
            ReadOnlySpan<byte> value = data[(i * size)..];
            values[i] = size switch
            {
                sizeof(long) => BinaryPrimitives.ReadInt64LittleEndian(value),
                sizeof(int) => BinaryPrimitives.ReadInt32LittleEndian(value),
                _ => value[0] != 0 ? 1 : 0,
            };
        }

        return values;
    }

    private static double[] Reals(ReadOnlySpan<byte> data, int size)
    {
        double[] values = new double[data.Length / size];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = size == sizeof(double) ? BinaryPrimitives.ReadDoubleLittleEndian(data[(i * size)..]) : BinaryPrimitives.ReadSingleLittleEndian(data[(i * size)..]);
        }

        return values;
    }
}
