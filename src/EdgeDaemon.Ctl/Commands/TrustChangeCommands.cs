using System.CommandLine;
using System.Globalization;
using System.Text;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Bundles.Oms;
using EdgeDaemon.Ctl.Bundles;
using EdgeDaemon.Ctl.Help;
using EdgeDaemon.Ctl.Trust;
using EdgeDaemon.Native.Posix.Files;

namespace EdgeDaemon.Ctl.Commands;

/// <summary><c>edgectl trust add</c> and <c>edgectl trust revoke</c>: the next version of a trust file.</summary>
internal static class TrustChangeCommands
{
    private const int MaxKeyBytes = 16 << 10;

    public static Command CreateAdd()
    {
        var file = new Argument<string>("file") { Description = "The trust file; it is changed in place, and its version goes up by one." };
        var key = new Option<string>("--key") { Description = "The public key, as 'edgectl keygen' writes it beside the private one.", HelpName = "file", Required = true };
        var name = new Option<string>("--name") { Description = "The key's name in the trust file and in 'signed by'.", HelpName = "name", Required = true };
        var role = new Option<string[]>("--role") { Description = "release: signs models; trust: signs the next version of this file.", HelpName = "role", DefaultValueFactory = _ => ["release"], AllowMultipleArgumentsPerToken = true };
        role.AcceptOnlyFromAmong("release", "trust");
        var models = new Option<string?>("--models") { Description = "Which models it may release, for example '*' or 'digits*,cats'.", HelpName = "patterns" };
        var command = new CtlCommand("add", "Trust one more key.", "edgectl trust add trust.toml --key bob.key.pub --name bob --models 'digits*'") { file, key, name, role, models };
        command.Details =
            """
            The key is written at the end of the file; what stands there already, comments
            too, stays. The version goes up by one: a device never goes back to a lower one.
            """;
        command.SetAction(parsed =>
        {
            string[] roles = [.. parsed.GetRequiredValue(role).Distinct()];
            string? patterns = parsed.GetValue(models);
            if (roles.Contains("release") != (patterns is not null))
            {
                throw new CtlException(ExitCode.Usage, "--models goes with the role release: which models may this key release?");
            }

            string keyPath = parsed.GetRequiredValue(key);
            string pem = Encoding.UTF8.GetString(SafeFileRead.Read(keyPath, MaxKeyBytes));
            string block = Convert.ToBase64String(OmsKey.FromPem(pem).Spki.AsSpan(), Base64FormattingOptions.None);
            var table = new StringBuilder();
            table.Append(CultureInfo.InvariantCulture, $"[[key]]\nname = {TomlQuote.Of(parsed.GetRequiredValue(name))}\nroles = [{string.Join(", ", roles.Select(TomlQuote.Of))}]\n");
            if (patterns is not null)
            {
                table.Append(CultureInfo.InvariantCulture, $"models = [{string.Join(", ", patterns.Split(',', StringSplitOptions.TrimEntries).Select(TomlQuote.Of))}]\n");
            }

            table.Append("public_key = '''\n-----BEGIN PUBLIC KEY-----\n");
            foreach (char[] line in block.Chunk(64))
            {
                table.Append(line).Append('\n');
            }

            table.Append("-----END PUBLIC KEY-----\n'''\n");
            string path = parsed.GetRequiredValue(file);
            Changed(parsed, path, TrustFile.Read(path, parsed.InvocationConfiguration.Error), table.ToString());
            return (int)ExitCode.Ok;
        });
        return command;
    }

    public static Command CreateRevoke()
    {
        var file = new Argument<string>("file") { Description = "The trust file; it is changed in place, and its version goes up by one." };
        var key = new Option<string?>("--key") { Description = "Digest of a key (64 hex digits), its name in the file, or its public key file.", HelpName = "key" };
        var release = new Option<string?>("--release") { Description = "A release digest (64 hex digits).", HelpName = "digest" };
        var reason = new Option<string?>("--reason") { Description = "For people.", HelpName = "text" };
        var command = new CtlCommand("revoke", "Stop trusting a key or a release, in service or not.",
            "edgectl trust revoke trust.toml --key bob --reason 'laptop stolen'", "edgectl trust revoke trust.toml --release 108b4354a572...") { file, key, release, reason };
        command.Validators.Add(result =>
        {
            if ((result.GetResult(key) is null) == (result.GetResult(release) is null))
            {
                result.AddError("Name exactly one of --key and --release.");
            }
        });
        command.Details =
            """
            Hex digits may be of either case. What is revoked already stays as it is, and
            so does the file then.
            """;
        command.SetAction(parsed =>
        {
            string path = parsed.GetRequiredValue(file);
            TrustFile trust = TrustFile.Read(path, parsed.InvocationConfiguration.Error);
            (string kind, string digest) = parsed.GetValue(release) is { } given ? ("release", ReleaseOf(given)) : ("key", KeyOf(trust.Policy, path, parsed.GetValue(key)!));
            if (kind == "key" ? trust.Policy.IsRevokedKey(digest) : trust.Policy.IsRevokedRelease(digest))
            {
                parsed.InvocationConfiguration.Output.WriteLine($"{path}: {kind} {digest} is revoked already; version {trust.Policy.Version} stays as it is");
                return (int)ExitCode.Ok;
            }

            string why = parsed.GetValue(reason) is { } text ? $"reason = {TomlQuote.Of(text)}\n" : "";
            Changed(parsed, path, trust, $"[[revoked]]\n{kind} = {TomlQuote.Of(digest)}\n{why}");
            return (int)ExitCode.Ok;
        });
        return command;
    }

    private static void Changed(ParseResult parsed, string path, TrustFile trust, string table)
    {
        TrustPolicy policy = trust.Append(table);
        parsed.InvocationConfiguration.Output.WriteLine($"{path}: now version {policy.Version}; install it on the devices");
    }

    private static string ReleaseOf(string given) =>
        Digest(given) ?? throw new CtlException(ExitCode.Usage, $"--release '{Printable.Of(given)}' is no release digest: {Sha256Hex.Digits} hex digits, as 'bundle verify' prints them");

    private static string KeyOf(TrustPolicy policy, string path, string given)
    {
        if (policy.Keys.FirstOrDefault(listed => listed.Name == given) is { } known)
        {
            return known.SpkiDigestHex;
        }

        // A key that is not listed may come back one day; its digest alone is enough to keep it out.
        return Digest(given)
            ?? (File.Exists(given)
                ? SpkiDigest.Hex(OmsKey.FromPem(Encoding.UTF8.GetString(SafeFileRead.Read(given, MaxKeyBytes))).Digest.AsSpan())
                : throw new CtlException($"no key named '{Printable.Of(given)}' in {path}, and no such file; --key takes a name of 'trust show', a digest of {Sha256Hex.Digits} hex digits, or a public key's file"));
    }

    private static string? Digest(string given) => given.ToLowerInvariant() is var digest && Sha256Hex.Fault(digest) is null ? digest : null;
}
