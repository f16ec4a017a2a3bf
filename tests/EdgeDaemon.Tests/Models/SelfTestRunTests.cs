using System.Text;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Engine;
using EdgeDaemon.Models;
using EdgeDaemon.Native.Onnx;
using EdgeDaemon.Tests.Engine.Voting;
using EdgeDaemon.Tests.Native.Onnx;

namespace EdgeDaemon.Tests.Models;

/// <summary>A release's own vectors through ensembles of which one member cannot be seen to be wrong before it runs.</summary>
[TestClass]
public sealed class SelfTestRunTests
{
    private static readonly float[] Weights = [3, 1, 0, 0, 2, 1];

    // Of x = [1, 0] every good member makes [3, 1, 0]; the mean of two is that of three.
    private static readonly Dictionary<string, byte[]> Vectors = new() { ["x.bin"] = Running.Floats(1, 0), ["y.bin"] = Running.Floats(3, 1, 0) };

    /// <summary>Whatever the quorum would forgive, and whoever is asked in service: a member that breaks the contract, or fails, does so before the release serves. The control is the same ensemble of good members.</summary>
    [TestMethod]
    [DataRow("on_failure = \"quorum\"\nquorum = 2")]
    [DataRow("on_failure = \"quorum\"\nquorum = 2\nconsensus = 2")]
    [DataRow("consensus = 2")]
    public void A_member_that_does_not_answer_its_own_release_is_refused_at_load(string policy)
    {
        Test(policy, VotingModel.Linear(Weights));
        Refused("self-test 'one': member 'c': output 'y' came as Float32 [1,2], model.toml declares [-1,3]", Narrow());
        Refused("self-test 'one': member 'c': ", Failing());

        void Refused(string how, byte[] third)
        {
            BundleException refused = Assert.ThrowsExactly<BundleException>(() => Test(policy, third));
            StringAssert.StartsWith(refused.Message, how, StringComparison.Ordinal);
        }
    }

    private static void Test(string policy, byte[] third)
    {
        var files = new Dictionary<string, byte[]>(Vectors) { ["a"] = VotingModel.Linear(Weights), ["b"] = VotingModel.Linear(Weights), ["c"] = third };
        var manifest = ModelManifest.Parse(Encoding.UTF8.GetBytes($$"""
            format = 1
            name = "votes"
            version = "1"
            sequence = 1
            security_floor = 0
            created = 2026-11-21T00:00:00Z
            file = [{{string.Join(", ", files.Select(file => $$"""{ path = "{{file.Key}}", size = {{file.Value.Length}} }"""))}}]
            member = [{ name = "a", file = "a" }, { name = "b", file = "b" }, { name = "c", file = "c" }]
            input = [{ name = "x", datatype = "FP32", shape = [-1, 2] }]
            output = [{ name = "y", datatype = "FP32", shape = [-1, 3] }]

            [[self_test]]
            name = "one"
            inputs = [{ name = "x", file = "x.bin", shape = [1, 2] }]
            outputs = [{ name = "y", file = "y.bin", shape = [1, 3] }]

            [ensemble]
            rule = "mean"
            {{policy}}
            """), ModelManifest.FileName);
        using var memory = new TensorBlockPool(1 << 26);
        var contract = new ModelContract(manifest);
        var stage = new ModelStage(TestRuntime.Get(), memory, new EngineCare(item => item.Execute()) { Alarm = (_, _) => { } }, Queue: 0);
        using ModelEngine engine = stage.Open(manifest, contract, file => files[file], new LanePlan(1, 1, SessionPerLane: false, "test"));
        SelfTestRun.All(engine, manifest, contract, memory, file => files[file]);
    }

    // Only those classes whose logit is not 0: how many that are shows when it runs.
    private static byte[] Narrow() => Graph.Model(Graph.Of(
        [
            Graph.Node("MatMul", ["x", "w"], ["all"]), Graph.Node("ReduceMax", ["all", "rows"], ["most"], Graph.IntegerAttribute("keepdims", 0)),
            Graph.Node("Cast", ["most"], ["kept"], Graph.IntegerAttribute("to", Graph.Bool)), Graph.Node("Compress", ["all", "kept"], ["y"], Graph.IntegerAttribute("axis", 1)),
        ],
        [Graph.Port("x", Graph.Float, "N", 2)], [Graph.Port("y", Graph.Float, "N", "M")],
        Graph.Constant("w", Graph.Float, [2, 3], Running.Floats(Weights)), Graph.Constant("rows", Graph.Int64, [1], new byte[8])));

    // An element of a table that is not there.
    private static byte[] Failing() => Graph.Model(Graph.Of(
        [Graph.Node("Cast", ["x"], ["index"], Graph.IntegerAttribute("to", Graph.Int64)), Graph.Node("Gather", ["table", "index"], ["found"]), Graph.Node("MatMul", ["found", "w"], ["y"])],
        [Graph.Port("x", Graph.Float, "N", 2)], [Graph.Port("y", Graph.Float, "N", "M")],
        Graph.Constant("table", Graph.Float, [1], new byte[4]), Graph.Constant("w", Graph.Float, [2, 3], new byte[24])));
}
