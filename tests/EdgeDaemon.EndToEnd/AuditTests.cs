using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using EdgeDaemon.Tests.Monitoring;
using EdgeDaemon.Tests.Protocol.Grpc;

namespace EdgeDaemon.EndToEnd;

/// <summary>What stands in the audit log of the published daemon, read by a reader of its own.</summary>
[TestClass]
public sealed class AuditTests
{
    private const string Bench = "bench/bench-mlp";

    [TestMethod]
    public async Task EveryRequestAndEveryRefusal_IsThereOnce_AndHealthNever()
    {
        using StateDirectory state = StateDirectory.Create("", Bench, "digits/digits-s25");
        state.Configure("[audit]\nsegment_bytes = 1048576\ninput_digest = \"sha256\"\noutput_digest = \"sha256\"");
        var expected = new List<string>();
        await using (Daemon daemon = await Daemon.StartAsync(state))
        {
            using HttpConnection connection = daemon.Connect();
            Rest(connection, expected);
            using (var http2 = new Http2Connection(state.InferenceSocket))
            {
                Grpc(http2, expected);
            }

            using HttpConnection control = daemon.ConnectControl();
            Assert.AreEqual(404, control.Get("/control/nothing").Status);
            expected.Add("2 control  not_found route_unknown");
            Assert.AreEqual(200, control.Get("/control/status").Status);
            Assert.AreEqual(200, control.Get("/control/audit").Status);
            Assert.AreEqual(200, control.Ask(HttpConnection.Request("PUT", "/control/log-level", """{"level":"debug"}"""u8, "Content-Length: 17")).Status);
            expected.Add("7 control log_level info debug");
            Assert.AreEqual(200, control.Ask(HttpConnection.Request("POST", "/control/drain")).Status);
            expected.Add("7 control drain  ");
            Assert.AreEqual(503, connection.Ask(Releases.Question()).Status);
            expected.Add("2 rest  draining draining");
            await daemon.StopAsync();
        }

        List<AuditLine> log = AuditFile.Read(state.Audit);
        string[] found =
        [
            .. log.Where(line => line.Kind is AuditLine.Request or AuditLine.Refusal or AuditLine.AuthenticationFailure).Select(line => $"{line.Kind} {line[6]} {line[7]} {line[13]} {line[14]}"),
            .. log.Where(line => line.Kind == AuditLine.AdminAction).Select(line => $"{line.Kind} {line[6]} {line[40]} {line[42]} {line[43]}"),
        ];
        CollectionAssert.AreEquivalent(expected, found, string.Join('\n', found.Order(StringComparer.Ordinal)));
        CollectionAssert.AreEqual(Enumerable.Range(0, log.Count).Select(i => (long)i).ToArray(), log.Select(line => line.Sequence).ToArray());
        CollectionAssert.AllItemsAreUnique(log.Where(line => line.Kind is AuditLine.Request or AuditLine.Refusal && line[6] != "grpc_stream").Select(line => line[1]).ToArray());

        // What was decided, over what, by which release.
        AuditLine binary = log.Single(line => line.Kind == AuditLine.Request && line[6] == "rest" && line[7] == "digits" && line[17] == "2");
        Assert.AreEqual("local", binary[2]);
        Assert.AreEqual($"unix:{Command.Run("/usr/bin/id", "-u").Succeeded().Output.Trim()}", binary[3]);
        Assert.AreEqual("local", binary[4]);
        Assert.AreEqual(Convert.ToHexString(SHA256.HashData(Digits.Images.AsSpan(0, 2 * Digits.Pixels))), binary[11]);
        Assert.AreEqual("2", binary[10]);
        Assert.AreEqual((2L * Digits.Pixels).ToString(CultureInfo.InvariantCulture), binary[24], "the tensors as they came: nothing of what preprocessing makes of them");
        CollectionAssert.AreEqual(Digits.Truth.Take(2).Select(digit => (object)(ulong)digit).ToArray(), binary.Fields[18], "the classes that were answered");
        foreach (AuditLine line in log.Where(line => line.Kind == AuditLine.Request))
        {
            Assert.HasCount(64, line[9]!, "its release");
            Assert.HasCount(64, line[12]!, "its output");
            long parts = Enumerable.Range(26, 4).Sum(field => long.Parse(line[field]!, CultureInfo.InvariantCulture));
            Assert.AreEqual(long.Parse(line[30]!, CultureInfo.InvariantCulture), parts, 4, "the stages are the whole");
        }

        // The daemon's own life.
        AuditLine start = log.First(line => line.Kind == AuditLine.Start);
        Assert.AreEqual(Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(state.Config))), start[49]);
        Assert.AreEqual(Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(state.Trust))), start[48]);
        CollectionAssert.AreEquivalent(
            new[] { "received bench-mlp", "received digits-s25", "verified bench-mlp", "verified digits-s25", "committed bench-mlp", "committed digits-s25" },
            log.Where(line => line.Kind == AuditLine.ModelChange).Select(line => $"{line[40]} {line[41]}").ToArray());
        Assert.AreEqual("SIGTERM", log.Single(line => line.Kind == AuditLine.Stop)[66]);
        Sound(state);
    }

    [TestMethod]
    public async Task ModelsTrustAndConfiguration_AreRecordedAsTheyChange()
    {
        using StateDirectory state = StateDirectory.Create("", Bench);
        await using (Daemon daemon = await Daemon.StartAsync(state))
        {
            Releases.Add(state, "newer", 2);
            Directory.CreateDirectory(state.Bundle("empty"));
            await daemon.ReloadAsync();
            string text = File.ReadAllText(state.Config);
            StateDirectory.Write(state.Config, text + "\n[nonsense]\nkey = 1\n");
            await daemon.ReloadAsync(refused: true);
            StateDirectory.Write(state.Config, text);
            string before = Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(state.Trust)));
            StateDirectory.Write(state.Trust, File.ReadAllText(state.Trust) + "\n# Another one.\n");
            Directory.Delete(state.Bundle("newer"), recursive: true);
            await daemon.ReloadAsync();
            await daemon.StopAsync();
            List<AuditLine> log = AuditFile.Read(state.Audit);
            string[] steps = [.. log.Where(line => line.Kind == AuditLine.ModelChange && line[40] is not ("received" or "verified")).Select(line => $"{line[40]} {line[41]} {line[44]}")];
            CollectionAssert.IsSubsetOf(new[] { "committed bench-mlp 1", "committed newer 2", "retired bench-mlp 1", "rejected empty ", "retired newer 2" }, steps, string.Join('\n', steps));
            AuditLine[] configurations = [.. log.Where(line => line.Kind == AuditLine.ConfigurationChange)];
            CollectionAssert.AreEqual(new[] { "accepted", "refused", "accepted" }, configurations.Select(line => line[13]).ToArray());
            StringAssert.Contains(configurations[1][16], "nonsense", StringComparison.Ordinal);
            Assert.IsTrue(configurations.All(line => line[66] == "SIGHUP"));
            AuditLine trust = log.Single(line => line.Kind == AuditLine.TrustChange);
            Assert.AreEqual(Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(state.Trust))), trust[48]);
            Assert.AreEqual(before, trust[42], ignoreCase: true);
        }
    }

    [TestMethod]
    public async Task WhoeverCannotProveWhoHeIs_IsRecorded_AlsoOverTls()
    {
        await using TlsDaemon remote = await TlsDaemon.StartAsync();
        using (var stranger = new System.Net.Sockets.TcpClient())
        {
            await stranger.ConnectAsync("127.0.0.1", remote.Port);
            await stranger.GetStream().WriteAsync("GET / HTTP/1.1\r\n\r\n"u8.ToArray());
            byte[] rest = new byte[1024];
            try
            {
                while (await stranger.GetStream().ReadAsync(rest) > 0)
                {
                }
            }
            catch (IOException)
            {
                // It was cut.
            }
        }

        StateDirectory state = remote.Daemon.State;
        await remote.Daemon.StopAsync();
        AuditLine turned = AuditFile.Read(state.Audit).Single(line => line.Kind == AuditLine.AuthenticationFailure);
        Assert.AreEqual(("remote", "tls", "failed"), (turned[4], turned[6], turned[13]));
        StringAssert.StartsWith(turned[5], "127.0.0.1:");
    }

    [TestMethod]
    public async Task Redacted_NoCallerIsToBeFound_AndWithoutItIs()
    {
        foreach (bool redact in new[] { true, false })
        {
            using StateDirectory state = StateDirectory.Create("", Bench);
            await File.WriteAllBytesAsync(state.At("salt"), RandomNumberGenerator.GetBytes(32));
            File.SetUnixFileMode(state.At("salt"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
            state.Configure(redact ? $"[audit]\nsegment_bytes = 1048576\nredaction_salt = \"{state.At("salt")}\"" : "");
            await using (Daemon daemon = await Daemon.StartAsync(state))
            {
                using HttpConnection connection = daemon.Connect();
                Assert.AreEqual(200, connection.Ask(Releases.Question()).Status);
                Assert.AreEqual(404, connection.Ask(Digits.Infer("nobody", "{}"u8)).Status);
                await daemon.StopAsync();
            }

            byte[] name = Encoding.ASCII.GetBytes($"unix:{Command.Run("/usr/bin/id", "-u").Succeeded().Output.Trim()}");
            bool found = Directory.GetFiles(state.Audit, "*.segment").Any(file => File.ReadAllBytes(file).AsSpan().IndexOf(name) >= 0);
            Assert.AreEqual(!redact, found);
        }
    }

    [TestMethod]
    public async Task Receipt_SaysWhereTheRecordIs_OnBothWires_ToWhoeverMayObserve()
    {
        using StateDirectory state = StateDirectory.Create("", "digits/digits-s25");
        var sequences = new List<long>();
        await using (Daemon daemon = await Daemon.StartAsync(state))
        {
            using HttpConnection connection = daemon.Connect();
            HttpAnswer answer = connection.Ask(Digits.Infer("digits", Digits.Json(0, 1, ",\"parameters\":{\"audit\":true}")));
            Assert.AreEqual(200, answer.Status, answer.Text);
            JsonElement parameters = answer.Json.GetProperty("parameters");
            sequences.Add(parameters.GetProperty("audit_sequence").GetInt64());
            Assert.HasCount(32, Convert.FromBase64String(parameters.GetProperty("audit_root").GetString()!));
            Assert.IsLessThanOrEqualTo(sequences[0], parameters.GetProperty("audit_tree_size").GetInt64());
            Assert.AreEqual(400, connection.Ask(Digits.Infer("digits", Digits.Json(0, 1, ",\"parameters\":{\"audit\":1}"))).Status);
            Assert.IsFalse(connection.Ask(Digits.Infer("digits", Digits.Json(0, 1))).Json.TryGetProperty("parameters", out _), "who does not ask is not told");

            using (var http2 = new Http2Connection(state.InferenceSocket))
            {
                byte[] wish = Proto.Field(4, Proto.Text(1, "audit"), Proto.Field(2, Proto.Number(1, 1)));
                Http2Answer grpc = http2.Ask(Http2Connection.Call(GrpcMessage.Infer), GrpcMessage.Frame([.. GrpcMessage.Digits(1), .. wish]));
                Assert.AreEqual("0", grpc.Status);
                foreach (string name in new[] { "audit_sequence", "audit_tree_size", "audit_root" })
                {
                    Assert.IsGreaterThan(0, grpc.Data.AsSpan().IndexOf(Encoding.ASCII.GetBytes(name)), name);
                }
            }

            state.Configure("[[tenant]]\nname = \"t\"\ncallers = [\"self\"]\nroles = [\"infer\"]\nmodels = [\"*\"]");
            await daemon.ReloadAsync();
            Assert.AreEqual(403, connection.Ask(Digits.Infer("digits", Digits.Json(0, 1, ",\"parameters\":{\"audit\":true}"))).Status);
            Assert.AreEqual(200, connection.Ask(Digits.Infer("digits", Digits.Json(0, 1))).Status);
            await daemon.StopAsync();
        }

        List<AuditLine> log = AuditFile.Read(state.Audit);
        Assert.IsTrue(sequences.All(sequence => log[(int)sequence] is { Kind: AuditLine.Request } line && line[7] == "digits"));
        Assert.AreEqual("1", log.Single(line => line.Kind == AuditLine.Request && line[6] == "grpc")[32], "whoever has a receipt has waited for the disk");
        Assert.HasCount(4, log.Where(line => line.Kind == AuditLine.Request).ToArray());
    }

    [TestMethod]
    public async Task SizeAndRoot_AreOnTheControlSurface_InMetrics_AndInTheLog()
    {
        using StateDirectory state = StateDirectory.Create("", Bench);
        state.Configure("[audit]\nsegment_bytes = 1048576\ncheckpoint_records = 1");
        await using Daemon daemon = await Daemon.StartAsync(state);
        using HttpConnection connection = daemon.Connect();
        Assert.AreEqual(200, connection.Ask(Releases.Question()).Status);
        using HttpConnection control = daemon.ConnectControl();
        await Waiting.UntilAsync(() => Audit().GetProperty("checkpoint").GetProperty("size").GetInt64() > 5);
        JsonElement checkpoint = Audit().GetProperty("checkpoint");
        string root = checkpoint.GetProperty("root").GetString()!;
        string[] note = checkpoint.GetProperty("note").GetString()!.Split('\n');
        Assert.AreEqual((checkpoint.GetProperty("size").GetInt64().ToString(CultureInfo.InvariantCulture), root), (note[1], note[2]));
        await Waiting.UntilAsync(() => daemon.Errors.Contains($"root {root}, epoch", StringComparison.Ordinal));
        daemon.Says("[audit_checkpoint]");
        PrometheusText page = MetricsTests.Scrape(daemon);
        Assert.AreEqual(1, page.Sum("edged_audit_accepts"));
        Assert.AreEqual(1, page.Sum("edged_audit_state", ("state", "running")));
        Assert.IsGreaterThan(5, page.Find("edged_audit_checkpoint_records").Single().Value);
        Assert.IsGreaterThan(0, page.Sum("edged_audit_records_total"));
        Assert.IsGreaterThan(0, page.Sum("edged_audit_syncs_total"));
        Assert.AreEqual(0, page.Sum("edged_audit_dropped_records_total"));
        JsonElement status = control.Get("/control/status").Json;
        Assert.IsTrue(status.GetProperty("ready").GetBoolean());
        Assert.AreEqual("running", status.GetProperty("audit").GetProperty("state").GetString());

        JsonElement Audit() => control.Get("/control/audit").Json;
    }

    /// <summary>Who may write in the folder takes segments away, whatever modes these have: such a log is not gone on with.</summary>
    [TestMethod]
    public async Task AFolderInWhichOthersMayWrite_RefusesTheStart()
    {
        using StateDirectory state = StateDirectory.Create("", Bench);
        foreach (UnixFileMode others in new[] { UnixFileMode.GroupWrite, UnixFileMode.OtherWrite })
        {
            File.SetUnixFileMode(state.Audit, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | others);
            Command start = Command.Edged("run", "--config", state.Config);
            Assert.AreEqual(1, start.ExitCode, start.Errors);
            StringAssert.Contains(start.Errors, $"{state.Audit}: its mode is", StringComparison.Ordinal);
        }

        File.SetUnixFileMode(state.Audit, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        await using Daemon daemon = await Daemon.StartAsync(state);
    }

    [TestMethod]
    public async Task Off_NothingIsWritten_AndItIsSaid()
    {
        using StateDirectory state = StateDirectory.Create("", Bench);
        Directory.Delete(state.Audit, recursive: true);
        state.Configure("[audit]\nsegment_bytes = 1048576\nenabled = false");
        await using Daemon daemon = await Daemon.StartAsync(state);
        using HttpConnection connection = daemon.Connect();
        Assert.AreEqual(200, connection.Ask(Releases.Question()).Status);
        Assert.IsFalse(Directory.Exists(state.Audit));
        daemon.Says("[audit_not_recorded]");
    }

    /// <summary>Managed bytes of the whole process, the spool's thread too: with a record of each request no more than without.</summary>
    [TestMethod]
    public async Task ARecord_AllocatesNothing()
    {
        // What a request without a record takes: the least of ten rounds. What waits is kept for each thread and core, and on a busy machine it is not always found where it is looked for.
        double without = await LeastAsync("enabled = false", 10, double.MinValue);

        // Besides: a page that a thread takes of the heap at a time, spread over the requests. An object for each record would be in every round.
        double with = await LeastAsync("enabled = true", 40, without + 16);
        Assert.IsLessThanOrEqualTo(without + 16, with, $"{with} bytes a request with records, {without} without");

        // A request that waits for anything has a task of the server's to wait by, and its state: kept for each thread and core, made where it is not found, which happens when the thread
        // that goes on is another. Its record adds nothing to that.
        double strict = await LeastAsync("durability = \"strict\"", 40, without + 1024);
        Assert.IsLessThanOrEqualTo(without + 1024, strict, $"{strict} bytes a request that waits for its record, {without} without any");

        static async Task<double> LeastAsync(string rule, int rounds, double enough)
        {
            const int Requests = 1000;
            using StateDirectory state = StateDirectory.Create("", Bench);
            state.Configure($"[audit]\nsegment_bytes = 16777216\nmin_free_bytes = 0\ncheckpoint_records = 1000000\ncheckpoint_seconds = 3600\n{rule}");
            await using Daemon daemon = await Daemon.StartAsync(state);
            using HttpConnection connection = daemon.Connect();
            using HttpConnection control = daemon.ConnectControl();
            byte[] question = Releases.Question();
            double least = double.MaxValue;
            for (int round = 0; round < rounds && least > enough; round++)
            {
                long before = Allocated(control);
                for (int i = 0; i < Requests; i++)
                {
                    Assert.AreEqual(200, connection.Ask(question).Status);
                }

                least = Math.Min(least, (Allocated(control) - before) / (double)Requests);
            }

            return least;
        }

        static long Allocated(HttpConnection control) => control.Get("/control/status").Json.GetProperty("managed_allocated_bytes").GetInt64();
    }

    /// <summary>The tool's own judgement, from the first key on.</summary>
    internal static Command Verify(StateDirectory state) =>
        Command.Edgectl("audit", "verify", "--spool", state.Audit, "--key", Path.Combine(state.Audit, "first.vkey"));

    /// <summary>The same by a verifier that shares no code with the daemon and its tool.</summary>
    internal static void Sound(StateDirectory state)
    {
        Verify(state).Succeeded();
        Command other = Command.Run(
            "/usr/bin/python3",
            [
                Path.Combine(Installation.Root, "tests", "EdgeDaemon.Tests", "Audit", "verify_audit.py"), File.ReadAllText(Path.Combine(state.Audit, "first.vkey")).Trim(),
                .. Directory.GetFiles(state.Audit, "*.segment").Order(StringComparer.Ordinal),
            ]);
        Assert.AreEqual(0, other.ExitCode, $"{other.Output}{other.Errors}");
    }

    private static void Rest(HttpConnection connection, List<string> expected)
    {
        for (int i = 0; i < 3; i++)
        {
            Assert.AreEqual(200, connection.Get("/v2/health/live").Status);
            Assert.AreEqual(200, connection.Get("/v2/health/ready").Status);
            Assert.AreEqual(200, connection.Get("/v2/models/digits").Status);
        }

        Assert.AreEqual(200, connection.Ask(Digits.Infer("digits", Digits.Json(0, 1))).Status);
        expected.Add("1 rest digits ok ");
        Assert.AreEqual(200, connection.Ask(Digits.Binary(0, 2)).Status);
        expected.Add("1 rest digits ok ");
        Assert.AreEqual(200, connection.Ask(Releases.Question()).Status);
        expected.Add("1 rest bench-mlp ok ");
        Assert.AreEqual(400, connection.Ask(Digits.Infer("digits", "{"u8)).Status);
        expected.Add("2 rest digits invalid head_malformed_json");
        Assert.AreEqual(404, connection.Ask(Digits.Infer("nobody", "{}"u8)).Status);
        expected.Add("2 rest nobody not_found model_not_found");
        Assert.AreEqual(400, connection.Ask(Digits.Infer("bench-mlp", """{"inputs":[{"name":"x","datatype":"FP32","shape":[1,2],"data":[1,2]}]}"""u8)).Status);
        expected.Add("2 rest bench-mlp invalid input_wrong_shape");
        Assert.AreEqual(404, connection.Get("/v2/nothing").Status);
        expected.Add("2 rest  not_found route_unknown");
        Assert.AreEqual(404, connection.Get("/v2/models/nobody").Status);
        expected.Add("2 rest  not_found model_not_found");
        Assert.AreEqual(405, connection.Ask(HttpConnection.Request("DELETE", "/v2/models/digits/infer")).Status);
        expected.Add("2 rest  not_found route_method_not_allowed");
    }

    private static void Grpc(Http2Connection http2, List<string> expected)
    {
        Assert.AreEqual("0", http2.Ask(Http2Connection.Call(GrpcMessage.Live), GrpcMessage.Frame([])).Status);
        Assert.AreEqual("0", http2.Ask(Http2Connection.Call(GrpcMessage.Infer), GrpcMessage.Frame(GrpcMessage.Digits(1))).Status);
        expected.Add("1 grpc digits ok ");
        Assert.AreEqual("3", http2.Ask(Http2Connection.Call(GrpcMessage.Infer), GrpcMessage.Frame(Proto.Text(1, "digits"))).Status);
        expected.Add("2 grpc digits invalid input_missing");
        Assert.AreEqual("5", http2.Ask(Http2Connection.Call(GrpcMessage.Infer), GrpcMessage.Frame(Proto.Text(1, "nobody"))).Status);
        expected.Add("2 grpc nobody not_found model_not_found");
        Assert.AreEqual("12", http2.Ask(Http2Connection.Call("/inference.GRPCInferenceService/Nothing"), GrpcMessage.Frame([])).Status);
        expected.Add("2 grpc  not_found route_unknown");
        byte[] messages = [.. GrpcMessage.Frame(GrpcMessage.Digits(1)), .. GrpcMessage.Frame(Proto.Text(1, "digits")), .. GrpcMessage.Frame(GrpcMessage.Digits(2))];
        Assert.AreEqual("0", http2.Ask(Http2Connection.Call(GrpcMessage.Stream), messages).Status);
        expected.AddRange(["1 grpc_stream digits ok ", "2 grpc_stream digits invalid input_missing", "1 grpc_stream digits ok "]);
    }
}
