namespace EdgeDaemon.Tests.Identity;

/// <summary>Time that stands still until the test moves it.</summary>
internal sealed class MovedClock : TimeProvider
{
    public DateTimeOffset Time { get; set; } = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public void Advance(TimeSpan time) => Time += time;

    public override DateTimeOffset GetUtcNow() => Time;

    public override long GetTimestamp() => Time.UtcTicks;
}
