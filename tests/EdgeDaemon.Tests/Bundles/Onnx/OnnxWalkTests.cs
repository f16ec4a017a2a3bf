using EdgeDaemon.Core.Bundles.Onnx;
using static EdgeDaemon.Tests.Bundles.Onnx.OnnxBytes;

namespace EdgeDaemon.Tests.Bundles.Onnx;

/// <summary>Every row of the walk's table: the good model beside the one that differs in that row alone.</summary>
[TestClass]
public sealed class OnnxWalkTests
{
    [TestMethod]
    public void Real_models_have_no_danger()
    {
        string[] models = [.. Directory.GetFiles(Conformance.Folder("onnx"), "*.onnx", SearchOption.AllDirectories), .. Directory.GetFiles(Repository.File("tests/models"), "*.onnx", SearchOption.AllDirectories)];
        Assert.IsGreaterThan(5, models.Length);
        foreach (string model in models)
        {
            OnnxReport report = OnnxWalk.Of(File.ReadAllBytes(model), controlFlow: true);
            Assert.IsFalse(report.Findings.Any(finding => finding.Severity == FindingSeverity.Danger), $"{model}: {string.Join("; ", report.Findings)}");
            Assert.IsGreaterThan(0, report.Summary.Nodes, model);
        }
    }

    [TestMethod]
    public void A_plain_model_has_no_finding_and_a_whole_summary()
    {
        OnnxReport report = OnnxWalk.Of(Good(), controlFlow: false);
        Assert.AreEqual(0, report.Findings.Length, string.Join("; ", report.Findings));
        Assert.AreEqual((8L, "test 1.0", 2L, 3L, 12L), (report.Summary.IrVersion, report.Summary.Producer, report.Summary.Nodes, report.Summary.Parameters, report.Summary.WeightBytes));
        Assert.AreEqual("Add=1 Relu=1", string.Join(' ', report.Summary.Operators.Select(used => $"{used.Key}={used.Value}")));
        Assert.AreEqual("x", report.Summary.Inputs.Single().Name);
        Assert.AreEqual("y", report.Summary.Outputs.Single().Name);
    }

    [TestMethod]
    public void Every_cut_and_what_follows_the_end_is_malformed_or_lacks_something()
    {
        byte[] good = Good();
        for (int length = 0; length < good.Length; length++)
        {
            Assert.AreNotEqual(0, OnnxWalk.Of(good.AsSpan(0, length), false).Findings.Length, $"cut to {length}");
        }

        Found(OnnxRule.UnknownField, [.. good, .. Text(99, "more")]);
        Found(OnnxRule.Malformed, [.. good, 0]);
        Found(OnnxRule.Malformed, [.. good, (7 << 3) | 3]);
    }

    [TestMethod]
    public void Encoding_tricks_are_found()
    {
        Found(OnnxRule.NotCanonical, [.. Good(), 0x28, 0x81, 0x00]);
        Assert.AreEqual("graph.initializer[1]", Found(OnnxRule.NotCanonical, Model(Good(node: Bytes(5, Number(1, 1), Number(2, 7), Text(8, "v"), Bytes(7, [0x81, 0x00]))))).Place, "in a packed field");
        Assert.IsFalse(Dangers(Model(Good(node: Bytes(5, Number(1, 2), Number(2, 7), Text(8, "v"), Bytes(7, [0x81, 0x01, 0x00]))))), "the control");
        Found(OnnxRule.Malformed, Model(Good(node: Bytes(5, Number(1, 1), Number(2, 7), Text(8, "v"), Bytes(7, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02])))));
        Found(OnnxRule.UnknownField, Model([.. Weights(), .. Nodes(), .. Text(3, "field 3 of GraphProto is none")]));
        Found(OnnxRule.UnknownField, [.. Number(2, 5), .. Good()]);
        Found(OnnxRule.FieldTwice, [.. Good(), .. Text(2, "again")]);
        Found(OnnxRule.FieldTwice, [.. Good(), .. Bytes(7, Nodes())]);
    }

    [TestMethod]
    [DataRow("several fields", "4:AACAPwAAAAAAAAAA 9:AACAPwAAAAAAAAAA")]
    [DataRow("no data for 3 elements", "")]
    [DataRow("8 bytes of raw data", "9:AACAPwAAAAA=")]
    [DataRow("2 values for 3", "4:AACAPwAAAAA=")]
    [DataRow("not in the field for type", "7:AQID")]
    public void Data_that_two_readers_see_differently_is_found(string detail, string fields)
    {
        byte[] weight = [.. Number(1, 3), .. Number(2, 1), .. Text(8, "w"), .. fields.Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .SelectMany(field => Bytes(int.Parse(field[..1]), Convert.FromBase64String(field[2..])))];
        StringAssert.Contains(Found(OnnxRule.TensorData, Model([.. Bytes(5, weight), .. Rest()])).Detail, detail, StringComparison.Ordinal);
    }

    [TestMethod]
    public void Wrong_dimensions_and_types_are_found()
    {
        Found(OnnxRule.TensorData, Weight(Number(1, -3), Number(2, 1)));
        Found(OnnxRule.TensorData, Weight(Number(1, long.MaxValue), Number(1, 3), Number(2, 1)));
        Found(OnnxRule.TensorData, Weight([.. Enumerable.Range(0, 17).Select(_ => Number(1, 1)), Number(2, 1), Bytes(9, new byte[4])]));
        Found(OnnxRule.TensorType, Weight(Number(1, 3), Number(2, 99), Bytes(9, new byte[3])));
        Found(OnnxRule.TensorData, Weight(Number(1, 3), Number(2, 1), Bytes(9, new byte[12]), Bytes(3, Number(1, 0))));
    }

    [TestMethod]
    [DataRow("../../etc/passwd")]
    [DataRow("/etc/passwd")]
    [DataRow("weights.bin")]
    [DataRow("*/_ORT_MEM_ADDR_/*")]
    public void Data_outside_the_file_is_found_wherever_a_tensor_stands(string location)
    {
        byte[] outside = [.. Number(1, 3), .. Number(2, 1), .. Text(8, "w"), .. Bytes(13, Text(1, "location"), Text(2, location)), .. Number(14, 1)];
        Found(OnnxRule.ExternalData, Model([.. Bytes(5, outside), .. Rest()]));
        Found(OnnxRule.ExternalData, Model([.. Bytes(15, Bytes(1, outside)), .. Rest()]));
        foreach (byte[] attribute in (byte[][])[Bytes(5, outside), Bytes(10, outside), Bytes(22, Bytes(1, outside)), Bytes(6, Bytes(5, outside)), Bytes(6, Node("Constant", [], ["c"], Bytes(5, Text(1, "value"), Bytes(5, outside))))])
        {
            Found(OnnxRule.ExternalData, Model([.. Good(node: Node("Relu", ["x"], ["z"], Bytes(5, Text(1, "a"), attribute)))]));
        }
    }

    [TestMethod]
    public void Operators_and_domains_that_nobody_looked_at_are_found()
    {
        Found(OnnxRule.Operator, Model(Good(node: Node("NoSuchOperator", ["x"], ["z"]))));
        Found(OnnxRule.Operator, Model(Good(node: [.. Node("EPContext", ["x"], ["z"], Text(7, "com.microsoft"))]), ("com.microsoft", 1)));
        Found(OnnxRule.Domain, Model(Good(node: Node("PyOp", ["x"], ["z"], Text(7, "ai.onnx.contrib"))), ("ai.onnx.contrib", 1)));
        Found(OnnxRule.OpsetUnused, Model(Good(node: []), ("my.own", 1)), FindingSeverity.Warning);
        Found(OnnxRule.Opset, Model(Good(node: Node("Gelu", ["x"], ["z"], Text(7, "com.microsoft")))));
        Found(OnnxRule.Opset, [.. Good(), .. Bytes(8, Text(1, ""), Number(2, 17))]);
        Found(OnnxRule.Opset, Replace(Good(), Bytes(8, Number(2, 17)), Bytes(8, Number(2, 99))));
        Found(OnnxRule.Functions, [.. Good(), .. Bytes(25, Text(1, "f"))]);
        Found(OnnxRule.Training, [.. Good(), .. Bytes(20, Text(1, "t"))]);
    }

    [TestMethod]
    public void Loops_and_branches_need_the_manifests_word()
    {
        byte[] model = Model(Good(node: Node("Loop", ["", "", "x"], ["z"], Bytes(5, Text(1, "body"), Bytes(6, Node("Relu", ["x"], ["inner"]), Bytes(12, Text(1, "inner"))), Number(20, 5)))));
        Found(OnnxRule.ControlFlow, model);
        Assert.AreEqual(0, OnnxWalk.Of(model, controlFlow: true).Findings.Length, "the control; and a subgraph sees the names around it");
    }

    [TestMethod]
    public void Names_are_made_before_they_are_used_and_once()
    {
        Found(OnnxRule.Names, Model(Good(node: Node("Relu", ["nowhere"], ["z"]))));
        Found(OnnxRule.Names, Model(Good(node: [.. Node("Relu", ["b"], ["a"]), .. Node("Relu", ["a"], ["b"])])));
        Found(OnnxRule.Names, Model(Good(node: Node("Relu", ["x"], ["x"]))));
        Found(OnnxRule.Names, Model([.. Weights(), .. Nodes(), .. Port(11, "x", 1, 3), .. Port(12, "absent", 1, 3)]));
    }

    [TestMethod]
    public void A_small_file_cannot_ask_for_much_memory()
    {
        byte[] huge = Tensor("huge", 7, [2], BitConverter.GetBytes(1L << 20), BitConverter.GetBytes(1L << 20));
        byte[] fine = Tensor("huge", 7, [2], BitConverter.GetBytes(3L), BitConverter.GetBytes(4L));
        foreach ((string op, string[] inputs) in ((string, string[])[])[("ConstantOfShape", ["huge"]), ("Expand", ["x", "huge"]), ("Tile", ["x", "huge"]), ("Resize", ["x", "", "", "huge"])])
        {
            Found(OnnxRule.Folding, Model(Good(node: [.. Bytes(5, huge), .. Node(op, inputs, ["z"])])));
            Assert.IsFalse(Dangers(Model(Good(node: [.. Bytes(5, fine), .. Node(op, inputs, ["z"])]))), $"{op}: the control");
            Found(OnnxRule.SizeFromData, Model(Good(node: Node(op, [.. inputs.Select(name => name == "huge" ? "x" : name)], ["z"]))), FindingSeverity.Warning);
        }

        // Through what exporters put between: a constant node, a cast, a product.
        byte[] constant = Node("Constant", [], ["c"], Bytes(5, Text(1, "value"), Bytes(5, Tensor("", 6, [1], BitConverter.GetBytes(1 << 14))), Number(20, 4)));
        byte[] product = [.. constant, .. Node("Cast", ["c"], ["d"], Bytes(5, Text(1, "to"), Number(3, 7), Number(20, 2))), .. Node("Mul", ["d", "d"], ["e"])];
        Found(OnnxRule.Folding, Model(Good(node: [.. product, .. Node("ConstantOfShape", ["e"], ["z"])])));
        Assert.IsFalse(Dangers(Model(Good(node: [.. product, .. Node("ConstantOfShape", ["d"], ["z"])]))), "the control");
        StringAssert.Contains(
            Found(OnnxRule.Folding, Model(Good(node: [.. product, .. Node("Pow", ["d", "d"], ["f"]), .. Node("ConstantOfShape", ["f"], ["z"])]))).Detail, "not followed", StringComparison.Ordinal);
        Found(OnnxRule.Folding, Model(Good(node: Node("RandomNormal", [], ["z"], Bytes(5, Text(1, "shape"), Number(8, 1 << 20), Number(8, 1 << 20), Number(20, 7))))));
        Found(OnnxRule.Folding, Model(Good(node: Node("Pad", ["x"], ["z"], Bytes(5, Text(1, "pads"), Number(8, 0), Number(8, 1 << 30), Number(20, 7))))));

        // Each one within bounds, all together not.
        byte[] part = Tensor("part", 7, [1], BitConverter.GetBytes(1L << 25));
        Found(OnnxRule.Folding, Model(Good(node: [.. Bytes(5, part), .. Enumerable.Range(0, 9).SelectMany(i => Node("ConstantOfShape", ["part"], [$"z{i}"]))])));
    }

    [TestMethod]
    public void Nesting_and_floods_are_bounded()
    {
        byte[] nested = [];
        for (int depth = 0; depth < 40; depth++)
        {
            nested = Node("If", ["x"], [$"n{depth}"], Bytes(5, Text(1, "then_branch"), Bytes(6, nested), Number(20, 5)));
        }

        Found(OnnxRule.TooDeep, Model(Good(node: nested)), controlFlow: true);
        byte[] type = Bytes(1, Number(1, 1));
        for (int depth = 0; depth < 40; depth++)
        {
            type = Bytes(4, Bytes(1, type));
        }

        Found(OnnxRule.TooDeep, Model([.. Good(node: []), .. Bytes(13, Text(1, "v"), Bytes(2, type))]));
        Found(OnnxRule.TooMany, Model(Good(node: [.. Enumerable.Repeat(Node("Relu", ["x"], [""]), 100_001).SelectMany(node => node)])));
        Found(OnnxRule.TooMany, Model(Good(node: Node("Sum", [.. Enumerable.Repeat("x", 5000)], ["z"]))));
    }

    [TestMethod]
    public void Texts_of_others_are_bounded_and_printable()
    {
        Found(OnnxRule.Text, Model(Good(node: Node("Relu", ["x"], [new string('z', 1025)]))));
        Found(OnnxRule.Text, Model(Good(node: Node("Relu", ["x"], ["z\u001b[2J"]))));
        Found(OnnxRule.Text, Model(Good(node: Node("Relu", ["x"], ["z"], Bytes(3, [0xff, 0xfe])))));
        Found(OnnxRule.Text, [.. Good(), .. Bytes(6, new byte[(1 << 20) + 1])]);
        Found(OnnxRule.Metadata, [.. Good(), .. Bytes(14, Text(1, "ort_config"), Text(2, "{}"))]);
        byte[] many = [.. Enumerable.Range(0, 1025).SelectMany(i => Bytes(16, Text(1, $"k{i}"), Text(2, "v")))];
        Assert.AreEqual("graph", Found(OnnxRule.Metadata, Model(Good(node: many))).Place);
        Assert.IsFalse(Dangers(Model(Good(node: many[Bytes(16, Text(1, "k0"), Text(2, "v")).Length..]))), "the control: 1,024");
        Assert.AreEqual("model.metadata_props", Found(OnnxRule.Metadata, [.. Good(), .. Enumerable.Range(0, 1025).SelectMany(i => Bytes(14, Text(1, $"k{i}"), Text(2, "v")))]).Place);
        Assert.AreEqual(0, OnnxWalk.Of([.. Good(), .. Bytes(14, Text(1, "author"), Text(2, "two\nlines"))], false).Findings.Length, "the control");
        foreach (OnnxFinding finding in OnnxWalk.Of(Model(Good(node: Node("E\nvil\u202e", ["x"], ["z"]))), false).Findings)
        {
            Assert.IsFalse(finding.ToString().Any(c => char.IsControl(c) || c == '\u202e'), finding.ToString());
        }
    }

    [TestMethod]
    public void A_weight_that_is_an_input_too_is_worth_knowing()
    {
        byte[] model = Model([.. Weights(), .. Rest(), .. Port(11, "w", 1, 3)]);
        Assert.AreEqual("graph", Found(OnnxRule.Overridable, model, FindingSeverity.Info).Place);
        Assert.AreEqual("x", OnnxWalk.Of(model, false).Summary.Inputs.Single().Name, "a caller is not asked for it");
        Assert.IsFalse(Dangers(model));

        // Before IR version 4 every weight had to be an input.
        Assert.AreEqual(0, OnnxWalk.Of(Replace(model, Number(1, 8), Number(1, 3)), false).Findings.Length, "the control");
    }

    [TestMethod]
    public void Attributes_have_one_value_of_their_type()
    {
        Found(OnnxRule.Attribute, Model(Good(node: Node("Relu", ["x"], ["z"], Bytes(5, Text(1, "a"), Number(3, 1), Text(4, "two"))))));
        Found(OnnxRule.Attribute, Model(Good(node: Node("Relu", ["x"], ["z"], Bytes(5, Text(1, "a"), Number(3, 1), Number(20, 4))))));
        Found(OnnxRule.Attribute, Model(Good(node: Node("Relu", ["x"], ["z"], Bytes(5, Text(1, "a"), Number(20, 77))))));
        Found(OnnxRule.Attribute, Model(Good(node: Node("Relu", ["x"], ["z"], Bytes(5, Text(1, "a"), Text(21, "outer"))))));
        Found(OnnxRule.Attribute, Model(Good(node: Node("Relu", ["x"], ["z"], Bytes(5, Text(1, "a"), Number(3, 1)), Bytes(5, Text(1, "a"), Number(3, 2))))));
    }

    [TestMethod]
    public void Any_mutation_ends_in_findings_or_none_never_in_an_exception()
    {
        var random = new Random(7);
        byte[][] seeds = [Good(), .. Directory.GetFiles(Repository.File("tests/models"), "*.onnx", SearchOption.AllDirectories).Select(File.ReadAllBytes)];
        int dangerous = 0;
        for (int i = 0; i < 4000; i++)
        {
            byte[] bytes = [.. seeds[i % seeds.Length]];
            for (int change = random.Next(1, 6); change > 0; change--)
            {
                bytes[random.Next(Math.Min(bytes.Length, 4096))] = (byte)random.Next(256);
            }

            dangerous += OnnxWalk.Of(bytes.AsSpan(0, random.Next(4) == 0 ? random.Next(bytes.Length + 1) : bytes.Length), random.Next(2) == 0).Findings.Length > 0 ? 1 : 0;
        }

        Assert.IsGreaterThan(1000, dangerous);
    }

    private static OnnxFinding Found(OnnxRule rule, byte[] model, FindingSeverity severity = FindingSeverity.Danger, bool controlFlow = false)
    {
        OnnxReport report = OnnxWalk.Of(model, controlFlow);
        return report.Findings.FirstOrDefault(finding => finding.Rule == rule && finding.Severity == severity)
            ?? throw new AssertFailedException($"{rule} was not found, but: {string.Join("; ", report.Findings)}");
    }

    private static bool Dangers(byte[] model) => OnnxWalk.Of(model, false).Findings.Any(finding => finding.Severity == FindingSeverity.Danger);

    private static byte[] Good() => Model([.. Weights(), .. Rest()]);

    /// <summary>The good graph's fields with more nodes (or other fields) behind.</summary>
    private static byte[] Good(byte[] node) => [.. Weights(), .. Rest(), .. node];

    private static byte[] Weight(params byte[][] fields) => Model([.. Bytes(5, [.. fields, Text(8, "w")]), .. Rest()]);

    private static byte[] Weights() => Bytes(5, Tensor("w", 1, [3], new byte[12]));

    private static byte[] Nodes() => [.. Node("Add", ["x", "w"], ["s"]), .. Node("Relu", ["s"], ["y"])];

    private static byte[] Rest() => [.. Nodes(), .. Port(11, "x", 1, 3), .. Port(12, "y", 1, 3)];

    private static byte[] Tensor(string name, long type, long[] shape, params byte[][] raw) =>
        [.. shape.SelectMany(dimension => Number(1, dimension)), .. Number(2, type), .. Text(8, name), .. Bytes(9, raw)];

    private static byte[] Node(string op, string[] inputs, string[] outputs, params byte[][] more) => Bytes(
        1, [.. inputs.Select(name => Text(1, name)), .. outputs.Select(name => Text(2, name)), Text(4, op), .. more]);

    private static byte[] Model(byte[] graph, params (string Domain, long Version)[] imports) =>
    [
        .. Number(1, 8), .. Text(2, "test"), .. Text(3, "1.0"), .. Bytes(7, graph), .. Bytes(8, Number(2, 17)),
        .. imports.SelectMany(import => Bytes(8, Text(1, import.Domain), Number(2, import.Version))),
    ];

    private static byte[] Replace(byte[] text, byte[] was, byte[] becomes)
    {
        int at = text.AsSpan().IndexOf(was);
        return [.. text[..at], .. becomes, .. text[(at + was.Length)..]];
    }
}
