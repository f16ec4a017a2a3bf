using System.Collections.Immutable;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Configuration;
using EdgeDaemon.Identity;
using EdgeDaemon.Listeners;
using EdgeDaemon.Models;
using EdgeDaemon.Native.Posix;

namespace EdgeDaemon.Hosting;

/// <summary><c>edged check</c>: reads what <c>edged run</c> would read and says everything that is wrong with it, at once.</summary>
internal static class CheckVerb
{
    public static int Execute(string configFile, TextWriter output, TextWriter errors)
    {
        bool good = ConfigurationFiles.TryReadSettings(configFile, errors, out EdgedSettings? settings);
        if (settings is not null)
        {
            good &= ConfigurationFiles.TryReadTrust(settings.TrustFile, errors, out TrustPolicy? trust);
            if (trust is not null && trust.IsExpired(DateTimeOffset.UtcNow))
            {
                errors.WriteLine($"{settings.TrustFile}: the trust policy expired on {trust.Expires:u}; models signed under it will be refused. Install a newer version.");
                good = false;
            }

            good &= TryReadTls(settings, output, errors);
            good &= TryLookUp(settings, errors);
            if (!File.Exists(settings.Runtime.Library))
            {
                errors.WriteLine($"{configFile}: runtime.library {settings.Runtime.Library} does not exist. Install the ONNX Runtime library there or name where it is.");
                good = false;
            }

            if (!Directory.Exists(settings.StateDirectory))
            {
                errors.WriteLine($"{configFile}: state_dir {settings.StateDirectory} does not exist. 'edged init' makes it, on a new device; run it as the user that runs edged.");
                good = false;
            }
            else
            {
                good &= TryReadHistory(new ReleaseStore(settings.StateDirectory), errors);
            }
        }

        if (settings is not null && AuditQuota.Line(settings.Audit) is { } quota)
        {
            output.WriteLine(quota);
        }

        if (good)
        {
            output.WriteLine($"{configFile}: good");
        }

        return good ? 0 : 1;
    }

    private static bool TryReadTls(EdgedSettings settings, TextWriter output, TextWriter errors)
    {
        Credentials credentials = Credentials.FromEnvironment();
        ListenSettings[] hidden = [.. settings.Listeners.Where(listen => !credentials.Reaches(listen))];
        foreach (ListenSettings listen in hidden)
        {
            output.WriteLine($"listener '{listen.Name}': its certificates were not checked: the service's credentials are the service's alone. edged run checks them, and logs what is wrong.");
        }

        List<string> problems = [];
        EdgedSettings reached = settings with { Listeners = [.. settings.Listeners.Except(hidden)] };
        if (credentials.TryReadTls(reached, TimeProvider.System, problems, problems, out ImmutableDictionary<string, TlsMaterial>? material))
        {
            foreach (TlsMaterial one in material.Values)
            {
                one.Dispose(); // Its keys are not for this process.
            }
        }

        problems.ForEach(errors.WriteLine);
        return problems.Count == 0;
    }

    // What the file names elsewhere: accounts of the device, keys of tokens. "self" is whose state_dir is, whoever runs this.
    private static bool TryLookUp(EdgedSettings settings, TextWriter errors)
    {
        bool good = true;
        try
        {
            _ = new TenantDirectory(settings.Tenants, new AccountFiles(self: FileModes.OwnerOf(settings.StateDirectory)));
        }
        catch (AccountUnknownException unknown)
        {
            errors.WriteLine(unknown.Message);
            good = false;
        }

        try
        {
            _ = TokenKeyFiles.Load(settings.Token);
        }
        catch (TokenKeyException unusable)
        {
            errors.WriteLine(unusable.Message);
            good = false;
        }

        return good;
    }

    // Without it the daemon runs and serves nothing: better known now.
    private static bool TryReadHistory(ReleaseStore store, TextWriter errors)
    {
        try
        {
            store.Read();
            return true;
        }
        catch (Exception unusable) when (unusable is BundleException or IOException or UnauthorizedAccessException)
        {
            errors.WriteLine(unusable.Message);
            return false;
        }
    }
}
