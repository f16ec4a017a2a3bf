using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Engine.Voting;
using EdgeDaemon.Native.Onnx;

namespace EdgeDaemon.Engine;

/// <summary>
/// The sessions of one model, and the lanes that run them, as <see cref="EngineBuilder"/> made them.
/// </summary>
internal sealed class ModelEngine : IDisposable
{
    // A lane may be free in a moment.
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(1);

    private readonly ImmutableArray<OnnxSession> _sessions;
    private readonly LanePool _lanes;
    private readonly LaneStatistics _certified = new(); // answers that no lane gave by itself; under its own lock
    private readonly LaneStatistics[] _statistics; // the lanes', and that
    private readonly VoteStatistics[] _votes;
    private readonly LaneLosses? _losses;
    private long _failures;
    private long _failedTicks;

    /// <param name="sessions">What <paramref name="lanes"/> run; disposed with the engine, as the lanes are.</param>
    /// <param name="lanes">Each at its own index.</param>
    /// <param name="queue">So many requests may wait.</param>
    /// <param name="care">What a daemon needs beside them.</param>
    /// <param name="ensemble">How several members vote; null for one.</param>
    public ModelEngine(ImmutableArray<OnnxSession> sessions, ImmutableArray<Lane> lanes, int queue, EngineCare care, Ensemble? ensemble = null)
    {
        _sessions = sessions;
        _lanes = new LanePool([.. lanes], queue, care.Resume, TimeProvider.System, care.Batching, care.RowsAreCallers);
        _statistics = [.. lanes.Select(lane => lane.Statistics), _certified];
        _votes = [.. lanes.Where(lane => lane.Ensemble is not null).Select(lane => lane.Ensemble!.Count.Statistics)];
        Batching = care.Batching;
        Ensemble = ensemble;
        if (ensemble is not null)
        {
            ensemble.HasWaiting = () => _lanes.Waiting > 0;
        }

        if (care.Watch is { } watch)
        {
            _losses = new LaneLosses(care.Model, _lanes, lanes.Length, watch, care.Log);
            foreach (Lane lane in lanes)
            {
                _losses.Guard(lane);
            }
        }
    }

    /// <summary>What the probe saw of the memory that runs take.</summary>
    public void Expect(long inputBytes, long runBytes)
    {
        foreach (OnnxSession session in _sessions)
        {
            session.Expect(inputBytes, runBytes);
        }
    }

    /// <summary>No lane is free: who comes now waits.</summary>
    public bool IsBusy => _lanes.IsBusy;

    /// <summary>A free lane at once, or false: then <see cref="WaitAsync"/>.</summary>
    public bool TryEnter(out Lane lane) => _lanes.TryTake(out lane);

    /// <summary>A turn on the next lane that becomes free when it is the request's, perhaps with others of its tenant.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<LaneTurn> WaitAsync(LaneWaiter waiter, LaneRequest request, CancellationToken cancel)
    {
        try
        {
            LaneTurn turn = await _lanes.WaitAsync(waiter, request, cancel);
            return turn.IsNone ? throw new RefusedException(Refusal.AdmissionQueueFull, "as many requests wait for this model as engine.queue allows") { RetryAfter = Soon } : turn;
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

    /// <summary>How many requests each run answered: counts by <see cref="RunSizes.Requests"/>, and all requests together.</summary>
    public (ImmutableArray<long> Counts, long Requests) RequestsOfRuns => LaneStatistics.RequestsOfRuns(_statistics);

    /// <summary>What may share a run; null: nothing does.</summary>
    public BatchRule? Batching { get; }

    /// <summary>How several members vote, and which of them failed; null for one member.</summary>
    public Ensemble? Ensemble { get; }

    /// <summary>How far the members agreed, over all lanes.</summary>
    public VoteSum Votes => VoteStatistics.Sum(_votes);

    public int Lanes => _statistics.Length - 1;

    public int BusyLanes => _lanes.Busy;

    /// <summary>Lanes that were given up, because their runs did not end, and have not come back.</summary>
    public int LostLanes => _losses?.Missing ?? 0;

    /// <summary>Requests that wait for a lane.</summary>
    public int Waiting => _lanes.Waiting;

    /// <summary>An answer of many runs, of so many rows each. Gives the time that it is.</summary>
    public long CountCertified(in RequestTimes times, int runRows)
    {
        lock (_certified)
        {
            return _certified.CountAnswer(times, runRows);
        }
    }

    /// <summary>A request that was let in and got no answer.</summary>
    public void CountFailure(in RequestTimes times)
    {
        Interlocked.Increment(ref _failures);
        Interlocked.Add(ref _failedTicks, times.Total(System.Diagnostics.Stopwatch.GetTimestamp()));
    }

    /// <summary>The request is done with its lane: whoever shares the turn goes on, or whoever waits. A run that was given up may still be in it, and another has its place.</summary>
    public void Leave(LaneTurn turn)
    {
        if (turn.Lane.Guard is not { IsLost: true })
        {
            _lanes.Leave(turn);
        }
    }

    public void Leave(Lane lane) => Leave(new LaneTurn(lane));

    public void Dispose()
    {
        _lanes.Dispose();
        foreach (OnnxSession session in _sessions)
        {
            session.Dispose();
        }
    }
}
