using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Bundles.Oms;

namespace EdgeDaemon.Tests.Bundles.Oms;

/// <summary>Certificates made for the purpose, each right but for the one thing that it is refused for.</summary>
[TestClass]
public sealed class OmsChainTests
{
    private const string CodeSigning = "1.3.6.1.5.5.7.3.3";

    private static readonly DateTimeOffset Now = new(2026, 6, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly Issued Root = Issue("CN=root", null, Authority());
    private static readonly Issued Middle = Issue("CN=middle", Root, Authority());
    private static readonly Issued Leaf = Issue("CN=leaf", Middle, Signer());

    [TestMethod]
    public void A_leaf_below_a_trusted_root_signs_with_or_without_issuers_between()
    {
        Assert.AreEqual(OmsFault.None, Judge([Leaf, Middle], Root));
        Assert.AreEqual(OmsFault.None, Judge([Leaf, Middle, Root], Root), "the root itself may stand at the end");
        Assert.AreEqual(OmsFault.None, Judge([Issue("CN=near", Root, Signer())], Root));
        using RSA rsa = RSA.Create(2048);
        Issued old = IssueRsa("CN=rsa root", rsa);
        Assert.AreEqual(OmsFault.None, Judge([Issue("CN=below rsa", old, Signer())], old), "an authority may be RSA");
        foreach (ECCurve curve in (ECCurve[])[ECCurve.NamedCurves.nistP384, ECCurve.NamedCurves.nistP521])
        {
            Assert.AreEqual(OmsFault.None, Judge([Issue("CN=leaf", Root, Signer(), curve: curve)], Root));
        }
    }

    [TestMethod]
    public void Every_certificate_has_its_time()
    {
        foreach ((DateTimeOffset from, DateTimeOffset to) in ((DateTimeOffset, DateTimeOffset)[])[(Now.AddYears(-2), Now.AddDays(-1)), (Now.AddDays(1), Now.AddYears(1))])
        {
            Assert.AreEqual(OmsFault.CertificateTime, Judge([Issue("CN=leaf", Middle, Signer(), from, to), Middle], Root));
            Issued middle = Issue("CN=middle", Root, Authority(), from, to);
            Assert.AreEqual(OmsFault.CertificateTime, Judge([Issue("CN=leaf", middle, Signer(), from, to), middle], Root));
            Issued root = Issue("CN=root", null, Authority(), from, to);
            Assert.AreEqual(OmsFault.CertificateTime, Judge([Issue("CN=leaf", root, Signer(), from, to)], root));
        }
    }

    [TestMethod]
    public void A_leaf_says_that_it_is_for_signing_code_and_nothing_more()
    {
        Issued none = Issue("CN=leaf", Root, [new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true)]);
        Assert.AreEqual(OmsFault.CertificateUsage, Judge([none], Root));
        Assert.AreEqual(OmsFault.None, Judge([none], OmsAnchor.FromPem(Root.Certificate.ExportCertificatePem(), withoutExtendedUsage: true)), "the switch");
        Assert.AreEqual(OmsFault.CertificateUsage, Judge([Issue("CN=leaf", Root, [Usages("1.3.6.1.5.5.7.3.1")])], Root));
        Assert.AreEqual(OmsFault.CertificateUsage, Judge([Issue("CN=leaf", Root, [Usages("2.5.29.37.0")])], Root));
        Assert.AreEqual(OmsFault.CertificateUsage, Judge([Issue("CN=leaf", Root, [Usages(CodeSigning, "2.5.29.37.0")])], Root));
        Assert.AreEqual(OmsFault.CertificateUsage, Judge([Issue("CN=leaf", Root, [Usages(CodeSigning), new X509KeyUsageExtension(X509KeyUsageFlags.KeyAgreement, true)])], Root));
        Assert.AreEqual(OmsFault.CertificateUsage, Judge([Issue("CN=leaf", Root, [Usages(CodeSigning), new X509Extension("1.2.3.4", [5, 0], critical: true)])], Root));
        Assert.AreEqual(OmsFault.None, Judge([Issue("CN=leaf", Root, [Usages(CodeSigning), new X509Extension("1.2.3.4", [5, 0], critical: false)])], Root), "the control");
    }

    [TestMethod]
    public void Only_an_authority_issues_and_only_so_deep()
    {
        Issued plain = Issue("CN=plain", Root, Signer());
        Assert.AreEqual(OmsFault.CertificateUsage, Judge([Issue("CN=leaf", plain, Signer()), plain], Root));
        Issued mute = Issue("CN=mute", Root, [new X509BasicConstraintsExtension(true, false, 0, true), new X509KeyUsageExtension(X509KeyUsageFlags.CrlSign, true)]);
        Assert.AreEqual(OmsFault.CertificateUsage, Judge([Issue("CN=leaf", mute, Signer()), mute], Root));
        Issued tls = Issue("CN=tls", Root, [.. Authority(), Usages("1.3.6.1.5.5.7.3.1")]);
        Assert.AreEqual(OmsFault.CertificateUsage, Judge([Issue("CN=leaf", tls, Signer()), tls], Root));
        Issued shallow = Issue("CN=shallow", null, Authority(0));
        Issued below = Issue("CN=below", shallow, Authority());
        Assert.AreEqual(OmsFault.CertificateUsage, Judge([Issue("CN=leaf", below, Signer()), below], shallow));
        Assert.AreEqual(OmsFault.None, Judge([Issue("CN=leaf", shallow, Signer())], shallow), "the control");
        Issued noRoot = Issue("CN=no authority", null, Signer());
        Assert.AreEqual(OmsFault.CertificateUsage, Judge([Issue("CN=leaf", noRoot, Signer())], noRoot));
    }

    [TestMethod]
    public void Roots_of_one_name_are_told_apart_by_their_keys()
    {
        Issued namesake = Issue("CN=root", null, Authority());
        Assert.AreEqual(OmsFault.CertificateChain, Judge([Leaf, Middle], namesake));
        Assert.AreEqual(OmsFault.None, Judge([Leaf, Middle], namesake, Root));
        Assert.AreEqual(OmsFault.None, Judge([Leaf, Middle], Root, namesake));
    }

    [TestMethod]
    public void A_chain_is_whole_in_order_and_bounded()
    {
        Issued stranger = Issue("CN=stranger", null, Authority());
        Assert.AreEqual(OmsFault.CertificateChain, Judge([Leaf], Root), "an issuer is missing");
        Assert.AreEqual(OmsFault.CertificateChain, Judge([Leaf, stranger, Middle], Root), "one that did not issue");
        Assert.AreEqual(OmsFault.CertificateChain, Judge([Leaf, Middle, stranger], Root), "one too many");
        Assert.AreEqual(OmsFault.CertificateChain, Judge([Leaf, Middle, Middle], Root), "one twice");
        Assert.AreEqual(OmsFault.CertificateChain, Judge([Leaf, Middle, Root], stranger), "a root in the bundle is no trust");
        Issued own = Issue("CN=own", null, Signer());
        Assert.AreEqual(OmsFault.CertificateChain, Judge([own], Root), "signed by itself");
        Assert.AreEqual(OmsFault.CertificateChain, Judge([.. Enumerable.Repeat(Leaf, 9)], Root));
        Assert.AreEqual(OmsFault.CertificateChain, Judge([], Root));
    }

    [TestMethod]
    public void Keys_of_other_kinds_do_not_sign_models()
    {
        Assert.AreEqual(OmsFault.KeyUnsupported, Judge([Issue("CN=leaf", Root, Signer(), curve: ECCurve.NamedCurves.brainpoolP256r1)], Root));
        Issued other = Issue("CN=leaf", Middle, Signer());
        byte[] signature = Sign(Leaf, [Leaf, Middle]);
        Assert.AreEqual(OmsFault.None, Judge(signature, new OmsTrust { Anchors = [Anchor(Root)], Now = Now }), "the control");
        JsonNode bundle = JsonNode.Parse(signature)!;
        bundle["verificationMaterial"]!["x509CertificateChain"]!["certificates"]![0]!["rawBytes"] = Convert.ToBase64String(other.Certificate.RawData);
        Assert.AreEqual(OmsFault.SignatureInvalid, Judge(Encoding.UTF8.GetBytes(bundle.ToJsonString()), new OmsTrust { Anchors = [Anchor(Root)], Now = Now }));
    }

    [TestMethod]
    public void A_revoked_key_breaks_the_chain_wherever_it_stands()
    {
        foreach (Issued revoked in (Issued[])[Leaf, Middle, Root])
        {
            string digest = SpkiDigest.Hex(SpkiDigest.Of(revoked.Certificate.PublicKey.ExportSubjectPublicKeyInfo()));
            var trust = new OmsTrust { Anchors = [Anchor(Root)], Now = Now, IsRevoked = key => key == digest };
            Assert.AreEqual(OmsFault.CertificateRevoked, Judge(Sign(Leaf, [Leaf, Middle]), trust));
        }
    }

    [TestMethod]
    public void A_root_may_name_whom_it_vouches_for()
    {
        var names = new SubjectAlternativeNameBuilder();
        names.AddUri(new Uri("spiffe://fleet/signer"));
        names.AddDnsName("signer.example");
        Issued leaf = Issue("CN=alice", Root, [.. Signer(), names.Build()]);
        string spki = SpkiDigest.Hex(SpkiDigest.Of(leaf.Certificate.PublicKey.ExportSubjectPublicKeyInfo()));
        foreach (string name in (string[])["cn:alice", "uri:spiffe://fleet/signer", "dns:signer.example", $"spki:{spki}"])
        {
            Assert.AreEqual(OmsFault.None, Judge([leaf], OmsAnchor.FromPem(Root.Certificate.ExportCertificatePem(), ["cn:bob", name])), name);
        }

        Assert.AreEqual(OmsFault.SignerNotAllowed, Judge([leaf], OmsAnchor.FromPem(Root.Certificate.ExportCertificatePem(), ["cn:bob", "dns:alice", "cn:Alice"])));
    }

    [TestMethod]
    public void Bytes_that_are_no_certificate_are_refused()
    {
        byte[] good = Leaf.Certificate.RawData;
        foreach (byte[] bad in (byte[][])[[], [1, 2, 3], good[..^1], [.. good, 0]])
        {
            Assert.AreEqual(OmsFault.CertificateMalformed, Assert.ThrowsExactly<OmsException>(() => OmsCertificate.Parse(bad)).Fault);
        }

        var random = new Random(3);
        for (int i = 0; i < 2000; i++)
        {
            byte[] mutated = [.. good];
            mutated[random.Next(mutated.Length)] ^= (byte)(1 << random.Next(8));
            try
            {
                using OmsCertificate parsed = OmsCertificate.Parse(mutated);
                using OmsCertificate issuer = OmsCertificate.Parse(Middle.Certificate.RawData);
                Assert.IsFalse(parsed.IsSignedBy(issuer), "a changed certificate is still signed");
            }
            catch (OmsException malformed)
            {
                Assert.IsTrue(malformed.Fault is OmsFault.CertificateMalformed or OmsFault.KeyUnsupported, malformed.Message);
            }
        }
    }

    private static OmsFault Judge(Issued[] chain, params Issued[] roots) => Judge(chain, [.. roots.Select(Anchor)]);

    private static OmsFault Judge(Issued[] chain, params OmsAnchor[] anchors) =>
        Judge(Sign(chain.FirstOrDefault() ?? Leaf, chain), new OmsTrust { Anchors = anchors, Now = Now });

    private static OmsFault Judge(byte[] signature, OmsTrust trust)
    {
        try
        {
            OmsVerifier.Verify(signature, trust);
            return OmsFault.None;
        }
        catch (OmsException refused)
        {
            return refused.Fault;
        }
    }

    private static OmsAnchor Anchor(Issued root) => OmsAnchor.FromPem(root.Certificate.ExportCertificatePem());

    // The key method's file with the material exchanged: written without the product's certificate signer.
    private static byte[] Sign(Issued signer, Issued[] chain)
    {
        byte[] statement = OmsSignature.Parse(OmsSigner.Sign("m", [OmsCases.Entry("a", "x")], ECDsa.Create(ECCurve.NamedCurves.nistP256))).Payload.ToArray();
        const string type = "application/vnd.in-toto+json";
        byte[] pae = [.. Encoding.ASCII.GetBytes($"DSSEv1 {type.Length} {type} {statement.Length} "), .. statement];
        byte[] signature = signer.Ec!.SignData(
            pae, signer.Ec.KeySize switch { 256 => new("SHA256"), 384 => new("SHA384"), _ => new("SHA512") }, DSASignatureFormat.Rfc3279DerSequence);
        var bundle = new JsonObject
        {
            ["mediaType"] = "application/vnd.dev.sigstore.bundle.v0.3+json",
            ["verificationMaterial"] = new JsonObject
            {
                ["x509CertificateChain"] = new JsonObject
                {
                    ["certificates"] = new JsonArray([.. chain.Select(one => (JsonNode)new JsonObject { ["rawBytes"] = Convert.ToBase64String(one.Certificate.RawData) })]),
                },
            },
            ["dsseEnvelope"] = new JsonObject
            {
                ["payload"] = Convert.ToBase64String(statement),
                ["payloadType"] = type,
                ["signatures"] = new JsonArray(new JsonObject { ["sig"] = Convert.ToBase64String(signature) }),
            },
        };
        return Encoding.UTF8.GetBytes(bundle.ToJsonString());
    }

    private static X509Extension[] Authority(int? depth = null) =>
        [new X509BasicConstraintsExtension(true, depth is not null, depth ?? 0, true), new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true)];

    private static X509Extension[] Signer() => [Usages(CodeSigning), new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true)];

    private static X509EnhancedKeyUsageExtension Usages(params string[] oids) => new([.. oids.Select(oid => new Oid(oid))], false);

    private static Issued Issue(
        string subject, Issued? issuer, X509Extension[] extensions, DateTimeOffset? from = null, DateTimeOffset? to = null, ECCurve? curve = null)
    {
        ECDsa key = ECDsa.Create(curve ?? ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        Array.ForEach(extensions, request.CertificateExtensions.Add);
        DateTimeOffset start = from ?? Now.AddYears(-1), end = to ?? Now.AddYears(1);
        if (issuer is null)
        {
            return new Issued(request.CreateSelfSigned(start, end), key, null);
        }

        X509SignatureGenerator generator = issuer.Ec is { } ec ? X509SignatureGenerator.CreateForECDsa(ec) : X509SignatureGenerator.CreateForRSA(issuer.Rsa!, RSASignaturePadding.Pkcs1);
        return new Issued(request.Create(issuer.Certificate.SubjectName, generator, start, end, RandomNumberGenerator.GetBytes(16)), key, null);
    }

    private static Issued IssueRsa(string subject, RSA key)
    {
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        Array.ForEach(Authority(), request.CertificateExtensions.Add);
        return new Issued(request.CreateSelfSigned(Now.AddYears(-1), Now.AddYears(1)), null, key);
    }

    private sealed record Issued(X509Certificate2 Certificate, ECDsa? Ec, RSA? Rsa);
}
