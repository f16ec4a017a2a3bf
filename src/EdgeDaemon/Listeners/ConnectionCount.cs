namespace EdgeDaemon.Listeners;

/// <summary>Open connections of all listeners together, against max_connections: counted from accept, so that silent ones count, too.</summary>
internal sealed class ConnectionCount(int most)
{
    private int _open;

    public int Open => Volatile.Read(ref _open);

    /// <summary>False when there are as many as there may be.</summary>
    public bool TryEnter()
    {
        if (Interlocked.Increment(ref _open) <= most)
        {
            return true;
        }

        Interlocked.Decrement(ref _open);
        return false;
    }

    public void Leave() => Interlocked.Decrement(ref _open);
}
