using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Tensors;
using EdgeDaemon.Tests.Bundles.Onnx;

namespace EdgeDaemon.Tests.Ctl.Commands;

[TestClass]
public sealed class BundleCommandTests
{
    [TestMethod]
    public void From_a_folder_of_files_to_a_bundle_that_a_device_takes()
    {
        using var tree = new BundleTree();
        ToolRun verified = tree.Verify().Succeeded();
        StringAssert.Contains(verified.Output, "good       tiny version 1 (sequence 1)\n");
        StringAssert.Contains(verified.Output, "signed by  dev\n");

        // The signature file is named by the key, and the release digest is the one of the definition.
        using ECDsa key = ECDsa.Create();
        key.ImportFromPem(File.ReadAllText(tree.Key + ".pub"));
        string digest = Convert.ToHexStringLower(SHA256.HashData(key.ExportSubjectPublicKeyInfo()));
        Assert.IsTrue(File.Exists(tree[$"tiny/signatures/{digest[..16]}.sig"]));
        string[] names = ["labels.txt", "model.onnx", "model.toml"];
        byte[] digests = [.. names.SelectMany(name => SHA256.HashData(File.ReadAllBytes(tree["tiny/content/" + name])))];
        StringAssert.Contains(verified.Output, $"release    {Convert.ToHexStringLower(SHA256.HashData(digests))}\n");
    }

    [TestMethod]
    public void The_first_manifest_says_what_the_files_and_the_graph_say()
    {
        using var tree = new BundleTree(signed: false);
        ModelManifest manifest = ModelManifest.Parse(File.ReadAllBytes(tree.Manifest), "model.toml");
        Assert.AreEqual(("tiny", "1", 1L), (manifest.Name, manifest.Version, manifest.Sequence));
        CollectionAssert.AreEqual((string[])["labels.txt", "model.onnx"], manifest.Files.Select(file => file.Path).ToArray());
        ManifestInput input = manifest.Inputs.Single();
        Assert.AreEqual(("x", ElementType.Float32, "x"), (input.Contract.Name, input.Contract.Type, input.Tensor));
        CollectionAssert.AreEqual((long[])[-1, 1, 8, 8], input.Contract.Shape.ToArray());
        Assert.AreEqual(("y", "labels.txt"), (manifest.Outputs.Single().Contract.Name, manifest.Outputs.Single().Labels));
        Assert.AreEqual("model", manifest.Members.Single().Name);

        // Its advice for pictures is right as it stands.
        tree.Edit("# datatype = \"UINT8\"", "datatype = \"UINT8\"");
        tree.Edit("datatype = \"FP32\"\nshape = [-1, 1, 8, 8]", "shape = [-1, 1, 8, 8]");
        tree.Edit("# preprocess", "preprocess");
        tree.Edit("# image", "image");
        input = ModelManifest.Parse(File.ReadAllBytes(tree.Manifest), "model.toml").Inputs.Single();
        Assert.AreEqual((ElementType.UInt8, ImageLayout.Nchw, 255.0), (input.Contract.Type, input.Image, input.Preprocess!.DivideBy));
    }

    [TestMethod]
    public void Models_with_the_same_ports_become_members_and_others_do_not()
    {
        using var tree = new BundleTree(signed: false);
        byte[] same = File.ReadAllBytes(tree["tiny/content/model.onnx"]);
        File.WriteAllBytes(tree["tiny/content/other.onnx"], OnnxBytes.Model(OnnxBytes.Port(11, "z", 1, 2), OnnxBytes.Port(12, "y", 1, 3)));
        File.WriteAllBytes(tree["tiny/content/zwei \u00fc.onnx"], same);
        ToolRun.Of("bundle", "init", tree.Bundle, "--name", "tiny", "--force").Succeeded();
        ModelManifest manifest = ModelManifest.Parse(File.ReadAllBytes(tree.Manifest), "model.toml");
        CollectionAssert.AreEqual((string[])["model.onnx", "zwei \u00fc.onnx"], manifest.Members.Select(member => member.File).ToArray());
        Assert.AreEqual(4, manifest.Files.Length);
        ToolRun.Of("bundle", "sign", tree.Bundle, "--key", tree.Key).Succeeded();
    }

    [TestMethod]
    public void A_shape_that_the_graph_does_not_declare_is_asked_of_the_author()
    {
        using var tree = new BundleTree(signed: false);
        File.WriteAllBytes(tree["tiny/content/model.onnx"], OnnxBytes.Model(
            OnnxBytes.Bytes(1, OnnxBytes.Text(1, "x"), OnnxBytes.Text(2, "y"), OnnxBytes.Text(4, "Identity")), OnnxBytes.Port(11, "x", 1, 3),
            OnnxBytes.Bytes(12, OnnxBytes.Text(1, "y"), OnnxBytes.Bytes(2, OnnxBytes.Bytes(1, OnnxBytes.Number(1, 1))))));
        ToolRun.Of("bundle", "init", tree.Bundle, "--name", "tiny", "--force").Succeeded();
        ToolRun.Of("bundle", "sign", tree.Bundle, "--key", tree.Key).Failed(1, "'shape' is still FILL_IN");
        File.WriteAllText(tree.Manifest, File.ReadAllText(tree.Manifest).Replace("shape = [\"FILL_IN\"]", "shape = [3]", StringComparison.Ordinal));
        ToolRun.Of("bundle", "sign", tree.Bundle, "--key", tree.Key).Succeeded();
    }

    [TestMethod]
    public void What_could_not_be_found_out_is_never_signed()
    {
        using var tree = new BundleTree(signed: false);
        File.WriteAllText(tree["tiny/content/model.onnx"], "no model");
        ToolRun run = ToolRun.Of("bundle", "init", tree.Bundle, "--name", "tiny", "--force");
        Assert.AreEqual(0, run.Code, run.Error);
        StringAssert.Contains(run.Error, "model.onnx: inputs and outputs not read");
        StringAssert.Contains(run.Output, "FILL_IN");
        run = ToolRun.Of("bundle", "sign", tree.Bundle, "--key", tree.Key);
        Assert.AreEqual(1, run.Code);
        StringAssert.Contains(run.Error, $"{tree.Manifest}:");
        Assert.AreEqual(2, run.Error.Split("'datatype' is still FILL_IN: say what it is").Length - 1, "both placeholders at once: " + run.Error);
        Assert.AreEqual(2, run.Error.Split("'name' is still FILL_IN").Length - 1, "a name could be that, but was not meant: " + run.Error);
        Assert.AreEqual(run.Error.Split('\n').Length - 1, run.Error.Split("is still FILL_IN").Length - 1, "and nothing else is wrong: " + run.Error);
        Assert.IsFalse(Directory.Exists(tree["tiny/signatures"]));
    }

    [TestMethod]
    public void Init_needs_content_and_never_overwrites_unasked()
    {
        using var tree = new BundleTree(signed: false);
        ToolRun.Of("bundle", "init", tree.Bundle, "--name", "tiny").Failed(1, "model.toml exists", "--force");
        ToolRun.Of("bundle", "init", tree["nothing"], "--name", "tiny").Failed(1, "not a folder");
        Directory.CreateDirectory(tree["empty"]);
        ToolRun.Of("bundle", "init", tree["empty"], "--name", "tiny").Failed(1, "no folder content/");
        Directory.CreateDirectory(tree["empty/content"]);
        ToolRun.Of("bundle", "init", tree["empty"], "--name", "tiny").Failed(1, "is empty");
        ToolRun.Of("bundle", "init", tree.Bundle, "--name", "a/b").Failed(2, "--name must be");
    }

    [TestMethod]
    public void Sign_names_every_difference_between_list_and_files()
    {
        using var tree = new BundleTree(signed: false);
        tree.Add("tiny/content/new.bin", "1");
        tree.Add("tiny/content/labels.txt", "longer than it was");
        File.Delete(tree["tiny/content/model.onnx"]);
        ToolRun.Of("bundle", "sign", tree.Bundle, "--key", tree.Key)
            .Failed(1, "'new.bin' is not listed", "'labels.txt' has 18 bytes, 13 are listed", "'model.onnx' is listed but missing");
    }

    [TestMethod]
    public void Sign_refuses_links_missing_manifests_and_past_expiry()
    {
        using var tree = new BundleTree(signed: false);
        string manifest = File.ReadAllText(tree.Manifest);
        tree.Link("tiny/content/link", "labels.txt");
        ToolRun.Of("bundle", "sign", tree.Bundle, "--key", tree.Key).Failed(1, "link");
        File.Delete(tree["tiny/content/link"]);

        File.WriteAllText(tree.Manifest, System.Text.RegularExpressions.Regex.Replace(manifest, "expires = \\S+", "expires = 2020-01-01T00:00:00Z"));
        ToolRun.Of("bundle", "sign", tree.Bundle, "--key", tree.Key).Failed(1, "'expires' is 2020-01-01");

        File.Delete(tree.Manifest);
        ToolRun.Of("bundle", "sign", tree.Bundle, "--key", tree.Key).Failed(1, "no model.toml", "bundle init");
    }

    [TestMethod]
    public void A_release_from_the_future_is_signed_with_a_warning_and_verified_as_a_device_would()
    {
        using var tree = new BundleTree();
        string manifest = File.ReadAllText(tree.Manifest);
        Assert.IsFalse(tree.Verify().Succeeded().Output.Contains("warning", StringComparison.Ordinal), "the control");
        foreach ((string created, bool good) in ((string, bool)[])[($"{DateTimeOffset.UtcNow.AddHours(12):yyyy-MM-dd'T'HH:mm:ss'Z'}", true), ("2100-01-01T00:00:00Z", false)])
        {
            File.WriteAllText(tree.Manifest, System.Text.RegularExpressions.Regex.Replace(manifest, "(created|expires) = \\S+", match => match.Groups[1].Value == "created" ? $"created = {created}" : "expires = 2101-01-01T00:00:00Z"));
            ToolRun signed = ToolRun.Of("bundle", "sign", tree.Bundle, "--key", tree.Key).Succeeded();
            StringAssert.Contains(signed.Output, "warning    'created' is in the future, ");
            if (good)
            {
                StringAssert.Contains(tree.Verify().Succeeded().Output, "warning    'created' is in the future, ");
            }
            else
            {
                tree.Verify().Failed(1, "was created in the future, on 2100-01-01 00:00:00Z", "set the clock, or the signer's");
            }
        }
    }

    [TestMethod]
    public void Nothing_of_a_signed_bundle_can_change()
    {
        foreach (string file in new[] { "labels.txt", "model.onnx", "model.toml" })
        {
            using var tree = new BundleTree();
            byte[] content = File.ReadAllBytes(tree["tiny/content/" + file]);
            content[^1] ^= 1;
            File.WriteAllBytes(tree["tiny/content/" + file], content);
            tree.Verify().Failed(1, $"'{file}' is not what was signed");
        }

        using (var tree = new BundleTree())
        {
            File.Move(tree["tiny/content/labels.txt"], tree["tiny/content/labels2.txt"]);
            tree.Verify().Failed(1, "'labels.txt' is signed but not in the tree");
        }

        using (var tree = new BundleTree())
        {
            File.Delete(tree["tiny/content/labels.txt"]);
            tree.Verify().Failed(1, "labels.txt");
        }

        using (var tree = new BundleTree())
        {
            tree.Add("tiny/content/extra", "");
            tree.Verify().Failed(1, "'extra' is in the tree but not signed");
        }

        using (var tree = new BundleTree())
        {
            File.Move(tree["tiny/content/labels.txt"], tree["labels.txt"]);
            tree.Link("tiny/content/labels.txt", tree["labels.txt"]);
            tree.Verify().Failed(1, "link");
        }
    }

    [TestMethod]
    public void Only_a_trusted_key_for_that_name_counts()
    {
        using var tree = new BundleTree();
        string trust = File.ReadAllText(tree.Trust);

        // Another name than the pattern of the key admits.
        File.WriteAllText(tree.Trust, trust.Replace("\"tiny*\"", "\"cats\"", StringComparison.Ordinal));
        tree.Verify().Failed(1, "(dev)", "'tiny'", "'models'");

        // Expired trust.
        File.WriteAllText(tree.Trust, System.Text.RegularExpressions.Regex.Replace(trust, "expires = \\S+", "expires = 2020-01-01T00:00:00Z"));
        tree.Verify().Failed(1, "expired on 2020-01-01");

        // Another key of the same name.
        ToolRun.Of("keygen", "--out", tree["other.key"], "--trust", tree["other.toml"], "--name", "dev", "--models", "*").Succeeded();
        ToolRun.Of("bundle", "verify", tree.Bundle, "--trust", tree["other.toml"]).Failed(1, "not trusted");

        // No signature at all.
        File.WriteAllText(tree.Trust, trust);
        Directory.Delete(tree["tiny/signatures"], recursive: true);
        tree.Verify().Failed(1, "no signature", "bundle sign");
    }

    [TestMethod]
    public void One_good_signature_is_enough_and_the_others_are_named()
    {
        using var tree = new BundleTree();
        ToolRun.Of("keygen", "--out", tree["other.key"], "--curve", "p521").Succeeded();
        ToolRun.Of("bundle", "sign", tree.Bundle, "--key", tree["other.key"]).Succeeded();
        tree.Add("tiny/signatures/junk.sig", "{");
        ToolRun run = tree.Verify().Succeeded();
        StringAssert.Contains(run.Output, "signed by  dev\n");
        StringAssert.Contains(run.Output, "ignored    junk.sig: ");
        Assert.AreEqual(2, run.Output.Split("ignored  ").Length - 1);
    }

    [TestMethod]
    public void Signing_again_after_a_change_points_at_the_signatures_left_behind()
    {
        using var tree = new BundleTree();
        ToolRun.Of("keygen", "--out", tree["other.key"]).Succeeded();
        tree.Edit("sequence = 1", "sequence = 2");
        string output = ToolRun.Of("bundle", "sign", tree.Bundle, "--key", tree["other.key"]).Succeeded().Output;
        StringAssert.Contains(output, "(sequence 2)");
        StringAssert.Contains(output, "note  ");
        StringAssert.Contains(output, "is not over this content");
        ToolRun.Of("bundle", "sign", tree.Bundle, "--key", tree.Key).Succeeded();
        tree.Verify().Succeeded();
    }

    [TestMethod]
    public void Inspect_shows_everything_and_needs_no_trust()
    {
        using var tree = new BundleTree();
        string output = ToolRun.Of("bundle", "inspect", tree.Bundle).Succeeded().Output;
        foreach (string text in new[] { "model      tiny", "version    1 (sequence 1, security floor 0)", "input      x FP32 [-1,1,8,8]", "output     y FP32 [-1,3], labels in labels.txt", "member     model  model.onnx", "  labels.txt\n", "lists these 3 files", "graph      model: 1 nodes", "opsets     ai.onnx 17", "operators  Identity 1" })
        {
            StringAssert.Contains(output, text);
        }

        using JsonDocument json = JsonDocument.Parse(ToolRun.Of("bundle", "inspect", tree.Bundle, "--json").Succeeded().Output);
        Assert.AreEqual("tiny", json.RootElement.GetProperty("model").GetProperty("name").GetString());
        Assert.AreEqual(3, json.RootElement.GetProperty("files").GetArrayLength());
        Assert.AreEqual(JsonValueKind.Null, json.RootElement.GetProperty("signatures")[0].GetProperty("fault").ValueKind);
        Assert.AreEqual(1, json.RootElement.GetProperty("graphs")[0].GetProperty("operators").GetProperty("Identity").GetInt32());
        Assert.AreEqual(0, json.RootElement.GetProperty("findings").GetArrayLength());
        StringAssert.Contains(tree.Verify().Output, json.RootElement.GetProperty("release_digest").GetString());
    }

    [TestMethod]
    public void Inspect_names_what_no_device_would_load()
    {
        using var tree = new BundleTree(signed: false);
        File.WriteAllBytes(tree["tiny/content/more.bin"], "\u007fELF..."u8.ToArray());
        tree.Edit("[[member]]", "[[file]]\npath = \"more.bin\"\nsize = 7\n\n[[member]]");
        tree.Edit("shape = [-1, 3]", "shape = [-1, 4]");
        ToolRun run = ToolRun.Of("bundle", "inspect", tree.Bundle);
        Assert.AreEqual(1, run.Code);
        StringAssert.Contains(run.Error, "the inspection found danger");
        StringAssert.Contains(run.Output, "danger     more.bin: native_code at more.bin: it is a native library or program (ELF)");
        StringAssert.Contains(run.Output, "danger     model.onnx: interface at graph.output: 'y' has shape [-1,3], model.toml declares [-1,4]");
        using JsonDocument json = JsonDocument.Parse(ToolRun.Of("bundle", "inspect", tree.Bundle, "--json").Output);
        Assert.AreEqual("native_code", json.RootElement.GetProperty("findings")[1].GetProperty("code").GetString());
    }

    [TestMethod]
    public void Inspect_shows_the_rest_of_a_bundle_whose_manifest_is_wrong()
    {
        using var tree = new BundleTree();
        tree.Edit("sequence = 1", "sequence = -1");
        ToolRun run = ToolRun.Of("bundle", "inspect", tree.Bundle);
        Assert.AreEqual(1, run.Code);
        StringAssert.Contains(run.Output, "model.onnx");
        StringAssert.Contains(run.Output, "does not count: 'model.toml' is not what was signed");
        StringAssert.Contains(run.Error, $"{tree.Manifest}:5:");
    }

    [TestMethod]
    public void An_independent_implementation_verifies_what_edgectl_signs()
    {
        string tool = Path.Combine(Conformance.Folder("oms"), "oms_make.py");
        using var tree = new BundleTree();
        string signature = Directory.GetFiles(tree["tiny/signatures"]).Single();
        using var process = Process.Start(new ProcessStartInfo("/usr/bin/python3", [tool, "verify", tree["tiny/content"], "--sig", signature, "--pub", tree.Key + ".pub"]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        string output = process.StandardOutput.ReadToEnd() + process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (output.Contains("ModuleNotFoundError", StringComparison.Ordinal))
        {
            Assert.Inconclusive("skipped: python3 has no cryptography");
        }

        Assert.AreEqual(0, process.ExitCode, output);
    }
}
