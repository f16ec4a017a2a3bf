namespace EdgeDaemon.Admission;

/// <summary>How many there were within a window that moves with the time, to an eighth of it: never fewer than there were. Not thread-safe.</summary>
internal sealed class RecentCount
{
    private const int Slots = 8;

    private readonly int[] _counts = new int[Slots + 1]; // one more than the window: the oldest is counted whole until it is over
    private long _slot;

    /// <summary>Counts one more, and says how many there were.</summary>
    /// <param name="now">Ticks of any clock that only goes forward.</param>
    /// <param name="window">In the same ticks; more than 0.</param>
    public int Add(long now, long window)
    {
        long slot = now / Math.Max(1, window / Slots);
        if (Math.Abs(slot - _slot) > Slots)
        {
            // A long pause, or another window: what was counted in slots of another length says nothing.
            _counts.AsSpan().Clear();
            _slot = slot;
        }
        else
        {
            for (long passed = _slot + 1; passed <= slot; passed++)
            {
                _counts[passed % _counts.Length] = 0;
            }
        }

        _slot = Math.Max(_slot, slot);
        _counts[_slot % _counts.Length]++;
        return _counts.Sum();
    }

    public void Clear() => _counts.AsSpan().Clear();
}
