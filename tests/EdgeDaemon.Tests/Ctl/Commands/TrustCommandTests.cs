using System.Runtime.Versioning;
using System.Text.Json;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Tests.Posix.Files;

namespace EdgeDaemon.Tests.Ctl.Commands;

[TestClass]
[SupportedOSPlatform("linux")]
public sealed class TrustCommandTests
{
    [TestMethod]
    public void Adding_a_key_raises_the_version_and_keeps_what_people_wrote()
    {
        using TestTree tree = Prepared();
        string before = File.ReadAllText(tree["t.toml"]);
        ToolRun.Of("keygen", "--out", tree["bob"]).Succeeded();
        ToolRun run = ToolRun.Of("trust", "add", tree["t.toml"], "--key", tree["bob.pub"], "--name", "bob", "--models", "a*,b").Succeeded();
        StringAssert.Contains(run.Output, "now version 2");
        string after = File.ReadAllText(tree["t.toml"]);
        Assert.AreEqual(before.Replace("version = 1 ", "version = 2 ", StringComparison.Ordinal).Split("version = ")[0], after.Split("version = ")[0]);
        StringAssert.Contains(after, "# raise it with every change");
        TrustPolicy policy = TrustPolicy.Parse(File.ReadAllBytes(tree["t.toml"]), "t");
        Assert.AreEqual((2L, 2), (policy.Version, policy.Keys.Length));
        CollectionAssert.AreEqual((string[])["a*", "b"], policy.Keys[1].Models.ToArray());
    }

    [TestMethod]
    public void A_change_that_would_make_the_file_invalid_changes_nothing()
    {
        using TestTree tree = Prepared();
        byte[] before = File.ReadAllBytes(tree["t.toml"]);
        ToolRun.Of("trust", "add", tree["t.toml"], "--key", tree["k.pub"], "--name", "again", "--models", "*").Failed(1, "is the key 'dev' again");
        ToolRun.Of("trust", "add", tree["t.toml"], "--key", tree["k.pub"], "--name", "again").Failed(2, "--models goes with the role release");
        ToolRun.Of("trust", "revoke", tree["t.toml"], "--key", "nobody").Failed(1, $"no key named 'nobody' in {tree["t.toml"]}, and no such file");
        ToolRun.Of("trust", "revoke", tree["t.toml"], "--release", "abc").Failed(2, "--release 'abc' is no release digest");
        ToolRun.Of("trust", "revoke", tree["t.toml"]).Failed(2, "exactly one of --key and --release");
        CollectionAssert.AreEqual(before, File.ReadAllBytes(tree["t.toml"]));
    }

    [TestMethod]
    public void A_key_is_revoked_by_name_digest_or_file()
    {
        foreach (string how in (string[])["name", "digest", "file"])
        {
            using TestTree tree = Prepared();
            string digest = TrustPolicy.Parse(File.ReadAllBytes(tree["t.toml"]), "t").Keys[0].SpkiDigestHex;
            string key = how == "name" ? "dev" : how == "digest" ? digest : tree["k.pub"];
            ToolRun.Of("trust", "revoke", tree["t.toml"], "--key", key, "--reason", "a \"test\"").Succeeded();
            Assert.IsTrue(TrustPolicy.Parse(File.ReadAllBytes(tree["t.toml"]), "t").IsRevokedKey(digest), how);
            ToolRun.Of("trust", "check", tree["t.toml"]).Failed(1, "no key may release a model");
        }
    }

    [TestMethod]
    public void Digits_of_either_case_are_taken_and_revoking_twice_changes_nothing()
    {
        using TestTree tree = Prepared();
        string digest = TrustPolicy.Parse(File.ReadAllBytes(tree["t.toml"]), "t").Keys[0].SpkiDigestHex;
        ToolRun.Of("trust", "revoke", tree["t.toml"], "--key", digest.ToUpperInvariant()).Succeeded();
        ToolRun.Of("trust", "revoke", tree["t.toml"], "--release", new string('A', 64)).Succeeded();
        byte[] once = File.ReadAllBytes(tree["t.toml"]);
        TrustPolicy policy = TrustPolicy.Parse(once, "t");
        Assert.IsTrue(policy.IsRevokedKey(digest) && policy.IsRevokedRelease(new string('a', 64)));
        foreach ((string option, string what) in ((string, string)[])[("--key", "dev"), ("--key", digest), ("--key", tree["k.pub"]), ("--release", new string('a', 64))])
        {
            StringAssert.Contains(ToolRun.Of("trust", "revoke", tree["t.toml"], option, what).Succeeded().Output, "is revoked already; version 3 stays as it is");
            CollectionAssert.AreEqual(once, File.ReadAllBytes(tree["t.toml"]));
        }
    }

    [TestMethod]
    public void Signing_with_a_key_that_cannot_count_is_said()
    {
        using TestTree tree = Prepared();
        ToolRun.Of("keygen", "--out", tree["chief"]).Succeeded();
        ToolRun.Of("keygen", "--out", tree["other"]).Succeeded();
        ToolRun.Of("trust", "add", tree["t.toml"], "--key", tree["chief.pub"], "--name", "chief", "--role", "trust").Succeeded();
        ToolRun run = ToolRun.Of("trust", "sign", tree["t.toml"], "--key", tree["chief"], "--out", tree["t.json"]).Succeeded();
        StringAssert.Contains(run.Output, "version 2, 1 signature(s), 1 of them by trust keys of this version, which asks for 1");
        Assert.IsFalse(run.Output.Contains("warning", StringComparison.Ordinal), "the control: " + run.Output);
        run = ToolRun.Of("trust", "sign", tree["t.toml"], "--key", tree["k"], "--out", tree["t.json"]).Succeeded();
        StringAssert.Contains(run.Output, "2 signature(s), 1 of them by trust keys");
        StringAssert.Contains(run.Output, "warning: key 'dev' does not have the role trust in version 2");
        run = ToolRun.Of("trust", "sign", tree["t.toml"], "--key", tree["other"], "--out", tree["t.json"]).Succeeded();
        StringAssert.Contains(run.Output, "3 signature(s), 1 of them");
        StringAssert.Contains(run.Output, "warning: version 2 does not list the key ");
        ToolRun.Of("trust", "revoke", tree["t.toml"], "--key", "chief").Succeeded();
        StringAssert.Contains(
            ToolRun.Of("trust", "sign", tree["t.toml"], "--key", tree["chief"], "--out", tree["t3.json"]).Succeeded().Output, "warning: version 3 revokes the key ");
    }

    [TestMethod]
    public void A_trust_file_that_others_may_write_is_warned_of()
    {
        using TestTree tree = Prepared();
        ToolRun.Of("trust", "check", tree["t.toml"]).Succeeded();
        TestTree.Run("chmod", "666", tree["t.toml"]);
        ToolRun run = ToolRun.Of("trust", "check", tree["t.toml"]);
        Assert.AreEqual(0, run.Code);
        StringAssert.StartsWith(run.Output, "good: ");
        Assert.AreEqual($"edgectl: warning: {tree["t.toml"]} has mode 0666, so that others than its owner may write it: take that from them (chmod go-w); edged refuses such a file\n", run.Error);
    }

    [TestMethod]
    public void Show_tells_everything_in_both_forms()
    {
        using TestTree tree = Prepared();
        ToolRun.Of("trust", "revoke", tree["t.toml"], "--release", new string('a', 64)).Succeeded();
        string text = ToolRun.Of("trust", "show", tree["t.toml"]).Succeeded().Output;
        foreach (string word in (string[])["version     2", "key         dev", "models *", "revoked     release aaaa"])
        {
            StringAssert.Contains(text, word);
        }

        using JsonDocument json = JsonDocument.Parse(ToolRun.Of("trust", "show", tree["t.toml"], "--json").Succeeded().Output);
        Assert.AreEqual("dev", json.RootElement.GetProperty("keys")[0].GetProperty("name").GetString());
        Assert.AreEqual(new string('a', 64), json.RootElement.GetProperty("revoked")[0].GetProperty("release").GetString());
        StringAssert.Contains(ToolRun.Of("trust", "check", tree["t.toml"]).Succeeded().Output, "good: version 2, 1 key(s) may release");
    }

    private static TestTree Prepared()
    {
        var tree = new TestTree();
        ToolRun.Of("keygen", "--out", tree["k"], "--trust", tree["t.toml"], "--name", "dev", "--models", "*").Succeeded();
        return tree;
    }
}
