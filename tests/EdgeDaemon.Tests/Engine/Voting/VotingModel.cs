using System.Globalization;
using System.Text;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Engine;
using EdgeDaemon.Engine.Voting;
using EdgeDaemon.Models;
using EdgeDaemon.Native.Onnx;
using EdgeDaemon.Tests.Native.Onnx;

namespace EdgeDaemon.Tests.Engine.Voting;

/// <summary>A model of small members in the real runtime: x is [N, 2], y is [N, classes]; each member is its name and its graph.</summary>
internal sealed class VotingModel : IDisposable
{
    public const int Features = 2;

    public VotingModel(string ensemble, int classes, (string Name, byte[] Graph)[] members, MemberThreads? threads = null, int lanes = 1)
    {
        string text = $"""
            format = 1
            name = "votes"
            version = "1"
            sequence = 1
            security_floor = 0
            created = 2026-11-21T00:00:00Z
            inspection.control_flow = true
            file = [{string.Join(", ", members.Select(member => string.Create(CultureInfo.InvariantCulture, $"{{ path = \"{member.Name}\", size = {member.Graph.Length} }}")))}]
            member = [{string.Join(", ", members.Select(member => $"{{ name = \"{member.Name}\", file = \"{member.Name}\" }}"))}]
            input = [{"{ name = \"x\", datatype = \"FP32\", shape = [-1, 2] }"}]
            output = [{"{ name = \"y\", datatype = \"FP32\", shape = [-1, "}{classes}{"] }"}]

            [ensemble]
            {ensemble}
            """;
        Manifest = ModelManifest.Parse(Encoding.UTF8.GetBytes(text), ModelManifest.FileName);
        Memory = new TensorBlockPool(1 << 26);
        var stage = new ModelStage(TestRuntime.Get(), Memory, new EngineCare(item => item.Execute()) { Threads = threads, Alarm = (_, failure) => Alarms.Add(failure) }, Queue: 0);
        Engine = stage.Open(Manifest, new ModelContract(Manifest), file => members.Single(member => member.Name == file).Graph, new LanePlan(lanes, 1, SessionPerLane: true, "test"));
    }

    public ModelManifest Manifest { get; }

    public ModelEngine Engine { get; }

    public TensorBlockPool Memory { get; }

    public List<MemberFailure> Alarms { get; } = [];

    /// <summary>y = x * W, W being Features rows of as many numbers as there are classes.</summary>
    public static byte[] Linear(float[] weights) => Graph.Model(Graph.Of([Graph.Node("MatMul", ["x", "w"], ["y"])], [X], [Y(weights)], W(weights)));

    /// <summary>The same, and an error when any element of x is 4 or more.</summary>
    public static byte[] Failing(float[] weights) => Graph.Model(Graph.Of(
        [
            Graph.Node("ReduceMax", ["x"], ["most"]), Graph.Node("Cast", ["most"], ["index"], To(Graph.Int64)), Graph.Node("Gather", ["table", "index"], ["found"]),
            Graph.Node("MatMul", ["x", "w"], ["z"]), Graph.Node("Add", ["z", "found"], ["y"]),
        ],
        [X], [Y(weights)], W(weights), Graph.Constant("table", Graph.Float, [4], new byte[16])));

    /// <summary>The same after as many turns of a loop as the largest element of x says.</summary>
    public static byte[] Slow(float[] weights)
    {
        byte[] body = Graph.Of(
            [Graph.Node("Identity", ["go"], ["on"]), Graph.Node("Mul", ["before", "zero"], ["after"])],
            [Graph.Port("turn", Graph.Int64), Graph.Port("go", Graph.Bool), Graph.Port("before", Graph.Float, 1)], [Graph.Port("on", Graph.Bool), Graph.Port("after", Graph.Float, 1)]);
        return Graph.Model(Graph.Of(
            [
                Graph.Node("ReduceMax", ["x"], ["most"], Graph.IntegerAttribute("keepdims", 0)), Graph.Node("Cast", ["most"], ["times"], To(Graph.Int64)),
                Graph.Node("Loop", ["times", "", "zero"], ["nothing"], Graph.GraphAttribute("body", body)),
                Graph.Node("MatMul", ["x", "w"], ["z"]), Graph.Node("Add", ["z", "nothing"], ["y"]),
            ],
            [X], [Y(weights)], W(weights), Graph.Constant("zero", Graph.Float, [1], new byte[4])));
    }

    /// <summary>One request, whose lane stays taken while <paramref name="look"/> reads the answer.</summary>
    public T Ask<T>(float[] x, Func<Lane, T> look)
    {
        Assert.IsTrue(Engine.TryEnter(out Lane lane));
        TensorBlock block = Memory.Rent(x.Length * sizeof(float), null);
        try
        {
            Running.Floats(x).CopyTo(block.GetSpan());
            lane.Run([new EngineInput(Running.Shape(x.Length / Features, Features), block, x.Length * sizeof(float))]);
            return look(lane);
        }
        finally
        {
            Engine.Leave(lane);
            block.Return();
        }
    }

    public float[] Ask(params float[] x) => Ask(x, lane => Running.Floats(lane.OutputData(0)));

    public void Dispose()
    {
        Engine.Dispose();
        Assert.AreEqual(0, Memory.InUse, "a request left tensor memory behind");
        Memory.Dispose();
    }

    private static byte[] X => Graph.Port("x", Graph.Float, "N", Features);

    private static byte[] Y(float[] weights) => Graph.Port("y", Graph.Float, "N", weights.Length / Features);

    private static byte[] W(float[] weights) => Graph.Constant("w", Graph.Float, [Features, weights.Length / Features], Running.Floats(weights));

    private static byte[] To(int type) => Graph.IntegerAttribute("to", type);
}
