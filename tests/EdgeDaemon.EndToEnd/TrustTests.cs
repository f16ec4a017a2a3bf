using System.Text.Json;

namespace EdgeDaemon.EndToEnd;

/// <summary>
/// What the device remembers and what its operator decides: old releases, thresholds, revocations, time. Every refusal is seen beside the
/// same bundle serving without the reason for it.
/// </summary>
[TestClass]
public sealed class TrustTests
{
    private const string Folder = "bench-mlp";

    [TestMethod]
    public async Task OlderRelease_IsRefused_UnlessItServedHereBefore()
    {
        using StateDirectory state = StateDirectory.Create("", "bench/bench-mlp");
        await ServesAsync(state, 1);
        string first = state.At("first");
        Copy(state.Bundle(Folder), first);

        Release(state, sequence: 7);
        await ServesAsync(state, 7);
        Release(state, sequence: 3);
        await RefusedAsync(state, "its sequence 3 is below 7, the highest accepted");
        Release(state, sequence: 7, description: "another release");
        await RefusedAsync(state, "another release of 'bench-mlp' with sequence 7 was accepted before");
        Release(state, sequence: 7 + (1 << 20) + 1);
        await RefusedAsync(state, "is more than 1048576 above 7");

        // The one that served is the operator's way back, until a release raises the floor.
        Directory.Delete(state.Bundle(Folder), recursive: true);
        Copy(first, state.Bundle(Folder));
        await ServesAsync(state, 1);
        Release(state, sequence: 8, floor: 8);
        await ServesAsync(state, 8);
        Directory.Delete(state.Bundle(Folder), recursive: true);
        Copy(first, state.Bundle(Folder));
        await RefusedAsync(state, "below the security floor 8");
    }

    [TestMethod]
    public async Task WithoutItsHistory_NothingServes_AndTheFileIsNotMadeAgain()
    {
        using StateDirectory state = StateDirectory.Create("", "bench/bench-mlp");
        await ServesAsync(state, 1);
        byte[] good = File.ReadAllBytes(state.History);
        File.Delete(state.History);
        await RefusedAsync(state, "releases.toml is missing");
        Command check = Command.Edged("check", "--config", state.Config);
        Assert.AreEqual(1, check.ExitCode);
        StringAssert.Contains(check.Errors, "releases.toml is missing", StringComparison.Ordinal);
        Assert.IsFalse(File.Exists(state.History), "a daemon that makes it again lets a thief reset it");

        foreach (byte[] broken in (byte[][])[[], good[..^1], good[..(good.Length / 2)], [.. good, 10]])
        {
            File.WriteAllBytes(state.History, broken);
            await RefusedAsync(state, "is torn or was edited");
            CollectionAssert.AreEqual(broken, File.ReadAllBytes(state.History));
        }

        File.WriteAllBytes(state.History, good);
        await ServesAsync(state, 1);
        good = File.ReadAllBytes(state.History);
        Command again = Command.Edged("init", "--config", state.Config);
        Assert.AreEqual(1, again.ExitCode);
        StringAssert.Contains(again.Errors, "is set up already", StringComparison.Ordinal);
        CollectionAssert.AreEqual(good, File.ReadAllBytes(state.History));
    }

    [TestMethod]
    public async Task HistoryThatCannotBeWritten_LetsNothingNewServe()
    {
        using StateDirectory state = StateDirectory.Create("", "bench/bench-mlp");
        await ServesAsync(state, 1);
        Release(state, sequence: 2);

        byte[] good = File.ReadAllBytes(state.History);
        if (Command.Run("/usr/bin/chattr", "+i", state.History).ExitCode != 0)
        {
            Assert.Inconclusive("this file system has no immutable files (chattr +i)");
        }

        try
        {
            await RefusedAsync(state, "its acceptance could not be recorded");
        }
        finally
        {
            Command.Run("/usr/bin/chattr", "-i", state.History).Succeeded();
        }

        CollectionAssert.AreEqual(good, File.ReadAllBytes(state.History));
        await ServesAsync(state, 2);
    }

    [TestMethod]
    public async Task TwoSignersWhereTwoAreAskedFor()
    {
        using StateDirectory state = StateDirectory.Create("", "bench/bench-mlp");
        Command.Edgectl("keygen", "--out", state.At("second")).Succeeded();
        Command.Edgectl("trust", "add", state.Trust, "--key", state.At("second.pub"), "--name", "second", "--models", "bench-*").Succeeded();
        await ServesAsync(state, 1);
        File.AppendAllText(state.Trust, "\n[[rule]]\nmodels = [\"bench-*\"]\nthreshold = 2\n");
        await RefusedAsync(state, "1 of its signers (test) may release a model named 'bench-mlp', and the trust policy asks for 2");
        state.Sign(Folder, state.At("second"));
        await ServesAsync(state, 1);
    }

    [TestMethod]
    public async Task SignerByCertificate_CountsUnderItsRoot()
    {
        using StateDirectory state = StateDirectory.Create("", "bench/bench-mlp");
        await ServesAsync(state, 1);
        Openssl(state, "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout root.key -out root.pem -days 2 -subj /CN=root -addext keyUsage=critical,keyCertSign");
        Openssl(state, "req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout leaf.key -out leaf.csr -subj /CN=alice");
        File.WriteAllText(state.At("leaf.ext"), "keyUsage=critical,digitalSignature\nextendedKeyUsage=codeSigning\n");
        Openssl(state, "x509 -req -in leaf.csr -CA root.pem -CAkey root.key -CAcreateserial -extfile leaf.ext -days 2 -out leaf.pem");
        string signatures = Path.Combine(state.Bundle(Folder), "signatures");
        File.Delete(Directory.GetFiles(signatures).Single());
        Command.Edgectl(
            "oms", "sign", "--method", "certificate", "--model-path", Path.Combine(state.Bundle(Folder), "content"), "--bundle", Path.Combine(signatures, "alice.sig"), "--private-key",
            state.At("leaf.key"), "--signing-cert", state.At("leaf.pem")).Succeeded();
        await RefusedAsync(state, "no signature by a trusted key holds");
        File.AppendAllText(state.Trust, $"\n[[root]]\nname = \"fleet\"\nmodels = [\"bench-*\"]\ncertificate = '''\n{File.ReadAllText(state.At("root.pem"))}'''\n");
        await ServesAsync(state, 1);
        Command verify = Command.Edgectl("bundle", "verify", state.Bundle(Folder), "--trust", state.Trust).Succeeded();
        StringAssert.Contains(verify.Output, "signed by  fleet: CN=alice", StringComparison.Ordinal);
        await using Daemon daemon = await Daemon.StartAsync(state);
        Assert.AreEqual("fleet: CN=alice", daemon.Model(Folder).GetProperty("signed_by")[0].GetString());
    }

    [TestMethod]
    public async Task RevokedReleaseAndRevokedKey_StopWhatServes()
    {
        using StateDirectory state = StateDirectory.Create("", "bench/bench-mlp");
        string digest = await ServesAsync(state, 1);
        string trust = File.ReadAllText(state.Trust);
        Command.Edgectl("trust", "revoke", state.Trust, "--release", digest, "--reason", "a test").Succeeded();
        await RefusedAsync(state, $"the trust policy revokes this release ({digest})");
        File.WriteAllText(state.Trust, trust);
        await RefusedAsync(state, "the trust policy has version 1, but version 2 was in force");
        Command.Edgectl("trust", "revoke", state.Trust, "--key", "test").Succeeded();
        await RefusedAsync(state, "no signature by a trusted key holds");
    }

    [TestMethod]
    public async Task ClockSetBack_RevivesNothing()
    {
        // To the daemon it is the same whether its clock was set back or time had been further on before: the history remembers 2035.
        using StateDirectory state = StateDirectory.Create("", "bench/bench-mlp");
        File.WriteAllText(state.Trust, File.ReadAllText(state.Trust).Replace("expires = ", "expires = 2034-01-01T00:00:00Z # ", StringComparison.Ordinal));
        await ServesAsync(state, 1);
        Rewrite(state, text => text.Replace(text.Split('\n').First(line => line.StartsWith("time = ", StringComparison.Ordinal)), "time = 2035-01-01T00:00:00Z", StringComparison.Ordinal));

        await using (Daemon daemon = await Daemon.StartAsync(state))
        {
            // It was in service: it goes on, and the operator sees why that is odd.
            Assert.IsTrue(daemon.Model(Folder).GetProperty("expired").GetBoolean());
            using HttpConnection control = daemon.ConnectControl();
            Assert.IsTrue(control.Get("/control/status").Json.GetProperty("trust").GetProperty("clock_is_behind").GetBoolean());
            await daemon.StopAsync();
        }

        Release(state, sequence: 2);
        await RefusedAsync(state, "the trust policy expired on 2034-01-01");
    }

    [TestMethod]
    public async Task ReleaseFromTheFuture_IsRefused_AndMovesNoTime()
    {
        using StateDirectory state = StateDirectory.Create("", "bench/bench-mlp");
        await ServesAsync(state, 1);
        Release(state, sequence: 2, created: "2100-01-01T00:00:00Z");
        for (int start = 0; start < 3; start++)
        {
            await RefusedAsync(state, "the release was created in the future, on 2100-01-01 00:00:00Z");
            Assert.IsLessThan(DateTimeOffset.UtcNow.AddMinutes(1), Time(state));
        }

        // One that is let pass, for clocks differ, does not move it either.
        Release(state, sequence: 3, created: $"{DateTimeOffset.UtcNow.AddHours(20):yyyy-MM-dd'T'HH:mm:ss'Z'}");
        await ServesAsync(state, 3);
        Assert.IsLessThan(DateTimeOffset.UtcNow.AddMinutes(1), Time(state));
    }

    [TestMethod]
    public async Task UnsetClock_LearnsTheTimeFromANewRelease_Once()
    {
        // To the daemon it is the same whether its clock is unset or time had been further on before: the history remembers 100 days from now.
        using StateDirectory state = StateDirectory.Create("", "bench/bench-mlp");
        await ServesAsync(state, 1);
        DateTimeOffset floor = DateTimeOffset.FromUnixTimeSeconds(DateTimeOffset.UtcNow.AddDays(100).ToUnixTimeSeconds());
        Rewrite(state, text => System.Text.RegularExpressions.Regex.Replace(text, "(?m)^time = .*$", $"time = {floor:yyyy-MM-dd'T'HH:mm:ss'Z'}"));

        Release(state, sequence: 2, created: $"{floor.AddDays(200):yyyy-MM-dd'T'HH:mm:ss'Z'}");
        for (int start = 0; start < 3; start++)
        {
            await ServesAsync(state, 2);
            Assert.AreEqual(floor.AddDays(200), Time(state));
        }

        // The trust policy ends a year from now; a signer of models cannot end it.
        Release(state, sequence: 3, created: $"{floor.AddDays(300):yyyy-MM-dd'T'HH:mm:ss'Z'}");
        await RefusedAsync(state, "after the trust policy's end");
        Assert.AreEqual(floor.AddDays(200), Time(state));
    }

    [TestMethod]
    public async Task FilesThatOthersMayWrite_AreRefused()
    {
        using StateDirectory state = StateDirectory.Create("", "bench/bench-mlp");
        Command.Edged("check", "--config", state.Config).Succeeded();
        foreach (string file in (string[])[state.Trust, state.Config])
        {
            UnixFileMode mode = File.GetUnixFileMode(file);
            foreach (UnixFileMode more in (UnixFileMode[])[UnixFileMode.OtherWrite, UnixFileMode.GroupWrite])
            {
                File.SetUnixFileMode(file, mode | more);
                foreach (string verb in (string[])["check", "run"])
                {
                    Command edged = Command.Edged(verb, "--config", state.Config);
                    Assert.AreEqual(1, edged.ExitCode, edged.Output);
                    StringAssert.StartsWith(edged.Errors, $"{file}: has mode 0", StringComparison.Ordinal);
                    StringAssert.Contains(edged.Errors, "(chmod go-w)", StringComparison.Ordinal);
                }
            }

            File.SetUnixFileMode(file, mode);
        }

        await ServesAsync(state, 1);
    }

    [TestMethod]
    public async Task ReleaseForAnotherDevice_IsRefused()
    {
        using StateDirectory state = StateDirectory.Create("[device]\nclass = \"lamp\"\n", "bench/bench-mlp");
        await ServesAsync(state, 1);
        Release(state, sequence: 2, more: "[targets]\nclasses = [\"camera\"]\n");
        await RefusedAsync(state, "it is meant for class 'camera', this device's is 'lamp'");
        Release(state, sequence: 3, more: "[targets]\nclasses = [\"camera\", \"lamp\"]\n");
        await ServesAsync(state, 3);
        Release(state, sequence: 4, more: "[targets]\nmin_daemon = \"999.0.0\"\n");
        await RefusedAsync(state, "it needs edged 999.0.0 or newer");
    }

    [TestMethod]
    public async Task FleetsTrustDocument_ReplacesTheOldOne_SignedByBoth()
    {
        using StateDirectory state = StateDirectory.Create("", "bench/bench-mlp");
        Command.Edgectl("keygen", "--out", state.At("old")).Succeeded();
        Command.Edgectl("keygen", "--out", state.At("new")).Succeeded();
        Command.Edgectl("trust", "add", state.Trust, "--key", state.At("old.pub"), "--name", "old", "--role", "trust").Succeeded();
        File.Copy(state.Trust, state.At("next.toml"));
        Command.Edgectl("trust", "add", state.At("next.toml"), "--key", state.At("new.pub"), "--name", "new", "--role", "trust").Succeeded();
        Command.Edgectl("trust", "sign", state.At("next.toml"), "--key", state.At("new"), "--out", state.At("next.json")).Succeeded();
        Command refused = Command.Edgectl("trust", "install", state.At("next.json"), "--trust", state.Trust);
        Assert.AreEqual(1, refused.ExitCode);
        StringAssert.Contains(refused.Errors, "0 trust keys of the policy in force (version 2) signed it", StringComparison.Ordinal);
        Command.Edgectl("trust", "sign", state.At("next.toml"), "--key", state.At("old"), "--out", state.At("next.json")).Succeeded();
        Command.Edgectl("trust", "install", state.At("next.json"), "--trust", state.Trust).Succeeded();
        CollectionAssert.AreEqual(File.ReadAllBytes(state.At("next.toml")), File.ReadAllBytes(state.Trust));
        await ServesAsync(state, 1);
    }

    [TestMethod]
    public void WithoutItsTrustFile_EdgedDoesNotStart()
    {
        using StateDirectory state = StateDirectory.Create("", "bench/bench-mlp");
        File.Delete(state.Trust);
        Command run = Command.Edged("run", "--config", state.Config);
        Assert.AreEqual(1, run.ExitCode);
        StringAssert.Contains(run.Errors, $"{state.Trust}: no such file", StringComparison.Ordinal);
    }

    /// <summary>Starts, sees the model serve with that sequence, stops; its release digest.</summary>
    private static async Task<string> ServesAsync(StateDirectory state, long sequence)
    {
        await using Daemon daemon = await Daemon.StartAsync(state);
        JsonElement model = daemon.Model(Folder);
        Assert.AreEqual("READY", model.GetProperty("state").GetString(), model.GetRawText());
        Assert.AreEqual(sequence, model.GetProperty("sequence").GetInt64());
        await daemon.StopAsync();
        return model.GetProperty("release_digest").GetString()!;
    }

    private static async Task RefusedAsync(StateDirectory state, string reason)
    {
        await using Daemon daemon = await Daemon.StartAsync(state);
        JsonElement model = daemon.Model(Folder);
        Assert.AreEqual("UNAVAILABLE", model.GetProperty("state").GetString(), model.GetRawText());
        StringAssert.Contains(model.GetProperty("reason").GetString(), reason, StringComparison.Ordinal);
        await daemon.StopAsync();
    }

    private static void Release(StateDirectory state, long sequence, long floor = 0, string description = "", string more = "", string? created = null)
    {
        Directory.Delete(state.Bundle(Folder), recursive: true);
        state.Copy("bench/bench-mlp", Folder);
        string manifest = state.Content(Folder, "model.toml");
        string[] lines = [.. File.ReadAllLines(manifest).Where(line => !line.StartsWith("description", StringComparison.Ordinal)).Select(line =>
            line.StartsWith("sequence = ", StringComparison.Ordinal) ? $"sequence = {sequence}"
            : created is not null && line.StartsWith("created = ", StringComparison.Ordinal) ? $"created = {created}"
            : created is not null && line.StartsWith("expires = ", StringComparison.Ordinal) ? ""
            : line.StartsWith("security_floor = ", StringComparison.Ordinal) ? $"security_floor = {floor}\ndescription = \"{description}\""
            : line)];
        File.WriteAllText(manifest, string.Join('\n', lines) + $"\n{more}");
        state.Sign(Folder);
    }

    private static DateTimeOffset Time(StateDirectory state) => DateTimeOffset.Parse(
        File.ReadAllLines(state.History).First(line => line.StartsWith("time = ", StringComparison.Ordinal))["time = ".Length..], System.Globalization.CultureInfo.InvariantCulture);

    // As an attacker with the file in hand would: the seal is renewed.
    private static void Rewrite(StateDirectory state, Func<string, string> change)
    {
        string text = change(File.ReadAllText(state.History));
        text = text[..text.LastIndexOf("# sha256 ", StringComparison.Ordinal)];
        string digest = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(text)));
        File.WriteAllText(state.History, $"{text}# sha256 {digest}\n");
    }

    private static void Openssl(StateDirectory state, string arguments)
    {
        string[] words = arguments.Split(' ');
        Command.Run("/bin/sh", "-c", $"cd '{state.Root}' && umask 077 && openssl {string.Join(' ', words.Select(word => $"'{word}'"))}").Succeeded();
    }

    private static void Copy(string from, string to) => Command.Run("/bin/cp", "-r", from, to).Succeeded();
}
