namespace EdgeDaemon.Tests.Listeners;

/// <summary>Time that passes when the test says so; timers that are due fire inside <see cref="Move"/>.</summary>
internal sealed class MovedClock : TimeProvider
{
    private readonly Lock _change = new();
    private readonly List<Alarm> _alarms = [];
    private readonly DateTimeOffset _start = DateTimeOffset.UtcNow;
    private TimeSpan _passed;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => _start + TimeSpan.FromTicks(GetTimestamp());

    public override long GetTimestamp()
    {
        lock (_change)
        {
            return _passed.Ticks;
        }
    }

    public void Move(TimeSpan time)
    {
        Alarm[] due;
        lock (_change)
        {
            _passed += time;
            due = [.. _alarms.Where(alarm => alarm.Due <= _passed)];
            _alarms.RemoveAll(due.Contains);
        }

        Array.ForEach(due, alarm => alarm.Fire());
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var alarm = new Alarm(this, () => callback(state));
        alarm.Change(dueTime, period);
        return alarm;
    }

    private sealed class Alarm(MovedClock clock, Action fire) : ITimer
    {
        public TimeSpan Due { get; private set; }

        public void Fire() => fire();

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (clock._change)
            {
                clock._alarms.Remove(this);
                if (dueTime >= TimeSpan.Zero)
                {
                    Due = clock._passed + dueTime;
                    clock._alarms.Add(this);
                }

                return true;
            }
        }

        public void Dispose() => Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
