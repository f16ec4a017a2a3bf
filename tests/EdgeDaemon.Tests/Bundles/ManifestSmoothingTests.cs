using System.Text;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Toml;

namespace EdgeDaemon.Tests.Bundles;

[TestClass]
public sealed class ManifestSmoothingTests
{
    private const string Floats = "{ name = \"x\", datatype = \"FP32\", shape = [-1, 3] }";
    private const string Bytes = "{ name = \"x\", datatype = \"UINT8\", shape = [-1, 3], preprocess = { to = \"FP32\", divide_by = 255 } }";
    private const string Logits = "{ name = \"y\", datatype = \"FP32\", shape = [-1, 10] }";

    [TestMethod]
    public void Without_the_table_nothing_is_smoothed() => Assert.IsNull(Parse("").Smoothing);

    [TestMethod]
    public void Every_key_is_read()
    {
        ManifestSmoothing smoothing = Parse(
            "noise = \"grid\"\nsigmas = [0.25, 0.5]\nradii = [0.25, 1, 1.5]\nalphas = [0.001, 0.01]\noutput = \"y\"\nselection = 64\nsamples = 500\nmax_samples = 4000\nlook_period = 50\nbatch = 20", Bytes).Smoothing!;
        Assert.AreEqual((ManifestNoise.Grid, 0, 64, 500, 4000, 50, 20), (smoothing.Noise, smoothing.Output, smoothing.Selection, smoothing.Samples, smoothing.MaxSamples, smoothing.LookPeriod, smoothing.Batch));
        CollectionAssert.AreEqual(new[] { 0.25, 0.5 }, smoothing.Sigmas.ToArray());
        CollectionAssert.AreEqual(new[] { 0.001, 0.01 }, smoothing.Alphas.ToArray());
        Assert.IsTrue(smoothing.Offers(0.25, 1) && smoothing.Offers(0.5, 1.5));
        Assert.IsFalse(smoothing.Offers(0.25, 1.5), "six sigmas: no number of samples would show it");
        Assert.IsFalse(smoothing.Offers(0.3, 1) || smoothing.Offers(0.25, 0.7));
    }

    [TestMethod]
    public void What_is_left_out_is_what_most_want()
    {
        ManifestSmoothing smoothing = Parse("noise = \"float\"\nsigmas = [0.25]").Smoothing!;
        Assert.AreEqual((100, 1000, 10_000, 100, 100), (smoothing.Selection, smoothing.Samples, smoothing.MaxSamples, smoothing.LookPeriod, smoothing.Batch));
        CollectionAssert.AreEqual(new[] { 0.001 }, smoothing.Alphas.ToArray());
        Assert.IsEmpty(smoothing.Radii);
    }

    [TestMethod]
    public void A_graph_of_a_fixed_number_of_rows_says_how_many_a_run_has()
    {
        const string One = "{ name = \"x\", datatype = \"FP32\", shape = [1, 3] }", Answer = "{ name = \"y\", datatype = \"FP32\", shape = [1, 10] }";
        Assert.AreEqual(1, Parse("noise = \"float\"\nsigmas = [0.25]", One, Answer).Smoothing!.Batch);
        Refused("noise = \"float\"\nsigmas = [0.25]\nbatch = 8", "is not 1, which is the first dimension of the input", One, Answer);
    }

    [TestMethod]
    [DataRow("sigmas = [0.25]", "missing key 'noise'")]
    [DataRow("noise = \"float\"", "'smoothing.sigmas' is missing or empty")]
    [DataRow("noise = \"float\"\nsigmas = []", "'smoothing.sigmas' is missing or empty")]
    [DataRow("noise = \"float\"\nsigmas = [0]", "smoothing.sigmas")]
    [DataRow("noise = \"float\"\nsigmas = [0.5, 0.25]", "must grow from one to the next")]
    [DataRow("noise = \"float\"\nsigmas = [0.25]\nradii = [0.1, 0.1]", "must grow from one to the next")]
    [DataRow("noise = \"float\"\nsigmas = [0.25]\nradii = [1.1]", "more than 4 times every sigma")]
    [DataRow("noise = \"float\"\nsigmas = [0.25]\nalphas = []", "must not be empty")]
    [DataRow("noise = \"float\"\nsigmas = [0.25]\nalphas = [0.2]", "smoothing.alphas")]
    [DataRow("noise = \"float\"\nsigmas = [0.25]\nalphas = [1e-10]", "smoothing.alphas")]
    [DataRow("noise = \"float\"\nsigmas = [0.25]\nmax_samples = 1050", "is no multiple of look_period 100")]
    [DataRow("noise = \"float\"\nsigmas = [0.25]\nmax_samples = 500\nsamples = 600", "is above max_samples 500")]
    [DataRow("noise = \"float\"\nsigmas = [0.25]\nselection = 0", "smoothing.selection")]
    [DataRow("noise = \"float\"\nsigmas = [0.25]\nbatch = 4097", "smoothing.batch")]
    [DataRow("noise = \"float\"\nsigmas = [0.25]\noutput = \"z\"", "names no output of the model")]
    [DataRow("noise = \"float\"\nsigmas = [0.25]\nlooks = 3", "unknown key 'looks'")]
    [DataRow("noise = \"gauss\"\nsigmas = [0.25]", "must be one of \"grid\", \"float\"")]
    [DataRow("noise = \"grid\"\nsigmas = [0.25]", "is for an UINT8 input")]
    public void What_is_no_smoothing_is_refused(string table, string expected) => Refused(table, expected);

    [TestMethod]
    [DataRow("{ name = \"x\", datatype = \"FP32\", shape = [1, 3] }", Logits, "a row for each of the input")]
    [DataRow("{ name = \"x\", datatype = \"FP32\", shape = [-1, -1] }", Logits, "all other dimensions fixed")]
    [DataRow("{ name = \"x\", datatype = \"FP32\", shape = [-1] }", Logits, "all other dimensions fixed")]
    [DataRow(Floats + ", { name = \"z\", datatype = \"FP32\", shape = [-1, 3] }", Logits, "there are 2 inputs")]
    [DataRow("{ name = \"x\", datatype = \"FP32\", shape = [-1, 3], allow_non_finite = true }", Logits, "no radius around infinity")]
    [DataRow("{ name = \"x\", datatype = \"FP32\", shape = [-1, 3], preprocess = { to = \"FP32\", divide_by = -2 } }", Logits, "divided by less than 0")]
    [DataRow(Bytes, Logits, "is for an FP32 input")]
    [DataRow(Floats, "{ name = \"y\", datatype = \"FP32\", shape = [-1] }", "Leave [smoothing] out for a regression")]
    [DataRow(Floats, "{ name = \"y\", datatype = \"FP32\", shape = [-1, 1] }", "Leave [smoothing] out for a regression")]
    [DataRow(Floats, "{ name = \"y\", datatype = \"INT64\", shape = [-1, 10] }", "Leave [smoothing] out for a regression")]
    [DataRow(Floats, Logits + ", { name = \"z\", datatype = \"FP32\", shape = [-1, 10] }", "say which one holds a class's logits")]
    public void The_model_must_be_one_that_can_be_smoothed(string input, string output, string expected) => Refused("noise = \"float\"\nsigmas = [0.25]", expected, input, output);

    private static void Refused(string table, string expected, string input = Floats, string output = Logits)
    {
        TomlInvalidException refused = Assert.ThrowsExactly<TomlInvalidException>(() => Parse(table, input, output));
        StringAssert.Contains(refused.Message, expected);
        StringAssert.StartsWith(refused.Diagnostics[0].ToString(), "model.toml:");
    }

    private static ModelManifest Parse(string table, string input = Floats, string output = Logits) => ModelManifest.Parse(
        Encoding.UTF8.GetBytes($"""
            format = 1
            name = "m"
            version = "1"
            sequence = 1
            security_floor = 0
            created = 2026-11-21T00:00:00Z
            file = [{"{ path = \"g\", size = 1 }"}]
            member = [{"{ name = \"m\", file = \"g\" }"}]
            input = [{input}]
            output = [{output}]
            {(table.Length > 0 ? "[smoothing]\n" : "")}{table}

            """),
        "model.toml");
}
