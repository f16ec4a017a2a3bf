namespace EdgeDaemon.Core.Bundles;

/// <summary>
/// The time that expiry is judged by: the clock's, but never before what is known to have passed. A clock that was set back would revive
/// what has expired.
/// </summary>
/// <param name="Now">The later of clock and floor.</param>
/// <param name="ClockIsBehind">The clock shows an earlier time than the floor: it is unset or was set back.</param>
public readonly record struct TrustedTime(DateTimeOffset Now, bool ClockIsBehind)
{
    /// <summary>How far the floor may rise at once: a clock that jumped ahead for a moment must not expire everything for good.</summary>
    public static readonly TimeSpan LargestStep = TimeSpan.FromDays(400);

    public static TrustedTime Of(DateTimeOffset clock, DateTimeOffset floor) => clock < floor ? new(floor, true) : new(clock, false);

    /// <summary>The floor once <paramref name="now"/> has been seen.</summary>
    public static DateTimeOffset Raise(DateTimeOffset floor, DateTimeOffset now) =>
        now <= floor ? floor : now - floor > LargestStep ? floor + LargestStep : now;
}
