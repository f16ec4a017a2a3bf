using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using static EdgeDaemon.EndToEnd.Waiting;

namespace EdgeDaemon.EndToEnd;

/// <summary>
/// The first load of a release in a child: what crashes, hangs or swells there is refused, and the daemon and the bundle beside it serve.
/// The controls load the same bundles with the probe off.
/// </summary>
[TestClass]
public sealed class ProbeTests
{
    private const string Neighbour = "bench-mlp";
    private const long Endless = 1L << 40;
    private const long Many = 1L << 25; // floats: 128 MiB

    [TestMethod]
    public async Task Release_IsProbedOnce_AndItsReportIsShown()
    {
        using StateDirectory state = StateDirectory.Create("", "digits/digits-s25");
        await using (Daemon first = await Daemon.StartAsync(state))
        {
            JsonElement model = first.Model("digits");
            JsonElement probe = model.GetProperty("probe");
            Assert.AreEqual(1, probe.GetProperty("self_tests").GetInt32());
            Assert.IsGreaterThan(0.0, probe.GetProperty("load_seconds").GetDouble());
            Assert.IsGreaterThan(1 << 20, probe.GetProperty("load_peak_bytes").GetInt64());
            int[] sizes = [.. probe.GetProperty("batches").EnumerateArray().Select(batch => batch.GetProperty("size").GetInt32())];
            CollectionAssert.AreEqual((int[])[1, 2, 4, 8, 16, 32, 64, 128], sizes, "runs of its certifications have 100 rows");
            Assert.IsTrue(probe.GetProperty("batches").EnumerateArray().All(batch => batch.GetProperty("seconds").GetDouble() > 0 && batch.GetProperty("peak_bytes").GetInt64() > 1 << 20));
            StringAssert.Contains(first.Errors, "loaded in a child first", StringComparison.Ordinal);
            StringAssert.Contains(Command.Edgectl("model", "status", "digits", "--socket", state.ControlSocket).Succeeded().Output, "1 self-tests passed", StringComparison.Ordinal);
            StringAssert.Contains(File.ReadAllText(Report(state, model)), "\nfiltered = true\n", StringComparison.Ordinal);
        }

        await using (Daemon again = await Daemon.StartAsync(state))
        {
            Assert.DoesNotContain("loaded in a child first", again.Errors);
            Assert.AreEqual(1, again.Model("digits").GetProperty("probe").GetProperty("self_tests").GetInt32());
        }

        state.Configure("[probe]\nrun = \"always\"");
        await using Daemon always = await Daemon.StartAsync(state);
        StringAssert.Contains(always.Errors, "loaded in a child first", StringComparison.Ordinal);
    }

    [TestMethod]
    public async Task ReportThatIsNoReport_IsMadeAgain_AndThoseOfGoneReleasesAreRemoved()
    {
        using StateDirectory state = StateDirectory.Create("", "bench/bench-mlp");
        string report;
        await using (Daemon first = await Daemon.StartAsync(state))
        {
            report = Report(state, first.Model(Neighbour));
        }

        string stranger = Path.Combine(Path.GetDirectoryName(report)!, new string('0', 64) + ".toml");
        File.Copy(report, stranger);
        foreach (string nonsense in (string[])["", "format = 1", "format = 1\nrelease = \"\"", File.ReadAllText(report).Replace("load_seconds = ", "load_seconds = -", StringComparison.Ordinal)])
        {
            File.WriteAllText(report, nonsense);
            await using Daemon again = await Daemon.StartAsync(state);
            StringAssert.Contains(again.Errors, "loaded in a child first", StringComparison.Ordinal);
            StringAssert.Contains(File.ReadAllText(report), "load_peak_bytes", StringComparison.Ordinal);
        }

        Assert.IsFalse(File.Exists(stranger));
    }

    [TestMethod]
    public async Task ModelThatDoesNotEnd_IsRefused_AndTheDaemonServes()
    {
        using StateDirectory state = StateDirectory.Create("[probe]\ntimeout_seconds = 2", "bench/bench-mlp");
        CraftedModels.Bundle(state, "crafted", CraftedModels.Loop(Endless), 0);
        await RefusedAsync(state, "took longer than probe.timeout_seconds 2");

        // Control: the same graph with an end.
        CraftedModels.Bundle(state, "crafted", CraftedModels.Loop(41), 42);
        await ServesAsync(state);
    }

    [TestMethod]
    public async Task ModelThatDoesNotEnd_StopsADaemonWithoutProbe()
    {
        using StateDirectory state = StateDirectory.Create("[probe]\nrun = \"never\"\ntimeout_seconds = 1", "bench/bench-mlp");
        CraftedModels.Bundle(state, "crafted", CraftedModels.Loop(Endless), 0);
        using Process daemon = Command.Start(Installation.Edged, ["run", "--config", state.Config]);
        try
        {
            // Busy with the loop for longer than the probe would have let it, and not yet listening.
            await UntilAsync(() => daemon.HasExited || daemon.TotalProcessorTime > TimeSpan.FromSeconds(3));
            Assert.IsFalse(daemon.HasExited);
            Assert.IsFalse(File.Exists(state.InferenceSocket));
        }
        finally
        {
            daemon.Kill();
            await daemon.WaitForExitAsync();
        }
    }

    [TestMethod]
    public async Task ModelThatSwells_IsRefused_AndServesWhereThereIsRoom()
    {
        using StateDirectory state = StateDirectory.Create("[probe]\nmax_memory_bytes = 134217728", "bench/bench-mlp");
        CraftedModels.Bundle(state, "crafted", CraftedModels.Swelling(Many), 1);
        await RefusedAsync(state, "134217728");
        state.Configure("[probe]\nmax_memory_bytes = 1073741824");
        await ServesAsync(state);
    }

    [TestMethod]
    public async Task TighterBounds_ProbeAgain()
    {
        using StateDirectory state = StateDirectory.Create("", "bench/bench-mlp");
        CraftedModels.Bundle(state, "crafted", CraftedModels.Swelling(Many), 1);
        await ServesAsync(state);
        state.Configure("[probe]\nmax_memory_bytes = 134217728");
        await RefusedAsync(state, "134217728");
        state.Configure();
        await ServesAsync(state);
    }

    [TestMethod]
    public async Task DaemonToldToStop_LeavesInTheMiddleOfAProbe()
    {
        using StateDirectory state = StateDirectory.Create();
        CraftedModels.Bundle(state, "crafted", CraftedModels.Loop(Endless), 0);
        using Process daemon = Command.Start(Installation.Edged, ["run", "--config", state.Config]);
        using Process child = await ChildAsync(state);
        var waited = Stopwatch.StartNew();
        using (Process term = Process.Start("kill", ["-TERM", daemon.Id.ToString(CultureInfo.InvariantCulture)]))
        {
            await term.WaitForExitAsync();
        }

        await daemon.WaitForExitAsync(new CancellationTokenSource(TimeSpan.FromSeconds(30)).Token);
        Assert.AreEqual(0, daemon.ExitCode);
        Assert.IsLessThan(TimeSpan.FromSeconds(20), waited.Elapsed);
        await UntilAsync(() => child.HasExited);
    }

    [TestMethod]
    public async Task ModelThatSwells_TakesTheMemoryOfADaemonWithoutProbe()
    {
        using StateDirectory state = StateDirectory.Create("[probe]\nrun = \"never\"\nmax_memory_bytes = 134217728", "bench/bench-mlp");
        CraftedModels.Bundle(state, "crafted", CraftedModels.Swelling(Many), 1);
        await using Daemon daemon = await Daemon.StartAsync(state);
        Assert.AreEqual("READY", daemon.Model("crafted").GetProperty("state").GetString());
        daemon.Says("probe.run is \"never\"");
        Assert.IsFalse(daemon.Model("crafted").TryGetProperty("probe", out _));
    }

    [TestMethod]
    public async Task ChildThatCrashes_IsARefusal()
    {
        using StateDirectory state = StateDirectory.Create("", "bench/bench-mlp");
        CraftedModels.Bundle(state, "crafted", CraftedModels.Loop(Endless), 0);
        Task<Daemon> starting = Daemon.StartAsync(state);
        using Process child = await ChildAsync(state);
        using (Process crash = Process.Start("kill", ["-ABRT", child.Id.ToString(CultureInfo.InvariantCulture)]))
        {
            await crash.WaitForExitAsync();
        }

        await using Daemon daemon = await starting;
        AssertRefused(daemon, "died (signal 6");
    }

    [TestMethod]
    public async Task Child_HasNoFileButItsPipes_AndNoWayOut()
    {
        using StateDirectory state = StateDirectory.Create("[probe]\nmax_memory_bytes = 1073741824\ntimeout_seconds = 30");
        CraftedModels.Bundle(state, "crafted", CraftedModels.Loop(Endless), 0);

        // What the daemon was born with is not for the child: a file that it may read, a variable that it has.
        using Process daemon = Command.Start(
            "/bin/bash", ["-c", $"exec 9</etc/passwd; exec {Installation.Edged} run --config {state.Config}"],
            new Dictionary<string, string> { ["CREDENTIALS_DIRECTORY"] = "/run/secret", ["HOME"] = "/root" });
        try
        {
            using Process child = await ChildAsync(state);
            Assert.Contains("/etc/passwd", Open(daemon), "the control");
            Assert.Contains("HOME=", Read($"/proc/{daemon.Id}/environ"), "the control");
            Assert.DoesNotContain("HOME=", Read($"/proc/{child.Id}/environ"));
            Assert.DoesNotContain("CREDENTIALS_DIRECTORY", Read($"/proc/{child.Id}/environ"));
            string[] open = [];
            await UntilAsync(() => Busy(child) && (open = Open(child)).Length > 0);

            // The only names that it holds are those of its own memory, and what the runtime watches with; no socket, nothing of the state directory.
            foreach (string name in open)
            {
                Assert.IsTrue(Regex.IsMatch(name, @"^(pipe:\[\d+\]|anon_inode:.*|/proc/\d+/(status|clear_refs)|/dev/(null|urandom))$"), $"it holds {name}");
            }

            foreach (string thread in Directory.GetDirectories($"/proc/{child.Id}/task"))
            {
                string status = File.ReadAllText($"{thread}/status");
                StringAssert.Contains(status, "\nSeccomp:\t2\n", StringComparison.Ordinal);
                StringAssert.Contains(status, "\nNoNewPrivs:\t1\n", StringComparison.Ordinal);
            }

            // The thread that loads; the others are under the filter alone.
            StringAssert.Contains(File.ReadAllText($"/proc/{child.Id}/status"), "\nCapEff:\t0000000000000000\n", StringComparison.Ordinal);
            string limits = File.ReadAllText($"/proc/{child.Id}/limits");
            int time = (30 * Environment.ProcessorCount) + 1; // It may use every core to compare layouts.
            StringAssert.Matches(limits, new Regex($"Max cpu time +{time} +{time} "));
            StringAssert.Matches(limits, new Regex(@"Max file size +0 +0 "));
            StringAssert.Matches(limits, new Regex(@"Max data size +8589934592 +8589934592 "));
            StringAssert.Matches(limits, new Regex(@"Max core file size +0 +0 "));
            StringAssert.Matches(limits, new Regex(@"Max open files +3 +3 "));

            // Control: the daemon itself is under none of it.
            StringAssert.Contains(File.ReadAllText($"/proc/{daemon.Id}/status"), "\nSeccomp:\t0\n", StringComparison.Ordinal);

            // And it goes when the daemon goes, whatever takes it.
            daemon.Kill();
            await UntilAsync(() => child.HasExited);
        }
        finally
        {
            daemon.Kill();
            await daemon.WaitForExitAsync();
        }
    }

    [TestMethod]
    public async Task SelfTestThatFails_IsARefusal_AndATolerancePardons()
    {
        using StateDirectory state = StateDirectory.Create("", "bench/bench-mlp");
        CraftedModels.Bundle(state, "crafted", CraftedModels.Loop(2), 3.0001f);
        await RefusedAsync(state, "self-test 'one': output 'y': element 0 is 3, expected 3.00");
        CraftedModels.Bundle(state, "crafted", CraftedModels.Loop(2), 3.0001f, "absolute_tolerance = 0.001");
        await ServesAsync(state);
        state.Forget();
        CraftedModels.Bundle(state, "crafted", CraftedModels.Loop(2), 3f);
        await ServesAsync(state);
    }

    [TestMethod]
    public async Task SelfTestThatFails_IsARefusal_AlsoWithoutProbe()
    {
        using StateDirectory state = StateDirectory.Create("[probe]\nrun = \"never\"", "bench/bench-mlp");
        CraftedModels.Bundle(state, "crafted", CraftedModels.Loop(2), 4);
        await RefusedAsync(state, "self-test 'one': output 'y': element 0 is 3, expected 4");
    }

    [TestMethod]
    public void Verb_SaysWhatTheDaemonWould_AndChangesNothing()
    {
        using StateDirectory state = StateDirectory.Create("[probe]\ntimeout_seconds = 2", "digits/digits-s25");
        byte[] history = File.ReadAllBytes(state.History);
        string printed = Command.Edged("probe", "--config", state.Config, state.Bundle("digits-s25")).Succeeded().Output;
        foreach (string line in (string[])["model           digits version 1 sequence 1", "signed by       test", "self-tests      1 passed", "batch 32 "])
        {
            StringAssert.Contains(printed, line, StringComparison.Ordinal);
        }

        CraftedModels.Bundle(state, "crafted", CraftedModels.Loop(Endless), 0);
        AssertFails("took longer than probe.timeout_seconds 2", state.Bundle("crafted"));
        File.AppendAllText(state.Content("digits-s25", "labels.txt"), "x");
        AssertFails("no signature by a trusted key holds", state.Bundle("digits-s25"));
        AssertFails("nowhere", state.At("nowhere"));
        CollectionAssert.AreEqual(history, File.ReadAllBytes(state.History));
        Assert.IsFalse(Directory.Exists(state.At("probes")));

        void AssertFails(string reason, string folder)
        {
            Command probe = Command.Edged("probe", "--config", state.Config, folder);
            Assert.AreEqual(1, probe.ExitCode);
            StringAssert.Contains(probe.Errors, reason, StringComparison.Ordinal);
            Assert.AreEqual("", probe.Output);
        }
    }

    [TestMethod]
    public void Verb_WorksForAUserWithoutRights_AndSeveralThreads()
    {
        using StateDirectory state = StateDirectory.Create("[engine]\nintra_op_threads = 4", "digits/digits-s25");
        if (Environment.UserName != "root")
        {
            Assert.Inconclusive("only root can become somebody else; whoever runs this has no rights already");
        }

        // nobody: what belongs to root in /proc of such a process must not be needed.
        Command.Run("chown", "-R", "65534:65534", state.Root).Succeeded();
        string reachable = state.At("bin");
        Directory.CreateDirectory(reachable);
        File.Copy(Installation.Edged, Path.Combine(reachable, "edged"));
        string library = Path.Combine(reachable, "libonnxruntime.so.1");
        File.Copy(Installation.Library, library);
        state.Configure("[engine]\nintra_op_threads = 4", library: library);
        Command probe = Command.Run("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", Path.Combine(reachable, "edged"), "probe", "--config", state.Config, state.Bundle("digits-s25")).Succeeded();
        StringAssert.Contains(probe.Output, "batch 32 ", StringComparison.Ordinal);
        Assert.DoesNotContain("confined by", probe.Output);
    }

    private static string Report(StateDirectory state, JsonElement model) => state.At($"probes/{model.GetProperty("release_digest").GetString()}.toml");

    private static async Task RefusedAsync(StateDirectory state, string reason)
    {
        await using Daemon daemon = await Daemon.StartAsync(state);
        AssertRefused(daemon, reason);
    }

    private static void AssertRefused(Daemon daemon, string reason)
    {
        JsonElement crafted = daemon.Model("crafted");
        Assert.AreEqual("UNAVAILABLE", crafted.GetProperty("state").GetString());
        StringAssert.Contains(crafted.GetProperty("reason").GetString(), reason, StringComparison.Ordinal);
        Assert.AreEqual("READY", daemon.Model(Neighbour).GetProperty("state").GetString());
    }

    private static async Task ServesAsync(StateDirectory state)
    {
        await using Daemon daemon = await Daemon.StartAsync(state);
        JsonElement crafted = daemon.Model("crafted");
        Assert.AreEqual("READY", crafted.GetProperty("state").GetString(), crafted.GetProperty("reason").GetString());
    }

    /// <summary>The process that a daemon over this state loads "crafted" in.</summary>
    private static async Task<Process> ChildAsync(StateDirectory state)
    {
        Process? found = null;
        await UntilAsync(() =>
        {
            string[] daemons = [.. Processes(line => line.Contains(state.Config, StringComparison.Ordinal))];
            string? child = Processes(line => line.Contains("probe-child", StringComparison.Ordinal))
                .FirstOrDefault(id => daemons.Contains(Regex.Match(Read($"/proc/{id}/status"), @"^PPid:\t(\d+)$", RegexOptions.Multiline).Groups[1].Value)
                    && Read($"/proc/{id}/cmdline").Contains(Release(state), StringComparison.Ordinal));
            found = child is null ? null : Process.GetProcessById(int.Parse(child, CultureInfo.InvariantCulture));
            return found is not null && Busy(found);
        });
        return found!;
    }

    private static string Release(StateDirectory state) =>
        Regex.Match(Command.Edgectl("bundle", "verify", state.Bundle("crafted"), "--trust", state.Trust).Output, "[0-9a-f]{64}").Value;

    // Its own start and the library take a few hundredths of a second.
    private static bool Busy(Process process) => process.TotalProcessorTime > TimeSpan.FromSeconds(0.5);

    private static IEnumerable<string> Processes(Func<string, bool> commandLine) =>
        Directory.GetDirectories("/proc").Select(Path.GetFileName).OfType<string>().Where(name => name.All(char.IsAsciiDigit) && commandLine(Read($"/proc/{name}/cmdline")));

    private static string[] Open(Process process) =>
        [.. Directory.GetFiles($"/proc/{process.Id}/fd").Select(file => new FileInfo(file).LinkTarget).OfType<string>()];

    private static string Read(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (IOException)
        {
            return ""; // It went.
        }
    }
}
