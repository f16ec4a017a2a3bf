using System.Runtime.Versioning;
using System.Security.Cryptography;
using System.Text;
using EdgeDaemon.Ctl.Keys;
using EdgeDaemon.Tests.Ctl.Commands;

namespace EdgeDaemon.Tests.Ctl.Keys;

[TestClass]
[SupportedOSPlatform("linux")]
public sealed class PrivateKeyBlockTests
{
    [TestMethod]
    [DataRow("PKCS#8")]
    [DataRow("EC")]
    [DataRow("RSA")]
    [DataRow("encrypted")]
    [DataRow("OpenSSH")]
    [DataRow("PGP")]
    [DataRow("behind a certificate")]
    [DataRow("in JSON")]
    [DataRow("behind a megabyte")]
    public void A_private_key_is_found_and_neither_copied_nor_signed(string kind)
    {
        string pem = PrivateKey(kind);
        Assert.IsTrue(PrivateKeyBlock.IsIn(Encoding.Latin1.GetBytes(pem)), kind);
        using var tree = new BundleTree(signed: false);
        tree.Add("plain/model.onnx", "no graph");
        tree.Add("plain/sub/dev.key", pem);
        ToolRun.Of("bundle", "create", tree["plain"], "--name", "tiny", "--out", tree["made"]).Failed(1, tree["plain/sub/dev.key"], "private key");
        Assert.IsFalse(Path.Exists(tree["made"]));

        tree.Add("tiny/content/dev.key", pem);
        ToolRun.Of("bundle", "init", tree.Bundle, "--name", "tiny", "--force").Succeeded();
        ToolRun.Of("bundle", "sign", tree.Bundle, "--key", tree.Key).Failed(1, tree["tiny/content/dev.key"], "private key");
        Assert.IsFalse(Directory.Exists(tree["tiny/signatures"]));
    }

    [TestMethod]
    public void What_is_public_is_a_file_like_any_other()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        foreach (string text in (string[])[
            "", "-----BEGIN ", "-----BEGIN PRIVATE KEY", "PRIVATE KEY-----", "no PRIVATE KEY here", key.ExportSubjectPublicKeyInfoPem(),
            "-----BEGIN CERTIFICATE-----\nPRIVATE KEY\n-----END CERTIFICATE-----\n"])
        {
            Assert.IsFalse(PrivateKeyBlock.IsIn(Encoding.Latin1.GetBytes(text)), text);
        }

        using var tree = new BundleTree(signed: false);
        File.Copy(tree.Key + ".pub", tree["tiny/content/signer.pub"]);
        ToolRun.Of("bundle", "init", tree.Bundle, "--name", "tiny", "--force").Succeeded();
        ToolRun.Of("bundle", "sign", tree.Bundle, "--key", tree.Key).Succeeded();
        ToolRun.Of("bundle", "create", tree["tiny/content"], "--out", tree["made"]).Succeeded();
    }

    private static string PrivateKey(string kind)
    {
        using ECDsa ec = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        string plain = ec.ExportPkcs8PrivateKeyPem();
        switch (kind)
        {
            case "PKCS#8":
                return plain;
            case "EC":
                return ec.ExportECPrivateKeyPem();
            case "RSA":
                using (var rsa = RSA.Create(2048))
                {
                    return rsa.ExportRSAPrivateKeyPem();
                }

            case "encrypted":
                return ec.ExportEncryptedPkcs8PrivateKeyPem("secret", new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1000));
            case "OpenSSH":
                return "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmU=\n-----END OPENSSH PRIVATE KEY-----\n";
            case "PGP":
                return "-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nlQVYBF\n-----END PGP PRIVATE KEY BLOCK-----\n";
            case "behind a certificate":
                return "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n" + plain;
            case "in JSON":
                return "{\"private_key\": \"" + plain.Replace("\n", "\\n", StringComparison.Ordinal) + "\"}";
            default:
                return new string('-', 1 << 20) + plain;
        }
    }
}
