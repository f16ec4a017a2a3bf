using EdgeDaemon.Core.Bundles;

namespace EdgeDaemon.Tests.Ctl.Commands;

[TestClass]
public sealed class BundleCreateCommandTests
{
    [TestMethod]
    public void Files_without_a_manifest_become_a_bundle_that_signs_and_verifies()
    {
        using var tree = new BundleTree(signed: false);
        string plain = Plain(tree);
        File.Delete(Path.Combine(plain, "model.toml"));
        tree.Add("plain/sub/weights.bin", "123");
        tree.Add("plain/.git/config", "never part of a release");
        string stdout = ToolRun.Of("bundle", "create", plain, "--name", "tiny", "--out", tree["made"]).Succeeded().Output;
        StringAssert.Contains(stdout, "3 files, and a first model.toml");
        ModelManifest manifest = ModelManifest.Parse(File.ReadAllBytes(tree["made/content/model.toml"]), "model.toml");
        CollectionAssert.AreEqual((string[])["labels.txt", "model.onnx", "sub/weights.bin"], manifest.Files.Select(file => file.Path).ToArray());
        CollectionAssert.AreEqual(File.ReadAllBytes(tree["plain/model.onnx"]), File.ReadAllBytes(tree["made/content/model.onnx"]));
        Assert.IsFalse(Directory.Exists(tree["made/content/.git"]));
        Assert.IsFalse(File.Exists(Path.Combine(plain, "model.toml")), "the source is only read");
        ToolRun.Of("bundle", "sign", tree["made"], "--key", tree.Key).Succeeded();
        ToolRun.Of("bundle", "verify", tree["made"], "--trust", tree.Trust).Succeeded();
    }

    [TestMethod]
    public void A_manifest_that_is_there_is_kept_byte_for_byte()
    {
        using var tree = new BundleTree(signed: false);
        string plain = Plain(tree);
        ToolRun.Of("bundle", "create", plain, "--out", tree["made"]).Succeeded();
        CollectionAssert.AreEqual(File.ReadAllBytes(tree.Manifest), File.ReadAllBytes(tree["made/content/model.toml"]));
        ToolRun.Of("bundle", "create", plain, "--name", "tiny", "-o", tree["again"]).Succeeded();
        ToolRun.Of("bundle", "sign", tree["made"], "--key", tree.Key).Succeeded();
    }

    [TestMethod]
    public void A_wrong_manifest_makes_no_bundle()
    {
        using var tree = new BundleTree(signed: false);
        string plain = Plain(tree);
        string manifest = Path.Combine(plain, "model.toml");
        string good = File.ReadAllText(manifest);
        string[] create = ["bundle", "create", plain, "--out", tree["made"]];
        ToolRun.Of([.. create, "--name", "other"]).Failed(1, "names the model 'tiny', not 'other'");
        File.WriteAllText(manifest, good + "nonsense");
        ToolRun.Of(create).Failed(1, manifest + ":");
        File.WriteAllText(manifest, good.Replace("FP32", "FILL_IN", StringComparison.Ordinal));
        ToolRun run = ToolRun.Of(create);
        Assert.AreEqual(1, run.Code);
        StringAssert.Contains(run.Error, manifest + ":");
        File.WriteAllText(manifest, good);
        tree.Add("plain/extra.bin", "1");
        ToolRun.Of(create).Failed(1, "'extra.bin' is not listed");
        Assert.IsFalse(Path.Exists(tree["made"]));
        File.Delete(tree["plain/extra.bin"]);
        ToolRun.Of(create).Succeeded();
        ToolRun.Of(create).Failed(1, tree["made"] + " exists");
    }

    [TestMethod]
    public void What_is_no_folder_of_files_is_refused()
    {
        using var tree = new BundleTree(signed: false);
        string plain = Plain(tree);
        ToolRun.Of("bundle", "create", tree["nothing"], "--name", "tiny", "--out", tree["made"]).Failed(1, "not a folder");
        Directory.CreateDirectory(tree["empty"]);
        ToolRun.Of("bundle", "create", tree["empty"], "--name", "tiny", "--out", tree["made"]).Failed(1, "is empty");
        ToolRun.Of("bundle", "create", plain, "--name", "a/b", "--out", tree["made"]).Failed(2, "--name must be");
        File.Delete(Path.Combine(plain, "model.toml"));
        ToolRun.Of("bundle", "create", plain, "--out", tree["made"]).Failed(2, "--name");
        tree.Link("plain/link", "/etc/passwd");
        ToolRun.Of("bundle", "create", plain, "--name", "tiny", "--out", tree["made"]).Failed(1, "link");
        Assert.IsFalse(Path.Exists(tree["made"]));
    }

    [TestMethod]
    public void Nothing_is_written_into_the_source()
    {
        using var tree = new BundleTree(signed: false);
        string plain = Plain(tree);
        Directory.CreateDirectory(tree["plain/sub"]);
        tree.Add("plain/sub/x", "");
        tree.Link("way-in", "plain/sub");
        string[] before = Directory.GetFileSystemEntries(plain, "*", SearchOption.AllDirectories);
        foreach (string inside in (string[])["plain/inside", "plain/sub/inside", "plain/./inside/", "way-in/inside", "tiny/../plain/inside"])
        {
            ToolRun.Of("bundle", "create", plain, "--out", tree[inside]).Failed(1, "would lie in", "--out");
        }

        CollectionAssert.AreEqual(before, Directory.GetFileSystemEntries(plain, "*", SearchOption.AllDirectories));
        Directory.Delete(tree["plain/sub"], recursive: true);
        ToolRun.Of("bundle", "create", plain, "--out", tree["plain-inside"]).Succeeded();
    }

    [TestMethod]
    public void A_second_signature_needs_no_first_key()
    {
        using var tree = new BundleTree();
        File.Delete(tree.Key);
        string first = Directory.GetFiles(tree["tiny/signatures"]).Single();
        byte[] before = File.ReadAllBytes(first);
        ToolRun.Of("keygen", "--out", tree["second"]).Succeeded();
        ToolRun.Of("bundle", "sign", tree.Bundle, "--key", tree["second"]).Succeeded();
        Assert.HasCount(2, Directory.GetFiles(tree["tiny/signatures"]));
        CollectionAssert.AreEqual(before, File.ReadAllBytes(first));
        ToolRun.Of("trust", "add", tree.Trust, "--key", tree["second.pub"], "--name", "second", "--models", "*").Succeeded();
        File.AppendAllText(tree.Trust, "\n[[rule]]\nmodels = [\"*\"]\nthreshold = 2\n");
        tree.Verify().Succeeded();
    }

    private static string Plain(BundleTree tree)
    {
        foreach (string file in Directory.GetFiles(tree["tiny/content"]))
        {
            tree.Add("plain/" + Path.GetFileName(file), "");
            File.Copy(file, tree["plain/" + Path.GetFileName(file)], overwrite: true);
        }

        return tree["plain"];
    }
}
