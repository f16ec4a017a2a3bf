using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using static EdgeDaemon.EndToEnd.Waiting;

namespace EdgeDaemon.EndToEnd;

/// <summary>What the operator and the service manager see: starting, refusing to start, stopping, surfaces.</summary>
[TestClass]
public sealed partial class OperationTests
{
    [TestMethod]
    public void Check_OfAGoodFile_SaysSo()
    {
        using StateDirectory state = StateDirectory.Create();
        Command check = Command.Edged("check", "--config", state.Config).Succeeded();
        string[] lines = check.Output.TrimEnd('\n').Split('\n');
        Assert.HasCount(2, lines);
        Assert.MatchesRegex(@"^audit log: max_bytes = \d+ hold some [\d.]+ million answers .*: \d+ hours at 100 answers a second, .*keep_days", lines[0]);
        Assert.AreEqual($"{state.Config}: good", lines[1]);
        Assert.AreEqual("", check.Errors);
    }

    [TestMethod]
    public void Check_PrintsEveryErrorOfAFileAtOnce_WithItsPlace()
    {
        using StateDirectory state = StateDirectory.Create();
        File.WriteAllText(state.Config, """
            format = 1
            state_dir = "relative"
            nonsense = true

            [limits]
            max_body_bytes = 1
            body_timeout_seconds = "soon"

            [[listen]]
            name = "local"
            unix = "/tmp/x.sock"
            mode = "0666"
            exposes = ["everything"]
            """);
        Command check = Command.Edged("check", "--config", state.Config);
        Assert.AreEqual(1, check.ExitCode);
        string[] lines = check.Errors.TrimEnd('\n').Split('\n');
        foreach ((int line, string key) in new[] { (2, "state_dir"), (3, "nonsense"), (6, "max_body_bytes"), (7, "body_timeout_seconds"), (12, "mode"), (13, "exposes") })
        {
            Assert.ContainsSingle(text => Regex.IsMatch(text, $@"^{Regex.Escape(state.Config)}:{line}:\d+: .*{key}"), lines, $"{key}\n{check.Errors}");
        }

        Command run = Command.Edged("run", "--config", state.Config);
        Assert.AreEqual(1, run.ExitCode);
        StringAssert.StartsWith(run.Errors, check.Errors);
    }

    [TestMethod]
    public void Check_OfTextThatIsNoToml_NamesLineAndColumn()
    {
        using StateDirectory state = StateDirectory.Create();
        File.WriteAllText(state.Config, "format = 1\nstate_dir = \"a\" \"b\"\n");
        Command check = Command.Edged("check", "--config", state.Config);
        Assert.AreEqual(1, check.ExitCode);
        StringAssert.Matches(check.Errors, new Regex($@"^{Regex.Escape(state.Config)}:2:\d+: "));
    }

    [TestMethod]
    public void Check_OfWhatIsNotThere_SaysWhatIsMissing()
    {
        using StateDirectory state = StateDirectory.Create();
        File.Delete(state.Trust);
        state.Configure(library: "/nowhere/libonnxruntime.so.1");
        Command check = Command.Edged("check", "--config", state.Config);
        Assert.AreEqual(1, check.ExitCode);
        StringAssert.Contains(check.Errors, state.Trust);
        StringAssert.Contains(check.Errors, "/nowhere/libonnxruntime.so.1");
    }

    [TestMethod]
    public void WrongCommandLine_IsExitCode2() => Assert.AreEqual(2, Command.Edged("run", "--nonsense").ExitCode);

    [TestMethod]
    public void UnpinnedLibrary_IsRefused_AndBothDigestsAreNamed()
    {
        using StateDirectory state = StateDirectory.Create();
        File.Copy(Installation.Library, state.At("lib.so"));
        string pinned = Digest(state.At("lib.so"));
        using (FileStream library = File.OpenWrite(state.At("lib.so")))
        {
            library.Seek(0, SeekOrigin.End);
            library.WriteByte(0);
        }

        state.Configure(library: state.At("lib.so"));
        Command run = Command.Edged("run", "--config", state.Config);
        Assert.AreEqual(1, run.ExitCode, run.Errors);
        StringAssert.Contains(run.Errors, pinned);
        StringAssert.Contains(run.Errors, Digest(state.At("lib.so")));
        Assert.IsFalse(Path.Exists(state.InferenceSocket));
    }

    [TestMethod]
    public async Task LibraryThatTheOperatorNames_IsLoaded()
    {
        using StateDirectory state = StateDirectory.Create("", "bench/bench-mlp");
        File.Copy(Installation.Library, state.At("lib.so"));
        using (FileStream library = File.OpenWrite(state.At("lib.so")))
        {
            library.Seek(0, SeekOrigin.End);
            library.WriteByte(0);
        }

        state.Configure(library: state.At("lib.so"), runtime: $"sha256 = \"{Digest(state.At("lib.so"))}\"");
        await using Daemon daemon = await Daemon.StartAsync(state);
        Assert.AreEqual("READY", daemon.Model("bench-mlp").GetProperty("state").GetString());
    }

    [TestMethod]
    public void FileThatIsNoLibrary_IsRefused()
    {
        using StateDirectory state = StateDirectory.Create();
        StateDirectory.Write(state.At("lib.so"), "no library");
        state.Configure(library: state.At("lib.so"), runtime: $"sha256 = \"{Digest(state.At("lib.so"))}\"");
        Command run = Command.Edged("run", "--config", state.Config);
        Assert.AreEqual(1, run.ExitCode);
        StringAssert.Contains(run.Errors, "cannot be loaded");
    }

    [TestMethod]
    public async Task KilledDaemon_StartsAgain()
    {
        using StateDirectory state = StateDirectory.Create("", "bench/bench-mlp");
        await using (Daemon killed = await Daemon.StartAsync(state))
        {
            await killed.KillAsync();
        }

        Assert.IsTrue(Path.Exists(state.InferenceSocket));
        await using Daemon again = await Daemon.StartAsync(state);
        using HttpConnection connection = again.Connect();
        Assert.AreEqual(200, connection.Get("/v2/models/bench-mlp/ready").Status);
    }

    [TestMethod]
    public async Task Sigterm_LetsARequestInFlightFinish()
    {
        await using Daemon daemon = await Daemon.StartAsync("", "digits/digits-s25");
        using HttpConnection connection = daemon.Connect();
        byte[] request = Digits.Binary(0, 4);
        connection.Send(request.AsSpan(0, request.Length - 100));
        await SeenAsync(daemon);
        daemon.Terminate();
        await UntilAsync(() => daemon.Errors.Contains("SIGTERM", StringComparison.Ordinal));
        connection.Send(request.AsSpan(request.Length - 100));
        HttpAnswer? answer = connection.Read();
        Assert.IsNotNull(answer, "the request in flight was cut off");
        Assert.AreEqual(200, answer.Status, answer.Text);
        Assert.HasCount(40, Digits.BinaryLogits(answer));
        Assert.IsNull(connection.Read());
        await daemon.LeaveAsync();
    }

    [TestMethod]
    public async Task Sigterm_DoesNotWaitForIdleConnections()
    {
        await using Daemon daemon = await Daemon.StartAsync("", "bench/bench-mlp");
        using HttpConnection idle = daemon.Connect();
        Assert.AreEqual(200, idle.Get("/v2").Status);
        var waited = Stopwatch.StartNew();
        await daemon.StopAsync();
        Assert.IsLessThan(TimeSpan.FromSeconds(10), waited.Elapsed);
        Assert.IsNull(idle.Read());
    }

    [TestMethod]
    public async Task ServiceManager_HearsReadyAndStopping()
    {
        using StateDirectory state = StateDirectory.Create("", "bench/bench-mlp");
        using var manager = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { ReceiveTimeout = 30_000 };
        manager.Bind(new UnixDomainSocketEndPoint(state.At("notify")));
        await using Daemon daemon = await Daemon.StartAsync(state, environment: new Dictionary<string, string> { ["NOTIFY_SOCKET"] = state.At("notify") });
        var before = new List<string>();
        string[] ready;
        while (!(ready = Receive(manager)).Contains("READY=1"))
        {
            before.AddRange(ready);
        }

        CollectionAssert.Contains(before, "EXTEND_TIMEOUT_USEC=70000000", "a first load may take a minute");
        CollectionAssert.Contains(before, "EXTEND_TIMEOUT_USEC=90000000", "so may reading what is large");
        CollectionAssert.Contains(ready, "READY=1");
        CollectionAssert.Contains(ready, "STATUS=1 models serve, 0 refused");
        daemon.Terminate();
        CollectionAssert.Contains(Receive(manager), "STOPPING=1");
        await daemon.LeaveAsync();
    }

    [TestMethod]
    public async Task ServiceManagerThatIsNotThere_IsNoReasonNotToServe()
    {
        using StateDirectory state = StateDirectory.Create();
        await using Daemon daemon = await Daemon.StartAsync(state, environment: new Dictionary<string, string> { ["NOTIFY_SOCKET"] = state.At("nobody") });
        await UntilAsync(() => daemon.Errors.Contains("cannot notify", StringComparison.Ordinal));
    }

    [TestMethod]
    public async Task ReleaseThatAnswered_IsNamedToWhomControlIsOpen_AndToNobodyElse()
    {
        using StateDirectory state = StateDirectory.Create("", "digits/digits-s25");
        string both = state.At("b.sock");
        state.Configure($"""
            [[listen]]
            name = "both"
            unix = "{both}"
            exposes = ["inference", "control"]
            """);
        await using Daemon daemon = await Daemon.StartAsync(state);
        using var operators = new HttpConnection(both);
        HttpAnswer named = operators.Ask(Digits.Binary(0, 1));
        Assert.AreEqual(daemon.Model("digits").GetProperty("release_digest").GetString(), named.Headers["edged-release"]);
        using HttpConnection caller = daemon.Connect();
        HttpAnswer plain = caller.Ask(Digits.Binary(0, 1));
        Assert.AreEqual(200, plain.Status);
        Assert.IsFalse(plain.Headers.ContainsKey("edged-release"));
    }

    [TestMethod]
    public async Task Surfaces_AnswerOnlyOnTheirOwnSocket()
    {
        await using Daemon daemon = await Daemon.StartAsync("", "bench/bench-mlp");
        using HttpConnection inference = daemon.Connect();
        using HttpConnection control = daemon.ConnectControl();
        foreach (string route in new[] { "/control/status", "/control/models", "/control/models/bench-mlp" })
        {
            Assert.AreEqual(200, control.Get(route).Status);
            HttpAnswer answer = inference.Get(route);
            Assert.AreEqual(404, answer.Status);
            Assert.AreEqual("no such endpoint", answer.Error);
        }

        foreach (string route in new[] { "/v2", "/v2/health/live", "/v2/models/bench-mlp" })
        {
            Assert.AreEqual(200, inference.Get(route).Status);
            HttpAnswer answer = control.Get(route);
            Assert.AreEqual(404, answer.Status);
            Assert.AreEqual("no such endpoint", answer.Error);
        }

        HttpAnswer infer = control.Ask(HttpConnection.Request("POST", "/v2/models/bench-mlp/infer", new byte[64], "Inference-Header-Content-Length: 0"));
        Assert.AreEqual(404, infer.Status);
    }

    [TestMethod]
    public async Task Control_AnswersWhatIsUnknownOrUnasked_WithItsOwnRefusals()
    {
        await using Daemon daemon = await Daemon.StartAsync("", "bench/bench-mlp");
        using HttpConnection control = daemon.ConnectControl();
        Assert.AreEqual("404 model not found", Short(control.Get("/control/models/nobody")));
        Assert.AreEqual("404 no such endpoint", Short(control.Get("/control/nothing")));
        HttpAnswer post = control.Ask(HttpConnection.Request("POST", "/control/status"));
        Assert.AreEqual("405 method not allowed for this endpoint", Short(post));
        Assert.AreEqual("GET, HEAD", post.Headers["Allow"]);

        static string Short(HttpAnswer answer) => $"{answer.Status} {answer.Error}";
    }

    [TestMethod]
    public async Task RefusedRequest_IsInTheLogUnderTheIdThatTheCallerSaw()
    {
        await using Daemon daemon = await Daemon.StartAsync("[log]\nlevel = \"debug\"", "bench/bench-mlp");
        using HttpConnection connection = daemon.Connect();
        string text = connection.Ask(Digits.Infer("bench-mlp", "{"u8)).Json.GetProperty("error").GetString()!;
        string id = RequestId().Match(text).Groups[1].Value;
        Assert.AreNotEqual("", id, text);
        await UntilAsync(() => daemon.Errors.Contains(id, StringComparison.Ordinal));
    }

    [TestMethod]
    public async Task FailedCallers_AreToldWhatToDoByEdgectl()
    {
        await using Daemon daemon = await Daemon.StartAsync("", "digits/digits-s25");
        string image = Path.Combine(Installation.Models, "digits", "heldout.pgm");
        Command answer = Command.Edgectl("infer", "digits", "--socket", daemon.State.InferenceSocket, "--image", image, "--index", "3").Succeeded();
        string[] labels = File.ReadAllLines(daemon.State.Content("digits-s25", "labels.txt"));
        StringAssert.StartsWith(answer.Output, labels[Digits.Truth[3]]);
        Assert.AreEqual(1, Command.Edgectl("infer", "nobody", "--socket", daemon.State.InferenceSocket, "--image", image).ExitCode);
        Assert.AreEqual(3, Command.Edgectl("model", "list", "--socket", daemon.State.At("nothing.sock")).ExitCode);
        Assert.AreEqual(2, Command.Edgectl("infer", "digits", "--nonsense").ExitCode);
    }

    private static string[] Receive(Socket manager)
    {
        byte[] buffer = new byte[4096];
        return Encoding.UTF8.GetString(buffer, 0, manager.Receive(buffer)).Split('\n');
    }

    // A second connection's answer comes after the daemon had the first one's bytes in hand: requests that are later
    // than those are answered. Ten of them, so that no scheduling accident hides the first.
    private static async Task SeenAsync(Daemon daemon)
    {
        for (int i = 0; i < 10; i++)
        {
            using HttpConnection other = daemon.Connect();
            Assert.AreEqual(200, other.Get("/v2").Status);
            await Task.Yield();
        }
    }

    private static string Digest(string file)
    {
        using FileStream stream = File.OpenRead(file);
        return Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(stream));
    }

    [GeneratedRegex(@"\(request ([0-9a-f-]+)\)")]
    private static partial Regex RequestId();
}
