using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Configuration;
using EdgeDaemon.Models;

namespace EdgeDaemon.Hosting;

/// <summary>
/// <c>edged init</c>: the state directory of a new device with an empty release history, and the audit log with its first key. Once in a device's life, by whoever sets it
/// up: a daemon that made them itself would let a thief of that file bring every old release back, and begin a new log where the old one was taken away.
/// </summary>
internal static class InitVerb
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    public static int Execute(string configFile, TextWriter output, TextWriter errors)
    {
        if (!OperatingSystem.IsLinux())
        {
            errors.WriteLine("edged: only Linux is supported");
            return 1;
        }

        if (!ConfigurationFiles.TryReadSettings(configFile, errors, out EdgedSettings? settings))
        {
            return 1;
        }

        var store = new ReleaseStore(settings.StateDirectory);
        try
        {
            bool made = Path.Exists(store.File);
            if (made && !(settings.Audit.Enabled && AuditOpening.IsMissing(settings.Audit)))
            {
                errors.WriteLine($"edged: {store.File} exists: this device is set up already. Nothing was changed.");
                return 1;
            }

            if (!made)
            {
                Directory.CreateDirectory(settings.StateDirectory, OwnerOnly);
                Directory.CreateDirectory(Path.Combine(settings.StateDirectory, "models"), OwnerOnly);
                store.Write(ReleaseHistory.Empty);
                output.WriteLine($"{store.File}: made; this device has accepted nothing yet. Bundles go to {settings.StateDirectory}/models/");
            }

            // A log of before goes on: a new history does not begin a new past.
            if (settings.Audit.Enabled && AuditOpening.IsMissing(settings.Audit))
            {
                Directory.CreateDirectory(settings.Audit.Directory, OwnerOnly);
                output.WriteLine($"{settings.Audit.Directory}: made; the audit log's first key, for whoever will verify it to keep elsewhere: {AuditOpening.Initialise(settings.Audit)}");
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            errors.WriteLine($"edged: {failure.Message}");
            return 1;
        }

        return 0;
    }
}
