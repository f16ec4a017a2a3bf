using EdgeDaemon.Core.Toml;

namespace EdgeDaemon.Core.Configuration;

/// <summary>The memory that models run in.</summary>
/// <param name="ClearsAlways">Zeroed after every run; else before a run of another tenant, and when idle.</param>
/// <param name="Idle">So long after a model's last run its memory is zeroed and given back.</param>
/// <param name="MaxRunBytes">Activations, scratch and outputs of all runs together, kept memory included.</param>
public sealed record MemorySettings(bool ClearsAlways, TimeSpan Idle, long MaxRunBytes)
{
    internal static MemorySettings Read(TomlSection? table) => new(
        table?.Choice("clear", false, ("switch", false), ("always", true)) ?? false,
        TimeSpan.FromSeconds(table?.Integer("idle_seconds", 10, 1, 3600) ?? 10),
        table?.Integer("max_run_bytes", 1L << 30, 1L << 20, 1L << 40) ?? 1L << 30);
}
