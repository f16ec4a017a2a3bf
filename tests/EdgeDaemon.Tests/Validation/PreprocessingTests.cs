using System.Runtime.InteropServices;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Tensors;
using EdgeDaemon.Validation;

namespace EdgeDaemon.Tests.Validation;

[TestClass]
public sealed class PreprocessingTests
{
    [TestMethod]
    public void A_byte_k_becomes_exactly_k_over_255()
    {
        float[] prepared = Apply(255, ElementType.UInt8, [.. Enumerable.Range(0, 256).Select(k => (byte)k)]);
        for (int k = 0; k < 256; k++)
        {
            // Division in double rounds once more, but never to another float here: 53 bits are more than 2 * 24 + 2.
            Assert.AreEqual((float)(k / 255.0), prepared[k], $"{k}");
            Assert.AreEqual(k / 255f, prepared[k], $"{k}");
        }
    }

    [TestMethod]
    public void Every_other_type_is_divided_with_one_rounding()
    {
        sbyte[] bytes = [sbyte.MinValue, -1, 0, sbyte.MaxValue];
        CollectionAssert.AreEqual(bytes.Select(v => v / 3f).ToArray(), Apply(3, ElementType.Int8, MemoryMarshal.AsBytes<sbyte>(bytes)));
        ushort[] words = [0, 1, 40000, ushort.MaxValue];
        CollectionAssert.AreEqual(words.Select(v => v / 65535f).ToArray(), Apply(65535, ElementType.UInt16, MemoryMarshal.AsBytes<ushort>(words)));
        short[] shorts = [short.MinValue, -1, short.MaxValue];
        CollectionAssert.AreEqual(shorts.Select(v => v / 0.1f).ToArray(), Apply(0.1, ElementType.Int16, MemoryMarshal.AsBytes<short>(shorts)));
        float[] floats = [-0f, 1e-45f, float.MaxValue, 3.5f];
        CollectionAssert.AreEqual(floats.Select(v => v / 7f).ToArray(), Apply(7, ElementType.Float32, MemoryMarshal.AsBytes<float>(floats)));
    }

    private static float[] Apply(double divisor, ElementType type, ReadOnlySpan<byte> source)
    {
        float[] prepared = new float[source.Length / type.Size()];
        Preprocessing.Apply(new Preprocess(divisor), type, source, MemoryMarshal.AsBytes<float>(prepared));
        return prepared;
    }
}
