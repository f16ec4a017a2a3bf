using System.Text;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Configuration;
using EdgeDaemon.Models;

namespace EdgeDaemon.Tests.Models;

[TestClass]
public sealed class LanePlanTests
{
    private static readonly TimeSpan Stuck = TimeSpan.FromSeconds(5);

    [TestMethod]
    [DataRow(0, 0, 0, 4, 1, "a lane for each core")]
    [DataRow(3, 0, 0, 3, 1, "as edged.toml says")]
    [DataRow(0, 2, 0, 2, 2, "as edged.toml says")]
    [DataRow(0, 8, 0, 1, 8, "as edged.toml says")]
    [DataRow(0, 0, 4, 1, 4, "as model.toml wishes")]
    [DataRow(0, 0, 2, 2, 2, "as model.toml wishes")]
    [DataRow(0, 0, 64, 1, 4, "model.toml wishes 64 threads, the device gives fewer")]
    [DataRow(0, 1, 2, 4, 1, "model.toml wishes 2 threads, the device gives fewer")]
    [DataRow(2, 3, 2, 2, 2, "as model.toml wishes")]
    public void Device_decides_then_the_bundle_within_that_then_the_rule(int lanes, int threads, int wish, int expectedLanes, int expectedThreads, string reason)
    {
        var plan = LanePlan.Of(new EngineSettings(lanes, threads, 1, Stuck, 1, default), Manifest(wish, 1000), 4, null);
        Assert.AreEqual((expectedLanes, expectedThreads, reason), (plan.Lanes, plan.Threads, plan.Reason));
    }

    [TestMethod]
    public void Measurement_decides_where_nobody_has_and_only_for_as_many_cores()
    {
        ProbeReport report = Report(4, new(4, 1, false, 100), new(4, 1, true, 111), new(1, 4, false, 121));
        LanePlan plan = LanePlan.Of(new EngineSettings(0, 0, 1, Stuck, 1, default), Manifest(0, 1000), 4, report);
        Assert.AreEqual(new LanePlan(4, 1, true, "measured at its first load"), plan);
        Assert.AreEqual("a lane for each core", LanePlan.Of(new EngineSettings(0, 0, 1, Stuck, 1, default), Manifest(0, 1000), 2, report).Reason);
        Assert.AreEqual("as edged.toml says", LanePlan.Of(new EngineSettings(4, 0, 1, Stuck, 1, default), Manifest(0, 1000), 4, report).Reason);
        Assert.AreEqual("as model.toml wishes", LanePlan.Of(new EngineSettings(0, 0, 1, Stuck, 1, default), Manifest(2, 1000), 4, report).Reason);
    }

    [TestMethod]
    [DataRow(100.0, 109.0, 109.0, 0)]
    [DataRow(100.0, 111.0, 121.0, 1)]
    [DataRow(100.0, 105.0, 111.0, 2)]
    [DataRow(100.0, 50.0, 0.0, 0)]
    public void Layout_must_be_a_tenth_better_than_what_is_preferred(double shared, double own, double wide, int chosen)
    {
        ProbedLayout[] layouts = [new(2, 1, false, shared), new(2, 1, true, own), new(1, 2, false, wide)];
        Assert.AreSame(layouts[chosen], LanePlan.Best([.. layouts]));
    }

    [TestMethod]
    public void Large_model_is_held_once_whatever_was_measured()
    {
        Assert.IsTrue(LanePlan.Of(new EngineSettings(0, 0, 1, Stuck, 1, default), Manifest(0, 8 << 20), 4, null).SessionPerLane);
        Assert.IsFalse(LanePlan.Of(new EngineSettings(0, 0, 1, Stuck, 1, default), Manifest(0, (8 << 20) + 1), 4, null).SessionPerLane);
        ProbeReport swells = Report(0) with { LoadPeakBytes = (64 << 20) + 1 };
        Assert.IsFalse(LanePlan.Of(new EngineSettings(0, 0, 1, Stuck, 1, default), Manifest(0, 1000), 4, swells).SessionPerLane);
        ProbeReport forged = Report(4, new ProbedLayout(60_000, 60_000, true, 1e9)) with { LoadPeakBytes = 1L << 40 };
        LanePlan plan = LanePlan.Of(new EngineSettings(0, 0, 1, Stuck, 1, default), Manifest(0, 1000), 4, forged);
        Assert.AreEqual((64, 4, false), (plan.Lanes, plan.Threads, plan.SessionPerLane), "the child's word is bounded");
    }

    private static ProbeReport Report(int cores, params ProbedLayout[] layouts) =>
        new(new string('a', 64), new string('b', 64), "1", 1, 1, true, 0.1, 1, 0, [], null) { Cores = cores, Layouts = [.. layouts] };

    private static ModelManifest Manifest(int threads, long size) => ModelManifest.Parse(Encoding.UTF8.GetBytes($$"""
        format = 1
        name = "m"
        version = "1"
        sequence = 1
        security_floor = 0
        created = 2026-01-01T00:00:00Z
        session.intra_op_threads = {{threads}}
        member = [{ name = "m", file = "m.onnx" }]
        file = [{ path = "m.onnx", size = {{size}} }]
        input = [{ name = "x", datatype = "FP32", shape = [1] }]
        output = [{ name = "y", datatype = "FP32", shape = [1] }]
        """), "model.toml");
}
