using System.Collections.Immutable;
using System.Globalization;
using EdgeDaemon.Core.Toml;

namespace EdgeDaemon.Core.Bundles;

/// <summary>What a device is called, as far as its configuration says; null where it does not.</summary>
/// <param name="Daemon">The version of the program.</param>
public sealed record DeviceIdentity(string? Fleet, string? Class, string? Id, Version Daemon);

/// <summary>Where a release may run: a release for one device must not be played to another. Null lists admit any device.</summary>
public sealed record ReleaseTargets(ImmutableArray<string>? Fleets, ImmutableArray<string>? Classes, ImmutableArray<string>? Devices, Version? MinDaemon)
{
    private const int MostNames = 1024;
    private const int LongestName = 128;

    internal static ReleaseTargets Read(TomlSection? table) => new(
        Names(table, "fleets"), Names(table, "classes"), Names(table, "devices"), DaemonVersion(table?.OptionalString("min_daemon", 32, VersionFault)));

    /// <summary>Null when the release is meant for this device, else why not.</summary>
    public string? Fault(DeviceIdentity device) =>
        Fault(Fleets, device.Fleet, "fleet")
        ?? Fault(Classes, device.Class, "class")
        ?? Fault(Devices, device.Id, "id")
        ?? (MinDaemon is not null && device.Daemon < MinDaemon ? $"it needs edged {MinDaemon} or newer, this is {device.Daemon}" : null);

    /// <summary>Null for a usable name of a fleet, class or device, else what is wrong with it.</summary>
    internal static string? NameFault(string text) =>
        text.Length is > 0 and <= LongestName && !text.Any(char.IsControl) ? null : "must be 1 to 128 printable characters";

    private static ImmutableArray<string>? Names(TomlSection? table, string key) =>
        table is not null && table.Has(key) ? table.RequiredStrings(key, MostNames, LongestName, NameFault) : null;

    private static string? Fault(ImmutableArray<string>? admitted, string? own, string what)
    {
        if (admitted is not { } names || (own is not null && names.Contains(own)))
        {
            return null;
        }

        string shown = string.Join(", ", names.Take(8).Select(name => $"'{Printable.Of(name)}'")) + (names.Length > 8 ? ", ..." : "");
        return own is null
            ? $"it is meant for {what} {shown}, and this device's [device] {what} is not set"
            : $"it is meant for {what} {shown}, this device's is '{Printable.Of(own)}'";
    }

    private static string? VersionFault(string text) => DaemonVersion(text) is null ? "must be MAJOR.MINOR.PATCH, like \"0.1.0\"" : null;

    private static Version? DaemonVersion(string? text) =>
        text is not null && text.Split('.') is { Length: 3 } parts && parts.All(part => int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out _))
            ? Version.Parse(text)
            : null;
}
