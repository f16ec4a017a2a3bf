namespace EdgeDaemon.Monitoring;

/// <summary>What became of the reloads that were asked for.</summary>
internal sealed class ReloadCounts
{
    private long _applied;
    private long _refused;
    private long _lastApplied;

    public long Applied => Interlocked.Read(ref _applied);

    public long Refused => Interlocked.Read(ref _refused);

    /// <summary>Seconds since 1970; 0: never.</summary>
    public long LastApplied => Interlocked.Read(ref _lastApplied);

    public void CountApplied(DateTimeOffset at)
    {
        Interlocked.Exchange(ref _lastApplied, at.ToUnixTimeSeconds());
        Interlocked.Increment(ref _applied);
    }

    public void CountRefused() => Interlocked.Increment(ref _refused);
}
