using EdgeDaemon.Core.Bundles.Onnx;
using EdgeDaemon.Core.Toml;

namespace EdgeDaemon.Core.Configuration;

/// <summary>Bounds on one bundle, checked before its content is read, and from which findings on its graphs do not load.</summary>
public sealed record BundleSettings(long MaxBytes, int MaxFiles, FindingSeverity RefuseFrom)
{
    internal static BundleSettings Read(TomlSection? table) => new(
        table?.Integer("max_bytes", 2L << 30, 1024, 1L << 40) ?? 2L << 30,
        table?.Integer("max_files", 1024, 1, 100_000) ?? 1024,
        table?.Choice("refuse_from", FindingSeverity.Danger, ("danger", FindingSeverity.Danger), ("warning", FindingSeverity.Warning), ("info", FindingSeverity.Info))
            ?? FindingSeverity.Danger);
}
