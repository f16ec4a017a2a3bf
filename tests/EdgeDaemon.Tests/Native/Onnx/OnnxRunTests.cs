using System.Diagnostics;
using EdgeDaemon.Core.Tensors;
using EdgeDaemon.Native.Onnx;

namespace EdgeDaemon.Tests.Native.Onnx;

[TestClass]
public sealed class OnnxRunTests
{
    [TestMethod]
    public void Open_dimensions_take_any_size_from_run_to_run()
    {
        using OnnxSession session = TestRuntime.Get().CreateSession(Graph.Identity(Graph.Float, "N", 2, "M"), new OnnxSessionOptions());
        using OnnxRun run = session.NewRun(TestRuntime.Pool);
        var random = new Random(4);
        for (int round = 0; round < 200; round++)
        {
            long n = random.Next(0, 6);
            long m = random.Next(0, 40);
            float[] values = [.. Enumerable.Range(0, (int)(n * 2 * m)).Select(_ => random.NextSingle())];
            (_, long[] shape, byte[] data) = Running.Once(run, Running.Shape(n, 2, m), Running.Floats(values));
            CollectionAssert.AreEqual(new[] { n, 2, m }, shape);
            CollectionAssert.AreEqual(values, Running.Floats(data));
        }
    }

    [TestMethod]
    public void Refuses_bytes_that_are_not_the_shape_s()
    {
        using OnnxSession session = TestRuntime.Get().CreateSession(Graph.Identity(Graph.Float, "N"), new OnnxSessionOptions());
        using OnnxRun run = session.NewRun(TestRuntime.Pool);
        TensorBlock block = Running.Block(new byte[16]);
        Refuse(Running.Shape(3), 16);
        Refuse(Running.Shape(5), 20);
        Refuse(Running.Shape(4), 15);
        Refuse(Running.Shape(-4), 16);
        Refuse(Running.Shape(long.MaxValue, 2), 16);
        Refuse(Running.Shape(4), -16);
        Assert.ThrowsExactly<IndexOutOfRangeException>(() => run.SetInput(1, Running.Shape(4), block, 16));
        run.SetInput(0, Running.Shape(4), block, 16);
        run.Execute();
        run.Clear();
        block.Return();

        void Refuse(TensorShape shape, long bytes) => Assert.Throws<ArgumentException>(() => run.SetInput(0, shape, block, bytes));
    }

    [TestMethod]
    public void Every_input_is_set_anew_for_every_run()
    {
        using OnnxSession session = TestRuntime.Get().CreateSession(Graph.Identity(Graph.Float, "N"), new OnnxSessionOptions());
        using OnnxRun run = session.NewRun(TestRuntime.Pool);
        TensorBlock block = Running.Block(Running.Floats(1));
        Assert.ThrowsExactly<InvalidOperationException>(run.Execute);
        run.SetInput(0, Running.Shape(1), block, 4);
        run.Execute();
        Assert.ThrowsExactly<InvalidOperationException>(run.Execute, "the block may be another request's by now");
        run.SetInput(0, Running.Shape(1), block, 4);
        run.Clear();
        Assert.ThrowsExactly<InvalidOperationException>(run.Execute);
        block.Return();
    }

    [TestMethod]
    public void What_the_graph_refuses_leaves_no_output_and_the_run_usable()
    {
        using OnnxSession session = TestRuntime.Get().CreateSession(Graph.Identity(Graph.Float, "N", 2), new OnnxSessionOptions());
        using OnnxRun run = session.NewRun(TestRuntime.Pool);
        Running.Once(run, Running.Shape(1, 2), Running.Floats(1, 2));
        TensorBlock block = Running.Block(Running.Floats(1, 2, 3));
        run.SetInput(0, Running.Shape(1, 3), block, 12);
        OnnxException refusal = Assert.ThrowsExactly<OnnxException>(run.Execute);
        Assert.AreEqual("INVALID_ARGUMENT", refusal.Name);
        Assert.AreEqual(0, run.OutputData(0).Length);
        block.Return();
        CollectionAssert.AreEqual(Running.Floats(5, 6), Running.Once(run, Running.Shape(1, 2), Running.Floats(5, 6)).Data);
    }

    [TestMethod]
    public void Several_inputs_and_outputs_keep_their_places()
    {
        byte[] model = Graph.Model(Graph.Of(
            [Graph.Node("Sub", ["a", "b"], ["difference"]), Graph.Node("Shape", ["a"], ["shape"]), Graph.Node("Identity", ["text"], ["same"])],
            [Graph.Port("a", Graph.Float, "N"), Graph.Port("text", 8, "M"), Graph.Port("b", Graph.Float, "N")],
            [Graph.Port("shape", Graph.Int64, 1), Graph.Port("difference", Graph.Float, "N"), Graph.Port("same", 8, "M")]));
        using OnnxSession session = TestRuntime.Get().CreateSession(model, new OnnxSessionOptions());
        using OnnxRun run = session.NewRun(TestRuntime.Pool);
        TensorBlock[] blocks = [Running.Block(Running.Floats(5, 7)), Running.Block(Running.Bytes("", "grün")), Running.Block(Running.Floats(1, 2))];
        run.SetInput(0, Running.Shape(2), blocks[0], 8);
        run.SetInput(1, Running.Shape(2), blocks[1], blocks[1].Length);
        run.SetInput(2, Running.Shape(2), blocks[2], 8);
        run.Execute();
        CollectionAssert.AreEqual(BitConverter.GetBytes(2L), run.OutputData(0).ToArray());
        CollectionAssert.AreEqual(Running.Floats(4, 5), run.OutputData(1).ToArray());
        CollectionAssert.AreEqual(Running.Bytes("", "grün"), run.OutputData(2).ToArray());
        run.Clear();
        Array.ForEach(blocks, block => block.Return());
    }

    [TestMethod]
    public void Terminate_stops_a_long_run_between_nodes_and_holds_until_resume()
    {
        // Adds 1 to x, n times: n nodes one after the other.
        byte[] body = Graph.Of(
            [Graph.Node("Identity", ["go"], ["go_on"]), Graph.Node("Add", ["before", "one"], ["after"])],
            [Graph.Port("i", Graph.Int64), Graph.Port("go", Graph.Bool), Graph.Port("before", Graph.Float, 1)],
            [Graph.Port("go_on", Graph.Bool), Graph.Port("after", Graph.Float, 1)],
            Graph.Constant("one", Graph.Float, [1], Running.Floats(1)));
        byte[] model = Graph.Model(Graph.Of(
            [Graph.Node("Loop", ["n", "", "x"], ["y"], Graph.GraphAttribute("body", body))],
            [Graph.Port("n", Graph.Int64), Graph.Port("x", Graph.Float, 1)], [Graph.Port("y", Graph.Float, 1)]));
        using OnnxSession session = TestRuntime.Get().CreateSession(model, new OnnxSessionOptions());
        using OnnxRun run = session.NewRun(TestRuntime.Pool);
        TensorBlock times = Running.Block(BitConverter.GetBytes(long.MaxValue));
        TensorBlock start = Running.Block(Running.Floats(0));
        Set();
        using (new Timer(_ => run.Terminate(), null, 200, Timeout.Infinite))
        {
            var watch = Stopwatch.StartNew();
            OnnxException stopped = Assert.ThrowsExactly<OnnxException>(run.Execute);
            StringAssert.Contains(stopped.NativeText, "terminate");
            Assert.IsLessThan(60, watch.Elapsed.TotalSeconds);
        }

        Set();
        Assert.ThrowsExactly<OnnxException>(run.Execute, "until Resume");
        run.Resume();
        BitConverter.TryWriteBytes(times.GetSpan(), 1000L);
        Set();
        run.Execute();
        Assert.AreEqual(1000f, Running.Floats(run.OutputData(0))[0]);
        run.Clear();
        times.Return();
        start.Return();

        void Set()
        {
            run.SetInput(0, Running.Shape(), times, 8);
            run.SetInput(1, Running.Shape(1), start, 4);
        }
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public void Threads_do_not_see_each_other_s_values(bool oneSession)
    {
        OnnxRuntime runtime = TestRuntime.Get();
        using OnnxSession shared = runtime.CreateSession(Graph.Identity(Graph.Float, "N"), new OnnxSessionOptions());
        Parallel.For(0, 4, new ParallelOptions { MaxDegreeOfParallelism = 4 }, lane =>
        {
            using OnnxSession own = runtime.CreateSession(Graph.Identity(Graph.Float, "N"), new OnnxSessionOptions());
            using OnnxRun run = (oneSession ? shared : own).NewRun(TestRuntime.Pool);
            for (int round = 0; round < 2000; round++)
            {
                byte[] values = Running.Floats([.. Enumerable.Repeat(lane * 10_000f + round, 1 + (round % 50))]);
                CollectionAssert.AreEqual(values, Running.Once(run, Running.Shape(values.Length / 4), values).Data);
            }
        });
    }

    [TestMethod]
    public void A_steady_run_allocates_nothing_managed_strings_included()
    {
        foreach ((byte[] model, byte[] bytes, long count) in new[]
        {
            (Graph.Identity(Graph.Float, "N"), Running.Floats(1, 2, 3), 3L),
            (Graph.Identity(8, "N"), Running.Bytes("a", "", "long enough for no small string to hold it"), 3L),
        })
        {
            using OnnxSession session = TestRuntime.Get().CreateSession(model, new OnnxSessionOptions());
            using OnnxRun run = session.NewRun(TestRuntime.Pool);
            using var pool = new TensorBlockPool(1 << 20);
            long total = 0;
            for (int round = 0; round < 1100; round++)
            {
                long before = GC.GetAllocatedBytesForCurrentThread();
                if (!pool.TryRent(bytes.Length, out TensorBlock? block))
                {
                    Assert.Fail();
                }

                bytes.CopyTo(block.GetSpan());
                run.SetInput(0, Running.Shape(count), block, bytes.Length);
                run.Execute();
                int length = run.OutputData(0).Length;
                run.Clear();
                block.Return();
                if (round >= 100)
                {
                    total += GC.GetAllocatedBytesForCurrentThread() - before;
                }

                if (length != bytes.Length)
                {
                    Assert.Fail();
                }
            }

            Assert.AreEqual(0, total);
        }
    }

    [TestMethod]
    public void Ten_thousand_runs_of_every_kind_leave_no_memory_behind()
    {
        (int exitCode, string output) = ChildProcess.Run("run-for-leaks", $"{TestRuntime.Library()}|{OnnxLibraryPins.Current}|10000");
        Assert.AreEqual(0, exitCode, output);

        // One leaked value a run would be 300 MB and more in all.
        long grown = long.Parse(output.Split("grown by ")[1].Split(' ')[0]);
        Assert.IsLessThan(16L << 20, grown, output);
    }
}
