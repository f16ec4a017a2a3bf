using System.Collections.Concurrent;
using EdgeDaemon.Admission;

namespace EdgeDaemon.Pipeline;

/// <summary>How many lines of the log the refusals of one caller may fill: a hundred at once, then one a second. What is left out is counted.</summary>
internal sealed class RefusalLines(TimeProvider clock)
{
    private const int AtOnce = 100;
    private const int PerSecond = 1;
    private const int MostCallers = 4096;

    private readonly ConcurrentDictionary<string, Lines> _callers = new(StringComparer.Ordinal);
    private int _count; // callers that were new since it was emptied: never fewer than it holds, but for those who came while it was

    /// <summary>Whether this refusal is to be written, and how many before it were not.</summary>
    public bool TryTake(string caller, out long leftOut)
    {
        Lines lines = LinesOf(caller);
        if (!lines.Bucket.TryTake(clock.GetTimestamp(), 1, PerSecond, AtOnce, out _))
        {
            leftOut = 0;
            Interlocked.Increment(ref lines.LeftOut);
            return false;
        }

        leftOut = Interlocked.Exchange(ref lines.LeftOut, 0);
        return true;
    }

    private Lines LinesOf(string caller)
    {
        if (_callers.TryGetValue(caller, out Lines? lines))
        {
            return lines;
        }

        // The dictionary's own count takes all of its locks: not for each refused request.
        if (Interlocked.Increment(ref _count) > MostCallers)
        {
            _callers.Clear(); // So many callers at once are an attack; then a few lines more are the lesser evil than a memory without end.
            Volatile.Write(ref _count, 1);
        }

        return _callers.GetOrAdd(caller, static (_, frequency) => new Lines(frequency), clock.TimestampFrequency);
    }

    private sealed class Lines(long frequency)
    {
        public long LeftOut;

        public RateBucket Bucket { get; } = new(frequency);
    }
}
