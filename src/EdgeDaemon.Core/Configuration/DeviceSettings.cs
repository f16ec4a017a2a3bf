using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Toml;

namespace EdgeDaemon.Core.Configuration;

/// <summary>What this device is called, for releases that are meant for some devices only; null where nothing is said.</summary>
public sealed record DeviceSettings(string? Fleet, string? Class, string? Id)
{
    internal static DeviceSettings Read(TomlSection? table) => new(
        table?.OptionalString("fleet", 128, ReleaseTargets.NameFault),
        table?.OptionalString("class", 128, ReleaseTargets.NameFault),
        table?.OptionalString("id", 128, ReleaseTargets.NameFault));
}
