using EdgeDaemon.Core.Bundles.Onnx;
using static EdgeDaemon.Tests.Bundles.Onnx.Folding.FoldingCase;
using static EdgeDaemon.Tests.Bundles.Onnx.OnnxBytes;

namespace EdgeDaemon.Tests.Bundles.Onnx.Folding;

/// <summary>Texts that become much memory, each beside the same graph with shorter ones, in which nothing is found.</summary>
[TestClass]
public sealed class TextSizesTests
{
    private const int Kind = 8; // TensorProto.DataType

    [TestMethod]
    public void Doublings_of_a_text_are_counted_whoever_brings_it()
    {
        byte[] Chain(string from, int times) =>
        [
            .. Port(11, "r", Kind, 1), .. Weight("s", Texts(64)),
            .. Enumerable.Range(0, times).SelectMany(i => Node("StringConcat", [i == 0 ? from : $"c{i}", i == 0 ? from : $"c{i}"], [$"c{i + 1}"])), .. Node("Equal", [$"c{times}", "r"], ["y"]),
        ];
        Found(OnnxRule.Folding, Chain("r", 30), "graph.node[8]", "of a request");
        Fine(Chain("r", 6));
        Found(OnnxRule.Folding, Chain("s", 30), "graph.node[21]", "of a constant");
        Fine(Chain("s", 10));
    }

    [TestMethod]
    [DataRow("Expand")]
    [DataRow("Tile")]
    [DataRow("Gather")]
    [DataRow("ConstantOfShape")]
    [DataRow("Pad")]
    [DataRow("OneHot")]
    public void A_long_text_many_times_over_is_counted(string op)
    {
        byte[] Graph(int length, long n) =>
        [
            .. Weight("s", Texts(length)), .. Weight("n", Longs(n)), .. Weight("one", Long(n)), .. Weight("i", Typed(7, [n], new byte[8 * n])), .. Weight("p", Longs(0, n)), .. Weight("j", Longs(0)), .. Weight("two", Texts(length, 1)),
            .. op switch
            {
                "Gather" => Node("Gather", ["s", "i"], ["e"]),
                "ConstantOfShape" => Node("ConstantOfShape", ["n"], ["e"], T("value", Texts(length))),
                "Pad" => Node("Pad", ["s", "p", "s"], ["e"]),
                "OneHot" => Node("OneHot", ["j", "one", "two"], ["e"]),
                _ => Node(op, ["s", "n"], ["e"]),
            },
        ];
        Found(OnnxRule.Folding, Graph(1 << 20, 2500), "graph.node[0]");
        Fine(Graph(1 << 20, 10), "few");
        Fine(Graph(8, 2500), "short");
    }

    [TestMethod]
    public void A_long_constant_is_followed_through_other_operators()
    {
        byte[] Graph(long n) =>
        [
            .. Node("Constant", [], ["s"], Bytes(5, Text(1, "value_string"), Bytes(4, new byte[1 << 20].Select(_ => (byte)'a').ToArray()), Number(20, 3))), .. Node("Identity", ["s"], ["t"]),
            .. Node("SequenceEmpty", [], ["q"], I("dtype", Kind)), .. Node("SequenceInsert", ["q", "t"], ["q1"]), .. Weight("zero", Long(0)), .. Node("SequenceAt", ["q1", "zero"], ["u"]),
            .. Weight("n", Longs(n)), .. Node("Expand", ["u", "n"], ["z"]),
        ];
        Found(OnnxRule.Folding, Graph(2500), "graph.node[5]");
        Fine(Graph(10));
    }

    [TestMethod]
    public void A_text_of_a_request_is_not_multiplied()
    {
        byte[] Graph(long n) => [.. Port(11, "r", Kind, 1), .. Weight("n", Longs(n)), .. Node("Expand", ["r", "n"], ["e"])];
        Found(OnnxRule.Folding, Graph(2500), "graph.node[0]");
        Fine(Graph(16));
        byte[] many = [.. Port(11, "r", Kind, 5000), .. Node("StringNormalizer", ["r"], ["e"]), .. Node("StringConcat", ["e", "e"], ["f"]), .. Node("StringSplit", ["f"], ["g", "h"])];
        Fine(many, "many of them are many");
    }

    [TestMethod]
    public void Many_texts_of_a_request_are_no_leave_for_others()
    {
        // A thousand empty texts go in, which are cheap: neither a text of the file nor one of them may come out sixty thousand times.
        byte[] Graph(string from, long n) =>
            [.. Port(11, "r", Kind, 1000), .. Port(11, "i", 7, n), .. Weight("s", Texts(1 << 20)), .. Node("Gather", [from, "i"], ["y"]), .. Node("Identity", ["r"], ["z"])];
        Found(OnnxRule.Folding, Graph("s", 60_000), "graph.node[0]");
        Found(OnnxRule.Folding, Graph("r", 60_000), "graph.node[0]");
        Fine(Graph("s", 100));
        Fine(Graph("r", 100));
    }

    [TestMethod]
    [DataRow("LabelEncoder", "default_string")]
    [DataRow("CategoryMapper", "default_string")]
    [DataRow("StringSplit", "delimiter")]
    [DataRow("StringNormalizer", "locale")]
    [DataRow("RegexFullMatch", "pattern")]
    public void Texts_of_attributes_are_small(string op, string attribute)
    {
        byte[] Graph(int length) => [.. Port(11, "i", 7, (long?)null), .. Node(op, ["i"], ["y"], S(attribute, new string('z', length)), Domain(op))];
        Found(OnnxRule.Text, Graph(4097), "graph.node[0]");
        Fine(Graph(4096));
    }

    [TestMethod]
    [DataRow("LabelEncoder", "values_strings")]
    [DataRow("CategoryMapper", "cats_strings")]
    [DataRow("TfIdfVectorizer", "pool_strings")]
    [DataRow("TreeEnsembleClassifier", "classlabels_strings")]
    public void Lists_of_texts_are_of_small_ones(string op, string attribute)
    {
        byte[] Graph(int length) => [.. Port(11, "i", 7, (long?)null), .. Node(op, ["i"], ["y"], Bytes(5, Text(1, attribute), Text(9, "a"), Text(9, new string('z', length)), Number(20, 8)), Domain(op))];
        Found(OnnxRule.Text, Graph(4097), "graph.node[0]");
        Fine(Graph(4096));
    }

    [TestMethod]
    public void Tensors_of_an_encoder_are_held_to_the_same()
    {
        byte[] Graph(int length) => [.. Port(11, "i", 7, (long?)null), .. Node("LabelEncoder", ["i"], ["y"], T("values_tensor", Texts(1, length)), Domain("LabelEncoder"))];
        Found(OnnxRule.Text, Graph(4097), "graph.node[0]");
        Fine(Graph(4096));
    }

    [TestMethod]
    public void Labels_are_as_long_as_the_longest_one()
    {
        // 4 KiB for each number of a request are no danger by themselves; 2^17 of them are half a gigabyte.
        byte[] Graph(long n) => [.. Port(11, "i", 7, n), .. Node("LabelEncoder", ["i"], ["y"], S("default_string", new string('z', 4096)), Bytes(5, Text(1, "values_strings"), Text(9, "a"), Number(20, 8)), Domain("LabelEncoder"))];
        Found(OnnxRule.Folding, Graph(1 << 17), "graph.node[0]");
        Fine(Graph(1 << 12));
    }

    [TestMethod]
    public void What_becomes_of_texts_in_real_models_passes()
    {
        byte[] graph =
        [
            .. Port(11, "r", Kind, null, 1), .. Node("StringNormalizer", ["r"], ["a"], S("case_change_action", "LOWER")),
            .. Node("LabelEncoder", ["r"], ["l"], Bytes(5, Text(1, "keys_strings"), Text(9, "a"), Number(20, 8)), Is("values_int64s", 4), Domain("LabelEncoder")),
            .. Node("OneHotEncoder", ["r"], ["h"], Bytes(5, [Text(1, "cats_strings"), .. Enumerable.Range(0, 2000).Select(i => Text(9, $"word {i}")), Number(20, 8)]), Domain("OneHotEncoder")),
            .. Node("TfIdfVectorizer", ["r"], ["t"], Is("ngram_indexes", 0, 20_000), Bytes(5, Text(1, "pool_strings"), Text(9, "a"), Number(20, 8))),
            .. Node("LinearClassifier", ["t"], ["label", "scores"], Bytes(5, [Text(1, "classlabels_strings"), .. Enumerable.Range(0, 1000).Select(i => Text(9, $"a class with a long name, {i}")), Number(20, 8)]), Domain("LinearClassifier")),
        ];
        Assert.IsEmpty(Walk(graph).Findings, string.Join("; ", Walk(graph).Findings));
    }

    private static byte[] Domain(string op) => op is "LabelEncoder" or "CategoryMapper" or "OneHotEncoder" or "LinearClassifier" or "TreeEnsembleClassifier" ? Text(7, "ai.onnx.ml") : [];

    // A tensor of texts of these lengths.
    private static byte[] Texts(params int[] lengths) => [.. Number(1, lengths.Length), .. Number(2, Kind), .. lengths.SelectMany(length => Text(6, new string('a', length)))];

    private static void Found(OnnxRule rule, byte[] graph, string place, string why = "")
    {
        OnnxReport report = Walk(graph);
        Assert.IsTrue(
            report.Findings.Any(finding => finding.Rule == rule && finding.Severity == FindingSeverity.Danger && finding.Place == place), $"{why}: no {rule} at {place}, but: {string.Join("; ", report.Findings)}");
    }

    private static void Fine(byte[] graph, string why = "")
    {
        OnnxReport report = Walk(graph);
        Assert.IsFalse(report.Findings.Any(finding => finding.Severity == FindingSeverity.Danger), $"{why}, the control: {string.Join("; ", report.Findings)}");
    }

    private static OnnxReport Walk(byte[] graph) =>
        OnnxWalk.Of([.. Number(1, 9), .. Bytes(7, graph), .. Bytes(8, Number(2, 21)), .. Bytes(8, Text(1, "ai.onnx.ml"), Number(2, 3))], controlFlow: false);

    private static byte[] Weight(string name, byte[] tensor) => Bytes(5, tensor, Text(8, name));
}
