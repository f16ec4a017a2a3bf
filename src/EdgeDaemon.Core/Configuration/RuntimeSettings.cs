using EdgeDaemon.Core.Toml;

namespace EdgeDaemon.Core.Configuration;

/// <summary>The inference library.</summary>
/// <param name="Library">Absolute path of libonnxruntime.so.1.</param>
/// <param name="Sha256">64 hex digits of a library other than the pinned one; null for the pinned one.</param>
public sealed record RuntimeSettings(string Library, string? Sha256)
{
    public const string DefaultLibrary = "/usr/lib/edged/libonnxruntime.so.1";

    internal static RuntimeSettings Read(TomlSection? table) => table is null
        ? new RuntimeSettings(DefaultLibrary, null)
        : new RuntimeSettings(
            table.String("library", DefaultLibrary, 4096, SettingPaths.CheckAbsolute),
            table.OptionalString("sha256", 64, text =>
                text.Length == 64 && text.All(char.IsAsciiHexDigit) ? null : "must be the 64 hex digits that sha256sum prints for the library"));
}
