using EdgeDaemon.Core.Toml;

namespace EdgeDaemon.Core.Configuration;

/// <summary>How models run.</summary>
/// <param name="Lanes">Requests that run at once, for each model; 0 is one per processor core.</param>
/// <param name="IntraOpThreads">Threads for one operator.</param>
/// <param name="Queue">Requests that may wait for a lane, for each model.</param>
public sealed record EngineSettings(int Lanes, int IntraOpThreads, int Queue)
{
    internal static EngineSettings Read(TomlSection? table) => new(
        table?.Integer("lanes", 0, 0, 64) ?? 0,
        table?.Integer("intra_op_threads", 1, 1, 256) ?? 1,
        table?.Integer("queue", 64, 0, 100_000) ?? 64);
}
