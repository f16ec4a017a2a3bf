using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace EdgeDaemon.EndToEnd;

/// <summary>edged.toml, trust.toml and bundles that change while the daemon serves: all of it counts, or nothing.</summary>
[TestClass]
public sealed class ReloadTests
{
    private const string Bench = "bench/bench-mlp";

    [TestMethod]
    public async Task BadConfiguration_IsRefusedWhole_WithEveryError_AndAGoodOneCounts()
    {
        using StateDirectory state = StateDirectory.Create("", Bench);
        await using Daemon daemon = await Daemon.StartAsync(state);
        using HttpConnection control = daemon.ConnectControl();
        using HttpConnection connection = daemon.Connect();
        string good = Tenant("\"observe\", \"admin\"") + "\n\n[log]\nlevel = \"debug\"\n";
        state.Configure(good.Replace("\"debug\"", "\"loud\"", StringComparison.Ordinal) + "\n[limits]\nmax_tensors = 0\nno_such_key = 1\n");

        JsonElement check = control.Ask(HttpConnection.Request("POST", "/control/config/check")).Json;
        Assert.IsFalse(check.GetProperty("good").GetBoolean());
        HttpAnswer refused = control.Ask(HttpConnection.Request("POST", "/control/reload"));
        Assert.AreEqual(422, refused.Status, refused.Text);
        Assert.IsFalse(refused.Json.GetProperty("applied").GetBoolean());
        string[] errors = [.. refused.Json.GetProperty("errors").EnumerateArray().Select(error => error.GetString()!)];
        Assert.HasCount(3, errors, refused.Text);
        CollectionAssert.AreEqual(errors, check.GetProperty("errors").EnumerateArray().Select(error => error.GetString()).ToArray());
        foreach (string word in new[] { "level", "max_tensors", "no_such_key" })
        {
            int line = 1 + Array.FindIndex(File.ReadAllLines(state.Config), text => text.StartsWith(word, StringComparison.Ordinal));
            // A wrong value's column is the value's, an unknown key's its own.
            int column = word == "no_such_key" ? 1 : word.Length + " = ".Length + 1;
            Assert.IsTrue(errors.Any(error => error.StartsWith($"{state.Config}:{line}:{column}: ", StringComparison.Ordinal) && error.Contains(word, StringComparison.Ordinal)), string.Join('\n', errors));
        }

        Command tool = Command.Edgectl("config", "reload", "--socket", state.ControlSocket);
        Assert.AreEqual(1, tool.ExitCode);
        Assert.AreEqual(string.Join('\n', errors) + "\nnothing was applied\n", tool.Output);
        foreach (string error in errors)
        {
            daemon.Says(error);
        }

        // The old one counts in every part.
        Assert.AreEqual(200, connection.Ask(Releases.Question()).Status);
        Assert.AreEqual("info", control.Get("/control/log-level").Json.GetProperty("level").GetString());
        Assert.AreEqual("local", Name(control));

        // The control: the same without its errors changes all of that, on connections that were open before.
        state.Configure(good);
        Assert.AreEqual("good: a reload would apply it\n", Command.Edgectl("config", "check", "--socket", state.ControlSocket).Succeeded().Output);
        Assert.AreEqual("local", Name(control));
        Assert.AreEqual("applied: 1 models serve, 0 bundles are refused\n", Command.Edgectl("config", "reload", "--socket", state.ControlSocket).Succeeded().Output);
        Assert.AreEqual(403, connection.Ask(Releases.Question()).Status);
        Assert.AreEqual("debug", control.Get("/control/log-level").Json.GetProperty("level").GetString());
        Assert.AreEqual("t", Name(control));
    }

    [TestMethod]
    public async Task WhatNeedsARestart_IsNamed_AndNothingOfTheFileIsApplied()
    {
        using StateDirectory state = StateDirectory.Create("", Bench);
        await using Daemon daemon = await Daemon.StartAsync(state);
        using HttpConnection control = daemon.ConnectControl();
        state.Configure(Tenant("\"observe\", \"admin\"") + "\n[engine]\nlanes = 1\n[limits]\nmax_json_depth = 16\n", inferenceMode: "0660");
        HttpAnswer refused = control.Ask(HttpConnection.Request("POST", "/control/reload"));
        Assert.AreEqual(422, refused.Status, refused.Text);
        Assert.AreEqual("[]", refused.Json.GetProperty("errors").GetRawText());
        CollectionAssert.AreEqual(
            new[] { "[engine] lanes", "[limits] max_json_depth", "[[listen]] 'local' mode" },
            refused.Json.GetProperty("restart").EnumerateArray().Select(key => key.GetString()).ToArray());
        Assert.AreEqual("local", Name(control));
        await daemon.ReloadAsync(refused: true);
        Assert.AreEqual("local", Name(control));
        Command tool = Command.Edgectl("config", "check", "--socket", state.ControlSocket);
        Assert.AreEqual(1, tool.ExitCode);
        StringAssert.Contains(tool.Output, "needs a restart: [[listen]] 'local' mode\n", StringComparison.Ordinal);
    }

    [TestMethod]
    public async Task FilesOfWhatIsNamedElsewhere_AreJudgedBeforeAnythingCounts()
    {
        using StateDirectory state = StateDirectory.Create("", Bench);
        await using Daemon daemon = await Daemon.StartAsync(state);
        using HttpConnection control = daemon.ConnectControl();
        state.Configure("[[tenant]]\nname = \"t\"\ncallers = [\"self\", \"unix:no-such-account-here\"]\nroles = [\"observe\", \"admin\"]");
        Reloaded(control, 422, $"{state.Config}:{1 + Array.FindIndex(File.ReadAllLines(state.Config), line => line.StartsWith("callers", StringComparison.Ordinal))}:11: [[tenant]] ");

        state.Configure();
        string trust = File.ReadAllText(state.Trust);
        StateDirectory.Write(state.Trust, trust + "\nnonsense");
        Reloaded(control, 422, $"{state.Trust}:");
        Assert.AreEqual("READY", daemon.Model(Releases.Model).GetProperty("state").GetString());
        StateDirectory.Write(state.Trust, trust);

        byte[] history = File.ReadAllBytes(state.History);
        File.Delete(state.History);
        Reloaded(control, 422, "releases.toml is missing");
        Assert.AreEqual("READY", daemon.Model(Releases.Model).GetProperty("state").GetString());
        File.WriteAllBytes(state.History, history);

        // A policy of yesterday is refused whole: judged by it, everything would go out of service.
        Command.Edgectl("keygen", "--out", state.At("other")).Succeeded();
        Command.Edgectl("trust", "add", state.Trust, "--key", state.At("other.pub"), "--name", "other", "--models", "*").Succeeded();
        Reloaded(control, 200, "");
        StateDirectory.Write(state.Trust, trust);
        Reloaded(control, 422, "version 1, but version 2 was in force");
        Assert.AreEqual("READY", daemon.Model(Releases.Model).GetProperty("state").GetString());
    }

    [TestMethod]
    public async Task RevokedKey_TakesItsModelOutOfService_AndNoOther()
    {
        using StateDirectory state = StateDirectory.Create("", Bench, "digits/digits-s25");
        Command.Edgectl("keygen", "--out", state.At("other")).Succeeded();
        Command.Edgectl("trust", "add", state.Trust, "--key", state.At("other.pub"), "--name", "other", "--models", "*").Succeeded();
        Directory.Delete(Path.Combine(state.Bundle("bench-mlp"), "signatures"), recursive: true);
        state.Sign("bench-mlp", state.At("other"));
        await using Daemon daemon = await Daemon.StartAsync(state);
        using HttpConnection connection = daemon.Connect();
        Assert.AreEqual(200, connection.Ask(Releases.Question()).Status);

        Command.Edgectl("trust", "revoke", state.Trust, "--key", "other").Succeeded();
        Assert.AreEqual(200, connection.Ask(Releases.Question()).Status, "nothing counts before it is read");
        await daemon.ReloadAsync();
        Assert.AreEqual(404, connection.Ask(Releases.Question()).Status);
        Assert.AreEqual("UNAVAILABLE", daemon.Model(Releases.Model).GetProperty("state").GetString());
        Assert.AreEqual(200, connection.Ask(Digits.Binary(0, 1)).Status);
        Assert.AreEqual(200, connection.Get("/v2/health/ready").Status);

        // Signed by a key that is trusted it serves again, without a restart.
        state.Sign("bench-mlp");
        await daemon.ReloadAsync();
        Assert.AreEqual(200, connection.Ask(Releases.Question()).Status);
        Assert.AreEqual("test", daemon.Model(Releases.Model).GetProperty("signed_by").EnumerateArray().Single().GetString());

        // And a folder that is removed is out of service.
        Directory.Delete(state.Bundle("bench-mlp"), recursive: true);
        await daemon.ReloadAsync();
        Assert.AreEqual(404, connection.Ask(Releases.Question()).Status);
        Assert.AreEqual(200, connection.Ask(Digits.Binary(0, 1)).Status);
    }

    [TestMethod]
    public async Task BundleThatCannotBeTaken_LeavesTheOldOneServing()
    {
        using StateDirectory state = StateDirectory.Create("", Bench);
        await using Daemon daemon = await Daemon.StartAsync(state);
        using HttpConnection connection = daemon.Connect();
        string digest = daemon.Model(Releases.Model).GetProperty("release_digest").GetString()!;

        // Copied half: by an unchanged policy the one in memory goes on.
        string half = state.Content("bench-mlp", "model.toml");
        byte[] whole = File.ReadAllBytes(half);
        File.WriteAllBytes(half, whole[..(whole.Length / 2)]);
        await daemon.ReloadAsync();
        Assert.AreEqual(200, connection.Ask(Releases.Question()).Status);
        using (HttpConnection control = daemon.ConnectControl())
        {
            JsonElement[] models = [.. control.Get("/control/models").Json.GetProperty("models").EnumerateArray()];
            CollectionAssert.AreEquivalent(new[] { "READY", "UNAVAILABLE" }, models.Select(model => model.GetProperty("state").GetString()).ToArray());
        }

        // By a changed one, what cannot be proven any more does not.
        Command.Edgectl("keygen", "--out", state.At("other")).Succeeded();
        Command.Edgectl("trust", "add", state.Trust, "--key", state.At("other.pub"), "--name", "other", "--models", "*").Succeeded();
        await daemon.ReloadAsync();
        Assert.AreEqual(404, connection.Ask(Releases.Question()).Status);
        File.WriteAllBytes(half, whole);
        await daemon.ReloadAsync();
        Assert.AreEqual(200, connection.Ask(Releases.Question()).Status);
        Assert.AreEqual(digest, daemon.Model(Releases.Model).GetProperty("release_digest").GetString());
    }

    [TestMethod]
    public async Task UnderLoad_NoRequestAndNoConnectionIsLost_WhileReleasesReplaceOneAnother()
    {
        using StateDirectory state = StateDirectory.Create("", Bench);
        await using Daemon daemon = await Daemon.StartAsync(state);
        using var enough = new CancellationTokenSource();
        long answered = 0;
        Task[] callers = [.. Enumerable.Range(0, 4).Select(_ => Task.Factory.StartNew(
            () =>
            {
                // One connection each, from the first request to the last.
                using HttpConnection connection = daemon.Connect();
                byte[] question = Releases.Question();
                while (!enough.IsCancellationRequested)
                {
                    HttpAnswer answer = connection.Ask(question);
                    Assert.AreEqual(200, answer.Status, answer.Text);
                    Assert.AreEqual(200, connection.Get("/v2/health/ready").Status);
                    Interlocked.Increment(ref answered);
                }
            },
            TaskCreationOptions.LongRunning))];
        for (int sequence = 2; sequence <= 6; sequence++)
        {
            long before = Interlocked.Read(ref answered);
            Releases.Add(state, $"release-{sequence}", sequence);
            if (sequence > 3)
            {
                Directory.Delete(state.Bundle($"release-{sequence - 2}"), recursive: true);
            }

            await daemon.ReloadAsync();
            Assert.AreEqual(sequence, daemon.Model(Releases.Model).GetProperty("sequence").GetInt32());
            await Waiting.UntilAsync(() => Interlocked.Read(ref answered) > before + 20 || callers.Any(caller => caller.IsFaulted));
        }

        await enough.CancelAsync();
        await Task.WhenAll(callers);
        await daemon.StopAsync();
        Assert.IsFalse(daemon.Errors.Split('\n').Any(line => line.Contains(" request ", StringComparison.Ordinal)), daemon.Errors);
    }

    [TestMethod]
    public async Task RequestInFlight_FinishesOnTheReleaseItBeganWith()
    {
        using StateDirectory state = StateDirectory.Create("", Bench);
        await using Daemon daemon = await Daemon.StartAsync(state);
        using HttpConnection connection = daemon.Connect();
        using HttpConnection control = daemon.ConnectControl();
        byte[] question = Releases.Question();
        connection.Send(question.AsSpan(0, question.Length - 10));
        await Waiting.UntilAsync(() => control.Get("/control/status").Json.GetProperty("requests_in_flight").GetInt32() == 1);
        Directory.Delete(state.Bundle("bench-mlp"), recursive: true);
        await daemon.ReloadAsync();
        using HttpConnection other = daemon.Connect();
        Assert.AreEqual(404, other.Ask(question).Status, "for whoever comes now it is gone");
        connection.Send(question.AsSpan(question.Length - 10));
        Assert.AreEqual(200, connection.Read()!.Status);
        Assert.AreEqual(404, connection.Ask(question).Status);
    }

    [TestMethod]
    public async Task Sighup_IsToldToTheServiceManager_InOneDatagramAndReadyAfterIt()
    {
        using StateDirectory state = StateDirectory.Create("", Bench);
        using var manager = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { ReceiveTimeout = 30_000 };
        manager.Bind(new UnixDomainSocketEndPoint(state.At("notify")));
        await using Daemon daemon = await Daemon.StartAsync(state, environment: new Dictionary<string, string> { ["NOTIFY_SOCKET"] = state.At("notify") });
        while (!Receive().Contains("READY=1"))
        {
        }

        foreach (bool good in new[] { true, false })
        {
            if (!good)
            {
                StateDirectory.Write(state.Config, "format = 1\nnonsense = 1\n");
            }

            long before = Stopwatch.GetTimestamp() / 1000;
            daemon.HangUp();
            string[] reloading = Receive();
            long after = Stopwatch.GetTimestamp() / 1000;
            Assert.AreEqual("RELOADING=1", reloading[0]);
            StringAssert.StartsWith(reloading[1], "MONOTONIC_USEC=");
            long at = long.Parse(reloading[1]["MONOTONIC_USEC=".Length..], CultureInfo.InvariantCulture);
            Assert.IsTrue(before <= at && at <= after, $"{before} {at} {after}");
            string[] ready;
            do
            {
                ready = Receive();
            }
            while (ready[0].StartsWith("EXTEND_TIMEOUT_USEC", StringComparison.Ordinal));
            CollectionAssert.AreEqual(new[] { "READY=1", "STATUS=1 models serve, 0 refused" }, ready);
        }

        string[] Receive()
        {
            byte[] buffer = new byte[4096];
            return Encoding.UTF8.GetString(buffer, 0, manager.Receive(buffer)).Split('\n');
        }
    }

    [TestMethod]
    public async Task KilledInTheMiddleOfAReload_ItStartsAgainWithOneReleaseOrTheOther()
    {
        using StateDirectory state = StateDirectory.Create("[probe]\nrun = \"always\"", Bench);
        for (int sequence = 2; sequence <= 4; sequence++)
        {
            await using Daemon daemon = await Daemon.StartAsync(state);
            Releases.Add(state, $"release-{sequence}", sequence);
            daemon.HangUp();
            await Waiting.UntilAsync(() => daemon.Count("reload on SIGHUP") == 1);
            await daemon.KillAsync();
        }

        await using Daemon again = await Daemon.StartAsync(state);
        Assert.AreEqual(4, again.Model(Releases.Model).GetProperty("sequence").GetInt32());
        using HttpConnection connection = again.Connect();
        Assert.AreEqual(200, connection.Ask(Releases.Question()).Status);
    }

    [TestMethod]
    public async Task SecondReload_IsRefusedWhileOneRuns_AndASignalWaitsItsTurn()
    {
        using StateDirectory state = StateDirectory.Create("[probe]\nrun = \"always\"", Bench);
        await using Daemon daemon = await Daemon.StartAsync(state);
        for (int sequence = 2; sequence <= 4; sequence++)
        {
            Releases.Add(state, $"release-{sequence}", sequence);
        }

        using HttpConnection first = daemon.ConnectControl();
        using HttpConnection second = daemon.ConnectControl();
        first.Send(HttpConnection.Request("POST", "/control/reload"));
        await Waiting.UntilAsync(() => daemon.Count("reload on a request") == 1);
        HttpAnswer busy = second.Ask(HttpConnection.Request("POST", "/control/reload"));
        Assert.AreEqual(503, busy.Status, busy.Text);
        Assert.AreEqual("another change is under way, try again later", busy.Error);
        daemon.HangUp();
        daemon.HangUp();
        Assert.AreEqual(200, first.Read()!.Status);
        await Waiting.UntilAsync(() => daemon.Count("configuration reloaded") >= 2);
        Assert.AreEqual(200, second.Ask(HttpConnection.Request("GET", "/control/status")).Status);
    }

    private static string Tenant(string roles) => $"[[tenant]]\nname = \"t\"\ncallers = [\"self\"]\nroles = [{roles}]\nmodels = [\"*\"]\n";

    private static string Name(HttpConnection control) =>
        control.Get("/control/tenants").Json.GetProperty("tenants").EnumerateArray().Single().GetProperty("name").GetString()!;

    private static void Reloaded(HttpConnection control, int status, string error)
    {
        HttpAnswer answer = control.Ask(HttpConnection.Request("POST", "/control/reload"));
        Assert.AreEqual(status, answer.Status, answer.Text);
        StringAssert.Contains(answer.Text, error, StringComparison.Ordinal);
    }
}
