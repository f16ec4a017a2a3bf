using System.Text.Json;
using System.Text.RegularExpressions;

namespace EdgeDaemon.EndToEnd;

/// <summary>
/// A bundle that is not what its signer signed, or not what its manifest says, is refused with its reason; the bundle
/// beside it serves. Every test first sees the untouched bundle serve.
/// </summary>
[TestClass]
public sealed class RefusedBundleTests
{
    private const string Victim = "digits-s25";

    private const string Damaged = "no signature by a trusted key holds: .*";

    [TestMethod]
    public Task ChangedByte_IsRefused() => RefusesAsync(Damaged + "member-a\\.onnx", state =>
    {
        using FileStream file = File.Open(state.Content(Victim, "member-a.onnx"), FileMode.Open);
        file.Position = 1000;
        int old = file.ReadByte();
        file.Position = 1000;
        file.WriteByte((byte)(old ^ 1));
    });

    [TestMethod]
    public Task ChangedManifest_IsRefused() => RefusesAsync(Damaged + "model\\.toml", state =>
        File.AppendAllText(state.Content(Victim, "model.toml"), "# a comment changes nothing but the digest\n"));

    [TestMethod]
    public Task RenamedFile_IsRefused() => RefusesAsync(Damaged, state =>
        File.Move(state.Content(Victim, "member-a.onnx"), state.Content(Victim, "member-d.onnx")));

    [TestMethod]
    public Task SwappedFiles_AreRefused() => RefusesAsync(Damaged, state =>
    {
        File.Move(state.Content(Victim, "member-a.onnx"), state.At("a"));
        File.Move(state.Content(Victim, "member-b.onnx"), state.Content(Victim, "member-a.onnx"));
        File.Move(state.At("a"), state.Content(Victim, "member-b.onnx"));
    });

    [TestMethod]
    public Task AddedFile_IsRefused() => RefusesAsync(Damaged, state => File.WriteAllText(state.Content(Victim, "more.txt"), "more"));

    [TestMethod]
    public Task AddedHiddenFile_IsRefused() => RefusesAsync(Damaged, state => File.WriteAllText(state.Content(Victim, ".more"), ""));

    [TestMethod]
    public Task RemovedFile_IsRefused() => RefusesAsync(Damaged, state => File.Delete(state.Content(Victim, "labels.txt")));

    [TestMethod]
    public Task SymbolicLink_IsRefused_ThoughItsTargetHasTheSameBytes() => RefusesAsync("link", state =>
    {
        File.Move(state.Content(Victim, "labels.txt"), state.At("labels.txt"));
        File.CreateSymbolicLink(state.Content(Victim, "labels.txt"), state.At("labels.txt"));
    });

    [TestMethod]
    public Task LinkedContentFolder_IsRefused() => RefusesAsync("not a directory|link", state =>
    {
        Directory.Move(Path.Combine(state.Bundle(Victim), "content"), state.At("elsewhere"));
        Directory.CreateSymbolicLink(Path.Combine(state.Bundle(Victim), "content"), state.At("elsewhere"));
    });

    [TestMethod]
    public Task HardLink_IsRefused_ForSomebodyElseCanWriteThroughIt() => RefusesAsync("link", state =>
        Command.Run("/bin/ln", state.Content(Victim, "labels.txt"), state.At("labels.txt")).Succeeded());

    [TestMethod]
    public Task Fifo_IsRefused_AndNobodyWaitsForIt() => RefusesAsync("labels\\.txt", state =>
    {
        File.Delete(state.Content(Victim, "labels.txt"));
        Command.Run("/usr/bin/mkfifo", state.Content(Victim, "labels.txt")).Succeeded();
    });

    [TestMethod]
    public Task KeyThatTheTrustFileDoesNotName_IsRefused() => RefusesAsync(Damaged, state =>
    {
        Directory.Delete(Path.Combine(state.Bundle(Victim), "signatures"), recursive: true);
        Command.Edgectl("keygen", "--out", state.At("other")).Succeeded();
        state.Sign(Victim, state.At("other"));
    });

    [TestMethod]
    public Task SignatureOfAnotherBundle_IsRefused() => RefusesAsync(Damaged, state =>
    {
        string mine = Directory.GetFiles(Path.Combine(state.Bundle(Victim), "signatures")).Single();
        File.Copy(Directory.GetFiles(Path.Combine(state.Bundle("bench-mlp"), "signatures")).Single(), mine, overwrite: true);
    });

    [TestMethod]
    public Task NoSignature_IsRefused() => RefusesAsync("it has no signature", state =>
        Directory.Delete(Path.Combine(state.Bundle(Victim), "signatures"), recursive: true));

    [TestMethod]
    public Task SignatureThatIsGarbage_IsRefused() => RefusesAsync(Damaged, state =>
        File.WriteAllText(Directory.GetFiles(Path.Combine(state.Bundle(Victim), "signatures")).Single(), "{"));

    [TestMethod]
    public Task ModelNameOutsideTheKeysPatterns_IsRefused() => RefusesAsync("none of its signers .* may release a model named 'digits'", state =>
        Replace(state.Trust, "models = [\"*\"]", "models = [\"bench-*\"]"));

    [TestMethod]
    public Task ExpiredRelease_IsRefused() => RefusesAsync("the release expired on 2026-01-01", state =>
    {
        Replace(state.Content(Victim, "model.toml"), "created = 2026-11-21", "created = 2025-11-21");
        Replace(state.Content(Victim, "model.toml"), "expires = 2036-11-21", "expires = 2026-01-01");
        SignUnseen(state);
    });

    [TestMethod]
    public Task SizeThatTheManifestDoesNotGive_IsRefused_ThoughCorrectlySigned() => RefusesAsync("labels\\.txt.*(50|51)", state =>
    {
        Replace(state.Content(Victim, "model.toml"), "size = 50", "size = 51");
        Assert.AreEqual(1, Command.Edgectl("bundle", "sign", state.Bundle(Victim), "--key", state.Key).ExitCode, "edgectl signs what a device refuses");
        SignUnseen(state);
    });

    [TestMethod]
    public Task FileThatTheManifestDoesNotList_IsRefused_ThoughCorrectlySigned() => RefusesAsync("more\\.txt", state =>
    {
        File.WriteAllText(state.Content(Victim, "more.txt"), "more");
        SignUnseen(state);
    });

    [TestMethod]
    public Task GraphThatIsGarbage_IsRefused_ThoughCorrectlySigned() => RefusesAsync("inspection: .*malformed at model", state =>
    {
        byte[] garbage = new byte[new FileInfo(state.Content(Victim, "member-b.onnx")).Length];
        new Random(7).NextBytes(garbage);
        File.WriteAllBytes(state.Content(Victim, "member-b.onnx"), garbage);
        state.Sign(Victim);
    });

    // Fields that the runtime passes over or obeys, behind a graph that it loads: refused by our walk before it is asked.
    [TestMethod]
    [DataRow("A20100", "training at model")]
    [DataRow("CA0100", "functions at model")]
    [DataRow("72100A0A6F72745F636F6E66696712027B7D", "metadata at model.metadata_props: the key 'ort_config'")]
    [DataRow("980601", "unknown_field at model")]
    [DataRow("288100", "not_canonical at model")]
    [DataRow("42130A0F61692E6F6E6E782E636F6E747269621001", null)]
    public Task GraphWithMoreThanItNeeds_IsRefused_ThoughCorrectlySigned(string tail, string? reason) => reason is null
        ? ServesAsync(tail)
        : RefusesAsync("inspection: member-b\\.onnx: " + Regex.Escape(reason), state => Append(state, tail));

    [TestMethod]
    [DataRow("tensor = \"x\"", "tensor = \"y\"", "'y'")]
    [DataRow("shape = [-1,1,8,8]", "shape = [-1,1,9,9]", "shape|9")]
    [DataRow("tensor = \"logits\"", "tensor = \"nothing\"", "'nothing'")]
    [DataRow("shape = [-1,10]", "shape = [-1,11]", "shape|11")]
    [DataRow("preprocess = { to = \"FP32\", divide_by = 255.0 }", "", "UINT8")]
    public Task InterfaceThatIsNotTheGraphs_IsRefused_ThoughCorrectlySigned(string was, string becomes, string reason) => RefusesAsync(reason, state =>
    {
        // Without the self-test and smoothing, which would not fit the manifest any more before the graph is looked at.
        string manifest = state.Content(Victim, "model.toml"), text = File.ReadAllText(manifest);
        File.WriteAllText(manifest, Regex.Replace(text, @"(\[\[self_test\]\]|\[smoothing\])(.|\n)*?\n\n", ""));
        Replace(manifest, was, becomes);
        state.Sign(Victim);
    });

    [TestMethod]
    public async Task JunkAmongTheSignatures_DoesNotCount_AndShutsNobodyOut()
    {
        using StateDirectory state = StateDirectory.Create("", "bench/bench-mlp");
        string signatures = Path.Combine(state.Bundle("bench-mlp"), "signatures");
        Command.Run("mkfifo", Path.Combine(signatures, "a.sig")).Succeeded();
        Directory.CreateDirectory(Path.Combine(signatures, "b.sig"));
        File.CreateSymbolicLink(Path.Combine(signatures, "c.sig"), "/dev/zero");
        using (FileStream large = File.Create(Path.Combine(signatures, "d.sig")))
        {
            large.SetLength(17 << 20);
        }

        File.WriteAllText(Path.Combine(signatures, "e.sig"), "{}");
        await using Daemon daemon = await Daemon.StartAsync(state);
        Assert.AreEqual("READY", daemon.Model("bench-mlp").GetProperty("state").GetString());
        foreach (string junk in (string[])["a.sig", "b.sig", "c.sig", "d.sig", "e.sig"])
        {
            daemon.Says($"signature {junk} does not count");
        }
    }

    [TestMethod]
    public async Task UnsignedContent_IsNotRead()
    {
        using StateDirectory state = StateDirectory.Create("", "bench/bench-mlp");
        Directory.CreateDirectory(Path.Combine(state.Bundle("unsigned"), "content"));
        using (FileStream large = File.Create(state.Content("unsigned", "x")))
        {
            large.SetLength(2_000_000_000); // Sparse: it takes nothing until somebody reads it.
        }

        await using Daemon daemon = await Daemon.StartAsync(state);
        StringAssert.Contains(daemon.Model("unsigned").GetProperty("reason").GetString(), "it has no signature", StringComparison.Ordinal);
        Assert.IsLessThan(500L << 20, daemon.ResidentBytes);
    }

    [TestMethod]
    public async Task FileInPlaceOfTheBundles_IsSaid_AndNothingServes()
    {
        using StateDirectory state = StateDirectory.Create();
        Directory.Delete(state.At("models"));
        File.WriteAllText(state.At("models"), "");
        await using Daemon daemon = await Daemon.StartAsync(state);
        daemon.Says("models is not a directory");
    }

    [TestMethod]
    public async Task ExpiredTrustFile_RefusesWhatIsNew_AndTheDaemonSaysWhy()
    {
        using StateDirectory state = StateDirectory.Create("", "bench/bench-mlp");
        await using (Daemon good = await Daemon.StartAsync(state))
        {
            Assert.AreEqual("READY", good.Model("bench-mlp").GetProperty("state").GetString());
        }

        File.WriteAllText(state.Trust, Regex.Replace(File.ReadAllText(state.Trust), "expires = [0-9TZ:-]+", "expires = 2026-01-01T00:00:00Z"));
        Command check = Command.Edged("check", "--config", state.Config);
        Assert.AreEqual(1, check.ExitCode);
        StringAssert.Contains(check.Errors, "the trust policy expired on 2026-01-01");
        await using (Daemon old = await Daemon.StartAsync(state))
        {
            Assert.IsTrue(old.Model("bench-mlp").GetProperty("expired").GetBoolean(), "what was in service goes on, and says so");
        }

        state.Forget();
        await using Daemon daemon = await Daemon.StartAsync(state);
        JsonElement model = daemon.Model("bench-mlp");
        Assert.AreEqual("UNAVAILABLE", model.GetProperty("state").GetString());
        StringAssert.Contains(model.GetProperty("reason").GetString(), "the trust policy expired on 2026-01-01");
    }

    [TestMethod]
    public async Task OfTwoVersionsOfAName_TheHigherSequenceServes()
    {
        using StateDirectory state = StateDirectory.Create("", "bench/bench-mlp");
        state.Copy("bench/bench-mlp", "another");
        Replace(state.Content("another", "model.toml"), "version = \"1\"", "version = \"2\"");
        Replace(state.Content("another", "model.toml"), "sequence = 1", "sequence = 2");
        state.Sign("another");
        await using Daemon daemon = await Daemon.StartAsync(state);
        Assert.AreEqual("2", daemon.Model("bench-mlp").GetProperty("version").GetString());
        using HttpConnection control = daemon.ConnectControl();
        JsonElement dropped = control.Get("/control/models").Json.GetProperty("models").EnumerateArray().Single(model => model.GetProperty("state").GetString() != "READY");
        Assert.AreEqual("bench-mlp", dropped.GetProperty("folder").GetString());
        StringAssert.Contains(dropped.GetProperty("reason").GetString(), "sequence 2");
    }

    private static async Task RefusesAsync(string reason, Action<StateDirectory> damage)
    {
        using StateDirectory state = StateDirectory.Create("", "digits/" + Victim, "bench/bench-mlp");
        await using (Daemon untouched = await Daemon.StartAsync(state))
        {
            Assert.AreEqual("READY", untouched.Model(Victim).GetProperty("state").GetString());
            Assert.AreEqual(200, Ask(untouched, "digits"));
        }

        // To a device that has not seen it: the damage is to be the reason, not the history.
        damage(state);
        state.Forget();
        await using Daemon daemon = await Daemon.StartAsync(state);
        JsonElement model = daemon.Model(Victim);
        Assert.AreEqual("UNAVAILABLE", model.GetProperty("state").GetString());
        StringAssert.Matches(model.GetProperty("reason").GetString()!, new Regex(reason));
        Assert.AreEqual(404, Ask(daemon, "digits"));

        Command list = Command.Edgectl("model", "list", "--json", "--socket", state.ControlSocket).Succeeded();
        Assert.AreEqual(1, JsonDocument.Parse(list.Output).RootElement.GetProperty("models").EnumerateArray().Count(listed => listed.GetProperty("state").GetString() == "UNAVAILABLE"), list.Output);
        Assert.AreEqual(200, Ask(daemon, "bench-mlp"));
    }

    // The control for the tails: an import that no node uses is a warning and loads.
    private static async Task ServesAsync(string tail)
    {
        using StateDirectory state = StateDirectory.Create("", "digits/" + Victim);
        Append(state, tail);
        await using (Daemon daemon = await Daemon.StartAsync(state))
        {
            Assert.AreEqual(200, Ask(daemon, "digits"));
            daemon.Says("opset_unused at model.opset_import");
        }

        File.AppendAllText(state.Config, "\n[bundles]\nrefuse_from = \"warning\"\n");
        await using Daemon stricter = await Daemon.StartAsync(state);
        Assert.AreEqual(404, Ask(stricter, "digits"));
    }

    private static void Append(StateDirectory state, string tail)
    {
        string graph = state.Content(Victim, "member-b.onnx");
        long was = new FileInfo(graph).Length;
        File.WriteAllBytes(graph, [.. File.ReadAllBytes(graph), .. Convert.FromHexString(tail)]);
        string manifest = state.Content(Victim, "model.toml");
        string text = File.ReadAllText(manifest);
        int entry = text.IndexOf("member-b.onnx", StringComparison.Ordinal);
        int size = text.IndexOf($"size = {was}", entry, StringComparison.Ordinal);
        File.WriteAllText(manifest, text[..size] + $"size = {was + (tail.Length / 2)}" + text[(size + $"size = {was}".Length)..]);
        state.Sign(Victim);
    }

    private static int Ask(Daemon daemon, string model)
    {
        using HttpConnection connection = daemon.Connect();
        return connection.Ask(HttpConnection.Request("POST", $"/v2/models/{model}/infer", new byte[64], "Inference-Header-Content-Length: 0")).Status;
    }

    private static void Replace(string file, string was, string becomes)
    {
        string text = File.ReadAllText(file);
        StringAssert.Contains(text, was);
        File.WriteAllText(file, text.Replace(was, becomes, StringComparison.Ordinal));
    }

    // With the independent signer: edgectl does not sign what a device would refuse.
    private static void SignUnseen(StateDirectory state)
    {
        string signatures = Path.Combine(state.Bundle(Victim), "signatures");
        string mine = Directory.GetFiles(signatures).Single();
        string signer = Path.Combine(Installation.Conformance("oms"), "oms_make.py");
        Command.Run("/usr/bin/python3", signer, "sign", "--key", state.Key, "--out", mine, Path.Combine(state.Bundle(Victim), "content")).Succeeded();
    }
}
