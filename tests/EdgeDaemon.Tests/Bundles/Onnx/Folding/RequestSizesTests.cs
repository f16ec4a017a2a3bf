using EdgeDaemon.Core.Bundles.Onnx;
using static EdgeDaemon.Tests.Bundles.Onnx.Folding.FoldingCase;
using static EdgeDaemon.Tests.Bundles.Onnx.OnnxBytes;

namespace EdgeDaemon.Tests.Bundles.Onnx.Folding;

/// <summary>Graphs of ordinary operators that make much memory of a small request, each beside the same graph with smaller numbers, in which nothing is found.</summary>
[TestClass]
public sealed class RequestSizesTests
{
    [TestMethod]
    public void Doublings_of_a_request_are_counted()
    {
        // x has 4 elements; the 25th doubling is the first that makes more than 2^26.
        byte[] Chain(int times) => [.. Port(11, "f", 1, 1, 4), .. Doubled("Concat", "f", times, I("axis", 1))];
        Found(Chain(27), "graph.node[24]");
        Found(Chain(31), "graph.node[24]");
        Fine(Chain(22));
    }

    [TestMethod]
    public void Doublings_through_a_sequence_are_counted()
    {
        byte[] Chain(int times)
        {
            byte[] graph = Port(11, "f", 1, 1, 4);
            string last = "f";
            for (int i = 0; i < times; i++)
            {
                graph = [.. graph, .. Node("SequenceConstruct", [last, last], [$"s{i}"]), .. Node("ConcatFromSequence", [$"s{i}"], [$"c{i}"], I("axis", 1))];
                last = $"c{i}";
            }

            return graph;
        }

        Found(Chain(27), "graph.node[48]");
        Fine(Chain(20));
    }

    [TestMethod]
    [DataRow("Add")]
    [DataRow("Mul")]
    [DataRow("MatMul")]
    public void Outer_products_are_counted(string op)
    {
        byte[] Graph(long n) =>
        [
            .. Port(11, "f", 1, n), .. Weight("c", Longs(-1, 1)), .. Weight("r", Longs(1, -1)),
            .. Node("Reshape", ["f", "c"], ["a"]), .. Node("Reshape", ["f", "r"], ["b"]), .. Node(op, ["a", "b"], ["z"]),
            .. Node("Reshape", ["z", "c"], ["a2"]), .. Node("Reshape", ["z", "r"], ["b2"]), .. Node(op, ["a2", "b2"], ["z2"]), .. Node("ReduceSum", ["z2"], ["y"], I("keepdims", 0)),
        ];
        Found(Graph(300), "graph.node[5]");
        Fine(Graph(60));
    }

    [TestMethod]
    public void Einsum_is_followed_by_its_equation()
    {
        byte[] Graph(long n, string equation, int inputs, params long[] shape) =>
            [.. Port(11, "f", 1, [.. shape.Select(size => (long?)(size * n))]), .. Node("Einsum", [.. Enumerable.Repeat("f", inputs)], ["z"], S("equation", equation))];
        Found(Graph(200, "a,b,c,d->abcd", 4, 1), "graph.node[0]");
        Found(Graph(200, "a,b,c,d", 4, 1), "graph.node[0]", "the right side is left out");
        Found(Graph(200, "a, b, c, d -> dcba", 4, 1), "graph.node[0]");
        Found(Graph(200, "ab,cd->abcd", 2, 1, 1), "graph.node[0]");
        Found(Graph(200, "...a,...b,...c->...abc", 3, 1, 1), "graph.node[0]", "the ellipsis");
        Found(Graph(200, "abc,ade,bcd,eab->", 4, 1, 1, 1), "graph.node[0]", "on the way to one number");
        Fine(Graph(80, "a,b,c,d->abcd", 4, 1));
        Fine(Graph(2000, "ij,jk->ik", 2, 1, 1));
        Fine(Graph(400, "bij,bjk->bik", 2, 1, 1, 1), "a product of matrices");
        Fine(Graph(200, "...a,...b,...c->...", 3, 1, 1));
        Fine(Graph(2000, "ii->i", 1, 1, 1));
    }

    [TestMethod]
    public void Pictures_may_be_large_only_where_requests_are()
    {
        // Each step is within what a decoder does; together they make 2^28 of 16.
        byte[] Graph(long side, int steps)
        {
            byte[] graph = [.. Port(11, "p", 1, 1, 1, side, side), .. Weight("by", Reals(1, 1, 2, 2))];
            for (int i = 0; i < steps; i++)
            {
                graph = [.. graph, .. Node("Resize", [i == 0 ? "p" : $"p{i}", "", "by"], [$"p{i + 1}"]), .. Node("Relu", [$"p{i + 1}"], [$"r{i}"])];
            }

            return graph;
        }

        Found(Graph(4, 12), "graph.node[22]");
        Fine(Graph(4, 10));
        Fine(Graph(2048, 3), "what a large picture becomes");
        Found(Graph(2048, 4), "graph.node[6]");
    }

    [TestMethod]
    public void What_is_held_at_the_same_time_is_added_up()
    {
        // So many values of 2^24 elements each, all of them needed at the end or each one gone before the next.
        byte[] Graph(int count, bool together)
        {
            byte[] graph = [.. Port(11, "f", 1, 1 << 12, 1), .. Port(11, "g", 1, 1, 1 << 12)];
            for (int i = 0; i < count; i++)
            {
                graph = [.. graph, .. Node("Add", ["f", "g"], [$"a{i}"]), .. together ? [] : Node("ReduceSum", [$"a{i}"], [$"s{i}"], I("keepdims", 0))];
            }

            return [.. graph, .. Node("Sum", [.. Enumerable.Range(0, count).Select(i => together ? $"a{i}" : $"s{i}")], ["y"])];
        }

        Found(Graph(20, together: true), "graph.node[20]");
        Fine(Graph(20, together: false));
        Fine(Graph(8, together: true));
    }

    [TestMethod]
    public void A_body_holds_what_is_around_it()
    {
        byte[] Body(string name, int times) => Bytes(5, Text(1, name), Bytes(6, [.. Doubled("Concat", "f", times, I("axis", 1)), .. Port(12, $"c{times - 1}", 1, null, null)]), Number(20, 5));
        byte[] Graph(int times) => [.. Port(11, "f", 1, 1, 4), .. Port(11, "which", 9), .. Node("If", ["which"], ["b"], Body("then_branch", times), Body("else_branch", 1)), .. Node("Concat", ["b", "b", "b"], ["y"], I("axis", 1))];
        Found(Graph(27), "graph.node[0].attribute[then_branch].g.node[24]", controlFlow: true);
        Found(Graph(24), "graph.node[1]", "what the branch made", controlFlow: true);
        Fine(Graph(20), controlFlow: true);
    }

    [TestMethod]
    public void A_shape_that_the_file_declares_too_small_is_not_believed()
    {
        // Who believed that NonZero finds one would count 2^20 elements less.
        byte[] Graph(int times, long? declared) =>
        [
            .. Port(11, "f", 1, 1, 1 << 20), .. Node("NonZero", ["f"], ["n"]), .. Port(13, "n", 7, 2, declared), .. Doubled("Concat", "n", times, I("axis", 1)),
        ];
        Found(Graph(7, 1), "graph.node[6]");
        Found(Graph(7, null), "graph.node[6]");
        Fine(Graph(3, 1));
        Fine(Graph(3, null));
    }

    [TestMethod]
    public void A_row_that_the_file_declares_a_column_is_both()
    {
        // Who believed what is declared would see two rows added, not a column and a row.
        byte[] Graph(long n, params byte[][] declared) =>
        [
            .. Port(11, "f", 1, n), .. Weight("c", Longs(-1, 1)), .. Weight("r", Longs(1, -1)), .. Node("Reshape", ["f", "c"], ["a"]), .. Node("Reshape", ["f", "r"], ["b"]),
            .. declared.SelectMany(port => port), .. Node("Add", ["a", "b"], ["z"]),
        ];
        Found(Graph(1 << 14, Port(13, "a", 1, 1, (1 << 14) + 1), Port(13, "b", 1, 1, (1 << 14) + 1)), "graph.node[2]");
        Found(Graph(1 << 14, Port(13, "a", 1, (1 << 14) + 1), Port(13, "b", 1, (1 << 14) + 1)), "graph.node[2]", "of another rank");
        Fine(Graph(1 << 12, Port(13, "a", 1, 1 << 12, 1), Port(13, "b", 1, 1, 1 << 12)));

        // At load the same, where not even the shape of one is followed.
        byte[] Constant(long n) =>
        [
            .. Weight("c", Longs(n, 1)), .. Weight("r", Longs(1, n)), .. Weight("all", Typed(9, [n], [.. Enumerable.Repeat((byte)1, (int)n)])), .. Node("ConstantOfShape", ["c"], ["a"]), .. Node("ConstantOfShape", ["r"], ["b"]),
            .. Node("Compress", ["a", "all"], ["k"], I("axis", 0)), .. Port(13, "k", 1, 1, n + 1), .. Port(13, "b", 1, 1, n + 1), .. Node("Add", ["k", "b"], ["z"]),
        ];
        Found(Constant(1 << 14), "graph.node[3]");
        Fine(Constant(1 << 10));
    }

    [TestMethod]
    public void What_a_request_arranges_is_worth_a_look()
    {
        // The shapes of both are the request's: at worst a product, at best no more than went in.
        byte[] Graph(long n) =>
        [
            .. Port(11, "f", 1, n), .. Port(11, "shape", 7, 2), .. Node("Reshape", ["f", "shape"], ["a"]), .. Node("NonZero", ["a"], ["i"]), .. Node("Cast", ["i"], ["j"], I("to", 1)),
            .. Node("Compress", ["a", "which"], ["k"]), .. Port(11, "which", 9, n), .. Node("Add", ["k", "j"], ["z"]),
        ];
        OnnxReport report = Walk(Graph(1 << 13), false);
        Assert.IsTrue(report.Findings.Any(finding => finding is { Rule: OnnxRule.SizeFromData, Severity: FindingSeverity.Warning, Place: "graph.node[4]" }), string.Join("; ", report.Findings));
        Fine(Graph(1 << 13));
        Assert.IsFalse(Walk(Graph(1 << 3), false).Findings.Any(finding => finding.Place == "graph.node[4]"));
    }

    [TestMethod]
    public void What_real_models_do_passes()
    {
        // Attention over 512 words, 12 heads, with its residual sums, in the shapes of a transformer; the weights are in the file's stead inputs of the graph.
        byte[] graph =
        [
            .. Port(11, "ids", 7, 1, 512), .. Weight("table", Typed(1, [1000, 768], new byte[1000 * 768 * 4])), .. Weight("w", Typed(1, [768, 768], new byte[768 * 768 * 4])),
            .. Weight("heads", Longs(0, 0, 12, 64)), .. Weight("flat", Longs(0, 0, 768)), .. Node("Gather", ["table", "ids"], ["h0"]),
        ];
        for (int layer = 0; layer < 24; layer++)
        {
            string In(string name) => $"{name}{layer}";
            graph =
            [
                .. graph,
                .. Node("MatMul", [In("h"), "w"], [In("q")]), .. Node("Reshape", [In("q"), "heads"], [In("qr")]), .. Node("Transpose", [In("qr")], [In("qt")], Is("perm", 0, 2, 1, 3)),
                .. Node("Transpose", [In("qr")], [In("kt")], Is("perm", 0, 2, 3, 1)), .. Node("MatMul", [In("qt"), In("kt")], [In("s")]), .. Node("Softmax", [In("s")], [In("p")]),
                .. Node("MatMul", [In("p"), In("qt")], [In("v")]), .. Node("Transpose", [In("v")], [In("vt")], Is("perm", 0, 2, 1, 3)), .. Node("Reshape", [In("vt"), "flat"], [In("o")]),
                .. Node("Add", [In("o"), In("h")], [$"h{layer + 1}"]),
            ];
        }

        Assert.IsEmpty(Walk(graph, false).Findings);
    }

    [TestMethod]
    public void Models_that_others_wrote_pass()
    {
        string[] files = Directory.GetFiles(Conformance.Folder("onnx"), "*.onnx", SearchOption.AllDirectories);
        Assert.IsGreaterThan(10, files.Length);
        foreach (string file in files)
        {
            OnnxReport report = OnnxWalk.Of(File.ReadAllBytes(file), controlFlow: true);
            Assert.IsFalse(report.Findings.Any(finding => finding.Rule is OnnxRule.Folding or OnnxRule.Text), $"{file}: {string.Join("; ", report.Findings)}");
        }
    }

    private static byte[] Doubled(string op, string name, int times, params byte[][] attributes)
    {
        byte[] graph = [];
        for (int i = 0; i < times; i++)
        {
            string last = i == 0 ? name : $"c{i - 1}";
            graph = [.. graph, .. Node(op, [last, last], [$"c{i}"], attributes)];
        }

        return graph;
    }

    private static void Found(byte[] graph, string place, string why = "", bool controlFlow = false)
    {
        OnnxReport report = Walk(graph, controlFlow);
        Assert.IsTrue(
            report.Findings.Any(finding => finding is { Rule: OnnxRule.Folding, Severity: FindingSeverity.Danger } && finding.Place == place), $"{why}: nothing at {place}, but: {string.Join("; ", report.Findings)}");
    }

    private static void Fine(byte[] graph, string why = "", bool controlFlow = false)
    {
        OnnxReport report = Walk(graph, controlFlow);
        Assert.IsFalse(report.Findings.Any(finding => finding.Severity == FindingSeverity.Danger), $"{why}, the control: {string.Join("; ", report.Findings)}");
    }

    private static OnnxReport Walk(byte[] graph, bool controlFlow) => OnnxWalk.Of([.. Number(1, 9), .. Bytes(7, graph), .. Bytes(8, Number(2, 21))], controlFlow);

    private static byte[] Weight(string name, byte[] tensor) => Bytes(5, tensor, Text(8, name));
}
