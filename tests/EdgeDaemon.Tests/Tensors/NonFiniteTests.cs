using System.Runtime.InteropServices;
using EdgeDaemon.Core.Tensors;

namespace EdgeDaemon.Tests.Tensors;

[TestClass]
public sealed class NonFiniteTests
{
    [TestMethod]
    public void Every_16_bit_pattern_is_judged_as_its_value_is()
    {
        for (int bits = 0; bits <= ushort.MaxValue; bits++)
        {
            byte[] one = BitConverter.GetBytes((ushort)bits);
            Assert.AreEqual(!Half.IsFinite(BitConverter.UInt16BitsToHalf((ushort)bits)), NonFinite.Any(ElementType.Float16, one), $"{bits:X}");
            Assert.AreEqual(!float.IsFinite(BitConverter.UInt32BitsToSingle((uint)bits << 16)), NonFinite.Any(ElementType.BFloat16, one), $"{bits:X}");
        }
    }

    [TestMethod]
    public void Random_tensors_are_judged_as_a_loop_over_their_values_judges()
    {
        var random = new Random(1);
        for (int round = 0; round < 5000; round++)
        {
            float[] floats = [.. Enumerable.Range(0, random.Next(0, 40)).Select(_ => random.NextSingle() - 0.5f)];
            double[] doubles = [.. floats.Select(f => f * 1e300)];
            if (floats.Length > 0 && round % 2 == 0)
            {
                int at = random.Next(floats.Length);
                floats[at] = BitConverter.UInt32BitsToSingle((uint)random.NextInt64(1L << 32) | (round % 4 == 0 ? 0x7F80_0000u : 0));
                doubles[at] = BitConverter.Int64BitsToDouble(random.NextInt64() | (round % 4 == 0 ? 0x7FF0_0000_0000_0000 : 0));
            }

            Assert.AreEqual(floats.Any(f => !float.IsFinite(f)), NonFinite.Any(ElementType.Float32, MemoryMarshal.AsBytes<float>(floats)), $"{round}");
            Assert.AreEqual(doubles.Any(d => !double.IsFinite(d)), NonFinite.Any(ElementType.Float64, MemoryMarshal.AsBytes<double>(doubles)), $"{round}");
        }
    }

    [TestMethod]
    public void One_bad_value_is_found_at_every_place_of_every_length()
    {
        foreach (float bad in (float[])[float.NaN, float.PositiveInfinity, float.NegativeInfinity, BitConverter.UInt32BitsToSingle(0x7F80_0001)])
        {
            for (int length = 1; length <= 40; length++)
            {
                for (int at = 0; at < length; at++)
                {
                    float[] tensor = new float[length];
                    tensor.AsSpan().Fill(float.MaxValue);
                    Assert.IsFalse(NonFinite.Any(ElementType.Float32, MemoryMarshal.AsBytes<float>(tensor)));
                    tensor[at] = bad;
                    Assert.IsTrue(NonFinite.Any(ElementType.Float32, MemoryMarshal.AsBytes<float>(tensor)), $"{bad} at {at} of {length}");
                }
            }
        }
    }

    [TestMethod]
    public void Types_without_such_values_have_none()
    {
        byte[] ones = new byte[64];
        ones.AsSpan().Fill(0xFF);
        foreach (ElementType type in Enum.GetValues<ElementType>().Where(t => t is not (ElementType.Float16 or ElementType.BFloat16 or ElementType.Float32 or ElementType.Float64)))
        {
            Assert.IsFalse(NonFinite.Any(type, ones), $"{type}");
        }
    }
}
