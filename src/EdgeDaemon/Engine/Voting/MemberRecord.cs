namespace EdgeDaemon.Engine.Voting;

/// <summary>How often one member of a served model has failed, over all lanes, and when somebody was told last.</summary>
internal sealed class MemberRecord(string name, TimeProvider clock)
{
    private static readonly TimeSpan BetweenAlarms = TimeSpan.FromMinutes(1);

    private long _failed;
    private long _late;
    private long _lastMilliseconds;
    private long _alarmedAt = long.MinValue;
    private long _leftOut;

    public string Name => name;

    /// <summary>Runs that ended in an error, or with what breaks the contract.</summary>
    public long Failed => Volatile.Read(ref _failed);

    /// <summary>Runs that took longer than <c>member_timeout_ms</c>.</summary>
    public long Late => Volatile.Read(ref _late);

    /// <summary>Null before the first.</summary>
    public DateTimeOffset? Last => Volatile.Read(ref _lastMilliseconds) is not 0 and var last ? DateTimeOffset.FromUnixTimeMilliseconds(last) : null;

    /// <summary>Counts a failure. True when it is time for a line in the log: one a minute, whatever an input does to a member.</summary>
    /// <param name="late">It took too long.</param>
    /// <param name="leftOut">Failures since the last line that had none.</param>
    public bool Count(bool late, out long leftOut)
    {
        Interlocked.Increment(ref late ? ref _late : ref _failed);
        Volatile.Write(ref _lastMilliseconds, clock.GetUtcNow().ToUnixTimeMilliseconds());
        long now = clock.GetTimestamp(), before = Volatile.Read(ref _alarmedAt);
        if ((before != long.MinValue && clock.GetElapsedTime(before, now) < BetweenAlarms) || Interlocked.CompareExchange(ref _alarmedAt, now, before) != before)
        {
            Interlocked.Increment(ref _leftOut);
            leftOut = 0;
            return false;
        }

        leftOut = Interlocked.Exchange(ref _leftOut, 0);
        return true;
    }
}
