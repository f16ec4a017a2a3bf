using System.Numerics;
using EdgeDaemon.Core.Tensors;

namespace EdgeDaemon.Tests.Tensors;

[TestClass]
public sealed class TensorShapeTests
{
    [TestMethod]
    public void Element_count_agrees_with_unbounded_arithmetic()
    {
        var random = new Random(7);
        for (int round = 0; round < 20_000; round++)
        {
            long[] dimensions = new long[random.Next(0, TensorShape.MaxRank + 1)];
            for (int i = 0; i < dimensions.Length; i++)
            {
                dimensions[i] = random.Next(0, 5) switch
                {
                    4 => (1L << random.Next(29, 34)) + random.Next(-1, 2),
                    0 => random.Next(0, 4),
                    1 => random.NextInt64(0, 1L << random.Next(1, 63)),
                    2 => 1,
                    _ => random.Next(1, 40),
                };
            }

            BigInteger expected = dimensions.Aggregate(BigInteger.One, (product, d) => product * d);
            Assert.IsTrue(TensorShape.TryCreate(dimensions, out TensorShape shape));
            bool fits = shape.TryElementCount(out long count);
            Assert.AreEqual(expected <= long.MaxValue, fits, shape.ToString());
            if (fits)
            {
                Assert.AreEqual(expected, count);
                Assert.AreEqual(expected * 8 <= long.MaxValue, shape.TryByteCount(ElementType.Float64, out _));
            }
        }
    }

    [TestMethod]
    public void Refuses_negative_dimensions_and_too_many()
    {
        Assert.IsTrue(TensorShape.TryCreate([2, -1], out TensorShape negative));
        Assert.IsFalse(negative.TryElementCount(out _));
        Assert.IsTrue(TensorShape.TryCreate([0, long.MaxValue, -1], out negative));
        Assert.IsFalse(negative.TryElementCount(out _), "neither a zero nor an overflow before it hides it");
        Assert.IsFalse(TensorShape.TryCreate(new long[TensorShape.MaxRank + 1], out _));
    }

    [TestMethod]
    public void Contract_admits_only_its_fixed_dimensions()
    {
        var contract = new TensorContract("x", ElementType.UInt8, [-1, 1, 8, 8]);
        TensorShape.TryCreate([5, 1, 8, 8], out TensorShape good);
        TensorShape.TryCreate([5, 1, 8, 9], out TensorShape wide);
        TensorShape.TryCreate([5, 1, 64], out TensorShape flat);
        Assert.IsTrue(contract.Admits(good));
        Assert.IsFalse(contract.Admits(wide));
        Assert.IsFalse(contract.Admits(flat));
    }
}
