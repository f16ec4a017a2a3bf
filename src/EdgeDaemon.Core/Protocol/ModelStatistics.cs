namespace EdgeDaemon.Core.Protocol;

/// <summary>How often something took how long.</summary>
/// <param name="Count">Times.</param>
/// <param name="Nanoseconds">Together.</param>
public readonly record struct StatisticDuration(ulong Count, ulong Nanoseconds);

/// <summary>What one model has done since it was loaded, in the words of Triton's statistics extension. What each counts: GRPC.md.</summary>
public sealed record ModelStatistics(string Name, string Version)
{
    /// <summary>Milliseconds since 1970; 0 before the first answer.</summary>
    public ulong LastInference { get; init; }

    public ulong InferenceCount { get; init; }

    public ulong ExecutionCount { get; init; }

    public StatisticDuration Success { get; init; }

    public StatisticDuration Fail { get; init; }

    public StatisticDuration Queue { get; init; }

    public StatisticDuration ComputeInput { get; init; }

    public StatisticDuration ComputeInfer { get; init; }

    public StatisticDuration ComputeOutput { get; init; }
}
