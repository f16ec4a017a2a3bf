using System.Text;
using static EdgeDaemon.EndToEnd.BadRequest;
using static EdgeDaemon.EndToEnd.RefusingDaemon;

namespace EdgeDaemon.EndToEnd;

/// <summary>Inputs and outputs that break the rules of the wire or that the model does not take.</summary>
[TestClass]
public sealed class RefusedTensorTests
{
    [ClassInitialize]
    public static Task StartAsync(TestContext _) => RefusingDaemon.StartAsync();

    [TestCleanup]
    public void StillServes_InBoundedMemory() => CheckServing();

    [TestMethod]
    [DataRow("9223372036854775807,1,8,8")]
    [DataRow("4611686018427387904,1,8,8")]
    [DataRow("288230376151711745,1,8,8")]
    public void ShapeWhoseElementsOverflow_IsRefused(string shape) =>
        Refused(400, "an input shape is out of range", Json($$"""{"inputs":[{"name":"image","datatype":"UINT8","shape":[{{shape}}],"data":[]}]}"""));

    [TestMethod]
    public void ShapeWhoseBytesOverflow_IsRefused() => Refused(
        400, "an input shape is out of range", Json("""{"inputs":[{"name":"x","datatype":"FP32","shape":[288230376151711744,16],"data":[]}]}""", "bench-mlp"));

    [TestMethod]
    public void HugeShapeWithoutTheData_IsRefusedWithoutTakingItsMemory()
    {
        using HttpConnection connection = Connect();
        HttpAnswer answer = connection.Ask(Json("""{"inputs":[{"name":"x","datatype":"FP32","shape":[1000000000,16],"data":[1]}]}""", "bench-mlp"));
        Assert.IsTrue((answer.Status, answer.Error) is (400, "the number of elements does not match the input shape") or (503, "the server is busy, try again later"), answer.Text);
    }

    [TestMethod]
    [DataRow("[-1,1,8,8]")]
    [DataRow("[1,1,8,9]")]
    [DataRow("[1,64]")]
    [DataRow("[]")]
    public void ShapeThatTheModelDoesNotTake_IsRefused(string shape)
    {
        using HttpConnection connection = Connect();
        HttpAnswer answer = connection.Ask(Json($$"""{"inputs":[{"name":"image","datatype":"UINT8","shape":{{shape}},"data":[0]}]}"""));
        Assert.AreEqual(400, answer.Status);
        Assert.IsTrue(answer.Error is "an input has another shape than the model expects" or "an input shape is out of range", answer.Error);
    }

    [TestMethod]
    public void NegativeBinarySize_IsRefused()
    {
        using HttpConnection connection = Connect();
        HttpAnswer answer = connection.Ask(Infer("digits", Head("UINT8", "1,1,8,8", -64), new byte[64]));
        Assert.AreEqual(400, answer.Status, answer.Text);
        Assert.IsNotEmpty(answer.Error);
    }

    [TestMethod]
    public void BinarySizeThatIsNotTheShapes_IsRefused() =>
        Refused(400, "unexpected size for input", Infer("digits", Head("UINT8", "4,1,8,8", 255), new byte[255]));

    [TestMethod]
    public void UnknownInput_IsRefused() => Refused(
        400, "the model has no input of that name", Json("""{"inputs":[{"name":"picture","datatype":"UINT8","shape":[1],"data":[0]}]}"""));

    [TestMethod]
    public void InputGivenTwice_IsRefused()
    {
        string image = Encoding.UTF8.GetString(Digits.Json(0, 1))["""{"inputs":[""".Length..^2];
        Refused(400, "an input is given twice", Json($$"""{"inputs":[{{image}},{{image}}]}"""));
    }

    [TestMethod]
    public void NoInput_IsRefused() => Refused(400, "an input of the model is missing", Json("""{"inputs":[]}"""));

    [TestMethod]
    public void OutputThatTheModelDoesNotHave_IsRefused() =>
        Refused(400, "the model has no output of that name", Digits.Infer("digits", Digits.Json(0, 1, ""","outputs":[{"name":"nothing"}]""")));

    [TestMethod]
    public void OutputAskedTwice_IsRefused() =>
        Refused(400, "an output is requested twice", Digits.Infer("digits", Digits.Json(0, 1, ""","outputs":[{"name":"logits"},{"name":"logits"}]""")));

    [TestMethod]
    public void OtherDatatype_IsRefused() => Refused(
        400, "an input has another datatype than the model expects", Json("""{"inputs":[{"name":"image","datatype":"FP32","shape":[1,1,8,8],"data":[0]}]}"""));

    [TestMethod]
    public void UnknownDatatype_IsRefused() => Refused(
        400, "an input has an unknown datatype", Json("""{"inputs":[{"name":"image","datatype":"FP12","shape":[1,1,8,8],"data":[0]}]}"""));

    [TestMethod]
    [DataRow("256", "an input element is out of the range of its datatype")]
    [DataRow("-1", "an input element is out of the range of its datatype")]
    [DataRow("1.5", "an input element is not a valid value of its datatype")]
    [DataRow("\"1\"", "an input element is not a valid value of its datatype")]
    [DataRow("true", "an input element is not a valid value of its datatype")]
    [DataRow("null", "an input element is not a valid value of its datatype")]
    public void ElementThatIsNoUint8_IsRefused(string element, string text)
    {
        string data = string.Join(',', Enumerable.Repeat("0", 63).Append(element));
        Refused(400, text, Json($$"""{"inputs":[{"name":"image","datatype":"UINT8","shape":[1,1,8,8],"data":[{{data}}]}]}"""));
    }

    [TestMethod]
    [DataRow("NaN")]
    [DataRow("Infinity")]
    [DataRow("-Infinity")]
    public void NanLiteralInJson_IsRefused(string literal) =>
        Refused(400, "an input element is not a valid value of its datatype", Mlp(string.Join(',', Enumerable.Repeat("0", 15).Append(literal))));

    [TestMethod]
    public void NumberBeyondFp32_IsRefused() =>
        Refused(400, "an input element is out of the range of its datatype", Mlp(string.Join(',', Enumerable.Repeat("0", 15).Append("1e39"))));

    [TestMethod]
    [DataRow(float.NaN)]
    [DataRow(float.PositiveInfinity)]
    [DataRow(float.NegativeInfinity)]
    public void NanInABinaryTensor_IsRefused(float value)
    {
        byte[] tensor = new byte[64];
        BitConverter.TryWriteBytes(tensor.AsSpan(60), value);
        Refused(400, "an input holds NaN or infinity", Infer("bench-mlp", """{"inputs":[{"name":"x","datatype":"FP32","shape":[1,16],"parameters":{"binary_data_size":64}}]}""", tensor));
    }

    [TestMethod]
    [DataRow(15)]
    [DataRow(17)]
    public void DataOfAnotherCountThanTheShape_IsRefused(int count) =>
        Refused(400, "the number of elements does not match the input shape", Mlp(string.Join(',', Enumerable.Repeat("0", count))));
}
