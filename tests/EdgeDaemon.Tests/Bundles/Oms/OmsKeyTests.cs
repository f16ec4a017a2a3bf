using System.Security.Cryptography;
using EdgeDaemon.Core.Bundles.Oms;

namespace EdgeDaemon.Tests.Bundles.Oms;

[TestClass]
public sealed class OmsKeyTests
{
    [TestMethod]
    public void Hint_is_that_of_the_reference_and_text_before_the_block_is_skipped()
    {
        string keys = Path.Combine(Conformance.Folder("oms"), "model-transparency/keys/certificate");
        OmsKey key = OmsCases.Key(Path.Combine(keys, "signing-key-pub.pem"));
        Assert.AreEqual("e8450dec4eb99dae995da9af1bc2cc9f76ed669ee2e744f57abba763df3e3f8e", key.Hint);
        Assert.AreEqual("P-384", key.Curve);

        // certtool printed the SPKI's digest into the same file.
        Assert.AreEqual("c1e49d63327f85c7e2971aefd30b5a0d1c6b9b5e1a892e7f5fba995adace816d", Convert.ToHexStringLower(key.Digest.AsSpan()));
    }

    [TestMethod]
    public void Refuses_other_curves_other_algorithms_and_other_blocks()
    {
        using ECDsa good = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        OmsKey.FromPem(good.ExportSubjectPublicKeyInfoPem());
        foreach (string curve in new[] { "secp256k1", "brainpoolP256r1" })
        {
            using ECDsa other = ECDsa.Create(ECCurve.CreateFromFriendlyName(curve));
            Refused(other.ExportSubjectPublicKeyInfoPem());
        }

        using RSA rsa = RSA.Create(2048);
        Refused(rsa.ExportSubjectPublicKeyInfoPem());
        Refused(good.ExportPkcs8PrivateKeyPem());
        Refused(good.ExportECPrivateKeyPem());
        Refused(good.ExportSubjectPublicKeyInfoPem() + "\n" + good.ExportSubjectPublicKeyInfoPem());
        Refused("");
        Refused("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----");

        byte[] spki = good.ExportSubjectPublicKeyInfo();
        OmsKey.FromSpki(spki);
        Assert.ThrowsExactly<OmsException>(() => OmsKey.FromSpki([.. spki, 0]));
        spki[^1] ^= 1; // no longer on the curve
        Assert.ThrowsExactly<OmsException>(() => OmsKey.FromSpki(spki));
    }

    private static void Refused(string pem)
    {
        var e = Assert.ThrowsExactly<OmsException>(() => OmsKey.FromPem(pem));
        Assert.AreEqual(OmsFault.KeyUnsupported, e.Fault);
    }
}
