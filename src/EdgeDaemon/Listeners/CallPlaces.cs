using EdgeDaemon.Native.Posix;

namespace EdgeDaemon.Listeners;

/// <summary>
/// The threads of the runtime's pool that work on HTTP/2: where each runs, and what the others have left to it because a caller is at home on its core (<see cref="CallerHome"/>).
/// Which thread works on a call nobody can choose; which one reads it from its socket and gives it its answer, the two that wake the caller, can be.
/// </summary>
/// <param name="places">How many threads there are at a time; who comes beside them has the place of the one that was away for longest.</param>
/// <param name="core">Of the calling thread.</param>
internal sealed class CallPlaces(int places, Func<int> core)
{
    // A thread without work that lets another's be counts against so much that was left, up to so much: with few callers, going to sleep costs it more than an interrupted core. Then so much is not left before it is tried again.
    private const int Idle = 2;
    private const int MostWorth = 64;
    private const int Pause = 256;

    // What a thread without work leaves another's callers to be taken at home.
    private static readonly TimeSpan PatienceWithOthers = TimeSpan.FromMicroseconds(50);

    [ThreadStatic]
    private static CallPlace? _mine;

    private readonly CallPlace[] _places = [.. Enumerable.Range(0, places).Select(number => new CallPlace(number))];
    private readonly Lock _claims = new();
    private int _worth; // Counted by all at once, and so about right.

    /// <summary>Where the threads run.</summary>
    public ThreadCores Cores { get; } = new(places, CurrentCore.Count);

    /// <summary>Something was left that nobody has begun.</summary>
    public bool SomeoneIsBehind
    {
        get
        {
            foreach (CallPlace place in _places)
            {
                if (!place.Left.IsEmpty)
                {
                    return true;
                }
            }

            return false;
        }
    }

    /// <summary>The calling thread's place, where it is now.</summary>
    public CallPlace Arrive()
    {
        CallPlace mine = _mine is { } before && before.Thread == Thread.CurrentThread && _places[before.Number] == before ? before : Claim();
        mine.Arrive();
        Cores[mine.Number] = core();
        return mine;
    }

    /// <summary>Leaves news to the thread on this core, if that is another than the calling one and was seen there lately.</summary>
    public bool TryLeave(int home, SocketChange news)
    {
        int worth = Volatile.Read(ref _worth);
        if (worth < 0)
        {
            Volatile.Write(ref _worth, worth + 1);
            return false;
        }

        int place = Cores.PlaceOn(home);
        if (place < 0)
        {
            return false;
        }

        CallPlace other = _places[place];
        if (other == _mine || other.IsAway)
        {
            return false;
        }

        other.Left.Enqueue(news);
        Volatile.Write(ref _worth, Math.Min(worth + 1, MostWorth));
        return true;
    }

    /// <summary>What the calling thread is to begin: left to it, or to one that is away.</summary>
    public bool TryTake(CallPlace mine, out SocketChange news)
    {
        if (mine.Left.TryDequeue(out news))
        {
            return true;
        }

        foreach (CallPlace other in _places)
        {
            if (!other.Left.IsEmpty && other.IsAway && other.Left.TryDequeue(out news))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>How long a thread without work waits for more because of what was left: to it, or to others, whom it lets be for a moment. Null: for as long as it likes.</summary>
    public TimeSpan? Patience(CallPlace mine)
    {
        if (!mine.Left.IsEmpty)
        {
            return TimeSpan.Zero;
        }

        if (!SomeoneIsBehind)
        {
            return null;
        }

        int worth = Volatile.Read(ref _worth);
        Volatile.Write(ref _worth, worth < Idle ? -Pause : worth - Idle);
        return PatienceWithOthers;
    }

    /// <summary>What another has not begun: for a thread with nothing else to do.</summary>
    public bool TryTakeOver(out SocketChange news)
    {
        foreach (CallPlace other in _places)
        {
            if (other.Left.TryDequeue(out news))
            {
                return true;
            }
        }

        news = default;
        return false;
    }

    // The pool ends threads that have had nothing to do for long, and begins others.
    private CallPlace Claim()
    {
        lock (_claims)
        {
            CallPlace place = _places.FirstOrDefault(each => each.Thread is not { IsAlive: true }) ?? _places.MinBy(each => each.Seen)!;
            place.Thread = Thread.CurrentThread;
            return _mine = place;
        }
    }
}
