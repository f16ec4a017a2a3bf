using System.Runtime.Versioning;
using System.Security.Cryptography;
using EdgeDaemon.Ctl;
using EdgeDaemon.Ctl.Keys;
using EdgeDaemon.Tests.Posix.Files;

namespace EdgeDaemon.Tests.Ctl.Keys;

[TestClass]
[SupportedOSPlatform("linux")]
public sealed class PrivateKeyFileTests
{
    [TestMethod]
    public void What_is_written_reads_back()
    {
        using var tree = new TestTree();
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        PrivateKeyFile.Write(tree["k"], key);
        using ECDsa again = PrivateKeyFile.Read(tree["k"]);
        CollectionAssert.AreEqual(key.ExportPkcs8PrivateKey(), again.ExportPkcs8PrivateKey());
        using ECDsa pem = ECDsa.Create();
        pem.ImportFromPem(File.ReadAllText(tree["k"]));
        CollectionAssert.AreEqual(key.ExportPkcs8PrivateKey(), pem.ExportPkcs8PrivateKey());
    }

    [TestMethod]
    public void Openssls_older_form_with_parameters_before_it_is_read()
    {
        using var tree = new TestTree();
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        Secret(tree, "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n" + key.ExportECPrivateKeyPem() + "\n");
        using ECDsa again = PrivateKeyFile.Read(tree["k"]);
        CollectionAssert.AreEqual(key.ExportPkcs8PrivateKey(), again.ExportPkcs8PrivateKey());
    }

    [TestMethod]
    public void Refuses_what_is_no_signing_key_and_says_what_it_is()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using RSA rsa = RSA.Create(2048);
        using ECDsa brainpool = ECDsa.Create(ECCurve.NamedCurves.brainpoolP256r1);
        Refused("public key", key.ExportSubjectPublicKeyInfoPem());
        Refused("encrypted", key.ExportEncryptedPkcs8PrivateKeyPem("p", new PbeParameters(PbeEncryptionAlgorithm.Aes128Cbc, HashAlgorithmName.SHA256, 1)));
        Refused("not a P-256", rsa.ExportPkcs8PrivateKeyPem());
        Refused("not a P-256", brainpool.ExportPkcs8PrivateKeyPem());
        Refused("not a P-256", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----");
        Refused("no private key", "hello");
        Refused("no private key", "");
    }

    [TestMethod]
    public void Refuses_a_key_that_others_can_read()
    {
        using var tree = new TestTree();
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        PrivateKeyFile.Write(tree["k"], key);
        foreach (UnixFileMode extra in new[] { UnixFileMode.GroupRead, UnixFileMode.OtherRead, UnixFileMode.OtherWrite })
        {
            File.SetUnixFileMode(tree["k"], UnixFileMode.UserRead | UnixFileMode.UserWrite | extra);
            StringAssert.Contains(Assert.Throws<IOException>(() => PrivateKeyFile.Read(tree["k"])).Message, "chmod 600");
        }
    }

    private static void Refused(string why, string pem)
    {
        using var tree = new TestTree();
        Secret(tree, pem);
        CtlException error = Assert.ThrowsExactly<CtlException>(() => PrivateKeyFile.Read(tree["k"]));
        StringAssert.Contains(error.Message, why);
        StringAssert.Contains(error.Message, tree["k"]);
    }

    private static void Secret(TestTree tree, string pem)
    {
        tree.Add("k", pem);
        File.SetUnixFileMode(tree["k"], UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }
}
