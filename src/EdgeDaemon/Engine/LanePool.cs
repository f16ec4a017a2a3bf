using System.Numerics;
using System.Runtime.CompilerServices;

namespace EdgeDaemon.Engine;

/// <summary>
/// The lanes of one model: a fixed set of at most 64, each for one run at a time. Taking a free one and giving it back are single atomic
/// operations; when none is free, callers wait in a <see cref="FairQueue{T}"/>, bounded, because a queue without a bound turns overload into
/// memory. A lane that comes back goes straight to the next of them, with others of the same tenant if that is faster, and never to one whose time is over.
/// </summary>
internal sealed partial class LanePool : IDisposable
{
    public const int MostLanes = 64;

    private readonly Lane[] _lanes;
    private readonly int _longestQueue;
    private readonly Action<IThreadPoolWorkItem> _resume;
    private readonly Lock _change = new();
    private readonly FairQueue<LaneWaiter> _queue = new();
    private readonly LostRuns _lost = new(); // under the lock
    private readonly TimeProvider _clock;
    private readonly ITimer _alarm;
    private readonly BatchRule? _rule;
    private readonly bool _rowsAreCallers;
    private readonly long _longestHold; // in the clock's ticks
    private ulong _free;
    private ulong _held; // lanes that came back and wait for a preferred size; under the lock
    private int _waiting; // the queue's length, readable without the lock
    private long _alarmAt = long.MaxValue;

    /// <param name="lanes">At most <see cref="MostLanes"/>, each at its own index.</param>
    /// <param name="longestQueue">So many callers may wait.</param>
    /// <param name="resume">Runs what it is given soon: best on the thread that calls it, whose work is then done.</param>
    /// <param name="clock">Whose timestamps the deadlines are.</param>
    /// <param name="rule">What may share a run; null: nothing does.</param>
    /// <param name="rowsAreCallers">The first dimension of every input is the caller's.</param>
    public LanePool(Lane[] lanes, int longestQueue, Action<IThreadPoolWorkItem> resume, TimeProvider clock, BatchRule? rule = null, bool rowsAreCallers = false)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(lanes.Length, MostLanes);
        _lanes = lanes;
        Array.ForEach(lanes, lane => lane.Batch = new LaneBatch(lane, rule, rowsAreCallers, clock));
        _longestQueue = longestQueue;
        _resume = resume;
        _clock = clock;
        _rule = rule;
        _rowsAreCallers = rowsAreCallers;
        _longestHold = rule is null ? 0 : (long)(rule.MaxDelay.TotalSeconds * clock.TimestampFrequency);

        // One for all who wait: a timer for each would be made and destroyed with every request.
        _alarm = clock.CreateTimer(static pool => ((LanePool)pool!).Expire(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _free = lanes.Length == MostLanes ? ulong.MaxValue : (1UL << lanes.Length) - 1;
    }

    public bool IsBusy => Volatile.Read(ref _free) == 0;

    /// <summary>Lanes in use.</summary>
    public int Busy => _lanes.Length - BitOperations.PopCount(Volatile.Read(ref _free));

    /// <summary>Callers in the queue.</summary>
    public int Waiting => Volatile.Read(ref _waiting);

    /// <summary>A free lane at once, or false.</summary>
    public bool TryTake(out Lane lane)
    {
        ulong free = Volatile.Read(ref _free);
        while (free != 0)
        {
            int index = BitOperations.TrailingZeroCount(free);
            ulong seen = Interlocked.CompareExchange(ref _free, free & ~(1UL << index), free);
            if (seen == free)
            {
                lane = _lanes[index];
                return true;
            }

            free = seen;
        }

        lane = null!;
        return false;
    }

    /// <summary>A turn on the next lane; none when as many callers wait already as the queue may hold.</summary>
    /// <param name="waiter">That nobody waits with; used until this has ended.</param>
    /// <param name="request">Whose.</param>
    /// <param name="cancel">Fires when the caller goes away.</param>
    /// <exception cref="OperationCanceledException">The caller gave up first.</exception>
    /// <exception cref="Core.Protocol.RefusedException">Its deadline passed first.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<LaneTurn> WaitAsync(LaneWaiter waiter, LaneRequest request, CancellationToken cancel)
    {
        bool held;
        waiter.Begin(this, request, _rule is { Stopped: false }, _clock.GetTimestamp(), cancel);
        lock (_change)
        {
            if (_waiting >= _longestQueue)
            {
                return default;
            }

            _queue.Add(waiter.Place, request.Tenant, request.Share, request.Priority, _lanes[0].ExpectedTicks(request.Bytes));
            Interlocked.Increment(ref _waiting);

            // A lane that came back before anybody could see us waiting is still free.
            if (TryTake(out Lane lane))
            {
                Remove(waiter.Place);
                return new LaneTurn(lane);
            }

            Alarm(request.Deadline);
            held = _held != 0;
        }

        if (held)
        {
            ServeHeld();
        }

        using CancellationTokenRegistration registration = cancel.UnsafeRegister(static (waiter, token) => ((LaneWaiter)waiter!).GiveUp(token), waiter);
        return await waiter.Task;
    }

    /// <summary>Whoever shares the turn has the lane now; after the last of them, whoever waits.</summary>
    public void Leave(LaneTurn turn)
    {
        Lane lane = turn.Lane;
        if (lane.Batch.Pass(turn.Member) is not { } next)
        {
            lane.Clear();
            Return(lane);
            return;
        }

        if (!lane.Batch.RanTogether)
        {
            lane.Clear(); // What it answered to one is nobody else's.
        }

        next.Hand(lane, turn.Member + 1);
    }

    /// <summary>Goes on with what it is given soon.</summary>
    public void Resume(IThreadPoolWorkItem work) => _resume(work);

    /// <summary>False when a lane was faster: the caller has it and gives it back.</summary>
    public bool TryRemove(FairQueue<LaneWaiter>.Place place)
    {
        bool held;
        lock (_change)
        {
            if (!Remove(place))
            {
                return false;
            }

            held = _held != 0;
        }

        if (held)
        {
            ServeHeld();
        }

        return true;
    }

    /// <summary>A run was given up, and its lane with it: whoever shared the turn and has not had it is refused. The watch's thread, while the run cannot come back.</summary>
    public void Lose(Lane lost)
    {
        lost.Batch.Lose();
        lock (_change)
        {
            long now = _clock.GetTimestamp();
            bool settled = lost.Batch.Count > 0;
            if (settled)
            {
                lost.Batch.Settle(_queue, now);
            }

            _lost.Add(lost, since: settled ? now : now - (lost.Guard?.Ran ?? 0));
        }
    }

    /// <summary>It has come back: what it took since is its tenant's, and no more.</summary>
    public void Found(Lane lost)
    {
        lock (_change)
        {
            _lost.Remove(lost, _queue, _clock.GetTimestamp());
        }
    }

    /// <summary>Another lane in the place of one that is lost, and free.</summary>
    public void Replace(Lane fresh)
    {
        fresh.Batch = new LaneBatch(fresh, _rule, _rowsAreCallers, _clock);
        Volatile.Write(ref _lanes[fresh.Index], fresh);
        Return(fresh);
    }

    public void Dispose()
    {
        _alarm.Dispose();
        foreach (Lane lane in _lanes)
        {
            lane.Dispose();
        }
    }
}
