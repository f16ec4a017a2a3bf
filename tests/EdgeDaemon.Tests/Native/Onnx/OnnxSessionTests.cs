using EdgeDaemon.Core.Tensors;
using EdgeDaemon.Native.Onnx;

namespace EdgeDaemon.Tests.Native.Onnx;

[TestClass]
public sealed class OnnxSessionTests
{
    [TestMethod]
    public void Tells_names_types_shapes_and_symbols_of_every_port()
    {
        byte[] model = Graph.Model(Graph.Of(
            [Graph.Node("Add", ["größe", "b"], ["sum"]), Graph.Node("Identity", ["flag"], ["same"])],
            [Graph.Port("größe", Graph.Float, "N", 3, "width"), Graph.Port("b", Graph.Float, 1), Graph.Port("flag", Graph.Bool)],
            [Graph.Port("sum", Graph.Float, "N", 3, "width"), Graph.Port("same", Graph.Bool)]));
        using OnnxSession session = TestRuntime.Get().CreateSession(model, new OnnxSessionOptions());
        CollectionAssert.AreEqual(new[] { "größe", "b", "flag" }, session.Inputs.Select(input => input.Name).ToArray());
        CollectionAssert.AreEqual(new[] { ElementType.Float32, ElementType.Float32, ElementType.Bool }, session.Inputs.Select(input => input.Type).ToArray());
        CollectionAssert.AreEqual(new long[] { -1, 3, -1 }, session.Inputs[0].Shape);
        CollectionAssert.AreEqual(new[] { "N", "", "width" }, session.Inputs[0].SymbolicDimensions);
        Assert.IsEmpty(session.Inputs[2].Shape);
        Assert.IsTrue(session.Inputs[2].RankKnown);
        CollectionAssert.AreEqual(new[] { "sum", "same" }, session.Outputs.Select(output => output.Name).ToArray());
    }

    [TestMethod]
    public void Tells_an_open_rank_from_a_scalar()
    {
        byte[] model = Graph.Model(Graph.Of([Graph.Node("Identity", ["x"], ["y"])], [Graph.ShapelessPort("x", Graph.Float)], [Graph.ShapelessPort("y", Graph.Float)]));
        OnnxRuntime runtime = TestRuntime.Get();
        using OnnxSession session = runtime.CreateSession(model, new OnnxSessionOptions());
        Assert.AreEqual(runtime.ApiVersion < 24, session.Inputs[0].RankKnown);
        using OnnxRun run = session.NewRun(TestRuntime.Pool);
        CollectionAssert.AreEqual(new long[] { 1, 2 }, Running.Once(run, Running.Shape(1, 2), Running.Floats(1, 2)).Shape);
        CollectionAssert.AreEqual(Array.Empty<long>(), Running.Once(run, Running.Shape(), Running.Floats(1)).Shape);
    }

    [TestMethod]
    public void A_sequence_is_refused_by_port_and_kind()
    {
        byte[] output = Graph.Model(Graph.Of([Graph.Node("SequenceConstruct", ["x"], ["list"])], [Graph.Port("x", Graph.Float, 2)], [Graph.SequencePort("list", Graph.Float)]));
        byte[] input = Graph.Model(Graph.Of(
            [Graph.Node("SequenceLength", ["list"], ["n"])], [Graph.SequencePort("list", Graph.Float)], [Graph.Port("n", Graph.Int64)]));
        OnnxRuntime runtime = TestRuntime.Get();
        Assert.AreEqual(
            "output 'list' is a sequence; only dense tensors are served",
            Assert.ThrowsExactly<OnnxContractException>(() => runtime.CreateSession(output, new OnnxSessionOptions())).Message);
        Assert.AreEqual(
            "input 'list' is a sequence; only dense tensors are served",
            Assert.ThrowsExactly<OnnxContractException>(() => runtime.CreateSession(input, new OnnxSessionOptions())).Message);
    }

    [TestMethod]
    public void Garbage_is_refused_with_the_library_s_code_and_words()
    {
        OnnxRuntime runtime = TestRuntime.Get();
        byte[] noise = new byte[1000];
        new Random(3).NextBytes(noise);
        byte[] good = Graph.Identity(Graph.Float, 2);
        byte[] flat = new byte[200];
        "ORTM"u8.CopyTo(flat.AsSpan(4));
        foreach (byte[] bytes in new[] { noise, [], good[..^3], flat, [0xFF] })
        {
            OnnxException refusal = Assert.ThrowsExactly<OnnxException>(() => runtime.CreateSession(bytes, new OnnxSessionOptions()));
            Assert.AreNotEqual(0, refusal.Code);
            Assert.IsGreaterThan(5, refusal.NativeText.Length);
            StringAssert.Contains(refusal.Message, $"load the model: {refusal.Name}: {refusal.NativeText}");
        }

        Assert.AreEqual(
            "INVALID_PROTOBUF",
            Assert.ThrowsExactly<OnnxException>(() => runtime.CreateSession(flat, new OnnxSessionOptions())).Name,
            "the library's own flat format must not be guessed from the bytes");
    }

    [TestMethod]
    public void A_graph_outlives_its_session_until_its_runs_are_gone()
    {
        OnnxSession session = TestRuntime.Get().CreateSession(Graph.Identity(Graph.Float, "N"), new OnnxSessionOptions());
        OnnxRun run = session.NewRun(TestRuntime.Pool);
        session.Dispose();
        Assert.ThrowsExactly<ObjectDisposedException>(() => session.NewRun(TestRuntime.Pool));
        CollectionAssert.AreEqual(Running.Floats(1, 2), Running.Once(run, Running.Shape(2), Running.Floats(1, 2)).Data);
        run.Dispose();
        run.Dispose();
        run.Terminate();
        Assert.ThrowsExactly<ObjectDisposedException>(run.Execute);
    }

    [TestMethod]
    public void Denormals_are_flushed_for_the_sessions_that_ask_and_on_every_thread()
    {
        byte[] model = Graph.Model(Graph.Of(
            [Graph.Node("Mul", ["x", "half"], ["y"])], [Graph.Port("x", Graph.Float, "N")], [Graph.Port("y", Graph.Float, "N")],
            Graph.Constant("half", Graph.Float, [1], Running.Floats(0.5f))));
        OnnxRuntime runtime = TestRuntime.Get();
        using OnnxSession keeps = runtime.CreateSession(model, new OnnxSessionOptions());
        using OnnxSession flushes = runtime.CreateSession(model, new OnnxSessionOptions(DenormalAsZero: true));
        float denormal = 1e-39f;
        Check();
        var other = new Thread(Check);
        other.Start();
        other.Join();

        void Check()
        {
            using OnnxRun keeping = keeps.NewRun(TestRuntime.Pool);
            using OnnxRun flushing = flushes.NewRun(TestRuntime.Pool);
            for (int round = 0; round < 3; round++)
            {
                Assert.AreEqual(denormal / 2, Running.Floats(Running.Once(keeping, Running.Shape(1), Running.Floats(denormal)).Data)[0]);
                Assert.AreEqual(0f, Running.Floats(Running.Once(flushing, Running.Shape(1), Running.Floats(denormal)).Data)[0]);
                Assert.IsGreaterThan(0f, denormal * float.Parse("0.5"), "the thread's own mode is left alone");
            }
        }
    }

    [TestMethod]
    [DataRow(OnnxOptimisation.None, 1, true, true)]
    [DataRow(OnnxOptimisation.Basic, 2, false, true)]
    [DataRow(OnnxOptimisation.Extended, 1, true, false)]
    [DataRow(OnnxOptimisation.All, 4, false, false)]
    public void Options_change_how_a_graph_is_computed_and_not_what_it_answers(OnnxOptimisation optimisation, int threads, bool deterministic, bool pattern)
    {
        byte[] model = Graph.Model(Graph.Of(
            [Graph.Node("Mul", ["x", "half"], ["m"]), Graph.Node("Add", ["m", "half"], ["y"])], [Graph.Port("x", Graph.Float, "N")], [Graph.Port("y", Graph.Float, "N")],
            Graph.Constant("half", Graph.Float, [1], Running.Floats(0.5f))));
        using OnnxSession session = TestRuntime.Get().CreateSession(model, new OnnxSessionOptions(threads) { Optimisation = optimisation, Deterministic = deterministic, MemoryPattern = pattern });
        using OnnxRun run = session.NewRun(TestRuntime.Pool);
        using OnnxRun another = run.Another();
        CollectionAssert.AreEqual(Running.Floats(1, 2), Running.Once(run, Running.Shape(2), Running.Floats(1, 3)).Data);
        CollectionAssert.AreEqual(Running.Floats(3), Running.Once(another, Running.Shape(1), Running.Floats(5)).Data);
    }

    [TestMethod]
    public void The_library_s_warnings_come_to_our_sink()
    {
        byte[] model = Graph.Model(Graph.Of(
            [Graph.Node("Identity", ["x"], ["y"])], [Graph.Port("x", Graph.Float, 1)], [Graph.Port("y", Graph.Float, 1)],
            Graph.Constant("nobody_needs_me", Graph.Float, [1], Running.Floats(1))));
        using OnnxSession session = TestRuntime.Get().CreateSession(model, new OnnxSessionOptions());
        Assert.IsTrue(TestRuntime.Messages.Any(text => text.Contains("nobody_needs_me", StringComparison.Ordinal)), string.Join('\n', TestRuntime.Messages));
    }

    [TestMethod]
    public void Thread_counts_below_one_are_refused()
    {
        OnnxRuntime runtime = TestRuntime.Get();
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => runtime.CreateSession(Graph.Identity(Graph.Float, 1), new OnnxSessionOptions(0)));
        using OnnxSession session = runtime.CreateSession(Graph.Identity(Graph.Float, 1), new OnnxSessionOptions(2));
    }
}
