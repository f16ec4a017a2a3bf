namespace EdgeDaemon.Core.Bundles;

/// <summary>
/// The time that expiry is judged by: the clock's, but never before what is known to have passed. A clock that was set back would revive
/// what has expired.
/// </summary>
/// <param name="Now">The later of clock and floor.</param>
/// <param name="ClockIsBehind">The clock shows an earlier time than the floor: it is unset or was set back.</param>
/// <param name="ClockIsUnset">It is behind by more than <see cref="Tolerance"/>: nothing that it shows is believed, and the present may lie well after <paramref name="Now"/>.</param>
public readonly record struct TrustedTime(DateTimeOffset Now, bool ClockIsBehind, bool ClockIsUnset)
{
    /// <summary>How far the floor may rise at once: a clock that jumped ahead for a moment must not expire everything for good.</summary>
    public static readonly TimeSpan LargestStep = TimeSpan.FromDays(400);

    /// <summary>How far two clocks that are set may differ, a signer's and a device's: a wrong time zone, at most.</summary>
    public static readonly TimeSpan Tolerance = TimeSpan.FromDays(1);

    /// <summary>
    /// The latest time that may be the present. A clock that is set leaves a day of doubt; one that is not can only be corrected by what
    /// signers say, and is so by one step at a time.
    /// </summary>
    public DateTimeOffset Latest => After(Now, ClockIsUnset ? LargestStep : Tolerance);

    public static TrustedTime Of(DateTimeOffset clock, DateTimeOffset floor) =>
        clock < floor ? new(floor, ClockIsBehind: true, ClockIsUnset: floor - clock > Tolerance) : new(clock, false, false);

    /// <summary>The floor once <paramref name="now"/> has been seen.</summary>
    public static DateTimeOffset Raise(DateTimeOffset floor, DateTimeOffset now) =>
        now <= floor ? floor : now - floor > LargestStep ? floor + LargestStep : now;

    // A clock may show the year 9999.
    private static DateTimeOffset After(DateTimeOffset time, TimeSpan more) =>
        DateTimeOffset.MaxValue - time < more ? DateTimeOffset.MaxValue : time + more;
}
