using EdgeDaemon.Core.Audit.Records;

namespace EdgeDaemon.Audit;

/// <summary>The wall clock as the log sees it, watched by a clock that nobody can set.</summary>
internal sealed class SpoolClock(TimeProvider clock)
{
    /// <summary>So far a wall clock may drift or be corrected without a word, microseconds.</summary>
    public const long Tolerance = 5_000_000;

    private long _wall = AuditTime.Of(clock.GetUtcNow());
    private long _monotone = clock.GetTimestamp();

    /// <summary>Microseconds since 1970.</summary>
    public long Now => AuditTime.Of(clock.GetUtcNow());

    /// <summary>In the monotone clock's own ticks.</summary>
    public long Timestamp => clock.GetTimestamp();

    public TimeSpan Since(long timestamp) => clock.GetElapsedTime(timestamp);

    public long After(long timestamp, TimeSpan time) => timestamp + (long)(time.TotalSeconds * clock.TimestampFrequency);

    /// <summary>Time until a timestamp; not below zero.</summary>
    public TimeSpan Until(long timestamp)
    {
        TimeSpan left = clock.GetElapsedTime(clock.GetTimestamp(), timestamp);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    /// <summary>Whether the wall clock was set since it was last asked: it is elsewhere than the time that has gone by says.</summary>
    /// <param name="now">What it shows.</param>
    /// <param name="expected">What it should.</param>
    public bool WasSet(long now, out long expected)
    {
        long monotone = clock.GetTimestamp();
        expected = _wall + (long)(clock.GetElapsedTime(_monotone, monotone).Ticks / TimeSpan.TicksPerMicrosecond);
        bool set = Math.Abs(now - expected) > Tolerance;
        if (set || now - expected is > 1_000_000 or < -1_000_000)
        {
            // Drift must not add up to a jump over months.
            (_wall, _monotone) = (now, monotone);
        }

        return set;
    }
}
