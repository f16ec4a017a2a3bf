using System.Collections.Immutable;

namespace EdgeDaemon.Engine;

/// <summary>The parts of a request's time.</summary>
internal enum RequestStage
{
    /// <summary>Waiting for a lane.</summary>
    Queue,

    /// <summary>From the head to the last tensor, checked and prepared.</summary>
    Input,

    /// <summary>The model's run.</summary>
    Infer,

    /// <summary>The answer's encoding.</summary>
    Output,

    /// <summary>All of it, without the sending.</summary>
    Total,
}

/// <summary>Observations of one stage: what each bucket of <see cref="LatencyHistogram"/> holds, and the seconds of all together.</summary>
internal sealed record LatencySum(ImmutableArray<long> Counts, double Seconds);
