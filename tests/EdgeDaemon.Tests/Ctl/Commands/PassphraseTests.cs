using System.Runtime.Versioning;
using System.Text.RegularExpressions;
using EdgeDaemon.Tests.Posix.Files;

namespace EdgeDaemon.Tests.Ctl.Commands;

/// <summary>Encrypted keys through every command that signs, and in openssl's eyes.</summary>
[TestClass]
[SupportedOSPlatform("linux")]
public sealed class PassphraseTests
{
    [TestMethod]
    public void The_key_is_encrypted_as_promised_and_openssl_opens_it()
    {
        using var tree = new TestTree();
        Secret(tree, "p", "correct horse\nsecond line\n");
        Secret(tree, "first", "correct horse");
        Secret(tree, "wrong", "correct horses");
        ToolRun run = ToolRun.Of("keygen", "--out", tree["k"], "--curve", "p384", "--passphrase-file", tree["p"]).Succeeded();
        StringAssert.Contains(run.Output, "encrypted");
        StringAssert.StartsWith(File.ReadAllText(tree["k"]), "-----BEGIN ENCRYPTED PRIVATE KEY-----\n");
        Assert.AreEqual(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(tree["k"]));
        string form = Openssl.Succeeded("asn1parse", "-in", tree["k"]);
        foreach (string part in (string[])[":PBES2", ":PBKDF2", ":hmacWithSHA256", ":aes-256-cbc"])
        {
            StringAssert.Contains(form, part);
        }

        // 600,000 rounds, and the number in --help is the one in the file.
        StringAssert.Matches(form, new Regex("INTEGER +:0927C0"));
        StringAssert.Contains(ToolRun.Of("keygen", "--help").Output, "600000 rounds");
        Assert.AreEqual(File.ReadAllText(tree["k.pub"]), Openssl.Succeeded("pkey", "-in", tree["k"], "-passin", "file:" + tree["first"], "-pubout"));
        Assert.AreNotEqual(0, Openssl.Run("pkey", "-in", tree["k"], "-passin", "file:" + tree["wrong"], "-pubout").Code);
    }

    [TestMethod]
    public void What_openssl_encrypts_signs_here()
    {
        using var tree = new BundleTree(signed: false);
        tree.Add("p", "secret\n");
        TestTree.Run("chmod", "600", tree["p"]);
        Openssl.Succeeded("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-aes-256-cbc", "-pass", "file:" + tree["p"], "-out", tree["k"]);
        TestTree.Run("chmod", "600", tree["k"]);
        ToolRun.Of("bundle", "sign", tree.Bundle, "--key", tree["k"], "--passphrase-file", tree["p"]).Succeeded();
    }

    [TestMethod]
    [DataRow("bundle")]
    [DataRow("oms")]
    [DataRow("trust")]
    public void Every_command_that_signs_asks_for_the_right_passphrase(string command)
    {
        using var tree = new BundleTree(signed: false);
        foreach ((string file, string text) in (ReadOnlySpan<(string, string)>)[("right", "secret\n"), ("wrong", "Secret\n"), ("empty", "\nsecret\n"), ("void", ""), ("open", "secret\n")])
        {
            tree.Add(file, text);
            TestTree.Run("chmod", file == "open" ? "640" : "600", tree[file]);
        }

        ToolRun.Of("keygen", "--out", tree["k"], "--passphrase-file", tree["right"]).Succeeded();
        string[] Sign(string key) => command switch
        {
            "bundle" => ["bundle", "sign", tree.Bundle, "--key", key],
            "oms" => ["oms", "sign", "--method", "key", "--model-path", tree.Bundle, "--bundle", tree["s"], "--private-key", key],
            _ => ["trust", "sign", tree.Trust, "--key", key, "--out", tree["t.json"]],
        };
        ToolRun.Of(Sign(tree["k"])).Failed(1, tree["k"], "is encrypted", "--passphrase-file");
        ToolRun.Of([.. Sign(tree["k"]), "--passphrase-file", tree["wrong"]]).Failed(1, "does not open", tree["wrong"]);
        ToolRun.Of([.. Sign(tree["k"]), "--passphrase-file", tree["empty"]]).Failed(1, "is empty", tree["empty"]);
        ToolRun.Of([.. Sign(tree["k"]), "--passphrase-file", tree["void"]]).Failed(1, "is empty", tree["void"]);
        ToolRun.Of([.. Sign(tree["k"]), "--passphrase-file", tree["missing"]]).Failed(1, "passphrase cannot be read", tree["missing"]);
        ToolRun.Of([.. Sign(tree["k"]), "--passphrase-file", tree["open"]]).Failed(1, "chmod 600", tree["open"]);
        ToolRun.Of([.. Sign(tree.Key), "--passphrase-file", tree["right"]]).Failed(1, "is not encrypted");
        Assert.IsFalse(Path.Exists(tree["s"]) || Path.Exists(tree["t.json"]) || Path.Exists(tree["tiny/signatures"]), "a failure signs nothing");
        ToolRun.Of([.. Sign(tree["k"]), "--passphrase-file", tree["right"]]).Succeeded();
    }

    [TestMethod]
    public void A_passphrase_that_cannot_be_used_leaves_no_key_behind()
    {
        using var tree = new TestTree();
        Secret(tree, "empty", "\n");
        ToolRun.Of("keygen", "--out", tree["k"], "--passphrase-file", tree["empty"]).Failed(1, "is empty");
        ToolRun.Of("keygen", "--out", tree["k"], "--passphrase-file", tree["missing"]).Failed(1, "cannot be read");
        tree.Link("link", "empty");
        ToolRun.Of("keygen", "--out", tree["k"], "--passphrase-file", tree["link"]).Failed(1, "symbolic link");
        Assert.HasCount(2, Directory.GetFileSystemEntries(tree.Root));
    }

    private static void Secret(TestTree tree, string name, string text)
    {
        tree.Add(name, text);
        TestTree.Run("chmod", "600", tree[name]);
    }
}
