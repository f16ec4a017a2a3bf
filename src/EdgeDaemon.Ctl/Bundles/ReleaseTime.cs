using EdgeDaemon.Core.Bundles;

namespace EdgeDaemon.Ctl.Bundles;

/// <summary>A release that says to have been made later than now: devices with a clock refuse it.</summary>
internal static class ReleaseTime
{
    public static void WarnOf(ModelManifest manifest, DateTimeOffset now, TextWriter output)
    {
        if (manifest.Created > now)
        {
            output.WriteLine($"warning    'created' is in the future, {manifest.Created:u}, and here it is {now:u}; a device refuses what is more than a day ahead of its clock");
        }
    }
}
