using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using EdgeDaemon.Core.Audit;
using EdgeDaemon.Tests.Audit.Segments;

namespace EdgeDaemon.EndToEnd;

/// <summary>The published edgectl on logs that the tests wrote: what only a real process, a real pipe and a real kill can show.</summary>
[TestClass]
public sealed partial class AuditToolTests
{
    private const int Interrupt = 2; // SIGINT
    private const int Terminate = 15; // SIGTERM

    [TestMethod]
    public void Judging_Proving_Asking_WorkInThePublishedTool()
    {
        using var log = new LogFolder();
        log.Spool.Requests(30).NextEpoch().Requests(30).Checkpoint();
        log.Save();
        StringAssert.StartsWith(Audit(log, "verify", "--key", log.Key).Succeeded().Output, "good\n", StringComparison.Ordinal);
        Audit(log, "prove", "17", "--key", log.Key, "--out", log["proof"]).Succeeded();
        StringAssert.StartsWith(Command.Edgectl("audit", "check-proof", log["proof"], "--key", log.Key).Succeeded().Output, "good: record 17 ", StringComparison.Ordinal);
        StringAssert.Contains(Audit(log, "stats").Succeeded().Output, "kind                 60  request\n", StringComparison.Ordinal);
        Assert.HasCount(60, Sequences(Audit(log, "query", "--kind", "request", "--json").Succeeded().Output));
        Assert.HasCount(7, Sequences(Audit(log, "tail", "-n", "7", "--json").Succeeded().Output));
        File.WriteAllText(log["checkpoint"], Audit(log, "checkpoint").Succeeded().Output);
        Audit(log, "verify", "--key", log.Key, "--since", log["checkpoint"], "--json").Succeeded();

        byte[] bytes = File.ReadAllBytes(log.Segment(0));
        bytes[log.Spool.Frames[20].Offset + 40] ^= 2;
        File.WriteAllBytes(log.Segment(0), bytes);
        Command bad = Audit(log, "verify", "--key", log.Key);
        Assert.AreEqual(1, bad.ExitCode);
        StringAssert.Contains(bad.Errors, $"{log.Segment(0)}:{log.Spool.Frames[20].Offset}: sequence 20: ", StringComparison.Ordinal);
    }

    [TestMethod]
    public void ACursor_DoesNotMovePastLines_ThatAClosedPipeSwallowed()
    {
        // More than a pipe holds: the reader leaves while the tool still writes. The framework's console would say nothing of it.
        using var log = new LogFolder();
        log.Spool.Requests(3000).Checkpoint();
        log.Save();
        Command cut = Command.Run("/bin/bash", "-c", $"'{Installation.Edgectl}' audit export --spool '{log.Folder}' --cursor '{log["cursor"]}' | head -n 3; exit ${{PIPESTATUS[0]}}");
        Assert.AreEqual(1, cut.ExitCode, cut.Errors);
        StringAssert.Contains(cut.Errors, "standard output", StringComparison.Ordinal);
        Assert.IsFalse(File.Exists(log["cursor"]));

        // To who only looks, a reader that has left is no error; and nothing goes on for ever behind it.
        foreach (string shown in (string[])["query", "query --json", "tail -n 3000", "tail -n 3000 --follow --json"])
        {
            Command looked = Command.Run("/bin/bash", "-c", $"'{Installation.Edgectl}' audit {shown} --spool '{log.Folder}' | head -n 3; exit ${{PIPESTATUS[0]}}");
            Assert.AreEqual((0, ""), (looked.ExitCode, looked.Errors), shown);
        }

        Assert.HasCount((int)log.Spool.Size, Sequences(Audit(log, "export", "--cursor", log["cursor"]).Succeeded().Output));
        Assert.AreEqual("", Audit(log, "export", "--cursor", log["cursor"]).Succeeded().Output);
    }

    [TestMethod]
    public async Task KilledAgainAndAgain_AnExportLosesNothing()
    {
        using var log = new LogFolder();
        log.Spool.Requests(30_000).Checkpoint();
        log.Save();
        var random = new Random(1);
        int killed = 0;
        for (int run = 0; run < 15; run++)
        {
            using Process export = Command.Start(Installation.Edgectl, ["audit", "export", "--spool", log.Folder, "--cursor", log["cursor"], "--out", log["lines"]]);
            await Task.Delay(random.Next(5, 60));
            killed += export.HasExited ? 0 : 1;
            export.Kill();
            await export.WaitForExitAsync();
        }

        Audit(log, "export", "--cursor", log["cursor"], "--out", log["lines"]).Succeeded();
        var seen = new bool[log.Spool.Size];
        foreach (string line in File.ReadLines(log["lines"]))
        {
            using JsonDocument record = JsonDocument.Parse(line);
            seen[record.RootElement.GetProperty("sequence").GetInt32()] = true;
        }

        Assert.DoesNotContain(false, seen);
        Assert.IsGreaterThan(0, killed);
    }

    [TestMethod]
    public async Task BesideAWriter_TheTailSeesEveryRecordOnce_AndCtrlCEndsIt()
    {
        using var log = new LogFolder();
        log.Spool.Requests(3);
        log.Save();
        using Process tail = Command.Start(Installation.Edgectl, ["audit", "tail", "--spool", log.Folder, "--follow", "--json", "-n", "100000"]);
        Task<string> errors = tail.StandardError.ReadToEndAsync();
        var seen = new List<long>();
        Task reading = Task.Run(() =>
        {
            while (tail.StandardOutput.ReadLine() is { } line)
            {
                lock (seen)
                {
                    seen.AddRange(Sequences(line));
                }
            }
        });
        for (int round = 0; round < 60; round++)
        {
            log.Spool.Requests(5);
            if (round % 20 == 19)
            {
                log.Spool.Checkpoint().Rotate();
            }

            log.Save();
        }

        long size = (long)log.Spool.Size;
        await Waiting.UntilAsync(() =>
        {
            lock (seen)
            {
                return seen.Count >= size || tail.HasExited;
            }
        });
        Assert.IsFalse(tail.HasExited, tail.HasExited ? await errors : "");
        Assert.AreEqual(0, Signal(tail.Id, IsIgnored(tail.Id, Interrupt) ? Terminate : Interrupt)); // A shell's background jobs ignore Ctrl-C, and so do their children.
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await tail.WaitForExitAsync(patience.Token);
        await reading;
        Assert.AreEqual((0, ""), (tail.ExitCode, await errors));
        CollectionAssert.AreEqual(Enumerable.Range(0, (int)size).Select(at => (long)at).ToArray(), seen);
    }

    [TestMethod]
    public void ProgressIsShown_ToWhoWatches_AndToNobodyElse()
    {
        using var log = new LogFolder();
        log.Spool.Requests(100).Checkpoint();
        log.Save();
        Assert.AreEqual("", Audit(log, "verify", "--key", log.Key).Succeeded().Errors);
        string seen = Command.Run("/usr/bin/script", "-qec", $"'{Installation.Edgectl}' audit verify --spool '{log.Folder}' --key '{log.Key}'", "/dev/null").Succeeded().Output;
        StringAssert.Contains(seen, "verified ", StringComparison.Ordinal);
        StringAssert.Contains(seen, "good", StringComparison.Ordinal);
    }

    private static Command Audit(LogFolder log, string command, params string[] more) => Command.Edgectl(["audit", command, "--spool", log.Folder, .. more]);

    private static long[] Sequences(string lines) => [.. lines.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line =>
    {
        using JsonDocument record = JsonDocument.Parse(line);
        return record.RootElement.GetProperty("sequence").GetInt64();
    })];

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Signal(int process, int signal);

    /// <summary>A log in files, as the daemon lays it out.</summary>
    private sealed class LogFolder : IDisposable
    {
        private readonly string _root = Directory.CreateTempSubdirectory("audit-").FullName;

        public LogFolder()
        {
            Directory.CreateDirectory(Folder);
            using var first = Spool.FirstKey();
            File.WriteAllText(Key, string.Create(CultureInfo.InvariantCulture, $"{first}\n"));
        }

        public MemorySpool Spool { get; } = new(MemorySpool.NewKeys(2), 256 * 1024);

        public string Folder => Path.Combine(_root, "audit");

        public string Key => Path.Combine(_root, "first.vkey");

        public string this[string name] => Path.Combine(_root, name);

        public string Segment(int number) => Path.Combine(Folder, SpoolLayout.SegmentName((ulong)number));

        /// <summary>In place, as a writer does it.</summary>
        public void Save()
        {
            for (int number = 0; number < Spool.Segments.Count; number++)
            {
                using FileStream file = File.Open(Segment(number), FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite);
                file.Write(Spool.Segments[number]);
            }

            File.WriteAllBytes(Path.Combine(Folder, SpoolLayout.Epochs), [.. Spool.Chain]);
        }

        public void Dispose() => Directory.Delete(_root, recursive: true);
    }

    private static bool IsIgnored(int process, int signal)
    {
        string ignored = File.ReadLines($"/proc/{process}/status").First(line => line.StartsWith("SigIgn:", StringComparison.Ordinal))[7..].Trim();
        return (Convert.ToUInt64(ignored, 16) >> (signal - 1) & 1) != 0;
    }
}
