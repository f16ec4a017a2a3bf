using System.Diagnostics;
using EdgeDaemon.Core.Protocol;

namespace EdgeDaemon.Engine;

/// <summary>
/// What one lane has done. Written only by who holds the lane, so that counting takes no lock and shares no memory between
/// lanes; read by anyone at any time.
/// </summary>
internal sealed class LaneStatistics
{
    private static readonly double NanosecondsPerTick = 1e9 / Stopwatch.Frequency;

    private readonly LatencyHistogram[] _latencies = [.. Enum.GetValues<RequestStage>().Select(_ => new LatencyHistogram())];
    private long _executions;
    private long _answers;
    private long _lastMilliseconds;

    /// <summary>A run for a caller; a release's self-test is none.</summary>
    public void CountExecution() => Volatile.Write(ref _executions, _executions + 1);

    /// <summary>Gives the time that it is.</summary>
    public long CountAnswer(in RequestTimes times)
    {
        long now = Stopwatch.GetTimestamp();
        this[RequestStage.Queue].Observe(times.Queue);
        this[RequestStage.Input].Observe(times.Input);
        this[RequestStage.Infer].Observe(times.Infer);
        this[RequestStage.Output].Observe(times.Output(now));
        this[RequestStage.Total].Observe(times.Total(now));
        Volatile.Write(ref _lastMilliseconds, DateTimeOffset.UtcNow.ToUnixTimeMilliseconds());
        Volatile.Write(ref _answers, _answers + 1);
        return now;
    }

    /// <summary>All lanes together. One count for all durations of answers: clients compare them.</summary>
    public static ModelStatistics Sum(string name, string version, IReadOnlyCollection<LaneStatistics> lanes, StatisticDuration fail)
    {
        long executions = 0, answers = 0, last = 0;
        foreach (LaneStatistics lane in lanes)
        {
            answers += Volatile.Read(ref lane._answers);
            executions += Volatile.Read(ref lane._executions);
            last = Math.Max(last, Volatile.Read(ref lane._lastMilliseconds));
        }

        return new ModelStatistics(name, version)
        {
            LastInference = (ulong)last,
            InferenceCount = (ulong)answers,
            ExecutionCount = (ulong)executions,
            Success = Of(RequestStage.Total),
            Fail = fail,
            Queue = Of(RequestStage.Queue),
            ComputeInput = Of(RequestStage.Input),
            ComputeInfer = Of(RequestStage.Infer),
            ComputeOutput = Of(RequestStage.Output),
        };

        StatisticDuration Of(RequestStage stage) => new((ulong)answers, Nanoseconds(lanes.Sum(lane => lane[stage].Ticks)));
    }

    /// <summary>How long one stage of the answered requests took, over all lanes.</summary>
    public static LatencySum Latency(IReadOnlyCollection<LaneStatistics> lanes, RequestStage stage)
    {
        long[] counts = new long[LatencyHistogram.Bounds.Length + 1];
        long ticks = 0;
        foreach (LaneStatistics lane in lanes)
        {
            lane[stage].AddTo(counts);
            ticks += lane[stage].Ticks;
        }

        return new LatencySum([.. counts], (double)ticks / Stopwatch.Frequency);
    }

    public static ulong Nanoseconds(long ticks) => (ulong)(ticks * NanosecondsPerTick);

    private LatencyHistogram this[RequestStage stage] => _latencies[(int)stage];
}
