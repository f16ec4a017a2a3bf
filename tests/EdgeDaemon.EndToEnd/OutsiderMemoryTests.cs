using System.Diagnostics;
using System.Text.Json;
using EdgeDaemon.Tests;

namespace EdgeDaemon.EndToEnd;

/// <summary>
/// The proof of <see cref="MemoryProofTests"/> once more, by a script that shares nothing with it (memory/outsider.py: its own models, clients, frames and search), through every door and every
/// way in which a request can end: refused, cut, cancelled, late, failing, penalised. Then expiry, removal of a tenant, and the process at its end. With clearing off it finds what each of them sent.
/// </summary>
[TestClass]
[DoNotParallelize]
public sealed class OutsiderMemoryTests
{
    // Their bytes never come to be in the daemon: compressed on the way, refused before they are read, or lost with their connection.
    private static readonly string[] NeverThere = ["gRPC, compressed", "penalised", "a tenant over its rate", "body cut", "closed in its message", "GOAWAY after"];

    public required TestContext TestContext { get; init; }

    [TestMethod]
    [Timeout(400_000)]
    [DataRow(false)]
    [DataRow(true)]
    public void NothingIsLeft(bool always)
    {
        JsonElement stages = Run(always ? ["--always"] : []);
        foreach (JsonProperty stage in stages.EnumerateObject())
        {
            Assert.IsGreaterThan(20 << 20, stage.Value.GetProperty("bytes").GetInt64(), "nothing was searched");
            foreach (JsonProperty sent in stage.Value.GetProperty("canaries").EnumerateObject())
            {
                string outcome = sent.Value.GetRawText();
                Assert.DoesNotContain("expected", outcome, $"{stage.Name}, {sent.Name}");
            }

            // With "switch" a tenant's own bytes may stay until another asks: the control of what follows.
            bool stays = !always && stage.Name.StartsWith("at once", StringComparison.Ordinal);
            Assert.AreEqual(stays ? 1 : 0, stage.Value.GetProperty("found").EnumerateObject().Count(), $"{stage.Name}: {stage.Value.GetProperty("found").GetRawText()}");
        }

        Assert.AreEqual(7, stages.EnumerateObject().Count());
    }

    [TestMethod]
    [TestCategory(Campaign.Category)]
    [Timeout(600_000)]
    public void WithClearingOff_EverythingIsFound()
    {
        // A search after each of a hundred and fifty requests takes minutes: all of them in './build.sh soak campaigns', those over the Unix socket always.
        JsonElement stages = Run(Campaign.IsWhole ? ["--keep"] : ["--keep", "--only", "unix"]);
        foreach (string stage in (string[])["unix, connections open", .. Campaign.IsWhole ? (string[])["tls, connections closed", "its tenant removed", "at its end", "idle for longer than idle_seconds"] : []])
        {
            JsonElement found = stages.GetProperty(stage).GetProperty("found");
            string[] missed = [.. stages.GetProperty(stage).GetProperty("canaries").EnumerateObject().Select(sent => sent.Name)
                .Where(name => !found.TryGetProperty(name, out _) && !NeverThere.Any(never => name.Contains(never, StringComparison.Ordinal)))];
            Assert.IsEmpty(missed, $"{stage}: {string.Join("; ", missed)}");
        }
    }

    private JsonElement Run(string[] how)
    {
        OtherUser.Require();
        foreach ((string module, string package) in ((string, string)[])[("onnx", "python3-onnx"), ("numpy", "python3-numpy"), ("grpc", "python3-grpcio"), ("hpack", "python3-h2")])
        {
            Outside.SkipIf(Outside.MissingPython(module, package));
        }

        string scratch = Directory.CreateTempSubdirectory("e2e-").FullName;
        try
        {
            using Process process = Command.Start(Outside.Python, ["-B", Outside.Source("memory", "outsider.py"), Installation.Edged, Installation.Edgectl, Installation.Library, Installation.Models, scratch, .. how]);
            Task<string> errors = process.StandardError.ReadToEndAsync();
            string output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            Assert.AreEqual(0, process.ExitCode, errors.Result);
            TestContext.WriteLine(output);
            return JsonDocument.Parse(output).RootElement;
        }
        finally
        {
            Directory.Delete(scratch, recursive: true);
        }
    }
}
