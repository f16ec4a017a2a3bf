using System.Runtime.InteropServices;
using EdgeDaemon.Core.Tensors;
using EdgeDaemon.Native.Onnx;
using EdgeDaemon.Tests.Bundles.Onnx;

namespace EdgeDaemon.Tests.Native.Onnx;

[TestClass]
public sealed class OnnxSessionTests
{
    private const int InvalidProtobuf = 7;
    private const int NotImplemented = 9;
    private const int InvalidGraph = 10;

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    [DataRow("pytorch-operator")]
    [DataRow("pytorch-converted")]
    [DataRow("simple")]
    public void The_conformance_models_give_their_expected_outputs(string kind)
    {
        OnnxRuntime runtime = TestRuntime.Get();
        int run = 0;
        var refused = new List<string>();
        foreach (string model in Directory.GetFiles(Path.Combine(Conformance.Folder("onnx"), kind), "model.onnx", SearchOption.AllDirectories))
        {
            OnnxSession session;
            try
            {
                session = runtime.CreateSession(File.ReadAllBytes(model), new OnnxSessionOptions());
            }
            catch (OnnxContractException)
            {
                Assert.Contains("sequence", model, "only the sequence models are not of tensors");
                continue;
            }
            catch (OnnxException failure) when (failure.Code is NotImplemented or InvalidGraph || failure.NativeText.Contains("locale", StringComparison.Ordinal)
                || failure.NativeText.Contains("is not a registered function/op", StringComparison.Ordinal))
            {
                // The library's limits, not the binding's: operators older than it, training operators, locales of the machine.
                refused.Add($"{Path.GetFileName(Path.GetDirectoryName(model))}: {OnnxException.NameOf(failure.Code)}");
                continue;
            }

            using (session)
            {
                string data = Path.Combine(Path.GetDirectoryName(model)!, "test_data_set_0");
                TensorProto[] outputs = Run(session, [.. Protos(data, "input")]);
                TensorProto[] expected = [.. Protos(data, "output")];
                Assert.HasCount(expected.Length, outputs, model);
                for (int i = 0; i < expected.Length; i++)
                {
                    AssertClose(expected[i], outputs[i], model);
                }

                run++;
            }
        }

        Assert.IsGreaterThan(0, run, string.Join('\n', refused));
        TestContext.WriteLine($"{run} models run; refused by the library: {string.Join(", ", refused)}");
    }

    [TestMethod]
    [DataRow(ElementType.Bool, 9)]
    [DataRow(ElementType.UInt8, 2)]
    [DataRow(ElementType.UInt16, 4)]
    [DataRow(ElementType.UInt32, 12)]
    [DataRow(ElementType.UInt64, 13)]
    [DataRow(ElementType.Int8, 3)]
    [DataRow(ElementType.Int16, 5)]
    [DataRow(ElementType.Int32, 6)]
    [DataRow(ElementType.Int64, 7)]
    [DataRow(ElementType.Float16, 10)]
    [DataRow(ElementType.BFloat16, 16)]
    [DataRow(ElementType.Float32, 1)]
    [DataRow(ElementType.Float64, 11)]
    [DataRow(ElementType.Bytes, 8)]
    public void Every_element_type_passes_an_identity_unchanged(ElementType type, int onnx)
    {
        using OnnxSession session = TestRuntime.Get().CreateSession(Identity(onnx), new OnnxSessionOptions());
        Assert.AreEqual(type, session.Inputs.Single().Type);
        CollectionAssert.AreEqual((long[])[-1], session.Outputs.Single().Shape.ToArray());
        byte[] data = type switch
        {
            ElementType.Bytes => [.. TensorProto.Wire(""), .. TensorProto.Wire("a\0b"), .. TensorProto.Wire("\u00e4\U0001F600"), .. TensorProto.Wire([0xFF, 0])],
            ElementType.Bool => [1, 0, 0, 1],
            // All patterns of bits, those of NaN and denormal numbers among them.
            _ => [.. Enumerable.Range(0, 256 * type.Size()).Select(i => (byte)(i * 7))],
        };
        long count = type == ElementType.Bytes ? 4 : data.Length / type.Size();
        var input = new TensorProto(type, [count], data);
        foreach (TensorProto sent in (TensorProto[])[input, new TensorProto(type, [0], []), input])
        {
            TensorProto output = Run(session, [sent]).Single();
            Assert.AreEqual(type, output.Type);
            CollectionAssert.AreEqual(sent.Shape, output.Shape);
            CollectionAssert.AreEqual(sent.Data, output.Data);
        }
    }

    [TestMethod]
    public void Bytes_that_are_no_model_are_refused_with_code_and_text()
    {
        OnnxRuntime runtime = TestRuntime.Get();
        var refused = Assert.ThrowsExactly<OnnxException>(() => runtime.CreateSession("this is no model"u8, new OnnxSessionOptions()));
        Assert.AreEqual(InvalidProtobuf, refused.Code);
        Assert.AreNotEqual("", refused.NativeText);
        StringAssert.StartsWith(refused.Message, "load the model: INVALID_PROTOBUF: ", StringComparison.Ordinal);
        Assert.ThrowsExactly<OnnxException>(() => runtime.CreateSession([], new OnnxSessionOptions()));
    }

    [TestMethod]
    public void An_element_type_that_the_protocol_lacks_is_refused()
    {
        const int Float8 = 17;
        var refused = Assert.ThrowsExactly<OnnxContractException>(() => TestRuntime.Get().CreateSession(Identity(Float8), new OnnxSessionOptions()));
        StringAssert.Contains(refused.Message, "element type 17", StringComparison.Ordinal);
    }

    [TestMethod]
    public void A_run_allocates_no_managed_memory_in_steady_state()
    {
        using OnnxSession session = TestRuntime.Get().CreateSession(Identity(1), new OnnxSessionOptions());
        using var pool = new TensorBlockPool(1 << 20);
        using OnnxRun run = session.NewRun(pool);
        Assert.IsTrue(pool.TryRent(4096, out TensorBlock? block));
        TensorShape.TryCreate([1024], out TensorShape shape);
        Loop(50);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Loop(200);
        Assert.AreEqual(0, GC.GetAllocatedBytesForCurrentThread() - before);
        run.Clear();
        block.Return();

        void Loop(int times)
        {
            for (int i = 0; i < times; i++)
            {
                run.SetInput(0, shape, block, 4096);
                run.Execute();
                _ = run.OutputData(0).Length;
            }
        }
    }

    [TestMethod]
    public void A_terminated_run_fails_until_it_is_resumed()
    {
        using OnnxSession session = TestRuntime.Get().CreateSession(Identity(1), new OnnxSessionOptions());
        using var pool = new TensorBlockPool(1 << 20);
        using OnnxRun run = session.NewRun(pool);
        Assert.IsTrue(pool.TryRent(8, out TensorBlock? block));
        TensorShape.TryCreate([2], out TensorShape shape);
        run.SetInput(0, shape, block, 8);
        run.Execute();
        run.Terminate();
        StringAssert.Contains(Assert.ThrowsExactly<OnnxException>(run.Execute).NativeText, "terminate", StringComparison.OrdinalIgnoreCase);
        run.Resume();
        run.Execute();
        Assert.AreEqual(8, run.OutputData(0).Length);
        run.Clear();
        block.Return();
    }

    private static byte[] Identity(int type) =>
    [
        .. OnnxBytes.Model(
            OnnxBytes.Bytes(1, OnnxBytes.Text(1, "x"), OnnxBytes.Text(2, "y"), OnnxBytes.Text(4, "Identity")),
            OnnxBytes.Text(2, "g"),
            OnnxBytes.Port(11, "x", type, [null]),
            OnnxBytes.Port(12, "y", type, [null])),
        .. OnnxBytes.Bytes(8, OnnxBytes.Number(2, type == 17 ? 19 : 16)),
    ];

    private static IEnumerable<TensorProto> Protos(string folder, string kind)
    {
        for (int i = 0; File.Exists(Path.Combine(folder, $"{kind}_{i}.pb")); i++)
        {
            yield return TensorProto.Read(File.ReadAllBytes(Path.Combine(folder, $"{kind}_{i}.pb")));
        }
    }

    private static TensorProto[] Run(OnnxSession session, TensorProto[] inputs)
    {
        using var pool = new TensorBlockPool(256 << 20);
        using OnnxRun run = session.NewRun(pool);
        var blocks = new List<TensorBlock>();
        for (int i = 0; i < inputs.Length; i++)
        {
            Assert.IsTrue(pool.TryRent(inputs[i].Data.Length, out TensorBlock? block));
            blocks.Add(block);
            inputs[i].Data.CopyTo(block.GetSpan());
            Assert.IsTrue(TensorShape.TryCreate(inputs[i].Shape, out TensorShape shape));
            run.SetInput(i, shape, block, inputs[i].Data.Length);
        }

        run.Execute();
        TensorProto[] outputs =
        [
            .. Enumerable.Range(0, session.Outputs.Length).Select(i => new TensorProto(run.OutputType(i), run.OutputShape(i).Span.ToArray(), run.OutputData(i).ToArray())),
        ];
        run.Clear();
        blocks.ForEach(block => block.Return());
        Assert.AreEqual(0, pool.InUse);
        return outputs;
    }

    private static void AssertClose(TensorProto expected, TensorProto actual, string model)
    {
        Assert.AreEqual(expected.Type, actual.Type, model);
        CollectionAssert.AreEqual(expected.Shape, actual.Shape, model);
        if (expected.Type != ElementType.Float32)
        {
            CollectionAssert.AreEqual(expected.Data, actual.Data, model);
            return;
        }

        ReadOnlySpan<float> wanted = MemoryMarshal.Cast<byte, float>(expected.Data), found = MemoryMarshal.Cast<byte, float>(actual.Data);
        Assert.AreEqual(wanted.Length, found.Length, model);
        for (int i = 0; i < wanted.Length; i++)
        {
            Assert.IsTrue(wanted[i].Equals(found[i]) || MathF.Abs(wanted[i] - found[i]) <= 1e-5f + (1e-3f * MathF.Abs(wanted[i])), $"{model} [{i}]: {wanted[i]} {found[i]}");
        }
    }
}
