using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Bundles.Oms;
using Shape = EdgeDaemon.Tests.Bundles.Oms.TestAuthority.Shape;

namespace EdgeDaemon.Tests.Bundles.Oms;

/// <summary>Each rule of the certificate method has a chain that breaks it and nothing else; the first test is their negative control.</summary>
[TestClass]
public sealed class CertificateTests
{
    private static readonly TreeFile[] Tree = [OmsCases.Entry("a", "1")];

    private readonly TestAuthority _root = TestAuthority.Root();

    [TestMethod]
    public void A_chain_that_breaks_no_rule_signs()
    {
        TestAuthority between = _root.Authority();
        TestAuthority leaf = between.Leaf();
        OmsVerified verified = Verify([leaf, between], new OmsAnchor(_root.Certificate));
        Assert.AreEqual("CN=leaf", verified.Leaf!.Subject);
        Assert.AreEqual(verified.Leaf.SpkiDigestHex, verified.SignerDigest);
        Assert.AreEqual(OmsMethod.Certificate, verified.Method);

        // Straight below the root; the root repeated; out of order, twice, and with a stranger's: the rest is a pool.
        Assert.AreEqual(OmsFault.None, Fault([_root.Leaf()]));
        Assert.AreEqual(OmsFault.None, Fault([leaf, between, _root]));
        TestAuthority lower = between.Authority("CN=lower");
        Assert.AreEqual(OmsFault.None, Fault([lower.Leaf(), between, lower]));
        Assert.AreEqual(OmsFault.None, Fault([leaf, between, between, leaf, TestAuthority.Root("CN=stranger")]));
    }

    [TestMethod]
    public void Every_curve_signs_and_rsa_authorities_are_taken()
    {
        foreach (ECCurve curve in new[] { ECCurve.NamedCurves.nistP256, ECCurve.NamedCurves.nistP384, ECCurve.NamedCurves.nistP521 })
        {
            Assert.AreEqual(OmsFault.None, Fault([_root.Leaf(key: ECDsa.Create(curve))]));
        }

        TestAuthority rsa = TestAuthority.Root("CN=rsa", key: RSA.Create(2048));
        Assert.AreEqual(OmsFault.None, Fault([rsa.Leaf()], rsa));
        TestAuthority small = TestAuthority.Root("CN=small", key: RSA.Create(1024));
        Assert.AreEqual(OmsFault.CertificateUnsupported, Fault([small.Leaf()], small));
    }

    [TestMethod]
    public void The_leafs_key_is_one_of_the_three_curves()
    {
        Assert.AreEqual(OmsFault.KeyUnsupported, Fault([_root.Leaf(key: ECDsa.Create(ECCurve.NamedCurves.brainpoolP256r1))]));
        Assert.AreEqual(OmsFault.KeyUnsupported, Fault([_root.Leaf(key: RSA.Create(2048))]));
    }

    [TestMethod]
    public void Out_of_its_time_is_refused_wherever_it_stands()
    {
        foreach ((Func<Shape, Shape> wrong, OmsFault fault) in new (Func<Shape, Shape>, OmsFault)[]
        {
            (shape => shape.Expired(), OmsFault.CertificateExpired),
            (shape => shape.Future(), OmsFault.CertificateNotYetValid),
        })
        {
            TestAuthority between = _root.Authority();
            Assert.AreEqual(fault, Fault([between.Leaf(shape: wrong(Shape.Leaf)), between]), "leaf");
            between = _root.Authority(shape: wrong(Shape.Authority));
            Assert.AreEqual(fault, Fault([between.Leaf(), between]), "intermediate");
            TestAuthority root = TestAuthority.Root(shape: wrong(Shape.Authority));
            between = root.Authority();
            Assert.AreEqual(fault, Fault([between.Leaf(), between], root), "root");
        }
    }

    [TestMethod]
    public void The_ends_of_the_time_belong_to_it()
    {
        TestAuthority leaf = _root.Leaf();
        OmsAnchor[] anchors = [new OmsAnchor(_root.Certificate)];
        byte[] signature = Seal([leaf]);
        OmsVerifier.Verify(signature, [], anchors, leaf.Certificate.NotBefore);
        OmsVerifier.Verify(signature, [], anchors, leaf.Certificate.NotAfter);
        Assert.AreEqual(OmsFault.CertificateExpired, Thrown(() => OmsVerifier.Verify(signature, [], anchors, leaf.Certificate.NotAfter.AddSeconds(1))));
        Assert.AreEqual(OmsFault.CertificateNotYetValid, Thrown(() => OmsVerifier.Verify(signature, [], anchors, leaf.Certificate.NotBefore.AddSeconds(-1))));
    }

    [TestMethod]
    public void A_leaf_is_made_for_signing_code_and_for_nothing_wider()
    {
        foreach ((Shape shape, OmsFault relaxed) in new[]
        {
            (Shape.Leaf with { Purposes = null }, OmsFault.None),
            (Shape.Leaf with { Purposes = [TestAuthority.AnyUsage] }, OmsFault.None),
            (Shape.Leaf with { Purposes = [TestAuthority.CodeSigning, TestAuthority.AnyUsage] }, OmsFault.None),
            (Shape.Leaf with { Purposes = [TestAuthority.ServerAuth] }, OmsFault.CertificateUsage),
            (Shape.Leaf with { Usage = X509KeyUsageFlags.KeyEncipherment }, OmsFault.CertificateUsage),
            (Shape.Leaf with { IsAuthority = true, Usage = X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.KeyCertSign }, OmsFault.CertificateUsage),
        })
        {
            TestAuthority[] chain = [_root.Leaf(shape: shape)];
            Assert.AreEqual(OmsFault.CertificateUsage, Fault(chain), shape.ToString());
            Assert.AreEqual(relaxed, Fault(chain, _root, new OmsAnchorRules { RelaxUsage = true }), shape.ToString());
        }

        Assert.AreEqual(OmsFault.None, Fault([_root.Leaf(shape: Shape.Leaf with { Usage = null, IsAuthority = null })]));
        Assert.AreEqual(OmsFault.None, Fault([_root.Leaf(shape: Shape.Leaf with { Purposes = [TestAuthority.ServerAuth, TestAuthority.CodeSigning] })]));
    }

    [TestMethod]
    public void Who_issues_is_an_authority()
    {
        foreach (Shape shape in new[]
        {
            Shape.Leaf,
            Shape.Authority with { IsAuthority = null },
            Shape.Authority with { Usage = X509KeyUsageFlags.DigitalSignature },
            Shape.Authority with { Purposes = [TestAuthority.ServerAuth] },
        })
        {
            TestAuthority between = _root.Authority(shape: shape);
            Assert.AreEqual(OmsFault.CertificateNotAuthority, Fault([between.Leaf(), between]), shape.ToString());
            Assert.AreEqual(OmsFault.CertificateNotAuthority, Thrown(() => _ = new OmsAnchor(TestAuthority.Root(shape: shape).Certificate)));
        }
    }

    [TestMethod]
    public void The_path_length_bounds_the_authorities_below()
    {
        TestAuthority root = TestAuthority.Root(shape: Shape.Authority with { PathLength = 1 });
        TestAuthority one = root.Authority("CN=one"), two = one.Authority("CN=two"), renewed = one.Authority("CN=one");
        Assert.AreEqual(OmsFault.None, Fault([one.Leaf(), one], root));
        Assert.AreEqual(OmsFault.CertificatePathLength, Fault([two.Leaf(), two, one], root));
        Assert.AreEqual(OmsFault.None, Fault([renewed.Leaf(), renewed, one], root), "self-issued ones do not count");
    }

    [TestMethod]
    public void A_name_is_not_a_root()
    {
        TestAuthority impostor = TestAuthority.Root();
        TestAuthority[] chain = [impostor.Leaf(), impostor];
        Assert.AreEqual(OmsFault.CertificateUntrusted, Fault(chain));
        Assert.AreEqual(OmsFault.CertificateUntrusted, Fault([_root.Leaf()], TestAuthority.Root("CN=other")));
        Assert.AreEqual(OmsFault.CertificateUntrusted, Fault([_root.Authority().Leaf()]), "the intermediate is missing");

        // dotnet/runtime #85830: of two roots with one name, the right one is found wherever it stands.
        OmsAnchor wrong = new(_root.Certificate), right = new(impostor.Certificate);
        Assert.AreSame(right, Verify(chain, wrong, right).Anchor);
        Assert.AreSame(right, Verify(chain, right, wrong).Anchor);
    }

    [TestMethod]
    public void Another_way_is_tried_where_one_ends()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        TestAuthority old = _root.Authority(shape: Shape.Authority.Expired(), key: key), renewed = _root.Authority(key: key);
        TestAuthority leaf = renewed.Leaf();
        Assert.AreEqual(OmsFault.None, Fault([leaf, old, renewed]));
        Assert.AreEqual(OmsFault.CertificateExpired, Fault([leaf, old]));
    }

    [TestMethod]
    public void A_leaf_is_not_its_own_root()
    {
        TestAuthority alone = TestAuthority.Root("CN=alone", Shape.Leaf);
        Assert.AreEqual(OmsFault.CertificateNotAuthority, Thrown(() => _ = new OmsAnchor(alone.Certificate)));
        Assert.AreEqual(OmsFault.CertificateUntrusted, Fault([alone]));
        TestAuthority authority = TestAuthority.Root("CN=alone", Shape.Authority with { Purposes = [TestAuthority.CodeSigning], Usage = null });
        Assert.AreEqual(OmsFault.CertificateUsage, Fault([authority], authority));
    }

    [TestMethod]
    public void One_to_eight_certificates_are_read()
    {
        var chain = new List<TestAuthority> { _root };
        for (int i = 0; i < 7; i++)
        {
            chain.Insert(0, chain[0].Authority($"CN=a{i}"));
        }

        Assert.AreEqual(OmsFault.None, Fault([chain[0].Leaf(), .. chain.Take(7)]));
        Assert.AreEqual(OmsFault.CertificateCount, Fault([chain[0].Leaf(), .. chain]));
        Assert.AreEqual(OmsFault.CertificateCount, Thrown(() => OmsVerifier.Verify(Seal(Array.Empty<byte[]>(), ECDsa.Create(ECCurve.NamedCurves.nistP256)), [], [new OmsAnchor(_root.Certificate)], TestAuthority.Now)));
    }

    [TestMethod]
    public void What_binds_a_certificate_and_is_not_understood_refuses_it()
    {
        var critical = new X509Extension("1.2.3.4", [5, 0], critical: true);
        var constraints = new X509Extension("2.5.29.30", [0x30, 0], critical: false);
        Assert.AreEqual(OmsFault.CertificateUnsupported, Fault([_root.Leaf(shape: Shape.Leaf with { Extra = critical })]));
        Assert.AreEqual(OmsFault.None, Fault([_root.Leaf(shape: Shape.Leaf with { Extra = new X509Extension("1.2.3.4", [5, 0], critical: false) })]));
        TestAuthority between = _root.Authority(shape: Shape.Authority with { Extra = constraints });
        Assert.AreEqual(OmsFault.CertificateUnsupported, Fault([between.Leaf(), between]));
    }

    [TestMethod]
    public void Denied_keys_and_serials_are_refused_anywhere_in_the_chain()
    {
        TestAuthority between = _root.Authority(), leaf = between.Leaf(), other = between.Leaf();
        foreach (TestAuthority denied in new[] { leaf, between, _root })
        {
            OmsCertificate c = denied.Certificate;
            foreach (OmsAnchorRules rules in new OmsAnchorRules[]
            {
                new() { DeniedSpki = [c.SpkiDigestHex] }, new() { DeniedSerials = [new OmsSerial(c.Issuer, c.Serial)] },
            })
            {
                Assert.AreEqual(OmsFault.CertificateDenied, Fault([leaf, between], _root, rules));
                Assert.AreEqual(denied == leaf ? OmsFault.None : OmsFault.CertificateDenied, Fault([other, between], _root, rules));
            }
        }

        var elsewhere = new OmsAnchorRules { DeniedSerials = [new OmsSerial("CN=another", leaf.Certificate.Serial)] };
        Assert.AreEqual(OmsFault.None, Fault([leaf, between], _root, elsewhere));
    }

    [TestMethod]
    public void Revocation_lists_count_when_they_are_the_issuers_and_current()
    {
        DateTimeOffset now = TestAuthority.Now;
        TestAuthority leaf = _root.Leaf(), other = _root.Leaf();
        OmsRevocationList list = _root.List(now.AddDays(-1), now.AddDays(1), null, leaf);
        Assert.AreEqual(OmsFault.CertificateRevoked, With(leaf, list));
        Assert.AreEqual(OmsFault.None, With(other, list));
        Assert.AreEqual(OmsFault.RevocationListStale, With(other, _root.List(now.AddDays(-2), now.AddDays(-1), null)));
        Assert.AreEqual(OmsFault.RevocationListStale, With(other, _root.List(now.AddDays(1), now.AddDays(2), null)));
        Assert.AreEqual(OmsFault.CertificateRevoked, With(leaf, _root.List(now.AddDays(-2), now.AddDays(-1), null, leaf)), "out of date, yet it says so");
        using ECDsa stranger = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        OmsRevocationList forged = _root.List(now.AddDays(-1), now.AddDays(1), stranger, leaf);
        Assert.AreEqual(OmsFault.RevocationListForged, With(other, forged));
        Assert.AreEqual(OmsFault.None, With(other, forged, list), "another authority of that name has its own");
        OmsRevocationList foreign = TestAuthority.Root("CN=other").List(now.AddDays(-1), now.AddDays(1), null, leaf);
        Assert.AreEqual(OmsFault.None, With(leaf, foreign), "not about this issuer");
        Assert.AreEqual(OmsFault.RevocationListMissing, Fault([leaf], _root, new OmsAnchorRules { RevocationLists = [foreign], RequireRevocationLists = true }));
        TestAuthority mute = TestAuthority.Root(shape: Shape.Authority with { Usage = X509KeyUsageFlags.KeyCertSign });
        Assert.AreEqual(
            OmsFault.RevocationListForged,
            Fault([mute.Leaf()], mute, new OmsAnchorRules { RevocationLists = [mute.List(now.AddDays(-1), now.AddDays(1), null)] }));

        OmsFault With(TestAuthority signer, params OmsRevocationList[] lists) => Fault([signer], _root, new OmsAnchorRules { RevocationLists = [.. lists] });
    }

    [TestMethod]
    public void An_allow_list_names_the_signers()
    {
        var names = new SubjectAlternativeNameBuilder();
        names.AddEmailAddress("signer@example.com");
        TestAuthority leaf = _root.Leaf("CN=Signer, O=Example", Shape.Leaf with { Extra = names.Build() });
        OmsCertificate c = leaf.Certificate;
        Assert.AreEqual(OmsFault.None, Fault([leaf], _root, new OmsAnchorRules { AllowedSpki = [c.SpkiDigestHex] }));
        Assert.AreEqual(OmsFault.None, Fault([leaf], _root, new OmsAnchorRules { AllowedNames = ["email:signer@example.com"] }));
        Assert.AreEqual(OmsFault.None, Fault([leaf], _root, new OmsAnchorRules { AllowedSubjects = [c.Subject] }));
        Assert.AreEqual(
            OmsFault.CertificateNotAllowed,
            Fault([leaf], _root, new OmsAnchorRules { AllowedSpki = [_root.Certificate.SpkiDigestHex], AllowedNames = ["dns:signer@example.com"], AllowedSubjects = ["CN=Signer"] }));
    }

    [TestMethod]
    public void The_method_comes_from_trust()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        TestAuthority leaf = _root.Leaf();
        OmsKey leafKey = OmsKey.Of((ECDsa)leaf.Key);
        OmsAnchor anchor = new(_root.Certificate);
        Assert.AreEqual(OmsFault.MethodNotConfigured, Thrown(() => OmsVerifier.Verify(Seal([leaf]), [leafKey], [], TestAuthority.Now)));
        Assert.AreEqual(OmsFault.MethodNotConfigured, Thrown(() => OmsVerifier.Verify(OmsSigner.Sign("m", Tree, key), [], [anchor], TestAuthority.Now)));
        Assert.AreEqual(OmsFault.SignatureInvalid, Thrown(() => OmsVerifier.Verify(Seal([leaf], key), [], [anchor], TestAuthority.Now)));
        Assert.AreEqual(OmsMethod.Certificate, OmsVerifier.Verify(Seal([leaf]), [leafKey], [anchor], TestAuthority.Now).Method);
    }

    [TestMethod]
    public void No_changed_byte_of_a_certificate_survives()
    {
        TestAuthority leaf = _root.Leaf();
        OmsAnchor[] anchors = [new OmsAnchor(_root.Certificate)];
        for (int i = 0; i < leaf.Der.Length; i++)
        {
            byte[] changed = [.. leaf.Der];
            changed[i] ^= 1;
            Assert.ThrowsExactly<OmsException>(() => OmsVerifier.Verify(Seal(new byte[][] { changed }, (ECDsa)leaf.Key), [], anchors, TestAuthority.Now), $"byte {i}");
        }

        Assert.AreEqual(OmsFault.CertificateMalformed, Thrown(() => OmsCertificate.FromDer([.. leaf.Der, 0])));
    }

    [TestMethod]
    public void A_signer_learns_what_a_verifier_would_refuse()
    {
        TestAuthority between = _root.Authority(), leaf = between.Leaf();
        Assert.AreEqual(OmsFault.None, Sign(leaf, leaf, between));
        Assert.AreEqual(OmsFault.KeyNotTrusted, Sign(between, leaf, between));
        Assert.AreEqual(OmsFault.CertificateUntrusted, Sign(leaf, leaf, _root, between));
        TestAuthority old = between.Leaf(shape: Shape.Leaf.Expired()), server = between.Leaf(shape: Shape.Leaf with { Purposes = [TestAuthority.ServerAuth] });
        Assert.AreEqual(OmsFault.CertificateExpired, Sign(old, old));
        Assert.AreEqual(OmsFault.CertificateUsage, Sign(server, server));

        static OmsFault Sign(TestAuthority key, params TestAuthority[] chain) => Thrown(() => OmsSigner.Sign(
            "m", Tree, (ECDsa)key.Key, new OmsSigning { Chain = [.. chain.Select(each => each.Certificate)], Time = TestAuthority.Now }));
    }

    private OmsFault Fault(TestAuthority[] chain, TestAuthority? root = null, OmsAnchorRules? rules = null) =>
        Thrown(() => Verify(chain, new OmsAnchor((root ?? _root).Certificate, rules)));

    private static OmsVerified Verify(TestAuthority[] chain, params OmsAnchor[] anchors) => OmsVerifier.Verify(Seal(chain), [], anchors, TestAuthority.Now);

    private static OmsFault Thrown(Action act)
    {
        try
        {
            act();
            return OmsFault.None;
        }
        catch (OmsException refused)
        {
            return refused.Fault;
        }
    }

    private static byte[] Seal(TestAuthority[] chain, ECDsa? key = null)
    {
        // A leaf with a key that cannot sign models is refused before its signature is looked at.
        using ECDsa any = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        ECDsa signer = key ?? (chain[0].Key is ECDsa own && own.ExportParameters(false).Curve.Oid.FriendlyName?.StartsWith("brainpool", StringComparison.Ordinal) != true ? own : any);
        return Seal(chain.Select(each => each.Der).ToArray(), signer);
    }

    /// <summary>Put around the statement without the product's signer.</summary>
    private static byte[] Seal(byte[][] chain, ECDsa signer)
    {
        byte[] statement = OmsSignature.Parse(OmsSigner.Sign("m", Tree, signer)).Payload.ToArray();
        JsonNode bundle = JsonNode.Parse(OmsCases.Seal(statement, signer))!;
        bundle["verificationMaterial"] = new JsonObject
        {
            ["x509CertificateChain"] = new JsonObject
            {
                ["certificates"] = new JsonArray([.. chain.Select(der => (JsonNode)new JsonObject { ["rawBytes"] = Convert.ToBase64String(der) })]),
            },
        };
        return Encoding.UTF8.GetBytes(bundle.ToJsonString());
    }
}
