using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Configuration;
using EdgeDaemon.Models;

namespace EdgeDaemon.Hosting;

/// <summary>
/// <c>edged init</c>: the state directory of a new device with an empty release history. Once in a device's life, by whoever sets it up:
/// a daemon that made the history itself would let a thief of that file bring every old release back.
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
            if (Path.Exists(store.File))
            {
                errors.WriteLine($"edged: {store.File} exists: this device is set up already. Nothing was changed.");
                return 1;
            }

            Directory.CreateDirectory(settings.StateDirectory, OwnerOnly);
            Directory.CreateDirectory(Path.Combine(settings.StateDirectory, "models"), OwnerOnly);
            store.Write(ReleaseHistory.Empty);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            errors.WriteLine($"edged: {failure.Message}");
            return 1;
        }

        output.WriteLine($"{store.File}: made; this device has accepted nothing yet. Bundles go to {settings.StateDirectory}/models/");
        return 0;
    }
}
