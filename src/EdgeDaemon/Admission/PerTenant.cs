namespace EdgeDaemon.Admission;

/// <summary>One object for each tenant, by its index, for as long as the daemon runs: what is counted in it outlives reloads.</summary>
/// <param name="make">Makes the object of an index.</param>
internal sealed class PerTenant<T>(Func<int, T> make)
    where T : class
{
    private readonly Lock _growth = new();
    private volatile T[] _all = [];

    /// <summary>Those that were asked for so far, each at its index.</summary>
    public ReadOnlySpan<T> All => _all;

    public T this[int index]
    {
        get
        {
            T[] all = _all;
            return index < all.Length ? all[index] : Grow(index);
        }
    }

    private T Grow(int index)
    {
        lock (_growth)
        {
            T[] all = _all;
            if (index >= all.Length)
            {
                // A new array with the old objects: whoever counts in one of them goes on.
                _all = all = [.. all, .. Enumerable.Range(all.Length, index + 1 - all.Length).Select(make)];
            }

            return all[index];
        }
    }
}
