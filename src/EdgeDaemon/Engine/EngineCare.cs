using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace EdgeDaemon.Engine;

/// <summary>What an engine needs of the process around it.</summary>
/// <param name="Resume">As <see cref="LanePool"/> has it.</param>
/// <param name="Watch">Stops runs that are late; null where nobody calls: runs end by themselves or with their process.</param>
internal sealed record EngineCare(Action<IThreadPoolWorkItem> Resume, LaneWatch? Watch = null)
{
    /// <summary>Its name, for the log.</summary>
    public string Model { get; init; } = "";

    /// <summary>What may share a run; null: nothing does.</summary>
    public BatchRule? Batching { get; init; }

    /// <summary>The first dimension of every input is the caller's.</summary>
    public bool RowsAreCallers { get; init; }

    public ILogger Log { get; init; } = NullLogger.Instance;
}
