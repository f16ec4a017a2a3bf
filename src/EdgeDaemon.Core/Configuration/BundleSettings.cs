using EdgeDaemon.Core.Toml;

namespace EdgeDaemon.Core.Configuration;

/// <summary>Bounds on one bundle, checked before its content is read.</summary>
public sealed record BundleSettings(long MaxBytes, int MaxFiles)
{
    internal static BundleSettings Read(TomlSection? table) => new(
        table?.Integer("max_bytes", 2L << 30, 1024, 1L << 40) ?? 2L << 30,
        table?.Integer("max_files", 1024, 1, 100_000) ?? 1024);
}
