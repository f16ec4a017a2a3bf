using System.CommandLine;
using System.Security.Cryptography;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Bundles.Oms;
using EdgeDaemon.Ctl.Help;
using EdgeDaemon.Ctl.Trust;
using EdgeDaemon.Native.Posix.Files;

namespace EdgeDaemon.Ctl.Commands;

/// <summary><c>edgectl trust sign</c> and <c>edgectl trust install</c>: a policy that travels, signed by those whom the old and the new one name.</summary>
internal static class TrustUpdateCommands
{
    private const int Readable = 0b110_100_100;

    public static Command CreateSign()
    {
        var file = new Argument<string>("file") { Description = "The new trust file." };
        var key = new KeyOptions("--key", "A private key that the old or the new policy names with the role trust.");
        var output = new Option<string>("--out") { Description = "The envelope; one that is there for the same file gets one signature more.", HelpName = "file", Required = true };
        var command = new CtlCommand("sign", "Sign a new trust file, so that devices take it over from the one they have.",
            "edgectl trust sign trust-4.toml --key alice.key --out trust-4.json", "edgectl trust sign trust-4.toml --key bob.key --out trust-4.json") { file, key.Key, key.Passphrase, output };
        command.Details =
            """
            The envelope (DSSE) holds the file's very bytes and any number of signatures.
            A device replaces version N only by N + 1, signed by as many trust keys as
            version N demands and by as many as N + 1 itself demands.
            """;
        command.SetAction(parsed =>
        {
            TrustFile next = TrustFile.Read(parsed.GetRequiredValue(file), parsed.InvocationConfiguration.Error);
            string path = parsed.GetRequiredValue(output);
            var envelope = new TrustEnvelope([.. next.Bytes.Span], []);
            if (Path.Exists(path))
            {
                envelope = TrustEnvelope.Parse(SafeFileRead.Read(path, TrustEnvelope.MaxBytes));
                if (!envelope.Payload.AsSpan().SequenceEqual(next.Bytes.Span))
                {
                    throw new CtlException($"{path} holds another trust file than {parsed.GetRequiredValue(file)}; choose another name with --out");
                }
            }

            using ECDsa signer = key.Open(parsed);
            envelope = envelope.Sign(signer);
            DurableFile.Write(path, envelope.Write(), Readable);
            TextWriter text = parsed.InvocationConfiguration.Output;
            text.WriteLine($"{path}: version {next.Policy.Version}, {envelope.Signatures.Length} signature(s), {envelope.SignersOf(next.Policy).Length} of them by trust keys of this version, which asks for {next.Policy.TrustThreshold}");
            if (WhyNotCounted(next.Policy, SpkiDigest.Hex(OmsKey.Of(signer).Digest.AsSpan())) is { } why)
            {
                text.WriteLine($"warning: {why}; this signature counts only if the version before gives that key the role trust");
            }

            return (int)ExitCode.Ok;
        });
        return command;
    }

    private static string? WhyNotCounted(TrustPolicy policy, string digest) =>
        policy.IsRevokedKey(digest) ? $"version {policy.Version} revokes the key {digest}"
        : policy.Keys.FirstOrDefault(key => key.SpkiDigestHex == digest) is not { } listed ? $"version {policy.Version} does not list the key {digest}"
        : listed.Roles.Contains(TrustRole.Trust) ? null
        : $"key '{Printable.Of(listed.Name)}' does not have the role trust in version {policy.Version}";

    public static Command CreateInstall()
    {
        var envelopeFile = new Argument<string>("envelope") { Description = "The signed trust document." };
        var trust = new Option<string>("--trust") { Description = "The trust file in force; it is replaced.", HelpName = "file", DefaultValueFactory = _ => "/etc/edged/trust.toml" };
        var dryRun = new Option<bool>("--dry-run") { Description = "Judge it, change nothing." };
        var command = new CtlCommand("install", "Replace a device's trust file by the next version, if both versions' keys signed it.",
            "edgectl trust install trust-4.json --trust /etc/edged/trust.toml") { envelopeFile, trust, dryRun };
        command.ExitNote = "Here 1 means that the document may not replace the file, with the reason; nothing was changed.";
        command.SetAction(parsed =>
        {
            string path = parsed.GetRequiredValue(trust);
            string from = parsed.GetRequiredValue(envelopeFile);
            TrustFile current = TrustFile.Read(path, parsed.InvocationConfiguration.Error);
            TrustEnvelope envelope = TrustEnvelope.Parse(SafeFileRead.Read(from, TrustEnvelope.MaxBytes));
            TextWriter output = parsed.InvocationConfiguration.Output;
            if (envelope.Payload.AsSpan().SequenceEqual(current.Bytes.Span))
            {
                output.WriteLine($"{path}: version {current.Policy.Version} is in force already");
                return (int)ExitCode.Ok;
            }

            TrustPolicy next = TrustUpdate.Judge(current.Policy, envelope, from, DateTimeOffset.UtcNow);
            if (parsed.GetValue(dryRun))
            {
                output.WriteLine($"{from}: version {next.Version} may replace version {current.Policy.Version}");
                return (int)ExitCode.Ok;
            }

            TrustFile.Replace(path, envelope.Payload.AsSpan());
            output.WriteLine($"{path}: version {next.Version} replaces version {current.Policy.Version}; restart edged");
            return (int)ExitCode.Ok;
        });
        return command;
    }
}
