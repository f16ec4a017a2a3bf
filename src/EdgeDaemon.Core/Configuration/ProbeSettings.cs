using EdgeDaemon.Core.Toml;

namespace EdgeDaemon.Core.Configuration;

/// <summary>When a release is loaded in a child process before the daemon loads it, and what that child may take.</summary>
/// <param name="MaxMemoryBytes">Writable memory of the child: the runtime, the graphs and all that they make.</param>
/// <param name="TimeoutSeconds">From the child's start to its report; it is killed then.</param>
public sealed record ProbeSettings(ProbePolicy Run, long MaxMemoryBytes, int TimeoutSeconds)
{
    internal static ProbeSettings Read(TomlSection? table) => new(
        table?.Choice("run", ProbePolicy.New, ("new", ProbePolicy.New), ("always", ProbePolicy.Always), ("never", ProbePolicy.Never)) ?? ProbePolicy.New,
        table?.Integer("max_memory_bytes", 4L << 30, 64L << 20, 1L << 40) ?? 4L << 30,
        table?.Integer("timeout_seconds", 60, 1, 3600) ?? 60);
}

/// <summary>Which releases are probed.</summary>
public enum ProbePolicy
{
    /// <summary>Those of which there is no report yet from this edged with this library.</summary>
    New,

    /// <summary>All, at every load.</summary>
    Always,

    /// <summary>None: the daemon is the first to load what is signed.</summary>
    Never,
}
