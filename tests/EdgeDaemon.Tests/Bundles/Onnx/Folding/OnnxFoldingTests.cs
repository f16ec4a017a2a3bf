using EdgeDaemon.Core.Bundles.Onnx;
using static EdgeDaemon.Tests.Bundles.Onnx.Folding.FoldingCase;
using static EdgeDaemon.Tests.Bundles.Onnx.OnnxBytes;

namespace EdgeDaemon.Tests.Bundles.Onnx.Folding;

/// <summary>Small files that ask for much memory, each beside the same file with small numbers, which has no danger.</summary>
[TestClass]
public sealed class OnnxFoldingTests
{
    [TestMethod]
    [DataRow("Tile")]
    [DataRow("Expand")]
    [DataRow("Add")]
    [DataRow("MatMul")]
    [DataRow("Concat")]
    [DataRow("Gather")]
    public void A_size_is_carried_from_node_to_node(string op)
    {
        // ConstantOfShape makes n by 1; what follows multiplies it, though no number of its own is large.
        byte[] Graph(long n) => [.. Weight("n", Longs(n, 1)), .. Weight("m", Longs(1, n)), .. Node("ConstantOfShape", ["n"], ["a"]), .. Node("ConstantOfShape", ["m"], ["b"]), .. op switch
        {
            "Tile" => (byte[])[.. Weight("r", Longs(1, n)), .. Node("Tile", ["a", "r"], ["z"])],
            "Expand" => [.. Weight("r", Longs(1, n)), .. Node("Expand", ["a", "r"], ["z"])],
            "Concat" => [.. Enumerable.Range(0, 14).SelectMany(i => Node("Concat", [i == 0 ? "a" : $"c{i}", i == 0 ? "a" : $"c{i}"], [$"c{i + 1}"], I("axis", 0))), .. Node("Relu", ["c14"], ["z"])],
            _ => Node(op, ["a", "b"], ["z"]),
        }];
        if (op == "Gather")
        {
            byte[] Rows(long n) => [.. Weight("d", Longs(1, n)), .. Node("ConstantOfShape", ["d"], ["a"]), .. Weight("k", Longs(n)),
                .. Node("ConstantOfShape", ["k"], ["i"], T("value", Longs(0))), .. Node("Gather", ["a", "i"], ["z"], I("axis", 0))];
            Place(Rows(1 << 14), "graph.node[2]");
            Fine(Rows(1 << 7));
            return;
        }

        Place(Graph(1 << 14), op == "Concat" ? "graph.node[15]" : "graph.node[2]");
        Fine(Graph(1 << 7));
    }

    /// <summary>ONNX's published test files of large networks hold no weights: each is filled with one number at load. The largest layers are VGG-19's and ZFNet-512's first dense ones.</summary>
    [TestMethod]
    [DataRow(25088)]
    [DataRow(18432)]
    public void Weights_of_published_networks_may_be_filled_with_one_number(long inputs)
    {
        byte[] Layers(int count) => [.. Weight("n", Longs(4096, inputs)), .. Enumerable.Range(0, count).SelectMany(i => Node("ConstantOfShape", ["n"], [$"w{i}"])), .. Node("Relu", ["w0"], ["z"])];
        Fine(Layers(1));
        Place(Layers(4), $"graph.node[{(inputs == 25088 ? 2 : 3)}]"); // Each is allowed, all of them are more than 1 GiB.
    }

    [TestMethod]
    [DataRow("HannWindow", "")]
    [DataRow("HammingWindow", "")]
    [DataRow("BlackmanWindow", "")]
    public void Windows_are_as_long_as_a_number_says(string op, string domain)
    {
        byte[] Graph(long n) => [.. Weight("n", Long(n)), .. Node(op, ["n"], ["z"], Text(7, domain))];
        Place(Graph(1L << 30), "graph.node[0]");
        Fine(Graph(1 << 10));
    }

    [TestMethod]
    public void Numbers_of_attributes_are_followed()
    {
        foreach ((Func<long, byte[]> graph, string what) in ((Func<long, byte[]>, string)[])[
            (n => Node("RandomNormal", [], ["z"], Is("shape", n, n)), "shape"),
            (n => Node("RandomUniform", [], ["z"], Is("shape", n, n)), "shape"),
            (n => Node("Conv", ["p", "k"], ["z"], Is("pads", n, n, n, n)), "pads of Conv"),
            (n => Node("ConvTranspose", ["p", "k"], ["z"], Is("strides", n * 4, n * 4)), "strides"),
            (n => Node("MaxPool", ["p"], ["z"], Is("kernel_shape", 2 * n, 2 * n), Is("pads", n * 2, n * 2, n * 2, n * 2)), "pads of MaxPool"),
            (n => Node("Upsample", ["p"], ["z"], Fs("scales", 1, 1, n, n)), "scales"),
            (n => Node("Pad", ["p"], ["z"], Is("pads", 0, 0, n, n, 0, 0, n, n)), "pads of Pad"),
            (n => Node("TfIdfVectorizer", ["i"], ["z"], Is("ngram_indexes", n * n)), "ngram_indexes"),
            (n => Node("Multinomial", ["x"], ["z"], I("sample_size", n * n)), "sample_size"),
            (n => Node("MaxRoiPool", ["p", "rois"], ["z"], Is("pooled_shape", n, n)), "pooled_shape"),
            (n => Node("RoiAlign", ["p", "rois", "i"], ["z"], I("output_height", n), I("output_width", n)), "output_height"),
            (n => Node("LinearRegressor", ["x"], ["z"], I("targets", n * n), Text(7, "ai.onnx.ml")), "targets"),
            (n => Node("TreeEnsembleRegressor", ["x"], ["z"], I("n_targets", n * n), Text(7, "ai.onnx.ml")), "n_targets"),
        ])
        {
            byte[] With(long n) => [.. Weight("k", Floats(1, 1, 2, 2)), .. Weight("rois", Floats(1, 5)), .. Weight("i", Longs(0)), .. graph(n), .. Port(11, "p", 1, 1, 1, 4, 4)];
            Place(With(1 << 14), "graph.node[0]", what);
            Fine(With(4), what);
        }
    }

    [TestMethod]
    public void Numbers_of_inputs_are_followed_whatever_else_a_request_brings()
    {
        foreach ((string op, string[] inputs, Func<long, byte[]> size) in ((string, string[], Func<long, byte[]>)[])[
            ("ConstantOfShape", ["n"], n => Longs(n, n)),
            ("Expand", ["x", "n"], n => Longs(n, n)),
            ("Tile", ["x", "n"], n => Longs(n * n)),
            ("Pad", ["p", "n"], n => Longs(0, 0, n, n, 0, 0, n, n)),
            ("Resize", ["p", "", "n"], n => Reals(1, 1, n, n)),
            ("Resize", ["p", "", "", "n"], n => Longs(1, 1, n, n)),
            ("Upsample", ["p", "n"], n => Reals(1, 1, n, n)),
            ("OneHot", ["i", "n", "v"], n => Long(n * n)),
            ("AffineGrid", ["t", "n"], n => Longs(1, 1, n, n)),
            ("CenterCropPad", ["p", "n"], n => Longs(1, 1, n, n)),
            ("Col2Im", ["c", "n", "b"], n => Longs(n, n)),
            ("MaxUnpool", ["p", "p", "n"], n => Longs(1, 1, n, n)),
            ("DFT", ["p", "n"], n => Long(n * n)),
            ("MelWeightMatrix", ["e", "n"], n => Long(n * n)),
            ("com.microsoft:Pad", ["p", "n"], n => Longs(0, 0, n, n, 0, 0, n, n)),
        ])
        {
            byte[] With(long n) =>
            [
                .. Weight("n", size(n)), .. Weight("v", Reals(0, 1)), .. Weight("t", Floats(1, 2, 3)), .. Weight("b", Longs(1, 1)), .. Weight("e", Long(8)),
                .. Node(op.Split(':')[^1], inputs, ["z"], Text(7, op.Contains(':') ? op.Split(':')[0] : "")), .. Port(11, "p", 1, 1, 1, 4, 4), .. Port(11, "i", 7, 1), .. Port(11, "c", 1, 1, 1, null),
            ];
            Place(With(1 << 14), "graph.node[0]", op);
            Fine(With(8), op);
        }
    }

    [TestMethod]
    public void Range_counts_with_integers_and_reals()
    {
        byte[] Of(byte[] start, byte[] limit, byte[] delta) => [.. Weight("a", start), .. Weight("b", limit), .. Weight("c", delta), .. Node("Range", ["a", "b", "c"], ["z"])];
        Place(Of(Long(0), Long((1L << 27) + 1), Long(1)), "graph.node[0]");
        Place(Of(Long(long.MaxValue), Long(long.MinValue), Long(1)), "graph.node[0]", "the difference goes round");
        Place(Of(Real(0), Real(1), Real(1e-9f)), "graph.node[0]");
        Place(Of(Real(0), Real(float.PositiveInfinity), Real(1)), "graph.node[0]");
        Place(Of(Long(0), Long(5), Long(0)), "graph.node[0]");
        Fine(Of(Long(5), Long(0), Long(1)));
        Fine(Of(Real(0), Real(1), Real(0.1f)));
        Place([.. Of(Real(0), Real(1), Real(0.1f)), .. Node("Exp", ["a"], ["e"]), .. Node("Range", ["a", "e", "c"], ["w"])], "graph.node[2]", "computed, and not followed");
    }

    [TestMethod]
    public void Several_pieces_of_values_are_one_tensor()
    {
        foreach (byte[] data in (byte[][])[
            [.. Bytes(7, Varint(1 << 14)), .. Bytes(7, Varint(1 << 14))],
            [.. Number(7, 1 << 14), .. Bytes(7, Varint(1 << 14))],
            [.. Number(7, 1 << 14), .. Number(7, 1 << 14)]])
        {
            byte[] tensor = [.. Number(1, 2), .. Number(2, 7), .. data];
            Place([.. Weight("n", tensor), .. Node("ConstantOfShape", ["n"], ["z"])], "graph.node[0]");
        }

        Fine([.. Weight("n", [.. Number(1, 2), .. Number(2, 7), .. Number(7, 8), .. Bytes(7, Varint(8))]), .. Node("ConstantOfShape", ["n"], ["z"])]);

        // The runtime keeps the low half of what stands in a field of 32-bit numbers.
        Fine([.. Weight("n", [.. Number(1, 1), .. Number(2, 6), .. Number(5, (1L << 40) + 3)]), .. Node("Cast", ["n"], ["m"], I("to", 7)), .. Node("ConstantOfShape", ["m"], ["z"])]);
    }

    [TestMethod]
    public void A_sparse_tensor_becomes_a_dense_one()
    {
        byte[] Of(long n, params byte[][] sizes) => Bytes(15, [Bytes(1, Number(1, 1), Number(2, 1), Text(8, "s"), Bytes(9, new byte[4])), Bytes(2, Number(1, 1), Number(2, 7), Bytes(9, new byte[8])), .. sizes, Number(3, n)]);
        Found(OnnxRule.Folding, Of(1 << 14, Number(3, 1 << 14)), "graph.sparse_initializer[0]", "one by one");
        Found(OnnxRule.Folding, Of(1 << 14, Bytes(3, Varint(1 << 14))), "graph.sparse_initializer[0]", "in pieces");
        Found(OnnxRule.TensorData, Of(-1), "graph.sparse_initializer[0]");
        Fine(Of(8, Number(3, 8)));
        Place([.. Of(1 << 13, Number(3, 1)), .. Node("Transpose", ["s"], ["t"]), .. Node("MatMul", ["t", "s"], ["u"]), .. Node("Concat", ["u", "u", "u"], ["z"], I("axis", 0))], "graph.node[2]");
    }

    [TestMethod]
    public void What_holds_nothing_may_become_much()
    {
        // No element goes in, and 2^28 come out.
        byte[] Of(long n) => [.. Weight("a", Typed(1, [n, 0], [])), .. Weight("b", Typed(1, [0, n], [])), .. Node("MatMul", ["a", "b"], ["z"])];
        Place(Of(1 << 14), "graph.node[0]");
        Fine(Of(8));
        Place([.. Weight("a", Typed(1, [0, 1 << 28], [])), .. Weight("axis", Longs(0)), .. Node("ReduceSum", ["a", "axis"], ["z"])], "graph.node[0]");
    }

    [TestMethod]
    public void A_shape_that_no_request_chooses_is_a_constant()
    {
        byte[] Of(long n) => [.. Port(11, "f", 1, n, n), .. Node("Shape", ["f"], ["s"]), .. Weight("two", Longs(2)), .. Node("Mul", ["s", "two"], ["t"]), .. Node("ConstantOfShape", ["t"], ["z"])];
        Place(Of(1 << 13), "graph.node[2]");
        Fine(Of(4));
        byte[] declared = [.. Node("NonZero", ["x"], ["y1"]), .. Port(13, "y1", 7, 1 << 30), .. Node("Shape", ["y1"], ["s"]), .. Node("ConstantOfShape", ["s"], ["z"])];
        Place(declared, "graph.node[2]", "the runtime believes what is declared");
        Found(OnnxRule.SizeFromData, [.. Port(11, "f", 1, null, 3), .. Node("Shape", ["f"], ["s"]), .. Node("ConstantOfShape", ["s"], ["z"])], "graph.node[1]", severity: FindingSeverity.Warning);
    }

    [TestMethod]
    public void A_name_of_a_subgraph_hides_the_same_name_around_it()
    {
        // Around: n is small. Inside n is the body's own input, and what it is nobody knows.
        byte[] Body(string input) => Bytes(5, Text(1, "body"), Bytes(6, [.. Port(11, "iteration", 7), .. Port(11, "go", 9), .. Port(11, input, 7, 2), .. Node("ConstantOfShape", ["n"], ["made"]), .. Node("Identity", ["go"], ["on"]),
            .. Node("Identity", [input], ["next"]), .. Port(12, "on", 9), .. Port(12, "next", 7, 2)]), Number(20, 5));
        byte[] Of(string input) => [.. Weight("n", Longs(2, 2)), .. Weight("times", Long(3)), .. Weight("yes", Typed(9, [], [1])), .. Node("Loop", ["times", "yes", "n"], ["z"], Body(input))];
        Found(OnnxRule.SizeFromData, Of("n"), "graph.node[0].attribute[body].g.node[0]", severity: FindingSeverity.Warning, controlFlow: true);
        Assert.IsEmpty(Walk(Of("other"), true).Findings, "the control: the constant around it is seen");
    }

    [TestMethod]
    public void A_branch_that_is_certain_is_part_of_the_graph()
    {
        byte[] Branch(string name, long n) => Bytes(5, Text(1, name), Bytes(6, [.. Weight("n", Longs(n)), .. Node("ConstantOfShape", ["n"], [$"{name}_made"]), .. Port(12, $"{name}_made", 1, (long?)null)]), Number(20, 5));
        byte[] Of(long n) => [.. Weight("yes", Typed(9, [], [1])), .. Node("If", ["yes"], ["b"], Branch("then_branch", n), Branch("else_branch", 1)), .. Weight("r", Longs(n)), .. Node("Tile", ["b", "r"], ["z"])];
        Found(OnnxRule.Folding, Of(1 << 14), "graph.node[1]", controlFlow: true);
        Assert.IsEmpty(Walk(Of(8), true).Findings);
    }

    [TestMethod]
    public void Too_many_numbers_to_follow_are_a_danger()
    {
        Place(Node("RandomNormal", [], ["z"], Is("shape", [.. Enumerable.Repeat(1L, 1030), 1 << 30])), "graph.node[0]");
        Place(Node("RandomNormal", [], ["z"], Is("shape", [.. Enumerable.Repeat(1L, 100), 1 << 30])), "graph.node[0]");
        Fine(Node("RandomNormal", [], ["z"], Is("shape", [.. Enumerable.Repeat(1L, 60), 4])));
        Place([.. Weight("n", Longs([.. Enumerable.Repeat(1L, 100)])), .. Node("ConstantOfShape", ["n"], ["z"])], "graph.node[0]", "not followed");
    }

    [TestMethod]
    public void Much_work_on_much_weight_is_no_bomb()
    {
        // 1.5 MiB of small integers become floats, are turned and stretched: what comes of weights that the file holds is in proportion to them.
        byte[] large = Typed(3, [1 << 10, 1536], new byte[1536 << 10]);
        Fine([.. Weight("q", large), .. Node("Cast", ["q"], ["f"], I("to", 1)), .. Node("Transpose", ["f"], ["t"]), .. Node("Mul", ["t", "t"], ["u"])]);
    }

    private static void Place(byte[] graph, string place, string why = "") => Found(OnnxRule.Folding, graph, place, why);

    private static void Found(OnnxRule rule, byte[] graph, string place, string why = "", FindingSeverity severity = FindingSeverity.Danger, bool controlFlow = false)
    {
        OnnxReport report = Walk(graph, controlFlow);
        Assert.IsTrue(
            report.Findings.Any(finding => finding.Rule == rule && finding.Severity == severity && finding.Place == place), $"{why}: {rule} at {place} was not found, but: {string.Join("; ", report.Findings)}");
    }

    private static void Fine(byte[] graph, string why = "")
    {
        OnnxReport report = Walk(graph, false);
        Assert.IsFalse(report.Findings.Any(finding => finding.Severity == FindingSeverity.Danger), $"{why}, the control: {string.Join("; ", report.Findings)}");
    }

    private static OnnxReport Walk(byte[] graph, bool controlFlow) => OnnxWalk.Of(
        [.. Number(1, 9), .. Bytes(7, [.. Port(11, "x", 1, 1), .. graph]), .. Bytes(8, Number(2, 21)), .. Bytes(8, Text(1, "com.microsoft"), Number(2, 1)), .. Bytes(8, Text(1, "ai.onnx.ml"), Number(2, 3))],
        controlFlow);

    private static byte[] Weight(string name, byte[] tensor) => Bytes(5, tensor, Text(8, name));
}
