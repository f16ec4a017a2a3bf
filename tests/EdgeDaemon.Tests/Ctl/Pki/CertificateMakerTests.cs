using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EdgeDaemon.Core.Bundles.Oms;
using EdgeDaemon.Ctl.Keys;
using EdgeDaemon.Ctl.Pki;
using EdgeDaemon.Tests.Posix.Files;

namespace EdgeDaemon.Tests.Ctl.Pki;

/// <summary>Certificates and lists of other times than now, held against edgectl's verifier and against openssl.</summary>
[TestClass]
public sealed class CertificateMakerTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.UtcNow;

    [TestMethod]
    public void An_expired_or_unborn_signer_is_refused_now_and_good_in_its_time()
    {
        using var tree = new TestTree();
        using ECDsa authority = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        using X509Certificate2 root = CertificateMaker.Root("test", authority, Validity.Days(Now.AddDays(-100), 200));
        tree.Add("root.pem", PemFile.Text("CERTIFICATE", root.RawData));
        foreach ((int from, int days, string there, string here) in (ReadOnlySpan<(int, int, string, string)>)[(-50, 10, "expired", "expired on"), (20, 10, "not yet valid", "not valid before"), (-1, 10, "OK", "")])
        {
            using ECDsa holder = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var validity = Validity.Days(Now.AddDays(from), days);
            OmsCertificate leaf = CertificateMaker.Leaf(PkiUse.Signer, "alice", [], OmsKey.Of(holder), root, authority, validity);
            tree.Add("leaf.pem", PemFile.Text("CERTIFICATE", leaf.Der.Span));
            StringAssert.Contains(Openssl.Run("verify", "-CAfile", tree["root.pem"], tree["leaf.pem"]).Output, there);
            byte[] signature = OmsSigner.Sign("m", [new("a", 0, [.. SHA256.HashData([])])], holder, new OmsSigning { Chain = [leaf], Time = validity.From });
            OmsAnchor[] anchors = [new(OmsCertificate.FromDer(root.RawData))];
            OmsVerifier.Verify(signature, [], anchors, validity.From);
            OmsVerifier.Verify(signature, [], anchors, validity.Until);
            if (here.Length > 0)
            {
                StringAssert.Contains(Assert.ThrowsExactly<OmsException>(() => OmsVerifier.Verify(signature, [], anchors, Now)).Message, here);
            }
        }
    }

    [TestMethod]
    public void Serial_numbers_are_128_bits_and_never_the_same()
    {
        using ECDsa authority = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 root = CertificateMaker.Root("test", authority, Validity.Days(Now, 2));
        OmsKey holder = OmsKey.Of(authority);
        string[] serials = [.. Enumerable.Range(0, 64).Select(_ => CertificateMaker.Leaf(PkiUse.Signer, "a", [], holder, root, authority, Validity.Days(Now, 1)).Serial)];
        Assert.HasCount(64, serials.Distinct());

        // 1 in 2^64 that none of 64 has its first bit set: these are positive all the same, for the reader took them.
        Assert.IsTrue(serials.Any(serial => serial.Length == 32 && serial[0] >= '8'), "the first bit is random too");
        Assert.IsTrue(serials.All(serial => serial.Length is > 24 and <= 32));
    }

    [TestMethod]
    public void A_list_revokes_every_kind_of_serial_number_and_openssl_sees_the_same_ones()
    {
        using var tree = new TestTree();
        using ECDsa authority = ECDsa.Create(ECCurve.NamedCurves.nistP521);
        using X509Certificate2 root = CertificateMaker.Root("test", authority, Validity.Days(Now, 2));
        tree.Add("root.pem", PemFile.Text("CERTIFICATE", root.RawData));
        string[] serials = ["1", "7f", "80", "ff", "100", "f0000000000000000000000000000000", "7fffffffffffffffffffffffffffffff"];
        PkiIndex index = PkiIndex.Empty with { CrlNumber = 300 };
        foreach (string serial in serials)
        {
            index = index.With(new IssuedCertificate
            {
                Serial = serial, Use = PkiUse.Signer, Name = "a", AlternativeNames = [], NotBefore = Now, NotAfter = Now, SpkiDigest = new string('0', 64),
                Revocation = new RevocationEntry(Now, RevocationEntry.Reasons[serial.Length % RevocationEntry.Reasons.Length].Value),
            });
        }

        byte[] list = RevocationListMaker.Make(index, root, authority, Validity.Days(Now, 1));
        Assert.AreEqual(serials.Length, OmsRevocationList.FromDer(list).Count);
        tree.Add("list.pem", PemFile.Text("X509 CRL", list));
        string text = Openssl.Succeeded("crl", "-in", tree["list.pem"], "-noout", "-text", "-CAfile", tree["root.pem"]);
        StringAssert.Contains(text, "verify OK");
        StringAssert.Matches(text, new(@"X509v3 CRL Number: \s+300\s"));
        foreach (string serial in serials)
        {
            string even = (serial.Length % 2 == 0 ? serial : "0" + serial).ToUpperInvariant();
            StringAssert.Contains(text, $"Serial Number: {even}\n");
        }
    }

    [TestMethod]
    public void A_key_in_another_form_than_a_file_makes_the_same_kind_of_root()
    {
        // What a token's key is to the maker: one that signs, and whose private half cannot be had.
        using ECDsa inner = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var token = new Unexportable(inner);
        using X509Certificate2 root = CertificateMaker.Root("test", token, Validity.Days(Now, 2));
        CollectionAssert.AreEqual(inner.ExportSubjectPublicKeyInfo(), root.PublicKey.ExportSubjectPublicKeyInfo());
        _ = new OmsAnchor(OmsCertificate.FromDer(root.RawData));
        Assert.ThrowsExactly<CryptographicException>(() => PrivateKeyFile.Write("/nonexistent/k", token));
    }

    private sealed class Unexportable : ECDsa
    {
        private readonly ECDsa _inner;

        public Unexportable(ECDsa inner)
        {
            _inner = inner;
            KeySizeValue = inner.KeySize;
        }

        public override byte[] SignHash(byte[] hash) => _inner.SignHash(hash);

        public override bool VerifyHash(byte[] hash, byte[] signature) => _inner.VerifyHash(hash, signature);

        public override ECParameters ExportParameters(bool includePrivateParameters) =>
            includePrivateParameters ? throw new CryptographicException("no") : _inner.ExportParameters(false);
    }
}
