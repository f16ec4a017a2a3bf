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

    [TestMethod]
    [DataRow("PRIVATE KEY")]
    [DataRow("ENCRYPTED PRIVATE KEY")]
    [DataRow("EC PRIVATE KEY")]
    [DataRow("RSA PRIVATE KEY")]
    [DataRow("OPENSSH PRIVATE KEY")]
    public void A_private_key_among_the_files_is_found_wherever_it_stands(string label)
    {
        string key = $"-----BEGIN {label}-----\nMC4CAQAwBQYDK2Vw\n-----END {label}-----\n";
        Assert.AreEqual($"danger private_key notes.txt: it holds a private key ({label}), which everybody who has the bundle has now: replace the key and leave it out", Beside(key));
        StringAssert.StartsWith(Beside("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n" + new string('.', 100_000) + key), "danger private_key", StringComparison.Ordinal);
    }

    [TestMethod]
    [DataRow("-----BEGIN PUBLIC KEY-----\nMCowBQYDK2Vw\n-----END PUBLIC KEY-----\n")]
    [DataRow("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n")]
    [DataRow("where the PRIVATE KEY----- lies nobody says")]
    [DataRow("-----BEGIN ")]
    [DataRow("-----BEGIN PRIVATE KEY")]
    public void What_is_no_private_key_may_lie_there(string content) => Assert.AreEqual("", Beside(content));

    // What is found where a text lies beside the model.
    private static string Beside(string content)
    {
        byte[] model = [.. Number(1, 8), .. Bytes(7, [.. Bytes(1, Text(1, "x"), Text(2, "y"), Text(4, "Relu")), .. Port(11, "x", 1, null, 16), .. Port(12, "y", 1, null, 4)]), .. Bytes(8, Number(2, 17))];
        string manifest = File.ReadAllText(Repository.File("tests/models/bench/bench-mlp/content/model.toml"))
            .Replace("[[member]]", $"[[file]]\npath = \"notes.txt\"\nsize = {content.Length}\n\n[[member]]", StringComparison.Ordinal);
        return Listed(ModelInspection.Of(
            ModelManifest.Parse(Encoding.UTF8.GetBytes(manifest), "model.toml"), name => name == "notes.txt" ? Encoding.UTF8.GetBytes(content) : model));
    }

    private static string Findings(byte[] input, byte[] output)
    {
        byte[] model =
        [
            .. Number(1, 8), .. Bytes(7, [.. Bytes(1, Text(1, "x"), Text(2, "y"), Text(4, "Relu")), .. input, .. output]), .. Bytes(8, Number(2, 17)),
        ];
        string manifest = File.ReadAllText(Repository.File("tests/models/bench/bench-mlp/content/model.toml"));
        ModelInspection inspection = ModelInspection.Of(ModelManifest.Parse(Encoding.UTF8.GetBytes(manifest), "model.toml"), _ => model);
        return Listed(inspection);
    }

    private static string Listed(ModelInspection inspection) =>
        string.Join("; ", inspection.All.Select(found => $"{found.Finding.Severity.ToString().ToLowerInvariant()} {found.Finding}".Replace(" at ", " ", StringComparison.Ordinal)));
}
