using System.Numerics;

namespace EdgeDaemon.Engine;

/// <summary>
/// The lanes of one model: a fixed set of at most 64, each for one run at a time. Taking a free one is two atomic
/// operations; waiting is bounded, because a queue without a bound turns overload into memory.
/// </summary>
internal sealed class LanePool : IDisposable
{
    public const int MostLanes = 64;

    private readonly Lane[] _lanes;
    private readonly SemaphoreSlim _available;
    private readonly int _longestQueue;
    private ulong _free;
    private int _waiting;

    public LanePool(Lane[] lanes, int longestQueue)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(lanes.Length, MostLanes);
        _lanes = lanes;
        _longestQueue = longestQueue;
        _available = new SemaphoreSlim(lanes.Length, lanes.Length);
        _free = lanes.Length == MostLanes ? ulong.MaxValue : (1UL << lanes.Length) - 1;
    }

    /// <summary>A free lane at once, or false.</summary>
    public bool TryTake(out Lane lane)
    {
        if (_available.Wait(0))
        {
            lane = TakeFree();
            return true;
        }

        lane = null!;
        return false;
    }

    /// <summary>The next free lane; null when as many callers wait already as the queue may hold.</summary>
    public async ValueTask<Lane?> WaitAsync(CancellationToken cancel)
    {
        if (Interlocked.Increment(ref _waiting) > _longestQueue)
        {
            Interlocked.Decrement(ref _waiting);
            return null;
        }

        try
        {
            await _available.WaitAsync(cancel);
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }

        return TakeFree();
    }

    public void Return(Lane lane)
    {
        Interlocked.Or(ref _free, 1UL << lane.Index);
        _available.Release();
    }

    public void Dispose()
    {
        foreach (Lane lane in _lanes)
        {
            lane.Dispose();
        }

        _available.Dispose();
    }

    // The semaphore has promised that a bit is set for us.
    private Lane TakeFree()
    {
        while (true)
        {
            ulong free = Volatile.Read(ref _free);
            if (free == 0)
            {
                Thread.SpinWait(1); // Another taker saw the same bits; its own bit is still on the way back.
                continue;
            }

            int index = BitOperations.TrailingZeroCount(free);
            if (Interlocked.CompareExchange(ref _free, free & ~(1UL << index), free) == free)
            {
                return _lanes[index];
            }
        }
    }
}
