using System.Runtime.Versioning;
using System.Security.Cryptography;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Tests.Posix.Files;

namespace EdgeDaemon.Tests.Ctl.Commands;

[TestClass]
[SupportedOSPlatform("linux")]
public sealed class KeygenCommandTests
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    [TestMethod]
    [DataRow("p256", 256)]
    [DataRow("p384", 384)]
    [DataRow("p521", 521)]
    public void Writes_a_key_that_only_its_owner_can_read_and_its_public_half(string curve, int bits)
    {
        using var tree = new TestTree();
        ToolRun run = ToolRun.Of("keygen", "--out", tree["k"], "--curve", curve).Succeeded();
        Assert.AreEqual(OwnerOnly, File.GetUnixFileMode(tree["k"]));
        using ECDsa key = ECDsa.Create();
        key.ImportFromPem(File.ReadAllText(tree["k"]));
        Assert.AreEqual(bits, key.KeySize);
        Assert.AreEqual(key.ExportSubjectPublicKeyInfoPem() + "\n", File.ReadAllText(tree["k.pub"]));
        StringAssert.Contains(run.Output, Convert.ToHexStringLower(SHA256.HashData(key.ExportSubjectPublicKeyInfo())));
        Assert.IsFalse(run.Output.Contains("PRIVATE KEY", StringComparison.Ordinal));
        Assert.AreEqual(2, Directory.GetFiles(tree.Root).Length, "no temporary file stays");
    }

    [TestMethod]
    public void Never_overwrites_unasked()
    {
        foreach (string there in new[] { "k", "k.pub", "t.toml" })
        {
            using var tree = new TestTree();
            tree.Add(there, "mine");
            string[] args = ["keygen", "--out", tree["k"], "--trust", tree["t.toml"], "--name", "n", "--models", "*"];
            ToolRun.Of(args).Failed(1, tree[there] + " exists", "--force");
            Assert.AreEqual("mine", File.ReadAllText(tree[there]));
            Assert.AreEqual(1, Directory.GetFiles(tree.Root).Length);
            ToolRun.Of([.. args, "--force"]).Succeeded();
            Assert.AreNotEqual("mine", File.ReadAllText(tree[there]));
            Assert.AreEqual(OwnerOnly, File.GetUnixFileMode(tree["k"]));
        }
    }

    [TestMethod]
    public void The_first_trust_file_is_one_that_a_device_reads()
    {
        using var tree = new TestTree();
        ToolRun.Of("keygen", "--out", tree["k"], "--trust", tree["t.toml"], "--name", "the \"dev\" key \\", "--models", "digits*, cats").Succeeded();
        TrustPolicy trust = TrustPolicy.Parse(File.ReadAllBytes(tree["t.toml"]), "t.toml");
        TrustedKey key = trust.Keys.Single();
        Assert.AreEqual("the \"dev\" key \\", key.Name);
        Assert.IsTrue(key.MayRelease("digits-s25") && key.MayRelease("cats") && !key.MayRelease("dogs"));
        Assert.IsFalse(trust.IsExpired(DateTimeOffset.UtcNow.AddDays(364)));
        Assert.IsTrue(trust.IsExpired(DateTimeOffset.UtcNow.AddDays(367)));
    }

    [TestMethod]
    public void A_name_or_pattern_that_no_trust_file_can_hold_leaves_no_key_behind()
    {
        using var tree = new TestTree();
        ToolRun.Of("keygen", "--out", tree["k"], "--trust", tree["t.toml"], "--name", "n", "--models", "a b").Failed(2, "--models");
        ToolRun.Of("keygen", "--out", tree["k"], "--trust", tree["t.toml"], "--name", "", "--models", "*").Failed(2, "--name");
        Assert.AreEqual(0, Directory.GetFiles(tree.Root).Length);
    }

    [TestMethod]
    public void A_folder_that_is_not_there_is_one_line()
    {
        using var tree = new TestTree();
        ToolRun.Of("keygen", "--out", tree["no/k"]).Failed(1, tree["no"]);
    }
}
