using System.Numerics;

namespace EdgeDaemon.Engine;

/// <summary>
/// The lanes of one model: a fixed set of at most 64, each for one run at a time. Taking a free one and giving it back are single atomic
/// operations; when none is free, callers queue in the order of asking, bounded, because a queue without a bound turns overload into
/// memory. A lane that comes back goes straight to the first of them.
/// </summary>
internal sealed class LanePool : IDisposable
{
    public const int MostLanes = 64;

    private readonly Lane[] _lanes;
    private readonly int _longestQueue;
    private readonly Action<IThreadPoolWorkItem> _resume;
    private readonly Lock _change = new();
    private readonly LinkedList<LaneWaiter> _queue = [];
    private ulong _free;
    private int _waiting; // the queue's length, readable without the lock

    /// <param name="lanes">At most <see cref="MostLanes"/>, each at its own index.</param>
    /// <param name="longestQueue">So many callers may wait.</param>
    /// <param name="resume">Runs what it is given soon: best on the thread that calls it, whose work is then done.</param>
    public LanePool(Lane[] lanes, int longestQueue, Action<IThreadPoolWorkItem> resume)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(lanes.Length, MostLanes);
        _lanes = lanes;
        _longestQueue = longestQueue;
        _resume = resume;
        _free = lanes.Length == MostLanes ? ulong.MaxValue : (1UL << lanes.Length) - 1;
    }

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
    public async ValueTask<Lane?> WaitAsync(CancellationToken cancel)
    {
        LinkedListNode<LaneWaiter> place;
        lock (_change)
        {
            if (_waiting >= _longestQueue)
            {
                return null;
            }

            place = _queue.AddLast(new LaneWaiter(_resume));
            Interlocked.Increment(ref _waiting);

            // A lane that came back before anybody could see us waiting is still free.
            if (TryTake(out Lane lane))
            {
                Remove(place);
                return lane;
            }
        }

        using CancellationTokenRegistration registration = cancel.UnsafeRegister(_ => GiveUp(place, cancel), null);
        return await place.Value.Task;
    }

    public void Return(Lane lane)
    {
        if (Volatile.Read(ref _waiting) == 0)
        {
            Interlocked.Or(ref _free, 1UL << lane.Index);
            if (Volatile.Read(ref _waiting) == 0 || !TryTake(out lane))
            {
                return;
            }
        }

        LaneWaiter? next = null;
        lock (_change)
        {
            if (_queue.First is { } first)
            {
                next = first.Value;
                Remove(first);
            }
            else
            {
                Interlocked.Or(ref _free, 1UL << lane.Index);
            }
        }

        next?.Hand(lane);
    }

    public void Dispose()
    {
        foreach (Lane lane in _lanes)
        {
            lane.Dispose();
        }
    }

    private void GiveUp(LinkedListNode<LaneWaiter> place, CancellationToken token)
    {
        lock (_change)
        {
            if (place.List is null)
            {
                return; // A lane was faster: the caller has it and gives it back.
            }

            Remove(place);
        }

        place.Value.Cancel(token);
    }

    private void Remove(LinkedListNode<LaneWaiter> place)
    {
        _queue.Remove(place);
        Interlocked.Decrement(ref _waiting);
    }
}
