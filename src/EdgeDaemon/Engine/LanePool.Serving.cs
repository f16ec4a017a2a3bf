using System.Numerics;

namespace EdgeDaemon.Engine;

/// <content>Who is next for a lane that has come back.</content>
internal sealed partial class LanePool
{
    private void Return(Lane lane)
    {
        // Only those that waited had a turn.
        if (lane.Batch.Count > 0)
        {
            lock (_change)
            {
                lane.Batch.Settle(_queue, _clock.GetTimestamp());
            }
        }

        if (Volatile.Read(ref _waiting) == 0)
        {
            Interlocked.Or(ref _free, 1UL << lane.Index);
            if (Volatile.Read(ref _waiting) == 0 || !TryTake(out lane))
            {
                return;
            }
        }

        LaneWaiter? next;
        List<LaneWaiter>? late = null;
        lock (_change)
        {
            next = Next(lane, ref late);
        }

        late?.ForEach(waiter => waiter.Expire());
        next?.Hand(lane, 0);
    }

    // Who comes, goes, or has waited long enough may be what a lane waited for.
    private void ServeHeld()
    {
        LaneWaiter? next;
        do
        {
            List<LaneWaiter>? late = null;
            Lane lane;
            lock (_change)
            {
                if (_held == 0)
                {
                    return;
                }

                lane = _lanes[BitOperations.TrailingZeroCount(_held)];
                _held &= ~(1UL << lane.Index);
                next = Next(lane, ref late);
                if (_queue.Count == 0)
                {
                    Interlocked.Or(ref _free, _held);
                    _held = 0;
                }
            }

            late?.ForEach(waiter => waiter.Expire());
            next?.Hand(lane, 0);
        }
        while (next is not null);
    }

    // Under the lock. Null: the lane is free, or waits for a preferred size.
    private LaneWaiter? Next(Lane lane, ref List<LaneWaiter>? late)
    {
        long now = _clock.GetTimestamp();
        _lost.Charge(_queue, now);
        while (_queue.First is { } first)
        {
            if (first.Item.Deadline <= now)
            {
                // Its answer would be read by nobody: the work for it would be for nothing.
                Remove(first);
                (late ??= []).Add(first.Item);
                continue;
            }

            lane.Batch.Gather(first, now, out long oldest);
            if (_longestHold > 0 && now < oldest + _longestHold && lane.Batch.Count == _queue.Count && _queue.Count < _longestQueue && lane.Batch.LacksPreferred)
            {
                // Nobody waits but those for whom it is: each that comes is looked at, and there is room for one.
                lane.Batch.Forget();
                _held |= 1UL << lane.Index;
                Alarm(oldest + _longestHold);
                return null;
            }

            if (lane.Batch.Count > 1)
            {
                lane.Batch.Choose();
            }

            Interlocked.Add(ref _waiting, -lane.Batch.Take(_queue, now));
            return first.Item;
        }

        Interlocked.Or(ref _free, 1UL << lane.Index);
        return null;
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
        ServeHeld();
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
