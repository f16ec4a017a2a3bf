using System.Text;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Tensors;
using EdgeDaemon.Core.Toml;
using EdgeDaemon.Tests.Bundles.Oms;

namespace EdgeDaemon.Tests.Bundles;

[TestClass]
public sealed class ModelManifestTests
{
    private const string Good =
        """
        format = 1
        name = "digits"
        version = "12"
        sequence = 3
        security_floor = 2
        created = 2026-01-31T12:00:00Z
        expires = 2027-01-31T12:00:00+01:00
        description = "ten digits"

        [[file]]
        path = "a.onnx"
        size = 10

        [[file]]
        path = "labels.txt"
        size = 20

        [[member]]
        name = "a"
        file = "a.onnx"

        [[input]]
        name = "image"
        datatype = "UINT8"
        shape = [-1, 1, 8, 8]
        tensor = "x"
        allow_non_finite = true
        preprocess = { to = "FP32", divide_by = 255.0 }
        image = { layout = "NCHW" }

        [[output]]
        name = "scores"
        datatype = "FP32"
        shape = [-1, 10]
        tensor = "y"
        labels = "labels.txt"

        [session]
        denormal_as_zero = true
        optimisation = "basic"
        intra_op_threads = 3
        deterministic = false
        memory_pattern = false

        [lineage]
        code = "c"
        data = "d"
        environment = "e"
        """;

    [TestMethod]
    public void Every_value_of_a_full_manifest_is_read()
    {
        ModelManifest manifest = Parse(Good);
        Assert.AreEqual(("digits", "12", 12L, 3L, 2L, "ten digits"), (manifest.Name, manifest.Version, manifest.VersionNumber, manifest.Sequence, manifest.SecurityFloor, manifest.Description));
        Assert.AreEqual(new DateTimeOffset(2026, 1, 31, 12, 0, 0, TimeSpan.Zero), manifest.Created);
        Assert.AreEqual(new DateTimeOffset(2027, 1, 31, 11, 0, 0, TimeSpan.Zero), manifest.Expires);
        CollectionAssert.AreEqual((ManifestFile[])[new("a.onnx", 10), new("labels.txt", 20)], manifest.Files.ToArray());
        Assert.AreEqual(new ManifestMember("a", "a.onnx"), manifest.Members.Single());
        ManifestInput input = manifest.Inputs.Single();
        Assert.AreEqual(("image", ElementType.UInt8, "x", true), (input.Contract.Name, input.Contract.Type, input.Tensor, input.AllowNonFinite));
        CollectionAssert.AreEqual((long[])[-1, 1, 8, 8], input.Contract.Shape.ToArray());
        Assert.AreEqual((new Preprocess(255), ImageLayout.Nchw), (input.Preprocess, input.Image));
        ManifestOutput output = manifest.Outputs.Single();
        Assert.AreEqual(("scores", ElementType.Float32, "y", "labels.txt"), (output.Contract.Name, output.Contract.Type, output.Tensor, output.Labels));
        Assert.AreEqual(new ManifestSession(GraphOptimisation.Basic, 3, Deterministic: false, DenormalAsZero: true, MemoryPattern: false), manifest.Session);
        Assert.AreEqual(new ManifestLineage("c", "d", "e"), manifest.Lineage);
    }

    [TestMethod]
    public void What_is_optional_has_a_default()
    {
        string text = Good[..Good.IndexOf("[session]", StringComparison.Ordinal)];
        foreach (string line in (string[])["expires", "description", "tensor", "allow_non_finite", "preprocess", "image =", "labels ="])
        {
            text = string.Join('\n', text.Split('\n').Where(l => !l.StartsWith(line, StringComparison.Ordinal)));
        }

        ModelManifest manifest = Parse(text);
        Assert.IsNull(manifest.Expires);
        Assert.AreEqual("", manifest.Description);
        ManifestInput input = manifest.Inputs.Single();
        Assert.AreEqual(("image", false, null, null), (input.Tensor, input.AllowNonFinite, input.Preprocess, input.Image));
        Assert.AreEqual(("scores", null), (manifest.Outputs.Single().Tensor, manifest.Outputs.Single().Labels));
        Assert.AreEqual(new ManifestSession(GraphOptimisation.All, 0, Deterministic: true, DenormalAsZero: false, MemoryPattern: true), manifest.Session);
        Assert.AreEqual(new ManifestLineage(null, null, null), manifest.Lineage);
    }

    [TestMethod]
    [DataRow("format = 1", "format = 2", "1:10: this program reads format 1")]
    [DataRow("name = \"digits\"", "", "1:1: missing key 'name' in the file")]
    [DataRow("name = \"digits\"", "name = \".digits\"", "2:8: 'name' must be 1 to 64 letters")]
    [DataRow("name = \"digits\"", "name = \"a/b\"", "2:8: 'name' must be 1 to 64 letters")]
    [DataRow("version = \"12\"", "version = 12", "3:11: 'version' must be a string")]
    [DataRow("version = \"12\"", "version = \"1.2\"", "3:11: 'version' must be decimal digits")]
    [DataRow("version = \"12\"", "version = \"01\"", "3:11: 'version' must be decimal digits in quotes without leading zeros")]
    [DataRow("security_floor = 2", "security_floor = 99", "5:18: 'security_floor' is above sequence")]
    [DataRow("version = \"12\"", "version = \"\"", "3:11: 'version' must be decimal digits")]
    [DataRow("version = \"12\"", "version = \"9999999999999999999\"", "3:11: 'version' must be decimal digits")]
    [DataRow("sequence = 3", "sequence = -1", "4:12: 'sequence' must be between 0")]
    [DataRow("sequence = 3", "", "1:1: missing key 'sequence'")]
    [DataRow("security_floor = 2", "security_floor = -1", "5:18: 'security_floor' must be between 0")]
    [DataRow("security_floor = 2", "", "1:1: missing key 'security_floor'")]
    [DataRow("created = 2026-01-31T12:00:00Z", "created = 2026-01-31T12:00:00", "6:11: 'created' must be a date-time with an offset")]
    [DataRow("created = 2026-01-31T12:00:00Z", "", "1:1: missing key 'created'")]
    [DataRow("expires = 2027-01-31T12:00:00+01:00", "expires = 'never'", "7:11: 'expires' must be a date-time")]
    [DataRow("path = \"a.onnx\"", "path = \"../a.onnx\"", "11:8: 'file.path' is not a canonical name")]
    [DataRow("path = \"labels.txt\"", "path = \"model.toml\"", "15:8: 'file.path' must not be model.toml")]
    [DataRow("path = \"labels.txt\"", "path = \"a.onnx\"", "15:8: 'file.path' 'a.onnx' appears twice in [[file]]")]
    [DataRow("size = 10", "size = -1", "12:8: 'file.size' must be between 0")]
    [DataRow("size = 10", "", "10:1: missing key 'size' in [[file]]")]
    [DataRow("file = \"a.onnx\"", "file = \"b.onnx\"", "20:8: 'member.file' names a file that no [[file]] lists")]
    [DataRow("datatype = \"UINT8\"", "datatype = \"FLOAT\"", "24:12: 'input.datatype' must be one of BOOL")]
    [DataRow("datatype = \"UINT8\"", "datatype = \"\"", "24:12: 'input.datatype' must be one of BOOL")]
    [DataRow("datatype = \"UINT8\"", "datatype = \"BYTES\"", "28:14: an input of datatype BYTES cannot be preprocessed")]
    [DataRow("shape = [-1, 1, 8, 8]", "shape = [-2, 1, 8, 8]", "25:10: 'input.shape' must be between -1")]
    [DataRow("shape = [-1, 1, 8, 8]", "shape = [-1, 2, 8, 8]", "29:9: an image input has four dimensions")]
    [DataRow("shape = [-1, 1, 8, 8]", "shape = [-1, 1, -1, 8]", "29:9: an image input has four dimensions")]
    [DataRow("shape = [-1, 1, 8, 8]", "shape = [1, 1, 8, 8, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]", "25:9: 'input.shape' has 17 elements")]
    [DataRow("to = \"FP32\"", "to = \"FP64\"", "28:21: 'input.preprocess.to' must be one of \"FP32\"")]
    [DataRow("divide_by = 255.0", "divide_by = 0", "28:41: 'input.preprocess.divide_by' must not be zero")]
    [DataRow("divide_by = 255.0", "divide_by = 1e-60", "28:41: 'input.preprocess.divide_by' must not be zero")]
    [DataRow("divide_by = 255.0", "divide_by = nan", "28:41: 'input.preprocess.divide_by' must be between")]
    [DataRow("layout = \"NCHW\"", "layout = \"CHW\"", "29:20: 'input.image.layout' must be one of")]
    [DataRow("layout = \"NCHW\"", "layout = \"NHWC\"", "29:9: an image input has four dimensions")]
    [DataRow("labels = \"labels.txt\"", "labels = \"other.txt\"", "36:10: 'output.labels' names a file that no [[file]] lists")]
    [DataRow("size = 20", "size = 1048577", "36:10: 'output.labels' names a file of more than 1048576 bytes")]
    [DataRow("name = \"scores\"", "name = \"\"", "32:8: 'output.name' must be 1 to 256 printable characters")]
    [DataRow("name = \"scores\"", "name = \"a\\nb\"", "32:8: 'output.name' must be 1 to 256 printable characters")]
    [DataRow("tensor = \"x\"", "tensor = \"\"", "26:10: 'input.tensor' must be 1 to 256 printable characters")]
    [DataRow("tensor = \"y\"", "tensor = \"a\\nb\"", "35:10: 'output.tensor' must be 1 to 256 printable characters")]
    [DataRow("optimisation = \"basic\"", "optimisation = \"layout\"", "40:16: 'session.optimisation' must be one of \"none\", \"basic\", \"extended\", \"all\", not 'layout'")]
    [DataRow("intra_op_threads = 3", "intra_op_threads = 257", "41:20: 'session.intra_op_threads' must be between 0 and 256")]
    [DataRow("memory_pattern = false", "save_optimised = \"/tmp/a.ort\"", "43:1: unknown key 'save_optimised' in [session]")]
    [DataRow("denormal_as_zero = true", "denormal_as_zero = 1", "39:20: 'session.denormal_as_zero' must be true or false")]
    [DataRow("code = \"c\"", "coed = \"c\"", "46:1: unknown key 'coed' in [lineage]; did you mean 'code'?")]
    public void Each_wrong_value_is_refused_where_it_stands(string good, string bad, string message)
    {
        Assert.AreEqual(2, Good.Split(good).Length, "the replaced text is there once");
        // What refers to the spoiled value may be refused besides.
        string[] errors = Errors(Good.Replace(good, bad, StringComparison.Ordinal));
        Assert.AreEqual(1, errors.Count(error => error.StartsWith($"m:{message}", StringComparison.Ordinal)), string.Join('\n', errors));
    }

    [TestMethod]
    [DataRow("member")]
    [DataRow("input")]
    [DataRow("output")]
    public void A_model_has_at_least_one_of_each(string kind)
    {
        // From the top-level keys on, each table up to the next empty line.
        string without = string.Join("\n\n", Good.Split("\n\n").Where(part => !part.StartsWith($"[[{kind}]]", StringComparison.Ordinal)));
        Assert.AreEqual($"m:1:1: '{kind}' is missing or empty; a model has at least one", Errors(without).Single());
        string empty = without.Replace("format = 1\n", $"format = 1\n{kind} = []\n", StringComparison.Ordinal);
        Assert.AreEqual($"m:2:{kind.Length + 4}: '{kind}' is missing or empty; a model has at least one", Errors(empty).Single());
    }

    [TestMethod]
    public void Several_members_need_a_rule_and_float_outputs()
    {
        string two = Good.Replace("[[input]]", "[[member]]\nname = \"b\"\nfile = \"a.onnx\"\n\n[[input]]", StringComparison.Ordinal);
        StringAssert.Contains(Errors(two).Single(), "there are 2 members but no [ensemble]", StringComparison.Ordinal);
        string ruled = two + "\n[ensemble]\nrule = \"mean\"\n";
        Assert.AreEqual(2, Parse(ruled).Members.Length);
        StringAssert.Contains(Errors(ruled.Replace("\"mean\"", "\"median\"", StringComparison.Ordinal)).Single(), "'ensemble.rule' must be one of \"mean\"", StringComparison.Ordinal);
        StringAssert.Contains(Errors(ruled.Replace("datatype = \"FP32\"", "datatype = \"INT64\"", StringComparison.Ordinal)).Single(), "output 'scores' is not FP32", StringComparison.Ordinal);
        StringAssert.Contains(Errors(ruled.Replace("name = \"b\"", "name = \"a\"", StringComparison.Ordinal)).Single(), "'member.name' 'a' appears twice in [[member]]", StringComparison.Ordinal);
    }

    [TestMethod]
    public void A_tensor_of_the_graphs_is_one_input_or_one_output()
    {
        const string Second = "\n[[input]]\nname = \"mask\"\ndatatype = \"BOOL\"\nshape = [1]\n";
        Assert.AreEqual("mask", Parse(Good + Second).Inputs[1].Tensor);
        StringAssert.EndsWith(Errors(Good + Second + "tensor = \"x\"").Single(), ":10: 'input.tensor' 'x' appears twice in [[input]]", StringComparison.Ordinal);
        StringAssert.EndsWith(Errors(Good + Second.Replace("mask", "x", StringComparison.Ordinal)).Single(), ":1: 'input.tensor' 'x' appears twice in [[input]]", StringComparison.Ordinal);
        StringAssert.EndsWith(Errors(Good + Second.Replace("mask", "image", StringComparison.Ordinal)).Single(), ":8: 'input.name' 'image' appears twice in [[input]]", StringComparison.Ordinal);
        StringAssert.EndsWith(
            Errors(Good + Second.Replace("input", "output", StringComparison.Ordinal) + "tensor = \"y\"").Single(), ":10: 'output.tensor' 'y' appears twice in [[output]]", StringComparison.Ordinal);
    }

    [TestMethod]
    public void Everything_wrong_comes_at_once()
    {
        string[] errors = Errors("format = 1\nname = \"\"\n[[file]]\n[[file]]\n[[input]]\ndatatype = \"X\"\nshape = []");
        Assert.AreEqual(13, errors.Length, string.Join('\n', errors));
        Assert.IsFalse(errors.Any(e => e.Contains("twice", StringComparison.Ordinal)), "a missing path is no double");
    }

    [TestMethod]
    public void The_content_is_exactly_what_is_listed()
    {
        ModelManifest manifest = Parse(Good);
        TreeFile a = OmsCases.Entry("a.onnx", "0123456789"), labels = OmsCases.Entry("labels.txt", "01234567890123456789"), self = OmsCases.Entry("model.toml", Good);
        manifest.CheckFiles([a, labels, self]);
        Assert.AreEqual("the content differs from model.toml: 'labels.txt' is listed but missing", Difference(a, self));
        Assert.AreEqual("the content differs from model.toml: 'model.toml' itself is missing", Difference(a, labels));
        Assert.AreEqual("the content differs from model.toml: 'b' is not listed", Difference(a, labels, self, OmsCases.Entry("b", "")));
        Assert.AreEqual(
            "the content differs from model.toml: 'a.onnx' has 1 bytes, 10 are listed; 'labels.txt' is listed but missing",
            Difference(OmsCases.Entry("a.onnx", "x"), self));

        string Difference(params TreeFile[] tree) => Assert.ThrowsExactly<ManifestException>(() => manifest.CheckFiles(tree)).Message;
    }

    private static ModelManifest Parse(string text) => ModelManifest.Parse(Encoding.UTF8.GetBytes(text), "m");

    private static string[] Errors(string text)
    {
        try
        {
            Parse(text);
            return [];
        }
        catch (TomlInvalidException invalid)
        {
            return [.. invalid.Diagnostics.Select(d => d.ToString())];
        }
    }
}
