using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using EdgeDaemon.Core.Smoothing;
using EdgeDaemon.Core.Smoothing.Certificates;
using EdgeDaemon.Core.Smoothing.Noise;

namespace EdgeDaemon.Tests.Smoothing.Certificates;

[TestClass]
public sealed class RobustnessCertificateTests
{
    public static IEnumerable<object[]> Samples => [[nameof(CertificateSamples.Ladder)], [nameof(CertificateSamples.Bound)]];

    [TestMethod]
    [DynamicData(nameof(Samples))]
    public void What_is_written_reads_back_and_writes_the_same_bytes(string which)
    {
        RobustnessCertificate certificate = Sample(which);
        byte[] json = certificate.ToJson();
        RobustnessCertificate read = RobustnessCertificate.Parse(json, "c.json");
        CollectionAssert.AreEqual(json, read.ToJson());
        Assert.AreEqual(certificate.Digest(), read.Digest());
    }

    [TestMethod]
    public void Order_and_white_space_are_free_and_the_digest_is_the_canonical_forms()
    {
        RobustnessCertificate certificate = CertificateSamples.Ladder;
        JsonObject root = JsonNode.Parse(certificate.ToJson())!.AsObject();
        var turned = new JsonObject();
        foreach ((string key, JsonNode? value) in root.Reverse().ToArray())
        {
            root.Remove(key);
            turned.Add(key, value);
        }

        string text = turned.ToJsonString(new JsonSerializerOptions { WriteIndented = true });
        Assert.AreEqual(certificate.Digest(), Parse(text).Digest());
        Assert.AreEqual(Convert.ToHexStringLower(SHA256.HashData(certificate.ToCanonicalBytes())), certificate.Digest());
    }

    [TestMethod]
    public void Revealing_the_seed_changes_no_digest()
    {
        RobustnessCertificate revealed = CertificateSamples.Ladder;
        RobustnessCertificate hidden = revealed with { Noise = revealed.Noise with { Seed = null } };
        Assert.AreEqual(hidden.Digest(), revealed.Digest());
        StringAssert.Contains(Encoding.UTF8.GetString(revealed.ToJson()), CertificateSamples.Hex('f'));
        Assert.IsFalse(Encoding.UTF8.GetString(revealed.ToCanonicalBytes()).Contains("seed", StringComparison.Ordinal));
    }

    [TestMethod]
    public void A_seal_is_over_all_but_the_seed_and_by_the_seed_alone()
    {
        using var seed = new NoiseSeed(new byte[NoiseSeed.Size]);
        using var other = new NoiseSeed();
        RobustnessCertificate c = CertificateSamples.Ladder.SealedBy(seed), read = Parse(Encoding.UTF8.GetString(c.ToJson()));
        Assert.AreNotEqual(CertificateSamples.Ladder.Seal, c.Seal);
        Assert.IsTrue(read.IsSealedBy(seed) && !read.IsSealedBy(other));
        Assert.IsTrue((read with { Noise = read.Noise with { Seed = null } }).IsSealedBy(seed), "it can be revealed later");
        Assert.IsFalse((read with { Rule = read.Rule with { MaxSamples = 7_900 } }).IsSealedBy(seed));
        StringAssert.EndsWith(Encoding.UTF8.GetString(c.ToCanonicalBytes()), $"}},\"seal\":\"{c.Seal}\"}}");
    }

    // Every leaf of the document, changed in several ways: either it no longer reads, or it has another digest. Nothing is silently ignored.
    [TestMethod]
    [DynamicData(nameof(Samples))]
    public void No_field_can_be_changed_without_another_digest(string which)
    {
        RobustnessCertificate certificate = Sample(which);
        int tried = 0;
        foreach (string path in Leaves(JsonNode.Parse(certificate.ToJson())!))
        {
            if (path == "$.noise.seed")
            {
                continue; // Not in the digest: held against the commitment by who replays.
            }

            foreach (JsonNode? other in (JsonNode?[])[JsonValue.Create(1234567), JsonValue.Create("other"), JsonValue.Create(CertificateSamples.Hex('0')), JsonValue.Create(true), JsonValue.Create(0.0625), null])
            {
                JsonNode root = JsonNode.Parse(certificate.ToJson())!;
                Set(root, path, other?.DeepClone());
                tried++;
                try
                {
                    RobustnessCertificate read = Parse(root.ToJsonString());
                    Assert.AreNotEqual(certificate.Digest(), read.Digest(), path);
                }
                catch (CertificateException error)
                {
                    StringAssert.StartsWith(error.Message, "c.json:1:");
                }
            }
        }

        Assert.IsGreaterThan(200, tried);
    }

    [TestMethod]
    [DataRow("", "c.json:1:1: is not JSON, or nests deeper than 4; a robustness certificate is expected")]
    [DataRow("[]", "c.json:1:1: a certificate must be an object")]
    [DataRow("{}", "c.json:1:1: 'format' is missing")]
    [DataRow("{\n  \"format\": 2}", "c.json:2:13: 'format' is 2; 1 to 1 may stand there")]
    [DataRow("{\"format\": 1.0}", "c.json:1:12: 'format' must be a whole number, written without fraction or exponent")]
    [DataRow("{\"format\":1,\n\"format\":1}", "c.json:2:1: 'format' stands twice in one object")]
    [DataRow("{\"format\":1,\"extra\":1}", "c.json:1:21: 'extra' is no key of a certificate of format 1")]
    [DataRow("{\"format\":1} x", "c.json:1:14: is not JSON, or nests deeper than 4; a robustness certificate is expected")]
    [DataRow("{\"a\\ud800\":1}", "c.json:1:2: holds half of a surrogate pair")]
    [DataRow("{\"format\":1,\"engine\":{\"library\":\"00\"}}", "c.json:1:33: 'engine.library' must be 64 lower-case hex digits")]
    [DataRow("{\"format\":1,\"engine\":{\"library\":7}}", "c.json:1:33: 'engine.library' must be a text")]
    public void Errors_say_where_and_what(string text, string expected) =>
        Assert.AreEqual(expected, Assert.ThrowsExactly<CertificateException>(() => Parse(text)).Message);

    /// <summary>Where runs fail one after the other the request is refused: there is no certificate that ended so.</summary>
    [TestMethod]
    public void An_end_that_no_certification_has_is_no_word()
    {
        string text = Encoding.UTF8.GetString(CertificateSamples.Ladder.ToJson());
        Assert.AreEqual(StoppedBy.Certified, Parse(text).Result.Stopped, "control");
        CertificateException refused = Assert.ThrowsExactly<CertificateException>(() => Parse(text.Replace("\"certified\"", "\"failed\"", StringComparison.Ordinal)));
        StringAssert.Contains(refused.Message, "'result.stopped'", StringComparison.Ordinal);
    }

    [TestMethod]
    public void What_is_no_text_or_too_much_of_it_is_refused()
    {
        Assert.AreEqual("c.json: is not UTF-8", Refused([0x7b, 0xff, 0x7d]));
        Assert.AreEqual("c.json: has 1048577 bytes; a certificate has at most 1048576", Refused(new byte[RobustnessCertificate.MaxBytes + 1]));

        static string Refused(byte[] bytes) => Assert.ThrowsExactly<CertificateException>(() => RobustnessCertificate.Parse(bytes, "c.json")).Message;
    }

    [TestMethod]
    public void Contradictions_are_refused_and_named()
    {
        RobustnessCertificate c = CertificateSamples.Ladder;
        CertificateResult r = c.Result;
        Contradicts(c with { Selection = c.Selection with { Failed = 2 } }, "'selection' has 100 samples, but its counts and failed ones add up to 101");
        Contradicts(c with { Selection = new SampleTally(100, 1, [new(9, 1), new(7, 98)]) }, "'selection' lists class 7 after class 9");
        Contradicts(c with { Noise = c.Noise with { Count = 601 } }, "'noise' counts 601 samples");
        Contradicts(c with { Rule = c.Rule with { MaxSamples = 400 } }, "'certification' has 500 samples, more than");
        Contradicts(c with { Rule = c.Rule with { MaxSamples = 10_001 } }, "'rule' allows 10001 samples; its tables end after table_samples = 10000");
        Contradicts(c with { Rule = c.Rule with { Selection = 99 } }, "'selection' has 100 samples, rule.selection says 99");
        Contradicts(c with { Rule = c.Rule with { Selection = 101 } }, "'selection' has 100 samples, rule.selection says 101");
        Contradicts(c with { Result = r with { Class = 9 } }, "'result' names class 9, the selection chose 7");
        Contradicts(c with { Result = r with { Radius = 0.25, InputRadius = 63.75 } }, "'result' states a radius of 0.25, which the ladder does not have");
        Contradicts(c with { Result = r with { InputRadius = 26 } }, "'result' states an input_radius of 26");
        Contradicts(c with { Result = r with { Abstained = true } }, "'result' abstained, and yet states a radius");
        Contradicts(c with { Result = r with { Radius = 0, InputRadius = 0 } }, "'result' did not abstain, but certifies no radius");
        Contradicts(c with { Result = r with { Stopped = StoppedBy.Futile } }, "every radius was given up");
        Contradicts(c with { Result = r with { Stopped = StoppedBy.Completed } }, "which is for a Clopper-Pearson bound");
        Contradicts(c with { Result = new CertificateResult(7, true, 0, 0, 0, 0, StoppedBy.Certified) }, "but no radius of a ladder is");
        Contradicts(c with { Ladder = [c.Ladder[1], c.Ladder[0]] }, "'ladder' [1].radius is not above the radius before it");
        Contradicts(c with { Ladder = [] }, "'ladder' is empty");
        Contradicts(c with { Result = r with { Agreements = 201 } }, "'result' rests on 201 of 200 samples");
        Contradicts(c with { Result = r with { Samples = 600 } }, "'result' rests on 198 of 600 samples, certification counted 490 of 500: both cannot be");

        // 100 agreements among the first 200, 490 of all 500: 390 agreements among the 300 between are not possible.
        Contradicts(c with { Result = r with { Agreements = 100 } }, "both cannot be");
        Contradicts(c with { Result = r with { Samples = 250, Agreements = 245 } }, "'result' was decided after 250 samples, which is no look: every 100");
        RobustnessCertificate b = CertificateSamples.Bound;
        Contradicts(b with { Ladder = c.Ladder }, "'ladder' must be empty");
        Contradicts(b with { Rule = c.Rule with { Method = CertificateMethod.ClopperPearson } }, "'rule.beta' means nothing");
        Contradicts(b with { Model = b.Model with { Vote = VoteRule.Majority } }, "'model' has one member");
        Contradicts(b with { Result = b.Result with { Stopped = StoppedBy.Deadline } }, "but all samples are counted");
        Contradicts(b with { Result = b.Result with { Stopped = StoppedBy.Samples } }, "which is for a ladder of which all of rule.max_samples are counted");
        Contradicts(c with { Result = r with { Stopped = StoppedBy.Samples } }, "which is for a ladder of which all of rule.max_samples are counted");
        Contradicts(c with { Rule = c.Rule with { MaxSamples = 500 }, Result = r with { Stopped = StoppedBy.Deadline } }, "but all samples are counted");
        Contradicts(c with { Certification = new SampleTally(501, 4, c.Certification.Counts), Noise = c.Noise with { Count = 601 } }, "after 501 samples, which is no look");
        RobustnessCertificate few = c with { Selection = new SampleTally(99, 1, [new(7, 97), new(9, 1)]), Certification = new SampleTally(0, 0, []), Noise = c.Noise with { Count = 99 } };
        Contradicts(few with { Result = new CertificateResult(7, true, 0, 0, 0, 0, StoppedBy.Futile) }, "not all samples that choose are counted");
        RobustnessCertificate none = c with { Selection = new SampleTally(100, 100, []), Result = new CertificateResult(Core.Smoothing.Votes.None, true, 0, 0, 0, 0, StoppedBy.Futile) };
        Contradicts(none, "every sample that chooses failed: it ends there");
        Contradicts(none with { Result = none.Result with { Stopped = StoppedBy.Samples } }, "every sample that chooses failed: it ends there");
        Contradicts(b with { Result = b.Result with { Samples = 900, Agreements = 900 } }, "the Clopper-Pearson bound is over all 1000");

        static void Contradicts(RobustnessCertificate certificate, string what)
        {
            string message = Assert.ThrowsExactly<CertificateException>(() => RobustnessCertificate.Parse(certificate.ToJson(), "c.json")).Message;
            StringAssert.StartsWith(message, "c.json:1:");
            StringAssert.Contains(message, what);
        }
    }

    [TestMethod]
    public void A_radius_in_the_callers_units_is_never_above_the_exact_product()
    {
        var random = new Random(7);
        for (int i = 0; i < 10_000; i++)
        {
            double radius = random.NextDouble(), scale = 1 + (random.NextDouble() * 1000);
            double product = CertificateResult.InUnitsOfInput(radius, scale);
            Assert.IsTrue(Exact(product) <= Exact(radius) * Exact(scale));
            Assert.IsTrue(Exact(Math.BitIncrement(product)) > Exact(radius) * Exact(scale));
        }

        // A double as a whole number of 2^-1200.
        static System.Numerics.BigInteger Exact2(double value)
        {
            long bits = BitConverter.DoubleToInt64Bits(value);
            int exponent = (int)((bits >> 52) & 0x7ff);
            return ((System.Numerics.BigInteger)((bits & 0xfffffffffffffL) | 0x10000000000000L)) << (exponent - 1075 + 1200);
        }

        static Fraction Exact(double value) => new(Exact2(value), 1200);
    }

    [TestMethod]
    public void A_tally_names_its_largest_class_and_the_lowest_of_several()
    {
        SampleTally tally = SampleTally.From(10, [0, 4, 4, 1]);
        Assert.AreEqual((1, 1, 4, 0), (tally.Largest(), tally.Failed, tally.Of(2), tally.Of(0)));
        Assert.AreEqual(Votes.None, SampleTally.From(10, [0, 0]).Largest());
    }

    private static RobustnessCertificate Sample(string which) => which == nameof(CertificateSamples.Ladder) ? CertificateSamples.Ladder : CertificateSamples.Bound;

    private static RobustnessCertificate Parse(string text) => RobustnessCertificate.Parse(Encoding.UTF8.GetBytes(text), "c.json");

    private static IEnumerable<string> Leaves(JsonNode node) => node switch
    {
        JsonObject parts => parts.SelectMany(part => Leaves(part.Value!)),
        JsonArray items => items.SelectMany(item => Leaves(item!)),
        _ => [node.GetPath()],
    };

    private static void Set(JsonNode root, string path, JsonNode? value)
    {
        string[] steps = path[1..].Replace("[", ".", StringComparison.Ordinal).Replace("]", "", StringComparison.Ordinal).Split('.', StringSplitOptions.RemoveEmptyEntries);
        JsonNode node = root;
        foreach (string step in steps[..^1])
        {
            node = node is JsonArray array ? array[int.Parse(step, System.Globalization.CultureInfo.InvariantCulture)]! : node[step]!;
        }

        if (node is JsonArray list)
        {
            list[int.Parse(steps[^1], System.Globalization.CultureInfo.InvariantCulture)] = value;
        }
        else
        {
            node[steps[^1]] = value;
        }
    }

    /// <summary>A whole number of 2^-power.</summary>
    private readonly record struct Fraction(System.Numerics.BigInteger Number, int Power)
    {
        public static Fraction operator *(Fraction left, Fraction right) => new(left.Number * right.Number, left.Power + right.Power);

        public static bool operator <=(Fraction left, Fraction right) => left.Number << right.Power <= right.Number << left.Power;

        public static bool operator >=(Fraction left, Fraction right) => right <= left;

        public static bool operator >(Fraction left, Fraction right) => !(left <= right);

        public static bool operator <(Fraction left, Fraction right) => right > left;
    }
}
