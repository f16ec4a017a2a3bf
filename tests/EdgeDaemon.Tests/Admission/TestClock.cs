namespace EdgeDaemon.Tests.Admission;

/// <summary>Time that goes on when a test says so: a nanosecond a tick.</summary>
internal sealed class TestClock : TimeProvider
{
    private readonly Lock _change = new();
    private readonly List<Timer> _timers = [];
    private DateTimeOffset _now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private long _ticks = 1;

    public override long TimestampFrequency => 1_000_000_000;

    public override DateTimeOffset GetUtcNow() => _now;

    public override long GetTimestamp() => Interlocked.Read(ref _ticks);

    /// <summary>Timers that some time to come will fire: who means to move time past one on another thread waits for it to be there.</summary>
    public int Armed
    {
        get
        {
            lock (_change)
            {
                return _timers.Count(timer => timer.IsArmed);
            }
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, () => callback(state));
        lock (_change)
        {
            // Listed before it is set: time that goes on in between finds it.
            _timers.Add(timer);
            timer.Change(dueTime, period);
        }

        return timer;
    }

    /// <summary>Time goes on, and timers are late.</summary>
    public void AdvanceSilently(TimeSpan time)
    {
        _now += time;
        Interlocked.Add(ref _ticks, time.Ticks * 100);
    }

    public void Advance(TimeSpan time)
    {
        AdvanceSilently(time);
        Timer[] timers;
        lock (_change)
        {
            timers = [.. _timers];
        }

        foreach (Timer timer in timers)
        {
            timer.FireIfDue();
        }
    }

    private sealed class Timer(TestClock clock, Action fire) : ITimer
    {
        private long _due = long.MaxValue;

        public bool IsArmed => Volatile.Read(ref _due) != long.MaxValue;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            _due = dueTime == Timeout.InfiniteTimeSpan ? long.MaxValue : clock.GetTimestamp() + (dueTime.Ticks * 100);
            return true;
        }

        public void FireIfDue()
        {
            if (clock.GetTimestamp() >= _due)
            {
                _due = long.MaxValue;
                fire();
            }
        }

        public void Dispose() => _due = long.MaxValue;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
