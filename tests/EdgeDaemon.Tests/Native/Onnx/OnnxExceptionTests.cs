using EdgeDaemon.Native.Onnx;

namespace EdgeDaemon.Tests.Native.Onnx;

[TestClass]
public sealed class OnnxExceptionTests
{
    [TestMethod]
    [DataRow(1, "FAIL")]
    [DataRow(2, "INVALID_ARGUMENT")]
    [DataRow(3, "NO_SUCHFILE")]
    [DataRow(4, "NO_MODEL")]
    [DataRow(5, "ENGINE_ERROR")]
    [DataRow(6, "RUNTIME_EXCEPTION")]
    [DataRow(7, "INVALID_PROTOBUF")]
    [DataRow(8, "MODEL_LOADED")]
    [DataRow(9, "NOT_IMPLEMENTED")]
    [DataRow(10, "INVALID_GRAPH")]
    [DataRow(11, "EP_FAIL")]
    [DataRow(12, "MODEL_LOAD_CANCELED")]
    [DataRow(13, "MODEL_REQUIRES_COMPILATION")]
    [DataRow(14, "NOT_FOUND")]
    [DataRow(15, "DEVICE_RESET")]
    [DataRow(16, "code 16")]
    [DataRow(-1, "code -1")]
    [DataRow(int.MaxValue, "code 2147483647")]
    public void Every_code_keeps_its_number_and_the_library_s_text(int code, string name)
    {
        var exception = new OnnxException(code, "the native text", "load the model");
        Assert.AreEqual(code, exception.Code);
        Assert.AreEqual(name, exception.Name);
        Assert.AreEqual("the native text", exception.NativeText);
        Assert.AreEqual($"load the model: {name}: the native text", exception.Message);
    }
}
