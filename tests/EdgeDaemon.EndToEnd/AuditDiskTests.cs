using System.Diagnostics;
using System.Text.Json;
using EdgeDaemon.Client;
using EdgeDaemon.Core.Protocol.Grpc;
using EdgeDaemon.Tests.Monitoring;

namespace EdgeDaemon.EndToEnd;

/// <summary>The published daemon on disks that hang, answer late, have no room, or take half of what they are given, and with a clock that somebody sets: each ends as specified.</summary>
[TestClass]
public sealed class AuditDiskTests
{
    private const string Bench = "bench/bench-mlp";
    private const string Public = "the server cannot record requests now, try again later";
    private const int Epoch = 13, Dropped = 15, SpoolFailure = 17, ClockChange = 18;
    private const int AlertName = 80, Cause = 66;

    /// <summary>One call to the disk takes eight seconds, and stall_seconds is one: callers are told, health changes for those who watch it, and everything goes on when the disk does.</summary>
    [TestMethod]
    public async Task ADiskThatHangs_HoldsNobodyUp_AndHealthSaysWhy()
    {
        using StateDirectory state = await PrepareAsync("durability = \"strict\"\nstall_seconds = 1");
        await using Daemon daemon = await UnderAsync(state, "fdatasync", "delay_enter=8000000:when=14");
        using HttpConnection control = daemon.ConnectControl();
        using var client = new EdgeClient(EdgeAddress.UnixSocket(state.InferenceSocket), new EdgeClientOptions { Wire = EdgeWire.Grpc });
        var seen = new List<HealthStatus>();
        using var enough = new CancellationTokenSource(TimeSpan.FromSeconds(50));
        Task watching = Task.Run(async () =>
        {
            await foreach (HealthStatus status in client.WatchHealthAsync(cancellation: enough.Token))
            {
                seen.Add(status);
                if (seen.Count == 3)
                {
                    return;
                }
            }
        });
        await Waiting.UntilAsync(() => seen.Count > 0);

        int answered = 0;
        TimeSpan longest = TimeSpan.Zero;
        bool turned = false;
        for (int i = 0; i < 60 && !turned; i++)
        {
            using HttpConnection connection = daemon.Connect();
            var time = Stopwatch.StartNew();
            Assert.IsTrue(connection.Send(Releases.Question()));
            HttpAnswer? answer = connection.Read();
            longest = time.Elapsed > longest ? time.Elapsed : longest;
            turned = answer is null or { Status: 503 };
            answered += answer is { Status: 200 } ? 1 : 0;
        }

        Assert.IsTrue(turned, "a call to the disk was held, and nobody noticed");
        Assert.IsLessThan(TimeSpan.FromSeconds(5), longest, "the bound is a second");
        using (HttpConnection connection = daemon.Connect())
        {
            HttpAnswer refused = connection.Ask(Releases.Question());
            Assert.AreEqual((503, Public), (refused.Status, refused.Error));
            Assert.AreEqual(200, connection.Get("/v2/health/live").Status);
            Assert.AreEqual(503, connection.Get("/v2/health/ready").Status);
        }

        JsonElement audit = control.Get("/control/audit").Json;
        Assert.AreEqual(("stalled", false), (audit.GetProperty("state").GetString(), audit.GetProperty("accepts").GetBoolean()));
        StringAssert.Contains(audit.GetProperty("reason").GetString(), "stall_seconds", StringComparison.Ordinal);
        Assert.IsGreaterThan(1, audit.GetProperty("call_seconds").GetDouble());
        Assert.IsGreaterThan(1, MetricsTests.Scrape(daemon).Sum("edged_audit_call_seconds"));
        Command status = Command.Edgectl("audit", "status", "--socket", state.ControlSocket);
        StringAssert.Contains(status.Output, "has not answered for", StringComparison.Ordinal);

        // The disk moves again: without a restart, and nothing that was told is lost.
        await Waiting.UntilAsync(() => control.Get("/control/audit").Json.GetProperty("state").GetString() == "running");
        using (HttpConnection connection = daemon.Connect())
        {
            Assert.AreEqual(200, connection.Ask(Releases.Question()).Status);
            answered++;
        }

        await watching.WaitAsync(TimeSpan.FromSeconds(20));
        CollectionAssert.AreEqual(new[] { HealthStatus.Serving, HealthStatus.NotServing, HealthStatus.Serving }, seen);
        await Waiting.UntilAsync(() => daemon.Errors.Contains("[audit_disk_stalled]", StringComparison.Ordinal));
        await daemon.StopAsync();
        List<AuditLine> log = AuditFile.Read(state.Audit);
        Assert.IsGreaterThanOrEqualTo(answered, log.Count(line => line.Kind == AuditLine.Request));
        Assert.ContainsSingle(line => line.Kind == SpoolFailure && line[Cause] == "stalled", log);
        Assert.ContainsSingle(line => line.Kind == AuditLine.Alert && line[AlertName] == "audit_disk_stalled", log);
        AuditTests.Sound(state);
    }

    /// <summary>A caller that gives its request a second and a half is not made to wait for the disk's eight; one that gives it longer has its answer. The record is there in either case.</summary>
    [TestMethod]
    public async Task ACallersOwnDeadline_IsKept_WhileTheDiskHangs()
    {
        using StateDirectory state = await PrepareAsync("durability = \"strict\"\nstall_seconds = 60");
        int answered = 0;
        await using (Daemon daemon = await UnderAsync(state, "fdatasync", "delay_enter=8000000:when=14"))
        {
            using HttpConnection control = daemon.ConnectControl();
            byte[] hasty = Digits.Infer(
                "bench-mlp", """{"parameters":{"timeout":1500000},"inputs":[{"name":"x","datatype":"FP32","shape":[1,16],"data":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16]}]}"""u8);
            bool late = false;
            for (int i = 0; i < 60 && !late; i++)
            {
                using HttpConnection connection = daemon.Connect();
                var time = Stopwatch.StartNew();
                Assert.IsTrue(connection.Send(hasty));
                late = connection.Read() is not { Status: 200 };
                answered += late ? 0 : 1;
                Assert.IsTrue(!late || time.Elapsed > TimeSpan.FromSeconds(1.4), "the control: not before its time");
                Assert.IsLessThan(TimeSpan.FromSeconds(6), time.Elapsed, "the disk took eight");
            }

            Assert.IsTrue(late, "a call to the disk was held, and nobody waited for it");
            Assert.AreEqual("running", control.Get("/control/audit").Json.GetProperty("state").GetString());
            Assert.AreEqual(1, MetricsTests.Scrape(daemon).Sum("edged_refusals_total", ("cause", "admission_deadline")));
            using (HttpConnection connection = daemon.Connect())
            {
                Assert.AreEqual(200, connection.Ask(Releases.Question()).Status, "who waits has his answer");
            }

            await daemon.StopAsync();
        }

        Assert.AreEqual(answered + 2, AuditFile.Read(state.Audit).Count(line => line.Kind == AuditLine.Request));
        AuditTests.Sound(state);
    }

    /// <summary>Slow, and no fault: a fifth of a second for every sync is waited for, and no alarm comes of it.</summary>
    [TestMethod]
    public async Task ASlowDisk_IsWaitedFor()
    {
        using StateDirectory state = await PrepareAsync("durability = \"strict\"");
        await using (Daemon daemon = await UnderAsync(state, "fdatasync", "delay_enter=200000"))
        {
            using HttpConnection connection = daemon.Connect();
            for (int i = 0; i < 8; i++)
            {
                var time = Stopwatch.StartNew();
                Assert.AreEqual(200, connection.Ask(Releases.Question()).Status);
                Assert.IsGreaterThan(TimeSpan.FromMilliseconds(150), time.Elapsed, "the control: the answer waited for its sync");
            }

            PrometheusText page = MetricsTests.Scrape(daemon);
            Assert.AreEqual(1, page.Sum("edged_audit_state", ("state", "running")));
            Assert.IsGreaterThan(8 * 0.2, page.Sum("edged_audit_sync_duration_seconds_sum"));
            await daemon.StopAsync();
        }

        Assert.IsFalse(AuditFile.Read(state.Audit).Any(line => line.Kind == SpoolFailure));
        AuditTests.Sound(state);
    }

    [TestMethod]
    public async Task AStartThatCannotBringTheLogsEndToTheDisk_Ends_AndSaysSo()
    {
        using StateDirectory state = await PrepareAsync("durability = \"strict\"");
        byte[][] before = [.. Directory.GetFiles(state.Audit, "*.segment").Order(StringComparer.Ordinal).Select(File.ReadAllBytes)];
        Command start = Command.Run(
            "/usr/bin/strace", "-D", "-f", "-q", "-o", state.At("trace"), "-e", "trace=fdatasync", "-e", "inject=fdatasync:error=EIO:when=1", Installation.Edged, "run", "--config", state.Config);
        Assert.AreEqual(1, start.ExitCode, start.Errors);
        StringAssert.Contains(start.Errors, "cannot be brought to the disk", StringComparison.Ordinal);
        StringAssert.Contains(start.Errors, ".segment", StringComparison.Ordinal);
        byte[][] after = [.. Directory.GetFiles(state.Audit, "*.segment").Order(StringComparer.Ordinal).Select(File.ReadAllBytes)];
        Assert.HasCount(before.Length, after);
        for (int i = 0; i < before.Length; i++)
        {
            CollectionAssert.AreEqual(before[i], after[i], "nothing was appended");
        }

        await using (Daemon daemon = await Daemon.StartAsync(state))
        {
            await daemon.StopAsync();
        }

        AuditTests.Sound(state);
    }

    /// <summary>One write finds no room in a file that is laid out already (copy on write, thin volumes): the segment is given up, the group written again, and every answer leaves.</summary>
    [TestMethod]
    public async Task AWriteThatFindsNoRoom_GoesOnInTheNextSegment()
    {
        using StateDirectory state = await PrepareAsync("durability = \"strict\"");
        int answered = 0;
        await using (Daemon daemon = await UnderAsync(state, "pwrite64", "error=ENOSPC:when=20"))
        {
            using HttpConnection connection = daemon.Connect();
            for (; answered < 40; answered++)
            {
                Assert.AreEqual(200, connection.Ask(Releases.Question()).Status);
            }

            await Waiting.UntilAsync(() => daemon.Errors.Contains("[audit_segment_abandoned]", StringComparison.Ordinal));
            Assert.AreEqual(1, MetricsTests.Scrape(daemon).Sum("edged_audit_abandoned_segments_total"));
            await daemon.StopAsync();
        }

        List<AuditLine> log = AuditFile.Read(state.Audit);
        Assert.HasCount(answered, log.Where(line => line.Kind == AuditLine.Request).ToArray());
        Assert.ContainsSingle(line => line.Kind == SpoolFailure && line[Cause] == "disk_full", log);
        Assert.ContainsSingle(line => line.Kind == AuditLine.Alert && line[AlertName] == "audit_segment_abandoned", log);
        AuditTests.Sound(state);
    }

    /// <summary>The file system has no room for a next segment: the log fills the one that it has, and then nothing is answered that could not be recorded.</summary>
    [TestMethod]
    public async Task NoRoomForANextSegment_RefusesInference_BeforeAnyIsLost()
    {
        using StateDirectory state = await PrepareAsync("durability = \"strict\"\non_full = \"refuse\"", segment: 262144);
        await using (Daemon daemon = await UnderAsync(state, "fallocate", "error=ENOSPC:when=1+"))
        {
            // The answer that finds the log full is written already and is cut; the next caller is told.
            int answered = 0;
            HttpAnswer? answer = null;
            using (HttpConnection connection = daemon.Connect())
            {
                for (var time = Stopwatch.StartNew(); connection.Send(Releases.Question()) && (answer = connection.Read()) is { Status: 200 }; answered++)
                {
                    Assert.IsLessThan(TimeSpan.FromSeconds(100), time.Elapsed, "the segment never filled");
                }
            }

            Assert.IsGreaterThan(100, answered);
            using (HttpConnection connection = daemon.Connect())
            {
                answer ??= connection.Ask(Releases.Question());
            }

            Assert.AreEqual((503, Public), (answer.Status, answer.Error));
            using HttpConnection control = daemon.ConnectControl();
            JsonElement audit = control.Get("/control/audit").Json;
            Assert.AreEqual("full", audit.GetProperty("state").GetString());
            StringAssert.Contains(audit.GetProperty("reason").GetString(), "Make room", StringComparison.Ordinal);
            await daemon.StopAsync();
            List<AuditLine> log = AuditFile.Read(state.Audit);
            Assert.IsInRange(answered, answered + 1, log.Count(line => line.Kind == AuditLine.Request), "each that was told, and perhaps the one that was cut");
            Assert.IsTrue(log.Any(line => line.Kind == Dropped), "the refusals that had no record are counted in one");
        }

        AuditTests.Sound(state);
    }

    /// <summary>Every write takes half of what it is given, down to the last byte.</summary>
    [TestMethod]
    public async Task WritesThatAreCutShort_AreGoneOnWith()
    {
        using StateDirectory state = await PrepareAsync("durability = \"strict\"", segment: 262144);
        FaultShim shim = FaultShim.Make(state);
        const int Asked = 30;
        await using (Daemon daemon = await Daemon.StartAsync(state, environment: shim.Environment(shortWrites: true)))
        {
            using HttpConnection connection = daemon.Connect();
            for (int i = 0; i < Asked; i++)
            {
                Assert.AreEqual(200, connection.Ask(Releases.Question()).Status);
            }

            await daemon.StopAsync();
        }

        Assert.IsGreaterThan(Asked, shim.ShortWrites, "the control: writes were cut short");
        List<AuditLine> log = AuditFile.Read(state.Audit);
        Assert.HasCount(Asked, log.Where(line => line.Kind == AuditLine.Request).ToArray());
        Assert.IsFalse(log.Any(line => line.Kind == SpoolFailure));
        AuditTests.Sound(state);
    }

    /// <summary>The wall clock is set by an hour, back and forth, while requests are answered: the log stays in order, says so, and an epoch ends where time went back.</summary>
    [TestMethod]
    public async Task AWallClockThatIsSet_LeavesTheLogInOrder()
    {
        using StateDirectory state = await PrepareAsync("durability = \"strict\"");
        FaultShim shim = FaultShim.Make(state);
        await using (Daemon daemon = await Daemon.StartAsync(state, environment: shim.Environment(shortWrites: false)))
        {
            using HttpConnection connection = daemon.Connect();
            foreach (int hours in new[] { 0, 1, -1, 0, 24 * 400, 0 })
            {
                shim.SetClock(TimeSpan.FromHours(hours));
                for (int i = 0; i < 3; i++)
                {
                    Assert.AreEqual(200, connection.Ask(Releases.Question()).Status);
                }
            }

            await daemon.StopAsync();
        }

        List<AuditLine> log = AuditFile.Read(state.Audit);
        Assert.HasCount(18, log.Where(line => line.Kind == AuditLine.Request).ToArray());
        Assert.HasCount(5, log.Where(line => line.Kind == ClockChange).ToArray());
        Assert.HasCount(2, log.Where(line => line.Kind == Epoch).ToArray(), "an epoch for each time that it went back");
        AuditTests.Sound(state);
    }

    // A state whose first start is over: the probe's report is made, the log begun.
    private static async Task<StateDirectory> PrepareAsync(string audit, int segment = 1048576)
    {
        if (!File.Exists("/usr/bin/strace"))
        {
            Assert.Inconclusive("skipped: no strace");
        }

        StateDirectory state = StateDirectory.Create("", Bench);
        state.Configure($"[audit]\nsegment_bytes = {segment}\nmin_free_bytes = 0\n{audit}");
        await using (Daemon first = await Daemon.StartAsync(state))
        {
            await first.StopAsync();
        }

        return state;
    }

    // -D: the daemon stays the child that is started and stopped here. Calls are counted by thread.
    private static Task<Daemon> UnderAsync(StateDirectory state, string call, string fault) => Daemon.StartAsync(
        state, under: ["/usr/bin/strace", "-D", "-f", "-q", "-o", state.At("trace"), "-e", $"trace={call}", "-e", $"inject={call}:{fault}"]);
}
