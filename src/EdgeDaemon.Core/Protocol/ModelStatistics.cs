using System.Collections.Immutable;

namespace EdgeDaemon.Core.Protocol;

/// <summary>How often something took how long.</summary>
/// <param name="Count">Times.</param>
/// <param name="Nanoseconds">Together.</param>
public readonly record struct StatisticDuration(ulong Count, ulong Nanoseconds);

/// <summary>Runs of one size.</summary>
/// <param name="Size">Rows of the first dimension.</param>
/// <param name="ComputeInput">Arrival and decoding of what they were run on.</param>
/// <param name="ComputeInfer">The runs.</param>
/// <param name="ComputeOutput">Encoding of what they answered.</param>
public readonly record struct BatchStatistics(ulong Size, StatisticDuration ComputeInput, StatisticDuration ComputeInfer, StatisticDuration ComputeOutput);

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

    /// <summary>By growing size; of all durations the number of runs is the count.</summary>
    public ImmutableArray<BatchStatistics> Batches { get; init; } = [];
}
