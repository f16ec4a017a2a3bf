using EdgeDaemon.Core.Toml;

namespace EdgeDaemon.Core.Bundles;

/// <summary>A key or a release that no longer counts; exactly one of the two is set, as 64 lower-case hex digits.</summary>
public sealed record Revocation(string? Key, string? Release, string? Reason)
{
    internal static Revocation Read(TomlSection table)
    {
        var revocation = new Revocation(
            table.OptionalString("key", Sha256Hex.Digits, Sha256Hex.Fault),
            table.OptionalString("release", Sha256Hex.Digits, Sha256Hex.Fault),
            table.OptionalString("reason", 256));
        if (table.Has("key") == table.Has("release"))
        {
            table.Error($"{table.Title} names exactly one: key = \"...\" or release = \"...\", 64 hex digits each");
        }

        return revocation;
    }
}
