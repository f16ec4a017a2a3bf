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

    private static readonly int Threads = Environment.ProcessorCount;
    private static volatile Action? _nudge;

    private int _turns; // 0: asleep
    private int _queued;
    private int _waiting;
    private int _news;
    private long _lastNews;
    private volatile bool _ended;

    /// <summary>All turns have ended: the pool's threads wait for nothing but work.</summary>
    public bool IsAsleep => Volatile.Read(ref _turns) == 0;

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

        bool news = TryWait(busy, turn.IsFirst ? Patience : LongPatience, out ulong token, out Readiness readiness);
        if (news && token == 0)
        {
            return;
        }

        if (!news || token == ReadinessQueue.Signalled)
        {
            if (!busy && Stopwatch.GetElapsedTime(Volatile.Read(ref _lastNews)).TotalMilliseconds >= Patience && !PoolHas(1) && MayLeave(turn))
            {
                return;
            }
        }
        else
        {
            Volatile.Write(ref _lastNews, Stopwatch.GetTimestamp());
            if (Volatile.Read(ref _turns) < Threads && Interlocked.Increment(ref _news) >= Dense)
            {
                Begin(Threads - 1);
            }

            if (owners.TryGetValue(token, out ISocketOwner? owner))
            {
                owner.OnReady(readiness);
                Clearing.StackBelow();
            }

            Share();
        }

        Enqueue(turn);
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

    private bool TryWait(bool busy, int patience, out ulong token, out Readiness readiness)
    {
        try
        {
            if (busy)
            {
                return Queue.TryWait(0, out token, out readiness);
            }

            Interlocked.Increment(ref _waiting);
            try
            {
                // Looked at again: whoever queued something just now saw nobody wait.
                return Queue.TryWait(PoolHas(1) ? 0 : patience, out token, out readiness);
            }
            finally
            {
                Interlocked.Decrement(ref _waiting);
            }
        }
        catch (ObjectDisposedException)
        {
            (token, readiness) = (0, Readiness.None);
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
