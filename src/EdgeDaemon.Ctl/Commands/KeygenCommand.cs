using System.CommandLine;
using System.Security.Cryptography;
using System.Text;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Bundles.Oms;
using EdgeDaemon.Ctl.Bundles;
using EdgeDaemon.Ctl.Help;
using EdgeDaemon.Ctl.Keys;
using EdgeDaemon.Native.Posix.Files;

namespace EdgeDaemon.Ctl.Commands;

/// <summary><c>edgectl keygen</c>: a signing key, its public half, and a first trust file when asked for.</summary>
internal static class KeygenCommand
{
    private const int Readable = 0b110_100_100;

    public static Command Create()
    {
        var file = new Option<string>("--out") { Description = "Where the private key goes (mode 0600); the public key goes to the same name with .pub.", HelpName = "file", Required = true };
        Option<string> curve = EllipticCurve.Option("p256");
        Option<string?> passphraseFile = KeyOptions.PassphraseFile("--passphrase-file", "Encrypt the private key with the first line of this file (mode 0600).");
        var force = new Option<bool>("--force") { Description = "Overwrite files that are there. A key that is overwritten is gone." };
        var trust = new Option<string?>("--trust") { Description = "Also write a first trust file that trusts this key.", HelpName = "file" };
        var name = new Option<string?>("--name") { Description = "With --trust: the key's name in the trust file and in 'signed by'.", HelpName = "name" };
        var models = new Option<string?>("--models") { Description = "With --trust: which models the key may sign, for example '*' or 'digits*,cats'.", HelpName = "patterns" };
        var command = new CtlCommand(
            "keygen",
            "Make a key that signs bundles.",
            "edgectl keygen --out release.key",
            "edgectl keygen --out release.key --passphrase-file passphrase",
            "edgectl keygen --out dev.key --trust trust.toml --name dev --models '*'")
        {
            file, curve, passphraseFile, force, trust, name, models,
        };
        command.Details =
            $"""
            The key is ECDSA, written as PKCS#8 in PEM at mode 0600; with --passphrase-file
            encrypted (PBES2: PBKDF2 with SHA-256 and {PrivateKeyFile.Iterations} rounds, AES-256-CBC), else
            not. Keep it off the devices: they need only the trust file. FILE.pub holds the
            public key; its digest names the signature files that the key makes. A key made
            inside a token is used as --key pkcs11:... and needs no keygen.
            """;
        command.Validators.Add(result =>
        {
            bool wanted = result.GetResult(trust) is not null;
            if (wanted != (result.GetResult(name) is not null) || wanted != (result.GetResult(models) is not null))
            {
                result.AddError("--trust, --name and --models go together.");
            }
        });
        command.SetAction(parsed =>
        {
            string path = parsed.GetRequiredValue(file);
            string? trustPath = parsed.GetValue(trust);
            if (!parsed.GetValue(force))
            {
                RefuseToOverwrite([path, path + ".pub", .. trustPath is null ? Array.Empty<string>() : [trustPath]]);
            }

            // Before there is a key: a passphrase that cannot be read leaves nothing behind.
            using Passphrase? passphrase = parsed.GetValue(passphraseFile) is { } secret ? Passphrase.Read(secret) : null;
            using ECDsa key = ECDsa.Create(EllipticCurve.Named(parsed.GetRequiredValue(curve)));
            OmsKey identity = OmsKey.Of(key);
            string pem = key.ExportSubjectPublicKeyInfoPem();

            // The trust file is made up before anything is written: a name it cannot hold leaves no key behind.
            byte[]? trustText = trustPath is null
                ? null
                : FirstTrustFile.Text(parsed.GetValue(name)!, parsed.GetValue(models)!, pem, trustPath, DateTimeOffset.UtcNow);
            PrivateKeyFile.Write(path, key, passphrase, replace: parsed.GetValue(force));
            DurableFile.Write(path + ".pub", Encoding.ASCII.GetBytes(pem + "\n"), Readable);
            TextWriter output = parsed.InvocationConfiguration.Output;
            output.WriteLine($"private key  {path} (mode 0600{(passphrase is null ? "" : ", encrypted")}: keep it, and keep it off the devices)");
            output.WriteLine($"public key   {path}.pub ({identity.Curve})");
            output.WriteLine($"key digest   {SpkiDigest.Hex(identity.Digest.AsSpan())}");
            if (trustText is not null)
            {
                DurableFile.Write(trustPath!, trustText, Readable);
                output.WriteLine($"trust file   {trustPath} (install it on the device)");
            }

            return (int)ExitCode.Ok;
        });
        return command;
    }

    private static void RefuseToOverwrite(IEnumerable<string> paths)
    {
        foreach (string path in paths)
        {
            if (Path.Exists(path))
            {
                throw new CtlException($"{path} exists; choose another name, or add --force to overwrite it");
            }
        }
    }
}
