using System.Reflection;
using System.Runtime.InteropServices;

namespace EdgeDaemon.Hosting;

/// <summary>What this executable is: for --version, the status surface and the log's first line.</summary>
internal static class Build
{
    public static string Version { get; } =
        typeof(Build).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    public static string Framework { get; } = $"{RuntimeInformation.FrameworkDescription}, {RuntimeInformation.RuntimeIdentifier}";
}
