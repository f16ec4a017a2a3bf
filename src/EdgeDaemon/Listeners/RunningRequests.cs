namespace EdgeDaemon.Listeners;

/// <summary>How many requests of one connection are being worked on; a feature of the connection. Counted from the request's head to the end of its answer.</summary>
internal sealed class RunningRequests
{
    private int _running;
    private long _begun;

    public bool Any => Volatile.Read(ref _running) > 0;

    /// <summary>Grows with each request: the same number twice says that none came in between.</summary>
    public long Begun => Volatile.Read(ref _begun);

    public void Begin()
    {
        Interlocked.Increment(ref _running);
        Interlocked.Increment(ref _begun);
    }

    public void End() => Interlocked.Decrement(ref _running);
}
