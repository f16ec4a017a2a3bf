using EdgeDaemon.Core.Toml;

namespace EdgeDaemon.Core.Configuration;

/// <summary>What is written to standard error.</summary>
public sealed record LogSettings(LogVerbosity Level)
{
    internal static LogSettings Read(TomlSection? table) => new(
        table?.Choice(
            "level",
            LogVerbosity.Information,
            ("error", LogVerbosity.Error), ("warning", LogVerbosity.Warning), ("info", LogVerbosity.Information), ("debug", LogVerbosity.Debug))
        ?? LogVerbosity.Information);
}

public enum LogVerbosity
{
    Error,
    Warning,
    Information,
    Debug,
}
