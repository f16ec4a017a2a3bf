using System.Collections.Immutable;
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
    private readonly RunSize[] _sizes = new RunSize[RunSizes.Slots];
    private readonly long[] _requests = new long[RunSizes.Requests.Length + 1];
    private long _shared;
    private long _executions;
    private long _answers;
    private long _lastMilliseconds;

    /// <summary>A run for callers; a release's self-test is none.</summary>
    /// <param name="requests">That it answers.</param>
    /// <param name="rows">Of all of them; 1 where no dimension is the caller's.</param>
    /// <param name="ticks">That it took.</param>
    public void CountExecution(int requests, int rows, long ticks)
    {
        Volatile.Write(ref _executions, _executions + 1);
        Add(ref _requests[RunSizes.BucketOf(requests)], 1);
        Add(ref _shared, requests);
        ref RunSize size = ref _sizes[RunSizes.SlotOf(rows)];
        Add(ref size.Infer, ticks);
        Add(ref size.Count, 1);
    }

    /// <summary>Gives the time that it is.</summary>
    /// <param name="times">Of the request.</param>
    /// <param name="runRows">Rows of the run that answered it.</param>
    public long CountAnswer(in RequestTimes times, int runRows)
    {
        long now = Stopwatch.GetTimestamp();
        ref RunSize size = ref _sizes[RunSizes.SlotOf(runRows)];
        Add(ref size.Input, times.Input);
        Add(ref size.Output, times.Output(now));
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
            Batches = [.. Sizes(lanes)],
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

    /// <summary>How many requests each run answered, over all lanes: the counts by <see cref="RunSizes.Requests"/>, and all requests together.</summary>
    public static (ImmutableArray<long> Counts, long Requests) RequestsOfRuns(IReadOnlyCollection<LaneStatistics> lanes)
    {
        long[] counts = new long[RunSizes.Requests.Length + 1];
        long requests = 0;
        foreach (LaneStatistics lane in lanes)
        {
            for (int i = 0; i < counts.Length; i++)
            {
                counts[i] += Volatile.Read(ref lane._requests[i]);
            }

            requests += Volatile.Read(ref lane._shared);
        }

        return ([.. counts], requests);
    }

    private static IEnumerable<BatchStatistics> Sizes(IReadOnlyCollection<LaneStatistics> lanes)
    {
        for (int slot = 0; slot < RunSizes.Slots; slot++)
        {
            long count = 0, input = 0, infer = 0, output = 0;
            foreach (LaneStatistics lane in lanes)
            {
                count += Volatile.Read(ref lane._sizes[slot].Count);
                input += Volatile.Read(ref lane._sizes[slot].Input);
                infer += Volatile.Read(ref lane._sizes[slot].Infer);
                output += Volatile.Read(ref lane._sizes[slot].Output);
            }

            if (count > 0)
            {
                yield return new BatchStatistics((ulong)RunSizes.RowsOf(slot), Of(input), Of(infer), Of(output));
            }

            StatisticDuration Of(long ticks) => new((ulong)count, Nanoseconds(ticks));
        }
    }

    // One writer at a time: no atomic operation is needed for a sum, only that nobody reads half of one.
    private static void Add(ref long sum, long value) => Volatile.Write(ref sum, sum + value);

    public static ulong Nanoseconds(long ticks) => (ulong)(ticks * NanosecondsPerTick);

    private LatencyHistogram this[RequestStage stage] => _latencies[(int)stage];

    private struct RunSize
    {
        public long Count;
        public long Input;
        public long Infer;
        public long Output;
    }
}
