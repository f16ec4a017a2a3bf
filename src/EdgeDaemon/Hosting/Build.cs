using System.Reflection;
using System.Runtime.InteropServices;

namespace EdgeDaemon.Hosting;

/// <summary>What this executable is: for --version, the status surface and the log's first line.</summary>
internal static class Build
{
    public static string Version { get; } =
        typeof(Build).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    /// <summary>No device runs this program earlier: the floor of trusted time before anything else is known. Raised with each release of edged.</summary>
    public static DateTimeOffset Date { get; } = new(2026, 11, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>The number that a release's <c>targets.min_daemon</c> is compared with.</summary>
    public static Version Number { get; } = System.Version.Parse(Version.Split('-', '+')[0]);

    public static string Framework { get; } = $"{RuntimeInformation.FrameworkDescription}, {RuntimeInformation.RuntimeIdentifier}";
}
