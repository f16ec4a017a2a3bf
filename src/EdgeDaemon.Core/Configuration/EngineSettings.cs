using EdgeDaemon.Core.Toml;

namespace EdgeDaemon.Core.Configuration;

/// <summary>How models run.</summary>
/// <param name="Lanes">Requests that run at once, for each model; 0: as many as suit the model, no more than one per processor core.</param>
/// <param name="IntraOpThreads">Threads for one operator, whatever a bundle wishes at most; 0: as many as suit the model.</param>
/// <param name="Queue">Requests that may wait for a lane, for each model.</param>
/// <param name="StuckAfter">So long a run may go on once its deadline has passed; then its lane is given up.</param>
/// <param name="MaxBatch">Rows of one run that is made of several requests, however many a release allows; 1: none is.</param>
/// <param name="MaxBatchDelay">A lane waits no longer for a preferred size, however long a release allows.</param>
public sealed record EngineSettings(int Lanes, int IntraOpThreads, int Queue, TimeSpan StuckAfter, int MaxBatch, TimeSpan MaxBatchDelay)
{
    internal static EngineSettings Read(TomlSection? table) => new(
        table?.Integer("lanes", 0, 0, 64) ?? 0,
        table?.Integer("intra_op_threads", 0, 0, 256) ?? 0,
        table?.Integer("queue", 64, 0, 100_000) ?? 64,
        TimeSpan.FromSeconds(table?.Integer("stuck_after_seconds", 5, 1, 3600) ?? 5),
        table?.Integer("max_batch", 4096, 1, 4096) ?? 4096,
        TimeSpan.FromMicroseconds(table?.Integer("max_batch_delay_us", 1_000_000, 0, 1_000_000) ?? 1_000_000));
}
