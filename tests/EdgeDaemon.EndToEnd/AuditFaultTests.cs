using System.Diagnostics;
using System.Text.Json;
using EdgeDaemon.Tests.Monitoring;
using EdgeDaemon.Tests.Protocol.Grpc;

namespace EdgeDaemon.EndToEnd;

/// <summary>A disk that is full, and one that answers with errors: no answer leaves without its record, health answers, and the control surface says why.</summary>
[TestClass]
public sealed class AuditFaultTests
{
    private const string Bench = "bench/bench-mlp";
    private const string Public = "the server cannot record requests now, try again later";

    [TestMethod]
    public async Task AFullFileSystem_RefusesInference_AndNothingElse_UntilThereIsRoom()
    {
        using StateDirectory state = StateDirectory.Create("", Bench);
        string folder = state.At("small");
        Directory.CreateDirectory(folder);
        if (Command.Run("/usr/bin/mount", "-t", "tmpfs", "-o", "size=4m,mode=0700", "tmpfs", folder).ExitCode != 0)
        {
            Assert.Inconclusive("skipped: only root can mount a small file system");
        }

        try
        {
            state.Configure($"[audit]\ndirectory = \"{folder}/audit\"\nsegment_bytes = 262144\nmax_bytes = 8388608\nmin_free_bytes = 0\non_full = \"refuse\"\noutput_digest = \"sha256\"");
            Command.Edged("init", "--config", state.Config).Succeeded();
            await using Daemon daemon = await Daemon.StartAsync(state);
            using HttpConnection control = daemon.ConnectControl();
            HttpConnection connection = daemon.Connect();
            int answered = 0, cut = 0;
            HttpAnswer? answer;
            for (var time = Stopwatch.StartNew(); ;)
            {
                Assert.IsLessThan(TimeSpan.FromSeconds(100), time.Elapsed, "the log never filled the file system");
                Assert.IsTrue(connection.Send(Releases.Question()));
                if ((answer = connection.Read()) is { Status: not 200 })
                {
                    break;
                }

                // Of one answer, which is written already, the record may meet the end: it is cut, and none leaves behind it.
                Assert.AreEqual(0, cut, "an answer left behind one whose record found no place");
                if (answer is null)
                {
                    cut++;
                    connection.Dispose();
                    connection = daemon.Connect();
                }
                else
                {
                    answered++;
                }
            }

            Assert.AreEqual((503, Public), (answer.Status, answer.Error));
            Assert.IsGreaterThan(100, answered);
            Assert.AreEqual(200, connection.Get("/v2/health/live").Status, "it lives");
            Assert.AreEqual(503, connection.Get("/v2/health/ready").Status, "and takes no requests");
            Assert.AreEqual(200, connection.Get("/v2/models/bench-mlp").Status, "what decides nothing goes on");
            using (var http2 = new Http2Connection(state.InferenceSocket))
            {
                Assert.AreEqual("14", http2.Ask(Http2Connection.Call(GrpcMessage.Infer), GrpcMessage.Frame(Proto.Text(1, "bench-mlp"))).Status);
                Assert.AreEqual("0", http2.Ask(Http2Connection.Call(GrpcMessage.Live), GrpcMessage.Frame([])).Status);
            }

            JsonElement audit = control.Get("/control/audit").Json;
            Assert.AreEqual(("full", false), (audit.GetProperty("state").GetString(), audit.GetProperty("accepts").GetBoolean()));
            Assert.IsGreaterThan(10, audit.GetProperty("reason").GetString()!.Length);
            Assert.IsFalse(control.Get("/control/status").Json.GetProperty("ready").GetBoolean());
            PrometheusText page = MetricsTests.Scrape(daemon);
            Assert.AreEqual(0, page.Sum("edged_audit_accepts"));
            Assert.AreEqual(1, page.Sum("edged_audit_state", ("state", "full")));
            Assert.IsGreaterThan(0, page.Sum("edged_refusals_total", ("cause", "audit_unavailable")));
            await Waiting.UntilAsync(() => daemon.Errors.Contains("[audit_state]", StringComparison.Ordinal));

            // Room again: without a restart, and nothing of before is lost.
            Command.Run("/usr/bin/mount", "-o", "remount,size=64m", folder).Succeeded();
            await Waiting.UntilAsync(() => connection.Get("/v2/health/ready").Status == 200);
            Assert.AreEqual(200, connection.Ask(Releases.Question()).Status);
            await daemon.StopAsync();
            int recorded = AuditFile.Read(Path.Combine(folder, "audit")).Count(line => line.Kind == AuditLine.Request);
            Assert.IsTrue(recorded == answered + 1 || recorded == answered + 1 + cut, $"{answered + 1} answers, {cut} cut, {recorded} records");
            connection.Dispose();
            Command.Edgectl("audit", "verify", "--spool", Path.Combine(folder, "audit"), "--key", Path.Combine(folder, "audit", "first.vkey")).Succeeded();
        }
        finally
        {
            Command.Run("/usr/bin/umount", "-l", folder);
        }
    }

    /// <summary>The kernel's word that data did not reach the disk is believed the first time, and no answer leaves on the strength of a second try.</summary>
    [TestMethod]
    public async Task ADiskThatFails_LetsNoAnswerLeave_AndHealthSaysSo()
    {
        if (!File.Exists("/usr/bin/strace"))
        {
            Assert.Inconclusive("skipped: no strace");
        }

        using StateDirectory state = StateDirectory.Create("", Bench);
        state.Configure("[audit]\nsegment_bytes = 1048576\ndurability = \"strict\"\nmin_free_bytes = 0");
        await using (Daemon first = await Daemon.StartAsync(state))
        {
            await first.StopAsync(); // The probe's report is made, and the first key has signed.
        }

        // -D: the daemon stays the child that is started and stopped here.
        await using Daemon daemon = await Daemon.StartAsync(
            state, under: ["/usr/bin/strace", "-D", "-f", "-q", "-o", state.At("trace"), "-e", "trace=fdatasync", "-e", "inject=fdatasync:error=EIO:when=12+"]);
        using HttpConnection control = daemon.ConnectControl();
        int answered = 0, lost = 0;
        for (int i = 0; i < 60; i++)
        {
            using HttpConnection connection = daemon.Connect();
            Assert.IsTrue(connection.Send(Releases.Question()));
            switch (connection.Read())
            {
                case { Status: 200 }:
                    Assert.AreEqual(0, lost, "an answer left after the disk had failed");
                    answered++;
                    break;
                case { Status: 503 } refused:
                    Assert.AreEqual(Public, refused.Error);
                    lost++;
                    break;
                case null:
                    lost++; // It was written, and cut before it left.
                    break;
                case { } other:
                    Assert.Fail(other.Text);
                    break;
            }
        }

        Assert.IsGreaterThan(0, answered);
        Assert.IsGreaterThan(0, lost);
        using HttpConnection health = daemon.Connect();
        Assert.AreEqual(200, health.Get("/v2/health/live").Status);
        Assert.AreEqual(503, health.Get("/v2/health/ready").Status);
        Assert.AreEqual("failed", control.Get("/control/audit").Json.GetProperty("state").GetString());
        daemon.Says("[audit_state]");
        await daemon.KillAsync();

        // A disk that works again: the next start recovers, and everything that was told is there.
        await using (Daemon again = await Daemon.StartAsync(state))
        {
            await again.StopAsync();
        }

        Assert.IsGreaterThanOrEqualTo(answered, AuditFile.Read(state.Audit).Count(line => line.Kind == AuditLine.Request));
        AuditTests.Sound(state);
    }
}
