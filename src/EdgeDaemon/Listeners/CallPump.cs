using System.Collections.Concurrent;
using System.Diagnostics;
using EdgeDaemon.Native.Posix;

namespace EdgeDaemon.Listeners;

/// <summary>
/// The sockets that carry HTTP/2. Its frames and calls run on the runtime's pool, since the server gives them nowhere else to go, and a thread that waited for a socket would
/// have to wake one of the pool for each. So the pool's own threads wait for these sockets, each in a turn that queues itself again behind what it has found; and as long as all
/// of them have such a turn, nothing that is queued wakes anybody. One turn begins; the others follow when news comes in a row. After <see cref="Patience"/> without news the turns end, and one of the socket threads begins them anew.
/// </summary>
/// <param name="owners">Whom news of a socket is for.</param>
/// <param name="asleep">The turns have ended: the next news is <see cref="OnReady"/>'s.</param>
internal sealed class CallPump(ConcurrentDictionary<ulong, ISocketOwner> owners, Action asleep) : ISocketOwner, IDisposable
{
    /// <summary>How long a thread of the pool waits for the next news, in milliseconds. What others queue meanwhile, and do not <see cref="Nudge"/> for, waits as long at the most.</summary>
    public const int Patience = 2;

    // The turns beside the first wait longer: while one looks every 2 ms, nothing is left lying, and on a device with many cores they would all wake for nothing.
    private const int LongPatience = 20;

    // News in a row before the other threads wait for sockets, too: for a caller that asks now and then, one is enough.
    private const int Dense = 16;

    // Between looks at the sockets, when the pool has work: a look is a system call.
    private const int MostPassed = 8;

    // News in a row that is left to others, until the pool's other work is looked at again.
    private const int MostLeft = 8;

    private static readonly int Threads = Environment.ProcessorCount;
    private static volatile Action? _nudge;

    private readonly CallPlaces _places = new(Threads, CurrentCore.Number);
    private int _turns; // 0: asleep
    private int _queued;
    private int _waiting;
    private int _news;
    private long _lastNews;
    private volatile bool _ended;

    /// <summary>All turns have ended: the pool's threads wait for nothing but work.</summary>
    public bool IsAsleep => Volatile.Read(ref _turns) == 0;

    /// <summary>Where the pool's threads run.</summary>
    public ThreadCores Cores => _places.Cores;

    /// <summary>Watched by whoever begins the turns.</summary>
    public ReadinessQueue Queue { get; } = new();

    /// <summary>On the pool, from a thread that is none of its own, and at once although all of the pool's may wait for sockets: those of the last pump that was begun, a process has one.</summary>
    public static void Enqueue(IThreadPoolWorkItem work)
    {
        ThreadPool.UnsafeQueueUserWorkItem(work, preferLocal: false);
        _nudge?.Invoke();
    }

    /// <summary>Called once, before the first news.</summary>
    public void Begin() => _nudge = Nudge;

    /// <summary>News while all turns have ended.</summary>
    public void OnReady(Readiness readiness)
    {
        if (!_ended && Interlocked.CompareExchange(ref _turns, 1, 0) == 0)
        {
            Volatile.Write(ref _lastNews, Stopwatch.GetTimestamp());
            Volatile.Write(ref _news, 0);
            Enqueue(new Turn(this, isFirst: true));
        }
    }

    /// <summary>To be called by a thread that is none of the pool's, when it may have queued something there: those that wait for sockets do not see it otherwise.</summary>
    public void Nudge()
    {
        if (Volatile.Read(ref _waiting) > 0 && PoolHas(1))
        {
            Signal();
        }
    }

    /// <summary>
    /// Leaves news to the thread on this core: its owner is called there, soon. False when that is the calling thread's, nobody works there, or somebody has nothing to do:
    /// nothing waits beside an idle thread.
    /// </summary>
    public bool TryLeave(int core, SocketChange news)
    {
        if (_ended || core < 0 || Volatile.Read(ref _waiting) > 0 || Volatile.Read(ref _turns) < 2 || !_places.TryLeave(core, news))
        {
            return false;
        }

        Interlocked.MemoryBarrier(); // Either who begins to wait, or ends his turn, sees what was left, or this thread sees that he does.
        if (Volatile.Read(ref _waiting) > 0 || Volatile.Read(ref _turns) == 0)
        {
            Signal();
        }

        return true;
    }

    public void Dispose()
    {
        _ended = true;
        _nudge = null;
        Queue.End();
        Queue.Dispose(); // Whoever waits in it holds it until he has seen its end.
    }

    private bool PoolHas(int pieces) => ThreadPool.PendingWorkItemCount >= Volatile.Read(ref _queued) + pieces;

    private void Enqueue(Turn turn)
    {
        Interlocked.Increment(ref _queued);
        ThreadPool.UnsafeQueueUserWorkItem(turn, preferLocal: false);
    }

    private void Take(Turn turn)
    {
        Interlocked.Decrement(ref _queued);
        CallPlace mine = _places.Arrive();
        for (int most = MostLeft; most > 0 && _places.TryTake(mine, out SocketChange left); most--)
        {
            Tell(left);
        }

        bool busy = PoolHas(1);
        if (busy && turn.Passed < MostPassed)
        {
            turn.Passed++;
            Share();
            Enqueue(turn);
            return;
        }

        turn.Passed = 0;
        if (_ended)
        {
            return;
        }

        if (TryLook(mine, busy, turn.IsFirst ? Patience : LongPatience, out SocketChange news))
        {
            if (news.Token == ReadinessQueue.Ended)
            {
                return;
            }

            if (Volatile.Read(ref _turns) < Threads && Interlocked.Increment(ref _news) >= Dense)
            {
                Begin(Threads - 1);
            }

            Tell(news);
            Share();
        }
        else if (!busy && Stopwatch.GetElapsedTime(Volatile.Read(ref _lastNews)).TotalMilliseconds >= Patience && !PoolHas(1) && !_places.SomeoneIsBehind && MayLeave(turn))
        {
            return;
        }

        Enqueue(turn);
    }

    // True with what this thread is to begin at once, or with the queue's end. What comes for those who are at home elsewhere is left there.
    private bool TryLook(CallPlace mine, bool busy, int patience, out SocketChange news)
    {
        int left = 0;
        news = default;
        while (left < MostLeft && TryWait(mine, busy || left > 0, patience, out news))
        {
            if (news.Token == ReadinessQueue.Signalled)
            {
                return false;
            }

            if (news.Token == ReadinessQueue.Ended || !owners.TryGetValue(news.Token, out ISocketOwner? owner) || !TryLeave(owner.Home, news))
            {
                return true;
            }

            left++;
        }

        return !busy && left == 0 && _places.TryTakeOver(out news);
    }

    private void Tell(SocketChange news)
    {
        Volatile.Write(ref _lastNews, Stopwatch.GetTimestamp());
        if (owners.TryGetValue(news.Token, out ISocketOwner? owner))
        {
            owner.OnReady(news.Readiness);
            Clearing.StackBelow();
        }
    }

    // More than one piece waits, and a thread that could take one waits for sockets.
    private void Share()
    {
        if (Volatile.Read(ref _waiting) > 0 && PoolHas(2))
        {
            Signal();
        }
    }

    private void Signal()
    {
        try
        {
            Queue.Signal();
        }
        catch (ObjectDisposedException)
        {
            // Nobody waits any more.
        }
    }

    // Turns beside the first, which outlasts them.
    private void Begin(int most)
    {
        for (int i = 0; i < most; i++)
        {
            if (Interlocked.Increment(ref _turns) > Threads)
            {
                Interlocked.Decrement(ref _turns);
                return;
            }

            Enqueue(new Turn(this, isFirst: false));
        }
    }

    private bool TryWait(CallPlace mine, bool busy, int patience, out SocketChange news)
    {
        news = default;
        var one = new Span<SocketChange>(ref news);
        try
        {
            if (busy)
            {
                return Queue.Take(one, TimeSpan.Zero) > 0;
            }

            Interlocked.Increment(ref _waiting);
            try
            {
                // Looked at again: whoever queued or left something just now saw nobody wait.
                return Queue.Take(one, PoolHas(1) ? TimeSpan.Zero : _places.Patience(mine) ?? TimeSpan.FromMilliseconds(patience)) > 0;
            }
            finally
            {
                Interlocked.Decrement(ref _waiting);
            }
        }
        catch (ObjectDisposedException)
        {
            news = new SocketChange(ReadinessQueue.Ended, Readiness.None);
            return true;
        }
    }

    // The first leaves last, and wakes the others before: they look again only after a while.
    private bool MayLeave(Turn turn)
    {
        if (!turn.IsFirst)
        {
            Interlocked.Decrement(ref _turns);
            return true;
        }

        if (Interlocked.CompareExchange(ref _turns, 0, 1) != 1)
        {
            Volatile.Write(ref _news, 0);
            Signal();
            return false;
        }

        if (!_ended)
        {
            asleep();
            if (_places.SomeoneIsBehind)
            {
                Signal(); // Left just now, to a thread that had turns.
            }
        }

        return true;
    }

    /// <summary>One of the pool's threads, waiting or about to.</summary>
    private sealed class Turn(CallPump pump, bool isFirst) : IThreadPoolWorkItem
    {
        public bool IsFirst => isFirst;

        /// <summary>How often it has let others go first since it last looked at the sockets.</summary>
        public int Passed { get; set; }

        public void Execute() => pump.Take(this);
    }
}
