using System.Text;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Bundles.Onnx;
using static EdgeDaemon.Tests.Bundles.Onnx.OnnxBytes;

namespace EdgeDaemon.Tests.Bundles.Onnx;

/// <summary>A graph held against model.toml, where the graph says less than it.</summary>
[TestClass]
public sealed class ModelInspectionTests
{
    [TestMethod]
    public void An_input_says_its_type_and_what_an_output_leaves_out_is_worth_a_look()
    {
        byte[] input = Port(11, "x", 1, null, 16), output = Port(12, "y", 1, null, 4);
        Assert.AreEqual("", Findings(input, output), "the control");
        Assert.AreEqual("danger interface graph.input: the graph does not say what 'x' is", Findings(Bytes(11, Text(1, "x")), output));
        Assert.AreEqual(
            "warning interface graph.output: the graph does not say what 'y' is; model.toml's word is held against it after the load", Findings(input, Bytes(12, Text(1, "y"))));
        Assert.AreEqual(
            "warning interface graph.input: the graph does not say the shape of 'x'; model.toml's is all there is", Findings(Bytes(11, Text(1, "x"), Bytes(2, Bytes(1, Number(1, 1)))), output));
        StringAssert.StartsWith(Findings(Port(11, "x", 10, null, 16), output), "danger interface graph.input: 'x' is FP16", StringComparison.Ordinal);
    }

    private static string Findings(byte[] input, byte[] output)
    {
        byte[] model =
        [
            .. Number(1, 8), .. Bytes(7, [.. Bytes(1, Text(1, "x"), Text(2, "y"), Text(4, "Relu")), .. input, .. output]), .. Bytes(8, Number(2, 17)),
        ];
        string manifest = File.ReadAllText(Repository.File("tests/models/bench/bench-mlp/content/model.toml"));
        ModelInspection inspection = ModelInspection.Of(ModelManifest.Parse(Encoding.UTF8.GetBytes(manifest), "model.toml"), _ => model);
        return string.Join("; ", inspection.All.Select(found => $"{found.Finding.Severity.ToString().ToLowerInvariant()} {found.Finding}".Replace(" at ", " ", StringComparison.Ordinal)));
    }
}
