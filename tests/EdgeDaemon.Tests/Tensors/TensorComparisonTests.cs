using EdgeDaemon.Core.Tensors;

namespace EdgeDaemon.Tests.Tensors;

[TestClass]
public sealed class TensorComparisonTests
{
    private static readonly TensorComparison Exact = new(0, 0);

    [TestMethod]
    [DataRow(ElementType.Float32)]
    [DataRow(ElementType.Int64)]
    [DataRow(ElementType.Bytes)]
    [DataRow(ElementType.Bool)]
    public void The_same_bytes_do_and_another_length_does_not(ElementType type)
    {
        byte[] bytes = [1, 0, 0, 0, 65, 0, 0, 0];
        Assert.IsNull(Exact.Difference(type, bytes, bytes));
        Assert.AreEqual("7 bytes, expected 8", Exact.Difference(type, bytes, bytes.AsSpan(1)));
    }

    [TestMethod]
    public void Without_a_tolerance_every_bit_counts()
    {
        Assert.AreEqual("element 1 is 1.0000001, expected 1", Exact.Difference(ElementType.Float32, Floats(2, 1), Floats(2, 1.0000001f))?.Replace("1.0000001192092896", "1.0000001", StringComparison.Ordinal));
        Assert.AreEqual("element 0 is -0, expected 0", Exact.Difference(ElementType.Float32, Floats(0), Floats(-0f)));
        Assert.IsNull(Exact.Difference(ElementType.Float32, Floats(float.NaN), Floats(float.NaN)));
    }

    [TestMethod]
    [DataRow(1f, 1.5f, 0.5, 0.0, true)]
    [DataRow(1f, 1.51f, 0.5, 0.0, false)]
    [DataRow(-100f, -101f, 0.0, 0.01, true)]
    [DataRow(-100f, -101.1f, 0.0, 0.01, false)]
    [DataRow(100f, 102f, 1.0, 0.01, true)]
    [DataRow(0f, -0f, 1e-9, 0.0, true)]
    [DataRow(float.NaN, float.NaN, 1e9, 1.0, true)]
    [DataRow(float.NaN, 1f, 1e9, 1.0, false)]
    [DataRow(1f, float.NaN, 1e9, 1.0, false)]
    [DataRow(float.PositiveInfinity, float.PositiveInfinity, 1.0, 1.0, true)]
    [DataRow(float.PositiveInfinity, 1f, 1.0, 1.0, false)]
    [DataRow(float.PositiveInfinity, float.NegativeInfinity, 1.0, 1.0, false)]
    [DataRow(1f, float.PositiveInfinity, 1.0, 1.0, false)]
    public void A_tolerance_is_what_it_says(float expected, float found, double absolute, double relative, bool near) =>
        Assert.AreEqual(near, new TensorComparison(absolute, relative).Difference(ElementType.Float32, Floats(7, expected), Floats(7, found)) is null);

    [TestMethod]
    public void Each_floating_type_is_read_as_itself()
    {
        var loose = new TensorComparison(0.1, 0);
        Assert.IsNull(loose.Difference(ElementType.Float64, BitConverter.GetBytes(2.0), BitConverter.GetBytes(2.05)));
        Assert.IsNull(loose.Difference(ElementType.Float16, BitConverter.GetBytes((Half)2), BitConverter.GetBytes((Half)2.05)));
        Assert.AreEqual("element 0 is 3, expected 2", loose.Difference(ElementType.BFloat16, [0x00, 0x40], [0x40, 0x40]));
        Assert.IsNull(loose.Difference(ElementType.BFloat16, [0x00, 0x40], [0x01, 0x40]));
    }

    [TestMethod]
    public void Integers_truth_values_and_texts_have_no_tolerance()
    {
        var loose = new TensorComparison(1e9, 1);
        Assert.AreEqual("element 1 is another one", loose.Difference(ElementType.Int32, [1, 0, 0, 0, 2, 0, 0, 0], [1, 0, 0, 0, 2, 0, 1, 0]));
        Assert.AreEqual("element 2 is another one", loose.Difference(ElementType.Bool, [1, 0, 1], [1, 0, 0]));
        Assert.AreEqual("byte 4 is another one", loose.Difference(ElementType.Bytes, [1, 0, 0, 0, 65], [1, 0, 0, 0, 66]));
    }

    private static byte[] Floats(params float[] values) => [.. values.SelectMany(BitConverter.GetBytes)];
}
