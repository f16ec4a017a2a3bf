using System.Collections.Concurrent;
using EdgeDaemon.Native.Posix;

namespace EdgeDaemon.Listeners;

/// <summary>
/// What has become ready, and which of the threads is to begin it. Whoever looks while all are at work takes several sockets at once and leaves each to the thread on the core where its caller is at home (<see cref="CallerHome"/>); those of nobody are the next one's who is free.
/// Nothing waits beside a thread with nothing to do: while one waits, each takes what it begins at once and no more, and who finds nothing of its own takes over what another has not begun.
/// </summary>
internal sealed class ReadySockets : IDisposable
{
    // What a thread without work leaves its own callers to come back with, before it takes over another's: theirs would cost more here than they wait there.
    private static readonly TimeSpan Patience = TimeSpan.FromMicroseconds(50);

    private readonly Place[] _places;
    private readonly ConcurrentQueue<SocketChange> _anybodys = new();
    private readonly Func<ulong, int> _home;
    private readonly Func<int> _core;

    /// <param name="places">How many threads take from here.</param>
    /// <param name="home">The core of a token's caller; below 0, anybody's.</param>
    /// <param name="core">Of the calling thread.</param>
    public ReadySockets(int places, Func<ulong, int> home, Func<int> core)
    {
        _places = [.. Enumerable.Range(0, places).Select(_ => new Place())];
        (_home, _core) = (home, core);
        Cores = new ThreadCores(places, CurrentCore.Count);
    }

    /// <summary>Where the threads run.</summary>
    public ThreadCores Cores { get; }

    public ReadinessQueue Queue { get; } = new();

    /// <summary>Waits for what the thread at this place is to begin next. False once the queue has been ended.</summary>
    public bool TryTake(int place, out SocketChange change)
    {
        Place mine = _places[place];
        Cores[place] = _core();
        while (!mine.Left.TryDequeue(out change) && !_anybodys.TryDequeue(out change) && !TryLook(mine, out change) && !TryWait(mine, out change))
        {
        }

        return change.Token != ReadinessQueue.Ended;
    }

    /// <summary>The thread at this place begins nothing for a while and nobody takes it: another may.</summary>
    public void Abandon(int place)
    {
        if (!_places[place].Left.IsEmpty)
        {
            Queue.Signal();
        }
    }

    public void Dispose() => Queue.Dispose();

    // Without waiting. While somebody waits he is told of what comes, and one at a time is enough.
    private bool TryLook(Place mine, out SocketChange change)
    {
        change = default;
        if (SomeoneWaits(mine))
        {
            return false;
        }

        Span<SocketChange> taken = stackalloc SocketChange[ReadinessQueue.MostAtOnce];
        int count = Queue.Take(taken, TimeSpan.Zero);
        if (count == 1)
        {
            change = taken[0];
            return true;
        }

        bool found = Share(mine, taken[..count], out change);
        if (count > 0 && SomeoneWaits(mine))
        {
            Queue.Signal(); // It began to wait just now, and saw nothing of this.
        }

        return found;
    }

    // True with what this thread is to begin at once.
    private bool Share(Place mine, ReadOnlySpan<SocketChange> taken, out SocketChange first)
    {
        first = default;
        bool found = false;
        foreach (SocketChange change in taken)
        {
            Place? home = _home(change.Token) is var core and >= 0 && Cores.PlaceOn(core) is var place and >= 0 ? _places[place] : null;
            if (!found && (home is null || home == mine))
            {
                first = change;
                found = true;
                continue;
            }

            (home?.Left ?? _anybodys).Enqueue(change);
        }

        Interlocked.MemoryBarrier();
        return found;
    }

    private bool TryWait(Place mine, out SocketChange change)
    {
        change = default;
        mine.IsWaiting = true;
        Interlocked.MemoryBarrier(); // Either this thread sees what another has left, or that one sees that this one waits.
        try
        {
            if (!mine.Left.IsEmpty || !_anybodys.IsEmpty)
            {
                return false;
            }

            if (Queue.Take(new Span<SocketChange>(ref change), SomeoneIsBehind() ? Patience : Timeout.InfiniteTimeSpan) > 0)
            {
                return true;
            }
        }
        finally
        {
            mine.IsWaiting = false;
        }

        foreach (Place other in _places)
        {
            if (other.Left.TryDequeue(out change))
            {
                return true;
            }
        }

        return false;
    }

    private bool SomeoneWaits(Place mine)
    {
        foreach (Place other in _places)
        {
            if (other != mine && other.IsWaiting)
            {
                return true;
            }
        }

        return false;
    }

    private bool SomeoneIsBehind()
    {
        foreach (Place other in _places)
        {
            if (!other.Left.IsEmpty)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Of one thread at a time.</summary>
    private sealed class Place
    {
        private volatile bool _isWaiting;

        /// <summary>Taken, and not begun.</summary>
        public ConcurrentQueue<SocketChange> Left { get; } = new();

        public bool IsWaiting
        {
            get => _isWaiting;
            set => _isWaiting = value;
        }
    }
}
