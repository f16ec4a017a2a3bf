using System.Collections.Immutable;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Native.Onnx;

namespace EdgeDaemon.Engine;

/// <summary>
/// The sessions of one model, and the lanes that run them, as <see cref="EngineBuilder"/> made them.
/// </summary>
internal sealed class ModelEngine : IDisposable
{
    private readonly ImmutableArray<OnnxSession> _sessions;
    private readonly LanePool _lanes;
    private readonly LaneStatistics[] _statistics;
    private readonly LaneLosses? _losses;
    private long _failures;
    private long _failedTicks;

    /// <param name="sessions">What <paramref name="lanes"/> run; disposed with the engine, as the lanes are.</param>
    /// <param name="lanes">Each at its own index.</param>
    /// <param name="queue">So many requests may wait.</param>
    /// <param name="care">What a daemon needs beside them.</param>
    public ModelEngine(ImmutableArray<OnnxSession> sessions, ImmutableArray<Lane> lanes, int queue, EngineCare care)
    {
        _sessions = sessions;
        _lanes = new LanePool([.. lanes], queue, care.Resume, TimeProvider.System);
        _statistics = [.. lanes.Select(lane => lane.Statistics)];
        if (care.Watch is { } watch)
        {
            _losses = new LaneLosses(care.Model, _lanes, lanes.Length, watch, care.Log);
            foreach (Lane lane in lanes)
            {
                _losses.Guard(lane);
            }
        }
    }

    /// <summary>No lane is free: who comes now waits.</summary>
    public bool IsBusy => _lanes.IsBusy;

    /// <summary>A free lane at once, or false: then <see cref="WaitAsync"/>.</summary>
    public bool TryEnter(out Lane lane) => _lanes.TryTake(out lane);

    /// <summary>The next lane that becomes free when it is the request's turn.</summary>
    public async ValueTask<Lane> WaitAsync(LaneRequest request, CancellationToken cancel)
    {
        try
        {
            return await _lanes.WaitAsync(request, cancel)
                ?? throw new RefusedException(Refusal.AdmissionQueueFull, "as many requests wait for this model as engine.queue allows");
        }
        catch (OperationCanceledException cancelled)
        {
            throw new RefusedException(Refusal.EngineCancelled, "the caller went away while the request waited", cancelled);
        }
    }

    /// <summary>What it has done since it was made.</summary>
    public ModelStatistics Statistics(string name, string version) => LaneStatistics.Sum(
        name, version, _statistics, new StatisticDuration((ulong)Interlocked.Read(ref _failures), LaneStatistics.Nanoseconds(Interlocked.Read(ref _failedTicks))));

    /// <summary>How long one stage of the answered requests took.</summary>
    public LatencySum Latency(RequestStage stage) => LaneStatistics.Latency(_statistics, stage);

    public int Lanes => _statistics.Length;

    public int BusyLanes => _lanes.Busy;

    /// <summary>Lanes that were given up, because their runs did not end, and have not come back.</summary>
    public int LostLanes => _losses?.Missing ?? 0;

    /// <summary>Requests that wait for a lane.</summary>
    public int Waiting => _lanes.Waiting;

    /// <summary>A request that was let in and got no answer.</summary>
    public void CountFailure(in RequestTimes times)
    {
        Interlocked.Increment(ref _failures);
        Interlocked.Add(ref _failedTicks, times.Total(System.Diagnostics.Stopwatch.GetTimestamp()));
    }

    public void Leave(Lane lane)
    {
        if (lane.Guard is { IsLost: true })
        {
            return; // The run may still be in it, and another lane has its place.
        }

        lane.Clear();
        _lanes.Return(lane);
    }

    public void Dispose()
    {
        _lanes.Dispose();
        foreach (OnnxSession session in _sessions)
        {
            session.Dispose();
        }
    }
}
