namespace EdgeDaemon.Admission;

/// <summary>
/// So much per second, and so much at once after a pause (the generic cell rate algorithm, ITU-T I.371): one number says until when what was
/// let in has used the rate up. Rate and burst come with each call, so that new settings count from the next one on. Any thread, no lock.
/// </summary>
/// <param name="frequency">Ticks of a second, of the clock that <c>now</c> is read from.</param>
internal sealed class RateBucket(long frequency)
{
    private long _usedUntil;

    /// <summary>Lets <paramref name="amount"/> in if the burst has room for it.</summary>
    /// <param name="now">Ticks of the clock.</param>
    /// <param name="amount">0 asks whether it is in debt, and takes nothing.</param>
    /// <param name="perSecond">More than 0.</param>
    /// <param name="burst">At least the largest amount, or that is never let in.</param>
    /// <param name="wait">Ticks after which the same would be let in, if nothing else is until then; 0 when it is now.</param>
    public bool TryTake(long now, long amount, long perSecond, long burst, out long wait)
    {
        long cost = Ticks(amount, perSecond);
        long room = Ticks(burst, perSecond);
        long seen = Volatile.Read(ref _usedUntil);
        while (true)
        {
            long next = Math.Max(seen, now) + cost;
            wait = next - now - room;
            if (wait > 0)
            {
                return false;
            }

            wait = 0;
            if (cost == 0)
            {
                return true;
            }

            long before = Interlocked.CompareExchange(ref _usedUntil, next, seen);
            if (before == seen)
            {
                return true;
            }

            seen = before;
        }
    }

    /// <summary>What came in without having been asked for in advance: it may go into debt, and the next ones wait for that.</summary>
    public void Charge(long now, long amount, long perSecond)
    {
        long cost = Ticks(amount, perSecond);
        long seen = Volatile.Read(ref _usedUntil);
        while (true)
        {
            long before = Interlocked.CompareExchange(ref _usedUntil, Math.Max(seen, now) + cost, seen);
            if (before == seen)
            {
                return;
            }

            seen = before;
        }
    }

    // Rounded up: never faster than the rate. 2^53 ticks of a nanosecond are 104 days, more than any burst.
    private long Ticks(long amount, long perSecond) => (long)Math.Ceiling((double)amount * frequency / perSecond);
}
