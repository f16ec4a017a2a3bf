using System.Runtime.Versioning;
using System.Text.Json;
using EdgeDaemon.Tests.Posix.Files;

namespace EdgeDaemon.Tests.Ctl.Commands;

[TestClass]
[SupportedOSPlatform("linux")]
public sealed class BundleImportCommandTests
{
    [TestMethod]
    [DataRow("spec")]
    [DataRow("python")]
    [DataRow("go")]
    public void A_directory_that_another_tool_signed_becomes_a_bundle_with_that_very_signature(string dialect)
    {
        using var bundle = new BundleTree();
        using var tree = new TestTree();
        string content = Path.Combine(bundle.Bundle, "content");
        tree.Add("model.sig", "");
        TestTree.Run("/usr/bin/python3", Path.Combine(Conformance.Folder("oms"), "oms_make.py"), "sign", "--key", bundle.Key, "--out", tree["model.sig"], "--dialect", dialect, content);
        ToolRun.Of("bundle", "import-oms", content, tree["model.sig"], "-o", tree["b"], "--public-key", bundle.Key + ".pub").Succeeded();
        string kept = Directory.GetFiles(tree["b/signatures"]).Single();
        CollectionAssert.AreEqual(File.ReadAllBytes(tree["model.sig"]), File.ReadAllBytes(kept));
        ToolRun.Of("bundle", "verify", tree["b"], "--trust", bundle.Trust).Succeeded();
        Assert.AreEqual(Path.GetFileName(Directory.GetFiles(Path.Combine(bundle.Bundle, "signatures")).Single()), Path.GetFileName(kept));
        ToolRun.Of("bundle", "import-oms", content, tree["model.sig"], "-o", tree["c"]).Succeeded();
        ToolRun.Of("bundle", "verify", tree["c"], "--trust", bundle.Trust).Succeeded();
        ToolRun.Of("bundle", "import-oms", content, tree["model.sig"], "-o", tree["c"]).Failed(1, "exists");
    }

    [TestMethod]
    public void What_is_not_signed_is_not_imported()
    {
        using var bundle = new BundleTree();
        using var tree = new TestTree();
        string content = Path.Combine(bundle.Bundle, "content");
        string signature = Directory.GetFiles(Path.Combine(bundle.Bundle, "signatures")).Single();
        bundle.Add("tiny/content/extra", "x");
        ToolRun.Of("bundle", "import-oms", content, signature, "-o", tree["b"]).Failed(1, "'extra' is in the tree but not signed");
        ToolRun.Of("keygen", "--out", tree["other"]).Succeeded();
        File.Delete(Path.Combine(content, "extra"));
        ToolRun.Of("bundle", "import-oms", content, signature, "-o", tree["b"], "--public-key", tree["other.pub"]).Failed(1, "not trusted");
        tree.Add("plain/a", "x");
        ToolRun.Of("oms", "sign", "--method", "key", "--model-path", tree["plain"], "--bundle", tree["p.sig"], "--private-key", tree["other"]).Succeeded();
        ToolRun.Of("bundle", "import-oms", tree["plain"], tree["p.sig"], "-o", tree["b"]).Failed(1, "no signed model.toml", "bundle init");
        Assert.IsFalse(Directory.Exists(tree["b"]));
    }

    [TestMethod]
    public void Differences_are_shown_each_with_both_sides()
    {
        using var one = new BundleTree();
        using var tree = new TestTree();
        TestTree.Run("cp", "-r", one.Bundle, tree["b"]);
        StringAssert.Contains(ToolRun.Of("bundle", "diff", one.Bundle, tree["b"]).Succeeded().Output, "the same");
        one.Edit("sequence = 1", "sequence = 2");
        File.AppendAllText(one["tiny/content/labels.txt"], "three\n");
        ToolRun.Of("keygen", "--out", tree["second"]).Succeeded();
        ToolRun run = ToolRun.Of("bundle", "diff", tree["b"], one.Bundle);
        Assert.AreEqual((1, ""), (run.Code, run.Error));
        foreach (string line in (string[])["release   digest: ", "manifest  sequence: 1 -> 2", "file      labels.txt: 13 bytes", "file      model.toml: "])
        {
            StringAssert.Contains(run.Output, line);
        }

        using JsonDocument json = JsonDocument.Parse(ToolRun.Of("bundle", "diff", tree["b"], one.Bundle, "--json").Output);
        Assert.IsTrue(json.RootElement.EnumerateArray().Any(each => each.GetProperty("name").GetString() == "sequence" && each.GetProperty("new").GetString() == "2"));
    }

    [TestMethod]
    public void A_second_signature_needs_no_first_key()
    {
        using var bundle = new BundleTree();
        using var tree = new TestTree();
        File.Delete(bundle.Key);
        ToolRun.Of("keygen", "--out", tree["second"]).Succeeded();
        ToolRun.Of("bundle", "sign", bundle.Bundle, "--key", tree["second"]).Succeeded();
        Assert.AreEqual(2, Directory.GetFiles(Path.Combine(bundle.Bundle, "signatures")).Length);
        ToolRun.Of("bundle", "verify", bundle.Bundle, "--trust", bundle.Trust).Succeeded();
    }
}
