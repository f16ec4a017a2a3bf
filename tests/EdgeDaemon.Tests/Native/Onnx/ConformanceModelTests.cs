using EdgeDaemon.Core.Tensors;
using EdgeDaemon.Native.Onnx;

namespace EdgeDaemon.Tests.Native.Onnx;

/// <summary>The ONNX project's own backend tests: each model from its bytes, fed from its files, compared with its files.</summary>
[TestClass]
public sealed class ConformanceModelTests
{
    // ONNX Runtime implements the standard operators from this set on; of older ones only what has not changed since.
    private const int OldestOperatorSet = 7;

    [TestMethod]
    [DataRow("simple")]
    [DataRow("pytorch-operator")]
    [DataRow("pytorch-converted")]
    public void Every_backend_case_gives_its_recorded_outputs_unless_the_library_has_no_such_operators(string kind)
    {
        string root = Conformance.Folder(Path.Combine("onnx", kind));
        OnnxRuntime runtime = TestRuntime.Get();
        int passed = 0;
        string? withoutLocale = null;
        foreach (string folder in Directory.GetDirectories(root).Order())
        {
            string name = Path.GetFileName(folder);
            byte[] model = File.ReadAllBytes(Path.Combine(folder, "model.onnx"));
            try
            {
                using OnnxSession session = runtime.CreateSession(model, new OnnxSessionOptions());
                using OnnxRun run = session.NewRun(TestRuntime.Pool);
                Check(name, run, session, Path.Combine(folder, "test_data_set_0"));
                passed++;
            }
            catch (OnnxException refusal) when (!Implemented(model))
            {
                Assert.IsTrue(refusal.Name is "NOT_IMPLEMENTED" or "INVALID_GRAPH" or "FAIL", refusal.Message);
                Assert.IsGreaterThan(20, refusal.NativeText.Length, "the library's own words");
            }
            catch (OnnxException refusal) when (refusal.NativeText.Contains("Failed to construct locale", StringComparison.Ordinal))
            {
                withoutLocale = name;
            }
        }

        Assert.IsGreaterThan(0, passed, root);
        if (withoutLocale is not null)
        {
            Assert.Inconclusive(
                $"skipped: {withoutLocale} of {kind} (the others passed): StringNormalizer needs the locale en_US.UTF-8; "
                + "'localedef -i en_US -f UTF-8 en_US.UTF-8' of Debian's package locales makes it");
        }
    }

    [TestMethod]
    [DataRow("light_resnet50")]
    [DataRow("light_squeezenet")]
    public void Real_architectures_give_their_recorded_outputs(string name)
    {
        string root = Conformance.Folder("onnx/light");
        using OnnxSession session = TestRuntime.Get().CreateSession(File.ReadAllBytes(Path.Combine(root, $"{name}.onnx")), new OnnxSessionOptions());
        using OnnxRun run = session.NewRun(TestRuntime.Pool);
        TensorShape shape = Running.Shape([.. session.Inputs[0].Shape]);
        Assert.IsTrue(shape.TryElementCount(out long count));
        float[] input = [.. Enumerable.Range(0, (int)count).Select(i => (float)i / count)];
        (ElementType type, long[] given, byte[] data) = Running.Once(run, shape, Running.Floats(input));
        TensorFile expected = TensorFile.Read(Path.Combine(root, $"{name}_output_0.pb"));
        Compare(name, expected, type, given, data);
    }

    private static bool Implemented(byte[] model) => Wire.Fields(model).Where(field => field.Field == 8).All(set =>
    {
        string domain = "";
        ulong version = 0;
        foreach ((int field, ulong number, byte[] bytes) in Wire.Fields(set.Bytes))
        {
            domain = field == 1 ? System.Text.Encoding.UTF8.GetString(bytes) : domain;
            version = field == 2 ? number : version;
        }

        return domain is "" or "ai.onnx" ? version >= OldestOperatorSet : !domain.Contains("preview", StringComparison.Ordinal);
    });

    private static void Check(string name, OnnxRun run, OnnxSession session, string data)
    {
        var blocks = new List<TensorBlock>();
        for (int i = 0; i < session.Inputs.Length; i++)
        {
            TensorFile tensor = TensorFile.Read(Path.Combine(data, $"input_{i}.pb"));
            TensorBlock block = Running.Block(tensor.Data);
            blocks.Add(block);
            run.SetInput(i, Running.Shape(tensor.Shape), block, tensor.Data.Length);
        }

        run.Execute();
        for (int i = 0; i < session.Outputs.Length; i++)
        {
            TensorFile expected = TensorFile.Read(Path.Combine(data, $"output_{i}.pb"));
            Compare($"{name}, output {i}", expected, run.OutputType(i), run.OutputShape(i).Span.ToArray(), run.OutputData(i).ToArray());
        }

        run.Clear();
        blocks.ForEach(block => block.Return());
    }

    // As the conformance README says: floats within rtol 1e-3 and atol 1e-5, everything else byte by byte.
    private static void Compare(string name, TensorFile expected, ElementType type, long[] shape, byte[] data)
    {
        CollectionAssert.AreEqual(expected.Shape, shape, name);
        if (type is not (ElementType.Float32 or ElementType.Float64))
        {
            CollectionAssert.AreEqual(expected.Data, data, name);
            return;
        }

        int size = type.Size();
        Assert.HasCount(expected.Data.Length, data, name);
        for (int at = 0; at < data.Length; at += size)
        {
            double want = size == 4 ? BitConverter.ToSingle(expected.Data, at) : BitConverter.ToDouble(expected.Data, at);
            double got = size == 4 ? BitConverter.ToSingle(data, at) : BitConverter.ToDouble(data, at);
            Assert.IsTrue(want.Equals(got) || Math.Abs(want - got) <= 1e-5 + (1e-3 * Math.Abs(want)), $"{name}: element {at / size} is {got}, not {want}");
        }
    }
}
