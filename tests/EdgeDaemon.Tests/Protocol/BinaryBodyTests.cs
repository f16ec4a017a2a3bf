using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Core.Tensors;

namespace EdgeDaemon.Tests.Protocol;

[TestClass]
public sealed class BinaryBodyTests
{
    [TestMethod]
    public void Tensors_follow_the_head_in_order()
    {
        InferRequest request = Request(("a", "FP32", "[2]", 8), ("b", "BYTES", "[1]", 9), ("c", "INT8", "[0]", 0));
        Assert.AreEqual(117, BinaryBody.Plan(100, 117, request));
        Assert.AreEqual(117, BinaryBody.Plan(100, BinaryBody.UnknownLength, request));
        CollectionAssert.AreEqual(new long[] { 100, 108, 117 }, request.Inputs.ToArray().Select(i => i.BinaryStart).ToArray());
    }

    [TestMethod]
    public void Refuses_a_head_longer_than_the_body()
    {
        BinaryBody.Plan(10, 10, Request());
        Refuse.With(Refusal.HeadLengthBeyondBody, () => BinaryBody.Plan(11, 10, Request()));
        Refuse.With(Refusal.HeadLengthBeyondBody, () => BinaryBody.CheckHead(long.MaxValue, 10));
    }

    [TestMethod]
    public void Refuses_too_few_and_left_over_bytes()
    {
        InferRequest request = Request(("a", "FP32", "[2]", 8));
        BinaryBody.Plan(10, 18, request);
        Refuse.With(Refusal.BodyTruncated, () => BinaryBody.Plan(10, 17, request));
        Refuse.With(Refusal.BodyTrailingBytes, () => BinaryBody.Plan(10, 19, request));
        Refuse.With(Refusal.BodyTrailingBytes, () => BinaryBody.Plan(10, 11, Request()));
    }

    [TestMethod]
    public void Refuses_sizes_that_are_not_the_shapes()
    {
        BinaryBody.Plan(0, 8, Request(("a", "FP32", "[2]", 8)));
        Refuse.With(Refusal.InputWrongByteCount, () => BinaryBody.Plan(0, 7, Request(("a", "FP32", "[2]", 7))));
        Refuse.With(Refusal.InputWrongByteCount, () => BinaryBody.Plan(0, 9, Request(("a", "FP32", "[2]", 9))));
        BinaryBody.Plan(0, 8, Request(("a", "BYTES", "[2]", 8)));
        Refuse.With(Refusal.InputWrongByteCount, () => BinaryBody.Plan(0, 7, Request(("a", "BYTES", "[2]", 7))));
    }

    [TestMethod]
    public void Refuses_sizes_whose_sum_overflows()
    {
        const long Huge = long.MaxValue - 2;
        InferRequest one = Request(("a", "INT8", $"[{Huge}]", Huge));
        Assert.AreEqual(long.MaxValue, BinaryBody.Plan(2, BinaryBody.UnknownLength, one));
        Refuse.With(Refusal.InputWrongByteCount, () => BinaryBody.Plan(3, BinaryBody.UnknownLength, one));
        Refuse.With(
            Refusal.InputWrongByteCount,
            () => BinaryBody.Plan(0, 100, Request(("a", "INT8", $"[{Huge}]", Huge), ("b", "INT8", $"[{Huge}]", Huge))));
    }

    [TestMethod]
    public void Refuses_bytes_that_are_not_whole_elements()
    {
        BytesTensor.Validate([], 0);
        BytesTensor.Validate([1, 0, 0, 0, 65, 0, 0, 0, 0], 2);
        Refuse.With(Refusal.InputBytesMalformed, () => BytesTensor.Validate([1, 0, 0], 1));
        Refuse.With(Refusal.InputBytesMalformed, () => BytesTensor.Validate([2, 0, 0, 0, 65], 1));
        Refuse.With(Refusal.InputBytesMalformed, () => BytesTensor.Validate([0xff, 0xff, 0xff, 0xff, 65], 1));
        Refuse.With(Refusal.InputBytesMalformed, () => BytesTensor.Validate([0, 0, 0, 0, 9], 1));
        Refuse.With(Refusal.InputWrongElementCount, () => BytesTensor.Validate([0, 0, 0, 0], 2));
        Refuse.With(Refusal.InputWrongElementCount, () => BytesTensor.Validate([0, 0, 0, 0, 0, 0, 0, 0], 1));
        Refuse.With(Refusal.InputWrongElementCount, () => BytesTensor.Validate([], 1));
    }

    [TestMethod]
    public void Refuses_bool_bytes_that_are_neither_zero_nor_one()
    {
        byte[] raw = new byte[100];
        raw[99] = 1;
        BoolTensor.Validate(raw);
        raw[70] = 2;
        Refuse.With(Refusal.InputNumberOutOfRange, () => BoolTensor.Validate(raw));
    }

    [TestMethod]
    public void Head_length_is_digits_and_nothing_else()
    {
        foreach ((string text, long value) in ((string, long)[])[("0", 0), ("00", 0), ("007", 7), ("1234", 1234), ("9223372036854775807", long.MaxValue)])
        {
            Assert.IsTrue(HeadLength.TryParse(text, out long length));
            Assert.AreEqual(value, length);
        }

        foreach (string bad in (string[])["", "-1", "+1", " 1", "1 ", "1.0", "0x1", "1e3", "\u0661", "9223372036854775808", "18446744073709551617", "00000000000000000001", "1,2", "NaN"])
        {
            Assert.IsFalse(HeadLength.TryParse(bad, out _), bad);
        }
    }

    [TestMethod]
    public void Raw_body_gives_the_one_variable_dimension()
    {
        Assert.AreEqual("[3,1,8,8]", Raw(ElementType.UInt8, [-1, 1, 8, 8], 192));
        Assert.AreEqual("[2,5]", Raw(ElementType.Float32, [2, -1], 40));
        Assert.AreEqual("[2,2]", Raw(ElementType.Float32, [2, 2], 16));
        Assert.AreEqual("[]", Raw(ElementType.Float64, [], 8));
        Assert.AreEqual("[0,4]", Raw(ElementType.Float32, [-1, 4], 0));
        Assert.AreEqual("[0]", Raw(ElementType.Float32, [0], 0));
        Refuse.With(Refusal.InputWrongByteCount, () => Raw(ElementType.UInt8, [-1, 1, 8, 8], 191));
        Refuse.With(Refusal.InputWrongByteCount, () => Raw(ElementType.UInt8, [-1, 1, 8, 8], 63));
        Refuse.With(Refusal.InputWrongByteCount, () => Raw(ElementType.Float32, [2, 2], 20));
        Refuse.With(Refusal.InputWrongByteCount, () => Raw(ElementType.Float32, [2, 2], 0));
    }

    [TestMethod]
    public void Refuses_raw_bodies_whose_shape_is_not_one()
    {
        Refuse.With(Refusal.InputRawAmbiguous, () => Raw(ElementType.UInt8, [-1, -1], 4));
        Refuse.With(Refusal.InputRawAmbiguous, () => Raw(ElementType.UInt8, [-1, 0], 0));
        Refuse.With(Refusal.InputRawAmbiguous, () => Raw(ElementType.UInt8, [-1, 0], 4));
        Refuse.With(Refusal.InputRawAmbiguous, () => Raw(ElementType.Bytes, [2], 4));
        Refuse.With(Refusal.InputRawAmbiguous, () => Raw(ElementType.Bytes, [0], 0));
    }

    [TestMethod]
    public void Raw_body_of_bytes_is_one_element_without_its_length()
    {
        Assert.AreEqual("[1]", Raw(ElementType.Bytes, [1], 11));
        Assert.AreEqual("[1,1]", Raw(ElementType.Bytes, [-1, 1], 0));
        Assert.AreEqual(15, RawRequest.TensorBytes(new TensorContract("x", ElementType.Bytes, [1]), 11));
        Assert.AreEqual(11, RawRequest.TensorBytes(new TensorContract("x", ElementType.UInt8, [11]), 11));
        Refuse.With(Refusal.InputWrongByteCount, () => Raw(ElementType.Bytes, [1], 1L << 32));
    }

    private static string Raw(ElementType type, long[] shape, long length)
    {
        RawRequest.Infer(new TensorContract("x", type, [.. shape]), length, out TensorShape inferred);
        return inferred.ToString();
    }

    private static InferRequest Request(params (string Name, string Type, string Shape, long Size)[] inputs) => Refuse.Accept(
        "{\"inputs\":[" + string.Join(',', inputs.Select(i =>
            $$$"""{"name":"{{{i.Name}}}","datatype":"{{{i.Type}}}","shape":{{{i.Shape}}},"parameters":{"binary_data_size":{{{i.Size}}}}}""")) + "]}");
}
