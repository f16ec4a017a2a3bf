using System.Diagnostics;

namespace EdgeDaemon.EndToEnd;

/// <summary>Keys in a token, with SoftHSM through OpenSSL's provider; where those are not installed only what goes for every machine.</summary>
[TestClass]
public sealed class TokenTests
{
    private const string Module = "/usr/lib/softhsm/libsofthsm2.so";
    private const string Key = "pkcs11:token=release;object=signer";
    private const string Pin = "92736450";

    [TestMethod]
    public void WithoutTheProvider_ThePackageIsNamed_AndNoFileOfThatNameIsRead()
    {
        using StateDirectory state = StateDirectory.Create("", "bench/bench-mlp");
        string here = state.At("pkcs11:object=signer");
        File.Copy(state.Key, here);
        File.SetUnixFileMode(here, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Dictionary<string, string> nowhere = new() { ["OPENSSL_MODULES"] = state.Root };
        foreach (string[] command in Commands(state, "pkcs11:object=signer"))
        {
            Command run = Run(state, nowhere, command);
            Assert.AreEqual(1, run.ExitCode, run.Output + run.Errors);
            StringAssert.Contains(run.Errors, "apt install pkcs11-provider", StringComparison.Ordinal);
            Assert.AreEqual(1, run.Errors.TrimEnd('\n').Split('\n').Length, run.Errors);
        }

        // The file would have done: spelled as a path it does.
        Run(state, nowhere, "bundle", "sign", state.Bundle("bench-mlp"), "--key", "./pkcs11:object=signer").Succeeded();
    }

    [TestMethod]
    public void PinOnTheCommandLine_IsRefusedUnused()
    {
        using StateDirectory state = StateDirectory.Create("", "bench/bench-mlp");
        foreach (string[] command in Commands(state, $"{Key}?pin-value={Pin}"))
        {
            Command run = Command.Edgectl(command);
            Assert.AreEqual(2, run.ExitCode, run.Output + run.Errors);
            Assert.IsFalse(run.Errors.Contains(Pin, StringComparison.Ordinal), run.Errors);
        }
    }

    [TestMethod]
    public void TokensKey_SignsLikeAFile()
    {
        using StateDirectory state = StateDirectory.Create("", "bench/bench-mlp");
        IReadOnlyDictionary<string, string> token = Token(state);
        string pin = state.At("pin");
        File.WriteAllText(pin, Pin + "\n");
        File.SetUnixFileMode(pin, UnixFileMode.UserRead | UnixFileMode.UserWrite);

        // The public half as another program reads it from the token.
        Run(token, "pkcs11-tool", "--module", Module, "--token-label", "release", "--read-object", "--type", "pubkey", "--label", "signer", "--output-file", state.At("pub.der")).Succeeded();
        Command.Run("openssl", "pkey", "-pubin", "-inform", "DER", "-in", state.At("pub.der"), "-out", state.At("pub.pem")).Succeeded();
        foreach (string[] command in Commands(state, Key))
        {
            Run(state, token, [.. command, "--passphrase-file", pin]).Succeeded();
        }

        Command.Edgectl("oms", "verify", "--method", "key", "--model-path", state.Bundle("bench-mlp"), "--bundle", state.At("sig"), "--public-key", state.At("pub.pem")).Succeeded();
        File.WriteAllText(state.Trust, File.ReadAllText(state.Trust).Split("[[key]]")[0]);
        Command.Edgectl("trust", "add", state.Trust, "--key", state.At("pub.pem"), "--name", "token", "--models", "*").Succeeded();
        StringAssert.Contains(
            Command.Edgectl("bundle", "verify", state.Bundle("bench-mlp"), "--trust", state.Trust).Succeeded().Output, "signed by  token", StringComparison.Ordinal);

        // An authority in the token: its root and its lists hold up in openssl.
        Run(state, token, "pki", "init", "ca", "--name", "Token 2026", "--key", Key + "?pin-source=file:" + pin).Succeeded();
        Assert.IsFalse(File.Exists(state.At("ca/root.key")));
        Run(state, token, "pki", "issue", "ca", "--use", "signer", "--name", "alice", "--out", "alice", "--key", Key, "--passphrase-file", pin).Succeeded();
        Run(state, token, "pki", "crl", "ca", "--out", "ca.crl", "--key", Key, "--passphrase-file", pin).Succeeded();
        Command.Run("openssl", "verify", "-x509_strict", "-crl_check", "-CRLfile", state.At("ca.crl"), "-CAfile", state.At("ca/root.pem"), state.At("alice.pem")).Succeeded();

        // What is not there, or not opened, signs nothing.
        File.WriteAllText(state.At("wrong"), "0000\n");
        File.SetUnixFileMode(state.At("wrong"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        foreach ((string key, string file) in ((string, string)[])[(Key, "wrong"), ("pkcs11:token=release;object=nobody", "pin"), ("pkcs11:token=other;object=signer", "pin")])
        {
            Command run = Run(state, token, "bundle", "sign", state.Bundle("bench-mlp"), "--key", key, "--passphrase-file", state.At(file));
            Assert.AreEqual(1, run.ExitCode, run.Output + run.Errors);
            StringAssert.Contains(run.Errors, $"no private key answers to {key}", StringComparison.Ordinal);
        }
    }

    private static string[][] Commands(StateDirectory state, string key) =>
    [
        ["bundle", "sign", state.Bundle("bench-mlp"), "--key", key],
        ["oms", "sign", "--method", "key", "--model-path", state.Bundle("bench-mlp"), "--bundle", state.At("sig"), "--private-key", key],
        ["trust", "sign", state.Trust, "--key", key, "--out", state.At("trust.json")],
    ];

    /// <summary>A new token with a P-256 key in it; the variables that lead to it.</summary>
    private static Dictionary<string, string> Token(StateDirectory state)
    {
        Directory.CreateDirectory(state.At("tokens"));
        File.WriteAllText(state.At("softhsm2.conf"), $"directories.tokendir = {state.At("tokens")}\n");
        Dictionary<string, string> variables = new() { ["SOFTHSM2_CONF"] = state.At("softhsm2.conf"), ["PKCS11_PROVIDER_MODULE"] = Module };
        string modules = Environment.GetEnvironmentVariable("OPENSSL_MODULES") is { Length: > 0 } set ? set : Command.Run("openssl", "version", "-m").Output.Split('"')[1];
        if (!File.Exists(Module) || !File.Exists("/usr/bin/pkcs11-tool") || !File.Exists(Path.Combine(modules, "pkcs11.so")))
        {
            Assert.Inconclusive("skipped: needs softhsm2, opensc and pkcs11-provider (on Debian 12 from bookworm-backports)");
        }

        Run(variables, "softhsm2-util", "--init-token", "--free", "--label", "release", "--so-pin", Pin, "--pin", Pin).Succeeded();
        Run(variables, "pkcs11-tool", "--module", Module, "--token-label", "release", "--login", "--pin", Pin, "--keypairgen", "--key-type", "EC:prime256v1", "--label", "signer", "--id", "01").Succeeded();
        return variables;
    }

    private static Command Run(StateDirectory state, IReadOnlyDictionary<string, string> variables, params string[] arguments) =>
        Run(variables, "/bin/sh", ["-c", $"cd '{state.Root}' && exec \"$0\" \"$@\"", Installation.Edgectl, .. arguments]);

    private static Command Run(IReadOnlyDictionary<string, string> variables, string program, params string[] arguments)
    {
        using Process process = Command.Start(program, arguments, variables);
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return new Command(process.ExitCode, output, errors.Result);
    }
}
