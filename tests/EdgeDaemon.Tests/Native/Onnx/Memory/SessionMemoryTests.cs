using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Native.Onnx;

namespace EdgeDaemon.Tests.Native.Onnx.Memory;

[TestClass]
public sealed class SessionMemoryTests
{
    [TestMethod]
    public void A_run_that_wants_far_more_than_ever_before_is_stopped_and_refused_and_the_next_one_answers()
    {
        // Its memory depends on a value: y = zeroes of as many elements as x says, plus one.
        byte[] one = Graph.Constant("one", Graph.Float, [1], Running.Floats(1));
        byte[] model = Graph.Model(Graph.Of(
            [Graph.Node("ConstantOfShape", ["x"], ["z"]), Graph.Node("Add", ["z", "one"], ["y"])],
            [Graph.Port("x", Graph.Int64, 1)],
            [Graph.Port("y", Graph.Float, "N")],
            one));
        using OnnxSession session = TestRuntime.Get().CreateSession(model, new OnnxSessionOptions());
        using OnnxRun run = session.NewRun(TestRuntime.Pool);
        CollectionAssert.AreEqual(Running.Floats(1, 1, 1, 1), Ask(4));
        long overruns = TestRuntime.Get().Memory.Overruns;
        long before = Anonymous();
        long most = before;
        using var over = new ManualResetEventSlim();
        var watch = new Thread(() =>
        {
            while (!over.Wait(1))
            {
                most = Math.Max(most, Anonymous());
            }
        });
        watch.Start();

        RefusedException refused = Assert.ThrowsExactly<RefusedException>(() => Ask(1L << 31)); // 8 GiB, twice
        over.Set();
        watch.Join();

        Assert.AreEqual(Refusal.EngineMemory, refused.Refusal);
        Assert.AreEqual(overruns + 1, TestRuntime.Get().Memory.Overruns);
        Assert.IsLessThan(before + (512L << 20), most, "what else the tests do meanwhile");
        CollectionAssert.AreEqual(Running.Floats(1, 1), Ask(2));

        // The reserve's pages count as resident each time that they are mapped, though they are there once; so those are left out.
        static long Anonymous() =>
            1024 * long.Parse(File.ReadLines("/proc/self/status").Single(line => line.StartsWith("RssAnon:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]);

        byte[] Ask(long elements) => Running.Once(run, Running.Shape(1), BitConverter.GetBytes(elements)).Data;
    }

    [TestMethod]
    public void A_session_whose_memory_lies_elsewhere_does_not_serve()
    {
        (int exitCode, string output) = ChildProcess.Run("run-with-its-own-memory", $"{TestRuntime.Library()}|{OnnxLibraryPins.Current}");
        Assert.AreNotEqual(0, exitCode, output);
        StringAssert.Contains(output, "took the memory of the run from elsewhere", StringComparison.Ordinal);
    }

    [TestMethod]
    public void Every_kind_of_graph_takes_its_memory_from_ours_and_its_lane_holds_it_in_the_tenants_name()
    {
        byte[] model = Graph.Model(Graph.Of([Graph.Node("Add", ["x", "x"], ["y"])], [Graph.Port("x", Graph.Float, "N")], [Graph.Port("y", Graph.Float, "N")]));
        using OnnxSession session = TestRuntime.Get().CreateSession(model, new OnnxSessionOptions());
        using OnnxRun run = session.NewRun(TestRuntime.Pool);
        (long dirtied, _, _) = TestRuntime.Get().Memory.Statistics();
        Assert.AreEqual(20_000, Running.Once(run, Running.Shape(5000), new byte[20_000]).Data.Length);
        Assert.IsGreaterThan(19_999, run.PeakBytes);
        Assert.IsGreaterThan(dirtied + 19_999, TestRuntime.Get().Memory.Statistics().DirtiedBytes);
    }
}
