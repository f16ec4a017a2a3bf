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

    private long _executions;
    private long _answers;
    private long _total;
    private long _queue;
    private long _input;
    private long _infer;
    private long _output;
    private long _lastMilliseconds;

    /// <summary>A run for a caller; a release's self-test is none.</summary>
    public void CountExecution() => Volatile.Write(ref _executions, _executions + 1);

    /// <summary>Gives the time that it is.</summary>
    public long CountAnswer(in RequestTimes times)
    {
        long now = Stopwatch.GetTimestamp();
        Volatile.Write(ref _queue, _queue + times.Queue);
        Volatile.Write(ref _input, _input + times.Input);
        Volatile.Write(ref _infer, _infer + times.Infer);
        Volatile.Write(ref _output, _output + times.Output(now));
        Volatile.Write(ref _total, _total + times.Total(now));
        Volatile.Write(ref _lastMilliseconds, DateTimeOffset.UtcNow.ToUnixTimeMilliseconds());
        Volatile.Write(ref _answers, _answers + 1);
        return now;
    }

    /// <summary>All lanes together. One count for all durations of answers: clients compare them.</summary>
    public static ModelStatistics Sum(string name, string version, IEnumerable<LaneStatistics> lanes, StatisticDuration fail)
    {
        long executions = 0, answers = 0, total = 0, queue = 0, input = 0, infer = 0, output = 0, last = 0;
        foreach (LaneStatistics lane in lanes)
        {
            answers += Volatile.Read(ref lane._answers);
            executions += Volatile.Read(ref lane._executions);
            total += Volatile.Read(ref lane._total);
            queue += Volatile.Read(ref lane._queue);
            input += Volatile.Read(ref lane._input);
            infer += Volatile.Read(ref lane._infer);
            output += Volatile.Read(ref lane._output);
            last = Math.Max(last, Volatile.Read(ref lane._lastMilliseconds));
        }

        return new ModelStatistics(name, version)
        {
            LastInference = (ulong)last,
            InferenceCount = (ulong)answers,
            ExecutionCount = (ulong)executions,
            Success = Of(total),
            Fail = fail,
            Queue = Of(queue),
            ComputeInput = Of(input),
            ComputeInfer = Of(infer),
            ComputeOutput = Of(output),
        };

        StatisticDuration Of(long ticks) => new((ulong)answers, Nanoseconds(ticks));
    }

    public static ulong Nanoseconds(long ticks) => (ulong)(ticks * NanosecondsPerTick);
}
