using System.Text;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Toml;

namespace EdgeDaemon.Tests.Bundles;

[TestClass]
public sealed class ManifestSelfTestTests
{
    private const string Good =
        """
        format = 1
        name = "m"
        version = "1"
        sequence = 1
        security_floor = 0
        created = 2026-01-31T12:00:00Z
        file = [{ path = "g.onnx", size = 9 }, { path = "a.bin", size = 24 }, { path = "t.bin", size = 5 }, { path = "y.bin", size = 8 }]
        member = [{ name = "g", file = "g.onnx" }]
        input = [{ name = "a", datatype = "FP32", shape = [-1, 3] }, { name = "t", datatype = "BYTES", shape = [1] }]
        output = [{ name = "y", datatype = "FP32", shape = [-1] }, { name = "z", datatype = "INT64", shape = [-1] }]
        [[self_test]]
        name = "first"
        absolute_tolerance = 0.5
        relative_tolerance = 0.25
        inputs = [{ name = "t", file = "t.bin", shape = [1] }, { name = "a", file = "a.bin", shape = [2, 3] }]
        outputs = [{ name = "y", file = "y.bin", shape = [2] }]
        """;

    [TestMethod]
    public void A_test_is_read_and_its_inputs_come_in_the_order_of_the_model()
    {
        ManifestSelfTest test = ModelManifest.Parse(Encoding.UTF8.GetBytes(Good), "m").SelfTests.Single();
        Assert.AreEqual(("first", 0.5, 0.25), (test.Name, test.AbsoluteTolerance, test.RelativeTolerance));
        CollectionAssert.AreEqual((string[])["a a.bin [2,3]", "t t.bin [1]"], test.Inputs.Select(tensor => $"{tensor.Name} {tensor.File} {tensor.Shape}").ToArray());
        Assert.AreEqual("y y.bin [2]", test.Outputs.Select(tensor => $"{tensor.Name} {tensor.File} {tensor.Shape}").Single());
    }

    [TestMethod]
    [DataRow("name = \"first\"", "", "11:1: missing key 'name' in [[self_test]]")]
    [DataRow("absolute_tolerance = 0.5", "absolute_tolerance = -1", "13:22: 'self_test.absolute_tolerance' must be between 0")]
    [DataRow("absolute_tolerance = 0.5", "absolute_tolerance = inf", "13:22: 'self_test.absolute_tolerance' must be between 0")]
    [DataRow("absolute_tolerance = 0.5", "tolerance = 0.5", "13:1: unknown key 'tolerance' in [[self_test]]")]
    [DataRow("relative_tolerance = 0.25", "relative_tolerance = 1.5", "14:22: 'self_test.relative_tolerance' must be between 0 and 1")]
    [DataRow("{ name = \"t\", file = \"t.bin\", shape = [1] }, ", "", "11:1: inputs lacks 't'")]
    [DataRow("inputs = [{ name = \"t\", file = \"t.bin\", shape = [1] }, { name = \"a\", file = \"a.bin\", shape = [2, 3] }]", "", "11:1: 'self_test.inputs' is missing or empty")]
    [DataRow("outputs = [{ name = \"y\", file = \"y.bin\", shape = [2] }]", "outputs = []", "16:11: 'self_test.outputs' is missing or empty")]
    [DataRow("{ name = \"y\", file", "{ name = \"x\", file", "16:21: 'self_test.outputs.name' is none of the model's outputs")]
    [DataRow("{ name = \"t\", file", "{ name = \"a\", file", "15:65: 'self_test.inputs.name' 'a' appears twice in inputs")]
    [DataRow("file = \"y.bin\"", "file = \"no.bin\"", "16:33: 'self_test.outputs.file' names a file that no [[file]] lists")]
    [DataRow("shape = [2, 3]", "shape = [2, 4]", "15:94: 'self_test.inputs.shape' [2,4] does not fit the declared [-1,3]")]
    [DataRow("shape = [2, 3]", "shape = [2]", "15:94: 'self_test.inputs.shape' [2] does not fit")]
    [DataRow("shape = [2, 3]", "shape = [-1, 3]", "15:95: 'self_test.inputs.shape' must be between 0")]
    [DataRow("shape = [2, 3]", "shape = [3, 3]", "15:77: 'self_test.inputs.file' has 24 bytes, FP32 of shape [3,3] takes 36")]
    public void What_cannot_be_is_refused_where_it_stands(string good, string bad, string message)
    {
        Assert.AreEqual(2, Good.Split(good).Length, "the replaced text is there once");
        var invalid = Assert.ThrowsExactly<TomlInvalidException>(() => ModelManifest.Parse(Encoding.UTF8.GetBytes(Good.Replace(good, bad, StringComparison.Ordinal)), "m"));
        Assert.IsTrue(invalid.Diagnostics.Any(error => error.ToString().StartsWith($"m:{message}", StringComparison.Ordinal)), string.Join('\n', invalid.Diagnostics));
    }
}
