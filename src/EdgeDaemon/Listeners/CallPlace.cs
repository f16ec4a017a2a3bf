using System.Collections.Concurrent;
using System.Diagnostics;
using EdgeDaemon.Native.Posix;

namespace EdgeDaemon.Listeners;

/// <summary>One of the <see cref="CallPlaces"/>: of one thread at a time.</summary>
internal sealed class CallPlace(int number)
{
    // In ticks of the stopwatch: a millisecond, which no work on the pool takes that is known to be long.
    private static readonly long Patience = Stopwatch.Frequency / 1000;

    private long _seen;
    private volatile Thread? _thread;

    public int Number => number;

    public Thread? Thread
    {
        get => _thread;
        set => _thread = value;
    }

    /// <summary>When the thread was here last, in ticks of the stopwatch.</summary>
    public long Seen => Volatile.Read(ref _seen);

    /// <summary>The thread is not to be counted on, and what was left to it is anybody's: it sleeps, or does what nobody knew to be long.</summary>
    public bool IsAway => Stopwatch.GetTimestamp() - Seen > Patience;

    /// <summary>What others have left to it. Never peeked into: that would cost a new segment of the queue every so often.</summary>
    public ConcurrentQueue<SocketChange> Left { get; } = new();

    public void Arrive() => Volatile.Write(ref _seen, Stopwatch.GetTimestamp());
}
