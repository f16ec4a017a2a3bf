using System.Numerics;
using EdgeDaemon.Core.Protocol;

namespace EdgeDaemon.Engine;

/// <summary>
/// The lanes of one model: a fixed set of at most 64, each for one run at a time. Taking a free one and giving it back are single atomic
/// operations; when none is free, callers wait in a <see cref="FairQueue{T}"/>, bounded, because a queue without a bound turns overload into
/// memory. A lane that comes back goes straight to the next of them, and never to one whose time is over.
/// </summary>
internal sealed class LanePool : IDisposable
{
    public const int MostLanes = 64;

    private readonly Lane[] _lanes;
    private readonly int _longestQueue;
    private readonly Action<IThreadPoolWorkItem> _resume;
    private readonly Lock _change = new();
    private readonly FairQueue<LaneWaiter> _queue = new();
    private readonly TimeProvider _clock;
    private readonly ITimer _alarm;
    private readonly (FairQueue<LaneWaiter>.Place? Place, long Since)[] _turns; // whose turn each lane is, and since when; its holder's
    private ulong _free;
    private int _waiting; // the queue's length, readable without the lock
    private long _alarmAt = long.MaxValue;

    /// <param name="lanes">At most <see cref="MostLanes"/>, each at its own index.</param>
    /// <param name="longestQueue">So many callers may wait.</param>
    /// <param name="resume">Runs what it is given soon: best on the thread that calls it, whose work is then done.</param>
    /// <param name="clock">Whose timestamps the deadlines are.</param>
    public LanePool(Lane[] lanes, int longestQueue, Action<IThreadPoolWorkItem> resume, TimeProvider clock)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(lanes.Length, MostLanes);
        _lanes = lanes;
        _turns = new (FairQueue<LaneWaiter>.Place?, long)[lanes.Length];
        _longestQueue = longestQueue;
        _resume = resume;
        _clock = clock;

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

    /// <summary>The next lane; null when as many callers wait already as the queue may hold.</summary>
    /// <exception cref="OperationCanceledException">The caller gave up first.</exception>
    /// <exception cref="RefusedException">Its deadline passed first.</exception>
    public async ValueTask<Lane?> WaitAsync(LaneRequest request, CancellationToken cancel)
    {
        var waiter = new LaneWaiter(_resume, request.Deadline);
        FairQueue<LaneWaiter>.Place place;
        lock (_change)
        {
            if (_waiting >= _longestQueue)
            {
                return null;
            }

            place = _queue.Add(request.Tenant, request.Share, request.Priority, _lanes[0].ExpectedTicks(request.Bytes), waiter);
            Interlocked.Increment(ref _waiting);

            // A lane that came back before anybody could see us waiting is still free.
            if (TryTake(out Lane lane))
            {
                Remove(place);
                return lane;
            }

            Alarm(request.Deadline);
        }

        using CancellationTokenRegistration registration = cancel.UnsafeRegister(_ => GiveUp(place, cancel), null);
        return await waiter.Task;
    }

    public void Return(Lane lane)
    {
        Settle(lane);
        if (Volatile.Read(ref _waiting) == 0)
        {
            Interlocked.Or(ref _free, 1UL << lane.Index);
            if (Volatile.Read(ref _waiting) == 0 || !TryTake(out lane))
            {
                return;
            }
        }

        FairQueue<LaneWaiter>.Place? next;
        bool late;
        do
        {
            late = false;
            lock (_change)
            {
                if (_queue.TryTake(out next))
                {
                    Interlocked.Decrement(ref _waiting);
                    long now = _clock.GetTimestamp();
                    late = next.Item.Deadline <= now;
                    if (late)
                    {
                        _queue.Settle(next, 0);
                    }
                    else
                    {
                        _turns[lane.Index] = (next, now);
                    }
                }
                else
                {
                    Interlocked.Or(ref _free, 1UL << lane.Index);
                }
            }

            if (late)
            {
                next!.Item.Expire(); // Its answer would be read by nobody: the work for it would be for nothing.
            }
        }
        while (late);

        next?.Item.Hand(lane);
    }

    /// <summary>Another lane in the place of one that is lost, and free.</summary>
    public void Replace(Lane fresh)
    {
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

    // Only those that waited had a turn.
    private void Settle(Lane lane)
    {
        ref (FairQueue<LaneWaiter>.Place? Place, long Since) turn = ref _turns[lane.Index];
        if (turn.Place is { } place)
        {
            turn.Place = null;
            lock (_change)
            {
                _queue.Settle(place, Math.Max(1, _clock.GetTimestamp() - turn.Since));
            }
        }
    }

    private void GiveUp(FairQueue<LaneWaiter>.Place place, CancellationToken token)
    {
        lock (_change)
        {
            if (!Remove(place))
            {
                return; // A lane was faster: the caller has it and gives it back.
            }
        }

        place.Item.Cancel(token);
    }

    private void Expire()
    {
        var late = new List<LaneWaiter>();
        lock (_change)
        {
            _alarmAt = long.MaxValue;
            long now = _clock.GetTimestamp();
            _queue.RemoveWhere(waiter => waiter.Deadline <= now, late.Add);
            Interlocked.Add(ref _waiting, -late.Count);
            long next = long.MaxValue;
            _queue.ForEach(waiter => next = Math.Min(next, waiter.Deadline));
            Alarm(next);
        }

        late.ForEach(waiter => waiter.Expire());
    }

    // Under the lock. Deadlines of one kind grow with time: the alarm is seldom set anew.
    private void Alarm(long deadline)
    {
        if (deadline >= _alarmAt)
        {
            return;
        }

        _alarmAt = deadline;
        TimeSpan left = _clock.GetElapsedTime(_clock.GetTimestamp(), deadline);
        _alarm.Change((left > TimeSpan.Zero ? left : TimeSpan.Zero) + TimeSpan.FromMilliseconds(1), Timeout.InfiniteTimeSpan);
    }

    private bool Remove(FairQueue<LaneWaiter>.Place place)
    {
        if (!_queue.Remove(place))
        {
            return false;
        }

        Interlocked.Decrement(ref _waiting);
        return true;
    }
}
