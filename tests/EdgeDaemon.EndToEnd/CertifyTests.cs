using System.Collections.Immutable;
using System.Diagnostics;
using System.Text.Json;
using EdgeDaemon.Client;
using EdgeDaemon.Client.Inference;
using EdgeDaemon.Core.Smoothing.Certificates;
using EdgeDaemon.Core.Tensors;

namespace EdgeDaemon.EndToEnd;

/// <summary>The published tool against the published daemon: certificates that replay, tampered ones that do not, and a data set whose run is killed and goes on.</summary>
[TestClass]
public sealed class CertifyTests
{
    private const int Image = 11;

    private static Daemon _daemon = null!;

    [ClassInitialize]
    public static async Task StartAsync(TestContext _) => _daemon = await Daemon.StartAsync("", "digits/digits-s25");

    [ClassCleanup]
    public static async Task StopAsync() => await _daemon.DisposeAsync();

    [TestMethod]
    [DataRow("\"radii\":\"0.125,0.25\"")]
    [DataRow("\"max_samples\":500")]
    public void What_the_daemon_certifies_the_tool_finds_again(string wish)
    {
        string certificate = Certificate(wish);
        Command verified = Verify(certificate, Image).Succeeded();
        StringAssert.StartsWith(verified.Output, "true ");

        // Controls: another picture, a count moved, a larger radius, another seed.
        Refused(Verify(certificate, Image + 1), "the certificate is about another input");
        JsonElement root = JsonDocument.Parse(File.ReadAllText(certificate)).RootElement;
        string seed = root.GetProperty("noise").GetProperty("seed").GetString()!;
        string tampered = Save(File.ReadAllText(certificate).Replace(seed, (seed[0] == '0' ? "1" : "0") + seed[1..], StringComparison.Ordinal));
        Refused(Verify(tampered, Image), "the seed does not belong to noise.commitment");
        string sha = root.GetProperty("model").GetProperty("members")[1].GetProperty("sha256").GetString()!;
        Refused(Verify(Save(File.ReadAllText(certificate).Replace(sha, new string('0', 64), StringComparison.Ordinal)), Image), "model.members[1].sha256 is 0000");

        // Words of which no sample shows anything.
        string text = File.ReadAllText(certificate), processor = root.GetProperty("engine").GetProperty("processor").GetString()!;
        Refused(Verify(Save(text.Replace($"\"processor\":\"{processor}\"", "\"processor\":\"other\"", StringComparison.Ordinal)), Image), "the seal is none of these words");
        Refused(Verify(Save(text.Replace(root.GetProperty("seal").GetString()!, new string('0', 64), StringComparison.Ordinal)), Image), "the seal is none of these words");

        // Counts that no hundred samples of this digit have.
        int chosen = root.GetProperty("result").GetProperty("class").GetInt32();
        string counts = chosen == 0 ? "[[0,51],[1,49]]" : $"[[{chosen - 1},49],[{chosen},51]]";
        string selection = root.GetProperty("selection").GetRawText();
        Refused(Verify(Save(File.ReadAllText(certificate).Replace(selection, $"{{\"samples\":100,\"failed\":0,\"counts\":{counts}}}", StringComparison.Ordinal)), Image), "selection.counts are");
    }

    [TestMethod]
    public async Task A_killed_run_goes_on_where_it_was()
    {
        string labels = _daemon.State.At("labels"), folder = _daemon.State.At("report");
        File.WriteAllLines(labels, Digits.Truth.Select(truth => truth.ToString(System.Globalization.CultureInfo.InvariantCulture)));
        string[] command =
        [
            "certify", "--data", Heldout, "--labels", labels, "--model", "digits", "--sigma", "0.25", "--radii", "0.125,0.25", "--limit", "30", "--jobs", "1", "--out", folder, "--socket", _daemon.State.InferenceSocket,
        ];
        string results = Path.Combine(folder, "results.csv");
        using (Process first = Command.Start(Installation.Edgectl, command))
        {
            await Waiting.UntilAsync(() => File.Exists(results) && new FileInfo(results).Length > 200); // Its bytes are locked against this runtime.
            first.Kill();
            await first.WaitForExitAsync();
        }

        string[] kept = Read(results);
        Command.Edgectl(command).Succeeded();
        string[] lines = Read(results);
        Assert.HasCount(31, lines);
        CollectionAssert.AreEqual(kept, lines[..kept.Length], "what was decided is kept");
        CollectionAssert.AreEquivalent(Enumerable.Range(0, 30).ToArray(), lines[1..].Select(line => int.Parse(line.Split(',')[2], System.Globalization.CultureInfo.InvariantCulture)).ToArray());
        StringAssert.Contains(File.ReadAllText(Path.Combine(folder, "report.html")), "digits@0.25");
    }

    [TestMethod]
    public void A_data_set_is_certified_over_grpc_as_over_rest()
    {
        string labels = _daemon.State.At("few-labels");
        File.WriteAllLines(labels, Digits.Truth.Select(truth => truth.ToString(System.Globalization.CultureInfo.InvariantCulture)));
        string[] all = [.. ((string[])["rest", "grpc"]).Select(wire =>
        {
            string folder = _daemon.State.At($"report-{wire}");
            string[] command = ["certify", "--data", Heldout, "--labels", labels, "--model", "digits@0.25", "--radii", "0.125,0.25", "--alpha", "0.001", "--limit", "8", "--out", folder, "--socket", _daemon.State.InferenceSocket];
            Command.Edgectl(wire == "grpc" ? [.. command, "--grpc"] : command).Succeeded();
            string[] rows = Read(Path.Combine(folder, "results.csv"))[1..];
            Assert.HasCount(8, rows);

            // Noise is fresh each time: an image may be decided otherwise once in a thousand times, but not what it is and what was asked.
            return string.Join('\n', rows.Order(StringComparer.Ordinal).Select(row => string.Join(',', row.Split(',')[..4])));
        })];
        Assert.AreEqual(all[0], all[1]);
    }

    [TestMethod]
    [DataRow(EdgeWire.Rest)]
    [DataRow(EdgeWire.Grpc)]
    public async Task The_client_library_asks_everything_over_either_wire(EdgeWire wire)
    {
        using var client = new EdgeClient(EdgeAddress.UnixSocket(_daemon.State.InferenceSocket), new EdgeClientOptions { Wire = wire });
        var request = new InferenceRequest("digits", [new InputTensor("image", ElementType.UInt8, [4, 1, 8, 8], Digits.Images.AsMemory(Image * Digits.Pixels, 4 * Digits.Pixels))])
        {
            Certify = new Certification { Sigma = 0.25, Radii = [0.125, 0.25], Alpha = 0.001, MaxSamples = 2000, TimeBudget = TimeSpan.FromSeconds(60), Certificate = true, RevealSeed = true },
        };
        InferenceAnswer answer = await client.InferAsync(request);
        ImmutableArray<CertifiedInput> inputs = CertifiedInput.Each(answer);
        Assert.HasCount(4, inputs);
        for (int i = 0; i < 4; i++)
        {
            CertifiedInput one = inputs[i];
            var certificate = RobustnessCertificate.Parse(one.Certificate, "answered");
            Assert.AreEqual((one.Radius, one.CertifiedRadius, one.Samples, i), (certificate.Result.Radius, certificate.Result.InputRadius, (int)certificate.Noise.Count, certificate.Noise.Row));
            Assert.AreEqual(one.Class, certificate.Result.Abstained ? null : certificate.Result.Class);
            CollectionAssert.AreEqual(new[] { 0.125, 0.25 }, certificate.Ladder.Select(step => step.Radius).ToArray());
            Assert.AreEqual((2000, 0.001, 0.25), (certificate.Rule.MaxSamples, certificate.Rule.Alpha, certificate.Noise.Sigma));
            string file = Save(System.Text.Encoding.UTF8.GetString(one.Certificate.Span));
            StringAssert.StartsWith(Verify(file, Image + i).Succeeded().Output, "true ");
        }

        // A bound, by the other form of the question; and what is refused is refused as such.
        InferenceAnswer bound = await client.InferAsync(request with { Certify = new Certification { MaxSamples = 150 } });
        Assert.IsTrue(CertifiedInput.Each(bound).All(one => one is { Samples: 250, Stopped: "completed" } && one.Certificate.IsEmpty));
        EdgeClientException refused = await Assert.ThrowsExactlyAsync<EdgeClientException>(() => client.InferAsync(request with { Certify = new Certification { Radii = [0.3] } }));
        Assert.AreEqual((EdgeClientFailure.Refused, "the model does not offer this radius at this sigma"), (refused.Failure, refused.PublicText));
    }

    // Without asking for a lock: a process that has just ended may hold it for a moment.
    private static string[] Read(string file)
    {
        using var reader = new StreamReader(new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        return reader.ReadToEnd().Split('\n')[..^1];
    }

    private static string Heldout => Path.Combine(Installation.Models, "digits", "heldout.pgm");

    private static string Certificate(string wish)
    {
        using HttpConnection connection = _daemon.Connect();
        HttpAnswer answer = connection.Ask(Digits.Infer("digits", Digits.Json(Image, 1, $",\"parameters\":{{\"certify\":true,{wish},\"certificate\":true,\"reveal_seed\":true}}")));
        Assert.AreEqual(200, answer.Status, answer.Text);
        return Save(JsonDocument.Parse(answer.Json.GetProperty("parameters").GetProperty("certificates").GetString()!).RootElement[0].GetRawText());
    }

    private static string Save(string json)
    {
        string file = _daemon.State.At($"{Guid.NewGuid():N}.json");
        File.WriteAllText(file, json);
        return file;
    }

    private static Command Verify(string certificate, int index) => Command.Edgectl(
        "certificate", "verify", certificate, "--bundle", _daemon.State.Bundle("digits-s25"), "--input", Heldout, "--index", index.ToString(System.Globalization.CultureInfo.InvariantCulture),
        "--library", Installation.Library);

    private static void Refused(Command command, string what)
    {
        Assert.AreEqual(1, command.ExitCode, command.Output);
        StringAssert.Contains(command.Errors, what);
    }
}
