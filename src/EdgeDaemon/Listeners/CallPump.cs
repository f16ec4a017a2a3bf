using System.Collections.Concurrent;
using System.Diagnostics;
using EdgeDaemon.Native.Posix;

namespace EdgeDaemon.Listeners;

/// <summary>
/// The sockets that carry HTTP/2. Its frames and calls run on the runtime's pool, since the server gives them nowhere else to go, and a thread that waited for a socket would
/// have to wake one of the pool for each. So the pool's own threads wait for these sockets, each in a turn that queues itself again behind what it has found; and as long as all
/// of them have such a turn, nothing that is queued wakes anybody. After <see cref="Patience"/> without news the turns end, and one of the socket threads begins them anew.
/// </summary>
/// <param name="owners">Whom news of a socket is for.</param>
/// <param name="asleep">The turns have ended: the next news is <see cref="OnReady"/>'s.</param>
internal sealed class CallPump(ConcurrentDictionary<ulong, ISocketOwner> owners, Action asleep) : ISocketOwner, IDisposable
{
    /// <summary>How long a thread of the pool waits for the next news, in milliseconds. What others queue meanwhile, and do not <see cref="Nudge"/> for, waits as long at the most.</summary>
    public const int Patience = 2;

    // Between looks at the sockets, when the pool has work: a look is a system call.
    private const int MostPassed = 8;

    private static readonly int Threads = Environment.ProcessorCount;
    private static volatile Action? _nudge;

    private int _turns; // 0: asleep
    private int _queued;
    private int _waiting;
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
        if (!_ended && Interlocked.CompareExchange(ref _turns, Threads, 0) == 0)
        {
            Volatile.Write(ref _lastNews, Stopwatch.GetTimestamp());
            for (int i = 0; i < Threads; i++)
            {
                Enqueue(new Turn(this));
            }
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

        if (!TryWait(busy, out bool waited, out ulong token, out Readiness readiness))
        {
            if (waited && Stopwatch.GetElapsedTime(Volatile.Read(ref _lastNews)).TotalMilliseconds >= Patience && !PoolHas(1))
            {
                Leave();
                return;
            }
        }
        else if (token == 0)
        {
            return;
        }
        else if (token != ReadinessQueue.Signalled)
        {
            Volatile.Write(ref _lastNews, Stopwatch.GetTimestamp());
            if (Volatile.Read(ref _turns) < Threads && Interlocked.Increment(ref _turns) is var turns)
            {
                if (turns <= Threads)
                {
                    Enqueue(new Turn(this)); // One went to sleep a moment too early.
                }
                else
                {
                    Interlocked.Decrement(ref _turns);
                }
            }

            if (owners.TryGetValue(token, out ISocketOwner? owner))
            {
                owner.OnReady(readiness);
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

    private bool TryWait(bool busy, out bool waited, out ulong token, out Readiness readiness)
    {
        waited = !busy;
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
                return Queue.TryWait(PoolHas(1) ? 0 : Patience, out token, out readiness);
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

    private void Leave()
    {
        if (Interlocked.Decrement(ref _turns) == 0 && !_ended)
        {
            asleep();
        }
    }

    /// <summary>One of the pool's threads, waiting or about to.</summary>
    private sealed class Turn(CallPump pump) : IThreadPoolWorkItem
    {
        /// <summary>How often it has let others go first since it last looked at the sockets.</summary>
        public int Passed { get; set; }

        public void Execute() => pump.Take(this);
    }
}
