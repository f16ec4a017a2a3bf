using System.CommandLine;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Ctl.Answers;
using EdgeDaemon.Ctl.Help;
using EdgeDaemon.Ctl.Trust;

namespace EdgeDaemon.Ctl.Commands;

/// <summary><c>edgectl trust show</c> and <c>edgectl trust check</c>: what a trust file says, and whether it will do.</summary>
internal static class TrustShowCommand
{
    private static readonly TimeSpan Soon = TimeSpan.FromDays(30);

    public static Command Create()
    {
        var file = new Argument<string>("file") { Description = "The trust file." };
        var json = new Option<bool>("--json") { Description = "Print JSON." };
        var command = new CtlCommand("show", "Print a trust file: keys, thresholds, what is revoked.", "edgectl trust show trust.toml") { file, json };
        command.SetAction(parsed =>
        {
            TrustPolicy policy = TrustFile.Read(parsed.GetRequiredValue(file), parsed.InvocationConfiguration.Error).Policy;
            TextWriter output = parsed.InvocationConfiguration.Output;
            if (parsed.GetValue(json))
            {
                output.WriteLine(TrustText.Json(policy));
            }
            else
            {
                TrustText.Write(policy, DateTimeOffset.UtcNow, output);
            }

            return (int)ExitCode.Ok;
        });
        return command;
    }

    public static Command CreateCheck()
    {
        var file = new Argument<string>("file") { Description = "The trust file." };
        var command = new CtlCommand("check", "Read a trust file as the device does; report every error at once, and what will soon be one.", "edgectl trust check trust.toml") { file };
        command.ExitNote = "Here 0 means that a device can work by it now, 1 that it cannot.";
        command.SetAction(parsed =>
        {
            string path = parsed.GetRequiredValue(file);
            TrustPolicy policy = TrustFile.Read(path, parsed.InvocationConfiguration.Error).Policy;
            TextWriter output = parsed.InvocationConfiguration.Output;
            DateTimeOffset now = DateTimeOffset.UtcNow;
            if (policy.IsExpired(now))
            {
                throw new CtlException($"{path}: the policy expired on {policy.Expires:u}; nothing new is accepted under it");
            }

            int release = policy.KeysFor(TrustRole.Release).Count();
            if (release == 0 && policy.Roots.IsEmpty)
            {
                throw new CtlException($"{path}: no key may release a model; add one with 'edgectl trust add'");
            }

            if (policy.Expires - now < Soon)
            {
                output.WriteLine($"warning: it expires on {policy.Expires:u}; make the next version");
            }

            foreach (TrustedKey revoked in policy.Keys.Where(key => policy.IsRevokedKey(key.SpkiDigestHex)))
            {
                output.WriteLine($"warning: key '{Printable.Of(revoked.Name)}' is listed and revoked; it counts nowhere");
            }

            output.WriteLine($"good: version {policy.Version}, {release} key(s) may release, {policy.Roots.Length} root(s) vouch for signers, {policy.KeysFor(TrustRole.Trust).Count()} may sign the next version");
            return (int)ExitCode.Ok;
        });
        return command;
    }
}
