using System.Globalization;
using System.Text;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Smoothing;
using EdgeDaemon.Core.Toml;

namespace EdgeDaemon.Tests.Bundles;

[TestClass]
public sealed class ManifestEnsembleTests
{
    private const int EnsembleLine = 13;

    [TestMethod]
    public void Everything_left_out_asks_all_members_and_weighs_them_alike()
    {
        ManifestEnsemble read = Parse("rule = \"mean\"");
        Assert.AreEqual((VoteRule.Mean, 0, 0, 3, null), (read.Rule, read.Output, read.Consensus, read.Quorum, read.MemberTimeout));
        CollectionAssert.AreEqual((double[])[1, 1, 1], read.Weights.ToArray());
    }

    [TestMethod]
    public void Every_key_is_read()
    {
        ManifestEnsemble read = Parse("""
            rule = "majority"
            output = "scores"
            weights = [1, 2.5, 0.5]
            consensus = 2
            on_failure = "quorum"
            quorum = 2
            member_timeout_ms = 250
            """);
        Assert.AreEqual((VoteRule.Majority, 0, 2, 2, TimeSpan.FromMilliseconds(250)), (read.Rule, read.Output, read.Consensus, read.Quorum, read.MemberTimeout));
        CollectionAssert.AreEqual((double[])[1, 2.5, 0.5], read.Weights.ToArray());
        Assert.AreEqual(VoteRule.Probabilities, Parse("rule = \"probabilities\"").Rule);
    }

    [TestMethod]
    [DataRow("rule = \"median\"", "14:8: 'ensemble.rule' must be one of \"mean\", \"probabilities\", \"majority\", not 'median'")]
    [DataRow("output = \"scores\"", "13:1: missing key 'rule' in [ensemble]")]
    [DataRow("rule = \"mean\"\noutput = \"other\"", "15:10: 'ensemble.output' names no output of the model")]
    [DataRow("rule = \"mean\"\nweights = [1, 2]", "15:11: 'ensemble.weights' has 2 weights for 3 members; give one for each, in their order")]
    [DataRow("rule = \"mean\"\nweights = []", "15:11: 'ensemble.weights' has 0 weights for 3 members; give one for each, in their order")]
    [DataRow("rule = \"mean\"\nweights = [1, 2, 3, 4]", "15:11: 'ensemble.weights' has 4 weights for 3 members; give one for each, in their order")]
    [DataRow("rule = \"mean\"\nweights = [1, 0, 1]", "15:15: each element of 'ensemble.weights' must be between 1E-06 and 1000000")]
    [DataRow("rule = \"mean\"\nweights = [1, -1, 1]", "15:15: each element of 'ensemble.weights' must be between 1E-06 and 1000000")]
    [DataRow("rule = \"mean\"\nweights = [1, nan, 1]", "15:15: each element of 'ensemble.weights' must be between 1E-06 and 1000000")]
    [DataRow("rule = \"mean\"\nweights = [1, inf, 1]", "15:15: each element of 'ensemble.weights' must be between 1E-06 and 1000000")]
    [DataRow("rule = \"mean\"\nweights = [1, \"2\", 1]", "15:15: each element of 'ensemble.weights' must be a float, not a string")]
    [DataRow("rule = \"mean\"\nconsensus = 1", "15:13: 'ensemble.consensus' must be between 2 and 2, not 1")]
    [DataRow("rule = \"mean\"\nconsensus = 3", "15:13: 'ensemble.consensus' must be between 2 and 2, not 3")]
    [DataRow("rule = \"mean\"\non_failure = \"quorum\"", "15:14: 'ensemble.on_failure' is \"quorum\", but no quorum is given: say how many members must answer, like quorum = 2")]
    [DataRow("rule = \"mean\"\non_failure = \"ignore\"", "15:14: 'ensemble.on_failure' must be one of \"fail\", \"quorum\", not 'ignore'")]
    [DataRow("rule = \"mean\"\nquorum = 2", "15:10: 'ensemble.quorum' means nothing unless on_failure = \"quorum\"")]
    [DataRow("rule = \"mean\"\non_failure = \"fail\"\nquorum = 2", "16:10: 'ensemble.quorum' means nothing unless on_failure = \"quorum\"")]
    [DataRow("rule = \"mean\"\non_failure = \"quorum\"\nquorum = 0", "16:10: 'ensemble.quorum' must be between 1 and 3, not 0")]
    [DataRow("rule = \"mean\"\non_failure = \"quorum\"\nquorum = 4", "16:10: 'ensemble.quorum' must be between 1 and 3, not 4")]
    [DataRow("rule = \"mean\"\nconsensus = 2\non_failure = \"quorum\"\nquorum = 3", "17:10: 'ensemble.quorum' is above consensus = 2: a request that ends early would have fewer answers than the quorum")]
    [DataRow("rule = \"mean\"\nmember_timeout_ms = 0", "15:21: 'ensemble.member_timeout_ms' must be between 1 and 600000, not 0")]
    [DataRow("rule = \"mean\"\nmember_timeout_ms = 1.5", "15:21: 'ensemble.member_timeout_ms' must be an integer, not a float")]
    [DataRow("rule = \"mean\"\nweight = [1, 1, 1]", "15:1: unknown key 'weight' in [ensemble]; did you mean 'weights'?")]
    public void What_is_wrong_is_named_with_its_place(string ensemble, string error) => Assert.AreEqual($"model.toml:{error}", Errors(Text(ensemble)).Single());

    [TestMethod]
    public void Several_outputs_need_a_name_for_a_vote_and_no_consensus()
    {
        const string Second = ", { name = \"other\", datatype = \"FP32\", shape = [-1, 4] }";
        Assert.AreEqual(-1, Ensemble(Text("rule = \"mean\"", outputs: Second)).Output);
        Assert.AreEqual(1, Ensemble(Text("rule = \"majority\"\noutput = \"other\"", outputs: Second)).Output);
        StringAssert.StartsWith(Errors(Text("rule = \"majority\"", outputs: Second)).Single(), $"model.toml:{EnsembleLine}:1: there are 2 outputs; say which one", StringComparison.Ordinal);
        StringAssert.StartsWith(
            Errors(Text("rule = \"mean\"\noutput = \"other\"\nconsensus = 2", outputs: Second)).Single(), "model.toml:16:13: 'ensemble.consensus' needs a model of one output", StringComparison.Ordinal);
    }

    [TestMethod]
    public void An_output_without_a_last_axis_is_averaged_and_not_voted_on()
    {
        string scalar = Text("rule = \"mean\"").Replace("shape = [-1, 10]", "shape = []", StringComparison.Ordinal);
        Assert.AreEqual(-1, Ensemble(scalar).Output);
        StringAssert.StartsWith(Errors(scalar.Replace("\"mean\"", "\"majority\"", StringComparison.Ordinal)).Single(), "model.toml:14:8: 'ensemble.rule' is about output 'scores'", StringComparison.Ordinal);
    }

    [TestMethod]
    public void A_single_member_has_nobody_to_vote_with()
    {
        Assert.IsNull(Manifest(Text("rule = \"mean\"", members: 1)).Ensemble);
        StringAssert.EndsWith(Errors(Text("rule = \"majority\"", members: 1)).Single(), "14:8: 'ensemble.rule' must be \"mean\": there is one member, and nobody to vote with", StringComparison.Ordinal);
        foreach (string key in (string[])["weights = [1]", "consensus = 2", "on_failure = \"fail\"", "member_timeout_ms = 5"])
        {
            StringAssert.EndsWith(Errors(Text($"rule = \"mean\"\n{key}", members: 1)).Single(), "means nothing: there is one member", StringComparison.Ordinal);
        }

        StringAssert.EndsWith(Errors(Text("rule = \"mean\"\nconsensus = 2", members: 2)).Single(), "15:13: 'ensemble.consensus' needs a third member: with two, nobody would be left to ask", StringComparison.Ordinal);
    }

    private static string Text(string ensemble, int members = 3, string outputs = "") => $$"""
        format = 1
        name = "digits"
        version = "1"
        sequence = 3
        security_floor = 2
        created = 2026-01-31T12:00:00Z
        file = [{ path = "a.onnx", size = 10 }]
        member = [{{string.Join(", ", Enumerable.Range(0, members).Select(i => string.Create(CultureInfo.InvariantCulture, $"{{ name = \"m{i}\", file = \"a.onnx\" }}")))}}]
        input = [{ name = "x", datatype = "FP32", shape = [-1, 4] }]
        output = [{ name = "scores", datatype = "FP32", shape = [-1, 10] }{{outputs}}]
        lineage.code = "c"

        [ensemble]
        {{ensemble}}
        """;

    private static ManifestEnsemble Parse(string ensemble) => Ensemble(Text(ensemble));

    private static ManifestEnsemble Ensemble(string text) => Manifest(text).Ensemble!;

    private static ModelManifest Manifest(string text) => ModelManifest.Parse(Encoding.UTF8.GetBytes(text), "model.toml");

    private static string[] Errors(string text) =>
        [.. Assert.ThrowsExactly<TomlInvalidException>(() => Manifest(text)).Diagnostics.Select(diagnostic => diagnostic.ToString())];
}
