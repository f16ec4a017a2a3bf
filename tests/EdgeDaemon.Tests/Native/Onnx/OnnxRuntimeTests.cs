using EdgeDaemon.Native.Onnx;

namespace EdgeDaemon.Tests.Native.Onnx;

[TestClass]
public sealed class OnnxRuntimeTests
{
    [TestMethod]
    public void The_pinned_library_is_loaded_and_says_its_version()
    {
        OnnxRuntime runtime = TestRuntime.Get();
        StringAssert.StartsWith(runtime.Version, "1.30.", StringComparison.Ordinal);
        Assert.AreEqual(30u, runtime.ApiVersion);
        Assert.AreEqual(OnnxLibraryPins.Current, runtime.Digest);
    }

    [TestMethod]
    public void A_library_of_another_digest_is_refused_and_both_digests_named()
    {
        string wrong = new('0', 64);
        var refused = Assert.ThrowsExactly<OnnxLibraryRefusedException>(() => OnnxRuntime.Load(TestRuntime.Library(), wrong, _ => { }));
        StringAssert.Contains(refused.Message, wrong, StringComparison.Ordinal);
        StringAssert.Contains(refused.Message, OnnxLibraryPins.Current, StringComparison.Ordinal);
    }

    [TestMethod]
    public void A_relative_path_is_refused_before_anything_is_opened() =>
        StringAssert.Contains(
            Assert.ThrowsExactly<OnnxLibraryRefusedException>(() => OnnxRuntime.Load("libonnxruntime.so.1", OnnxLibraryPins.Current, _ => { })).Message,
            "is not an absolute path",
            StringComparison.Ordinal);

    [TestMethod]
    public void A_missing_library_is_refused() =>
        StringAssert.Contains(
            Assert.ThrowsExactly<OnnxLibraryRefusedException>(() => OnnxRuntime.Load("/nonexistent/lib.so", OnnxLibraryPins.Current, _ => { })).Message,
            "cannot be read",
            StringComparison.Ordinal);

    [TestMethod]
    public void An_unknown_status_code_keeps_its_number()
    {
        Assert.AreEqual("INVALID_ARGUMENT", OnnxException.NameOf(2));
        Assert.AreEqual("code 16", OnnxException.NameOf(16));
        Assert.AreEqual("code -1", OnnxException.NameOf(-1));
        var thrown = new OnnxException(4711, "its text", "do it");
        Assert.AreEqual((4711, "its text", "do it: code 4711: its text"), (thrown.Code, thrown.NativeText, thrown.Message));
    }
}
