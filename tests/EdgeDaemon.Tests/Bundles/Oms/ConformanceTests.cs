using System.Text.Json;
using EdgeDaemon.Core.Bundles.Oms;

namespace EdgeDaemon.Tests.Bundles.Oms;

/// <summary>The corpus of correctly signed right and wrong bundles, the specification's vectors and the reference's golden directories.</summary>
[TestClass]
public sealed class ConformanceTests
{
    /// <summary>Each wrong bundle is refused for the reason it was made for, not by accident.</summary>
    private static readonly Dictionary<string, OmsFault> Faults = new()
    {
        ["bad-cert-missing-intermediate"] = OmsFault.CertificateUntrusted,
        ["bad-cert-other-root"] = OmsFault.CertificateUntrusted,
        ["bad-cert-embedded-root-not-trusted"] = OmsFault.CertificateUntrusted,
        ["bad-cert-expired"] = OmsFault.CertificateExpired,
        ["bad-cert-future"] = OmsFault.CertificateNotYetValid,
        ["bad-cert-tls-eku"] = OmsFault.CertificateUsage,
        ["bad-cert-no-eku"] = OmsFault.CertificateUsage,
        ["bad-cert-leaf-as-ca"] = OmsFault.CertificateNotAuthority,
        ["bad-cert-key-mismatch"] = OmsFault.SignatureInvalid,
        ["bad-method-key-as-cert"] = OmsFault.MethodNotConfigured,
        ["bad-method-cert-as-key"] = OmsFault.MethodNotConfigured,
        ["bad-both-materials"] = OmsFault.MaterialNotOne,
        ["bad-wrong-key"] = OmsFault.KeyNotTrusted,
        ["bad-forged-hint"] = OmsFault.SignatureInvalid,
        ["bad-embedded-rawbytes-key"] = OmsFault.SignatureInvalid,
        ["bad-sig-p1363"] = OmsFault.SignatureInvalid,
        ["bad-sig-trailing"] = OmsFault.SignatureInvalid,
        ["bad-no-signatures"] = OmsFault.SignatureCount,
        ["bad-two-signatures"] = OmsFault.SignatureCount,
        ["bad-payload-bitflip"] = OmsFault.SignatureInvalid,
        ["bad-payload-type"] = OmsFault.PayloadTypeUnknown,
        ["bad-payload-type-signed"] = OmsFault.PayloadTypeUnknown,
        ["bad-mediatype"] = OmsFault.MediaTypeUnknown,
        ["bad-empty-file"] = OmsFault.JsonMalformed,
        ["bad-truncated"] = OmsFault.JsonMalformed,
        ["bad-no-envelope"] = OmsFault.BundleShape,
        ["bad-dup-bundle-key"] = OmsFault.JsonDuplicateName,
        ["bad-dup-payload-key"] = OmsFault.JsonDuplicateName,
        ["bad-type"] = OmsFault.StatementTypeUnknown,
        ["bad-predicate-type"] = OmsFault.PredicateTypeUnknown,
        ["bad-no-predicate"] = OmsFault.StatementShape,
        ["bad-no-serialization"] = OmsFault.StatementShape,
        ["bad-empty-resources"] = OmsFault.ResourcesEmpty,
        ["bad-two-subjects"] = OmsFault.SubjectCount,
        ["bad-root-digest"] = OmsFault.RootDigestMismatch,
        ["bad-reordered-root"] = OmsFault.RootDigestMismatch,
        ["bad-name-*"] = OmsFault.ResourceNameInvalid,
        ["bad-dup-resource"] = OmsFault.ResourceDuplicate,
        ["bad-missing-file"] = OmsFault.FileMissing,
        ["bad-extra-file"] = OmsFault.FileUnlisted,
        ["bad-digest-short"] = OmsFault.ResourceDigest,
        ["bad-alg-mismatch"] = OmsFault.ResourceAlgorithm,
        ["bad-hash-type"] = OmsFault.HashUnsupported,
        ["bad-method-unknown"] = OmsFault.SerializationMethodUnknown,
        ["bad-shard-size-zero"] = OmsFault.ShardSizeInvalid,
    };

    [TestMethod]
    public void Corpus_has_the_expected_outcome_for_every_case()
    {
        string corpus = Path.Combine(Conformance.Folder("oms"), "corpus");
        using JsonDocument cases = JsonDocument.Parse(File.ReadAllText(Path.Combine(corpus, "cases.json")));
        var wrong = new List<string>();
        int keyCases = 0;
        foreach (JsonElement c in cases.RootElement.EnumerateArray())
        {
            string id = c.GetProperty("id").GetString()!;
            byte[] signature = File.ReadAllBytes(Path.Combine(corpus, c.GetProperty("bundle").GetString()!));
            string model = Path.Combine(corpus, c.GetProperty("model").GetString()!);
            string trust = Path.Combine(corpus, c.GetProperty("trust").GetString()!);
            bool byKey = c.GetProperty("method").GetString() == "key";
            bool ignoreUnlisted = c.TryGetProperty("ignore_unsigned_files", out JsonElement ignore) && ignore.GetBoolean();
            (OmsFault fault, string detail) = byKey
                ? OmsCases.Judge(signature, model, [OmsCases.Key(trust)], ignoreUnlisted)
                : OmsCases.Judge(signature, model, [], ignoreUnlisted, [OmsAnchor.FromPem(File.ReadAllText(trust))]);
            keyCases += byKey ? 1 : 0;
            string expect = c.GetProperty("expect").GetString()!;
            if (expect != "optional")
            {
                Note(expect == "valid" == (fault == OmsFault.None), $"{id}: {expect}, but {fault} {detail}");
            }

            string known = id.StartsWith("bad-name-", StringComparison.Ordinal) ? "bad-name-*" : id;
            if (expect == "invalid" && Faults.TryGetValue(known, out OmsFault named))
            {
                Note(fault == named, $"{id}: {named} expected, but {fault} {detail}");
            }
        }

        Assert.IsGreaterThan(60, keyCases);
        Assert.IsEmpty(wrong, string.Join('\n', wrong));

        void Note(bool right, string text)
        {
            if (!right)
            {
                wrong.Add(text);
            }
        }
    }

    [TestMethod]
    [DataRow("edge-base64url", OmsFault.None)]
    [DataRow("edge-ignore-dot", OmsFault.None)]
    [DataRow("edge-ignore-signed-file", OmsFault.None)]
    [DataRow("edge-blake2b", OmsFault.HashUnsupported)]
    [DataRow("edge-digest-upper", OmsFault.ResourceDigest)]
    [DataRow("edge-symlinks-true", OmsFault.SymlinksAllowed)]
    [DataRow("edge-unknown-predicate-field", OmsFault.StatementShape)]
    public void Where_the_specification_leaves_freedom_the_choice_is_this(string id, OmsFault expected)
    {
        string corpus = Path.Combine(Conformance.Folder("oms"), "corpus");
        byte[] signature = File.ReadAllBytes(Path.Combine(corpus, "bundles", id + ".sig"));
        OmsKey key = OmsCases.Key(Path.Combine(corpus, "keys/p256-pub.pem"));
        Assert.AreEqual(expected, OmsCases.Judge(signature, Path.Combine(corpus, "model"), [key]).Fault);
    }

    [TestMethod]
    public void A_path_both_signed_and_ignored_is_still_compared()
    {
        string corpus = Path.Combine(Conformance.Folder("oms"), "corpus");
        byte[] signature = File.ReadAllBytes(Path.Combine(corpus, "bundles/edge-ignore-signed-file.sig"));
        using var copy = new Posix.Files.TestTree();
        Posix.Files.TestTree.Run("cp", "-r", Path.Combine(corpus, "model"), copy["model"]);
        OmsKey key = OmsCases.Key(Path.Combine(corpus, "keys/p256-pub.pem"));
        Assert.AreEqual(OmsFault.None, OmsCases.Judge(signature, copy["model"], [key]).Fault);
        Posix.Files.TestTree.Run("chmod", "-R", "u+w", copy.Root);
        File.AppendAllText(copy["model/config.json"], " ");
        Assert.AreEqual(OmsFault.FileDiffers, OmsCases.Judge(signature, copy["model"], [key]).Fault);
    }

    [TestMethod]
    public void Directories_signed_by_the_reference_verify_by_the_key_method_alone()
    {
        string folder = Path.Combine(Conformance.Folder("oms"), "model-transparency");
        OmsKey key = OmsCases.Key(Path.Combine(folder, "keys/certificate/signing-key-pub.pem"));
        foreach ((string model, OmsFault expected) in new[]
        {
            ("v1.0.0-elliptic-key/signme-1", OmsFault.None),
            ("v1.1.0-elliptic-key", OmsFault.None),
            ("v1.0.0-certificate", OmsFault.MethodNotConfigured),
            ("v1.1.0-certificate", OmsFault.MethodNotConfigured),
            ("v1.0.0-sigstore", OmsFault.MethodNotConfigured),
            ("v1.1.0-sigstore", OmsFault.MethodNotConfigured),
        })
        {
            string path = Path.Combine(folder, model);
            byte[] signature = File.ReadAllBytes(Path.Combine(folder, model.Split('/')[0], "model.sig"));
            (OmsFault fault, string detail) = OmsCases.Judge(signature, path, [key]);
            Assert.AreEqual(expected, fault, $"{model}: {detail}");
        }
    }

    /// <summary>The reference's test leaf says CA, but may not sign certificates: strict rules take it.</summary>
    [TestMethod]
    [DataRow("v1.0.0-certificate")]
    [DataRow("v1.1.0-certificate")]
    public void Directories_signed_by_the_reference_with_a_certificate_verify(string model)
    {
        string folder = Path.Combine(Conformance.Folder("oms"), "model-transparency");
        Ctl.ToolRun.Of(
            "oms", "verify", "--method", "certificate", "--model-path", Path.Combine(folder, model), "--bundle", Path.Combine(folder, model, "model.sig"),
            "--cert-chain", Path.Combine(folder, "keys/certificate/ca-cert.pem")).Succeeded();
    }

    [TestMethod]
    public void Vectors_of_the_specification_have_their_outcome()
    {
        string vectors = Path.Combine(Conformance.Folder("oms"), "spec/test-vectors/v1.0");
        foreach ((string file, OmsFault expected) in new[]
        {
            ("valid/key.bundle.json", OmsFault.None),
            ("valid/certificate.bundle.json", OmsFault.None),
            ("valid/sigstore.bundle.json", OmsFault.None),
            ("invalid/empty.bundle.json", OmsFault.JsonMalformed),
            ("invalid/missing-envelope.bundle.json", OmsFault.BundleShape),
            ("invalid/missing-verification-material.bundle.json", OmsFault.BundleShape),
            ("invalid-payload/wrong-predicate.bundle.json", OmsFault.PredicateTypeUnknown),
        })
        {
            OmsFault fault = OmsFault.None;
            try
            {
                OmsStatement.Parse(OmsSignature.Parse(File.ReadAllBytes(Path.Combine(vectors, file))).Payload);
            }
            catch (OmsException refused)
            {
                fault = refused.Fault;
            }

            Assert.AreEqual(expected, fault, file);
        }

        // Only keyless signing needs log entries, and that method is refused before anything of it is read.
        byte[] keyless = File.ReadAllBytes(Path.Combine(vectors, "invalid/missing-tlog-entries.bundle.json"));
        var e = Assert.ThrowsExactly<OmsException>(() => OmsVerifier.Verify(keyless, []));
        Assert.AreEqual(OmsFault.MethodNotConfigured, e.Fault);
    }
}
