using EdgeDaemon.Core.Output;

namespace EdgeDaemon.Tests.Output;

[TestClass]
public sealed class SoftmaxTests
{
    [TestMethod]
    public void Agrees_with_the_definition_in_decimal_arithmetic()
    {
        // exp(1), exp(2), exp(3) to 12 digits, divided by their sum by hand.
        double[] expected = [0.090030573170, 0.244728471055, 0.665240955775];
        double[] given = new double[3];
        Assert.IsTrue(Softmax.TryApply([1, 2, 3], given));
        for (int i = 0; i < 3; i++)
        {
            Assert.AreEqual(expected[i], given[i], 1e-11);
        }
    }

    [TestMethod]
    public void Is_unmoved_by_a_common_shift_and_by_huge_logits()
    {
        double[] small = new double[2];
        double[] large = new double[2];
        Assert.IsTrue(Softmax.TryApply([0, 1], small));
        Assert.IsTrue(Softmax.TryApply([8388608, 8388609], large));
        CollectionAssert.AreEqual(small, large);
        Assert.IsTrue(Softmax.TryApply([float.MaxValue, -float.MaxValue], large));
        CollectionAssert.AreEqual((double[])[1, 0], large);
    }

    [TestMethod]
    public void Refuses_what_is_not_finite_and_writes_nothing()
    {
        foreach (float bad in new[] { float.NaN, float.PositiveInfinity, float.NegativeInfinity })
        {
            double[] given = [-1, -1];
            Assert.IsFalse(Softmax.TryApply([1, bad], given));
            CollectionAssert.AreEqual((double[])[-1, -1], given);
        }

        Assert.IsFalse(Softmax.TryApply([], []));
    }
}
