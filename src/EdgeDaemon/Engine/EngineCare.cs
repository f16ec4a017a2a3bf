using EdgeDaemon.Engine.Voting;
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

    /// <summary>Who may help to run several members; null: each request's thread runs all of them.</summary>
    public MemberThreads? Threads { get; init; }

    /// <summary>Is told, with the model's name, of members that fail.</summary>
    public Action<string, MemberFailure> Alarm { get; init; } = (_, _) => { };

    public ILogger Log { get; init; } = NullLogger.Instance;
}
