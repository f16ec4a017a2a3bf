using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.InteropServices;
using EdgeDaemon.Native.Posix;

namespace EdgeDaemon.Listeners;

/// <summary>
/// The threads that wait for sockets and do the work that arrives on them, each from the first byte to the last of the answer: one
/// for each core. Handing a request to another thread costs more than a small model's inference: two wake-ups where one will do.
/// A thread that begins something long says so, and another takes its place meanwhile (<see cref="ReadySockets"/>): bodies are read and health
/// is answered while every core computes. What a thread has not begun yet goes to the others then, for nobody knows when it comes back.
/// </summary>
internal sealed class SocketThreads : IDisposable
{
    private const int MostThreads = 256;

    private static readonly TimeSpan LastWord = TimeSpan.FromSeconds(1);

    [ThreadStatic]
    private static SocketWorker? _mine;

    private readonly ReadySockets _ready;
    private readonly ReadinessQueue _queue;
    private readonly ConcurrentDictionary<ulong, ISocketOwner> _owners = new();
    private readonly ConcurrentQueue<SocketWork> _handed = new();
    private readonly Lock _change = new();
    private readonly List<Thread> _threads = [];
    private readonly BlockingCollection<int> _vacant = [];
    private readonly CallPump _calls;
    private readonly ulong _callsToken;
    private ulong _lastToken;
    private int _resting;
    private bool _ended;

    /// <param name="places">How many threads wait and work at a time, those with something long not counted.</param>
    public SocketThreads(int places)
    {
        Places = places;
        LongRuns = RunLong;
        _ready = new ReadySockets(places, token => _owners.TryGetValue(token, out ISocketOwner? owner) ? owner.Home : -1, CurrentCore.Number);
        _queue = _ready.Queue;
        _calls = new CallPump(_owners, () => _queue.Arm(_calls!.Queue, _callsToken));
        _callsToken = Interlocked.Increment(ref _lastToken);
        _owners[_callsToken] = _calls;
        _calls.Begin();
        _queue.WatchQueue(_calls.Queue, _callsToken);
        _queue.Arm(_calls.Queue, _callsToken);
        for (int i = 0; i < places; i++)
        {
            Add(i);
        }
    }

    /// <summary><see cref="RunLong"/>.</summary>
    public Action<IThreadPoolWorkItem> LongRuns { get; }

    /// <summary>How many threads wait and work at a time.</summary>
    public int Places { get; }

    /// <summary>Where they run.</summary>
    public ThreadCores Cores => _ready.Cores;

    /// <summary>Where the pool's threads run that work on calls.</summary>
    public ThreadCores CallCores => _calls.Cores;

    /// <summary>Of the calling thread; below 0 when it is none of these, or has given up its place.</summary>
    public static int Place => _mine is { GaveUpPlace: false } mine ? mine.Place : -1;

    /// <summary>None of the runtime's pool waits for a socket.</summary>
    public bool PoolIsAsleep => _calls.IsAsleep;

    /// <summary>The calling thread, for <see cref="Replace"/>; null when it is none of these.</summary>
    public static object? Mine => _mine;

    /// <summary>
    /// To be called before work of a millisecond or more, once for a piece of work. Lets another thread wait for sockets in place of
    /// this one until it is done; on a thread that is none of these it does nothing.
    /// </summary>
    public static void BeginLongWork() => _mine?.Threads.GiveUpPlace(_mine);

    /// <summary>The same for a thread that can no longer say it itself. It must be inside the work until this returns.</summary>
    /// <param name="worker">What <see cref="Mine"/> was there; null does nothing.</param>
    public static void Replace(object? worker)
    {
        if (worker is SocketWorker stuck)
        {
            stuck.Threads.GiveUpPlace(stuck);
        }
    }

    /// <summary>
    /// Runs the work on this very thread as soon as what it is doing has returned: it is awake, and its core's caches are warm. On a
    /// thread that is none of these, on the runtime's pool.
    /// </summary>
    public static void Continue(IThreadPoolWorkItem work)
    {
        if (_mine is { } mine)
        {
            mine.Next.Enqueue(new SocketWork(work, IsLong: false));
        }
        else
        {
            ThreadPool.UnsafeQueueUserWorkItem(work, preferLocal: true);
        }
    }

    /// <summary>
    /// Runs work of a millisecond or more on one of these threads, with nothing of its caller below it on the stack: should it never return, nobody else
    /// is held up. On the calling thread, when that is one of these, as soon as what it is doing has returned.
    /// </summary>
    public void RunLong(IThreadPoolWorkItem work)
    {
        var piece = new SocketWork(work, IsLong: true);
        if (_mine is { } mine)
        {
            mine.Next.Enqueue(piece);
        }
        else
        {
            _handed.Enqueue(piece);
            _queue.Signal();
        }
    }

    /// <summary>Calls the owner at each change, until <see cref="Forget"/>. The token names the socket here.</summary>
    public ulong Watch(SafeHandle socket, ISocketOwner owner)
    {
        ulong token = Interlocked.Increment(ref _lastToken);
        _owners[token] = owner;
        _queue.Watch(socket, token);
        return token;
    }

    /// <summary>From now on the runtime's pool waits for this socket, where HTTP/2 is worked on: <see cref="CallPump"/>. Its owner may be called by both meanwhile.</summary>
    public void HandToPool(SafeHandle socket, ulong token)
    {
        _queue.Forget(socket);
        _calls.Queue.Watch(socket, token);
    }

    /// <summary>Has the owner of a socket that was handed to the pool called soon, with <see cref="Readiness.None"/>, by the pool's thread on this core. False when the calling one may as well go on: <see cref="CallPump.TryLeave"/>.</summary>
    public bool TryLeave(ulong token, int core) => _calls.TryLeave(core, new SocketChange(token, Readiness.None));

    /// <summary>Also, or no longer, reports when there is room to send. Not watched by default: each answer that a caller reads makes room.</summary>
    /// <param name="socket">Watched.</param>
    /// <param name="token">Its name.</param>
    /// <param name="wanted">Whether it is to be reported.</param>
    /// <param name="onPool">It was handed to the pool.</param>
    public void WatchOutput(SafeHandle socket, ulong token, bool wanted, bool onPool) => (onPool ? _calls.Queue : _queue).Change(socket, token, wanted);

    /// <summary>Before the socket is closed. A change that is on its way already finds nobody.</summary>
    public void Forget(ulong token) => _owners.TryRemove(token, out _);

    /// <summary>Returns when every thread has finished what it was doing, or after a second: what has not come back until then never may.</summary>
    public void Dispose()
    {
        Thread[] threads;
        lock (_change)
        {
            _ended = true;
            threads = [.. _threads];
        }

        _calls.Dispose();
        _queue.End();
        _vacant.CompleteAdding();
        var waited = Stopwatch.StartNew();
        bool all = true;
        foreach (Thread thread in threads)
        {
            TimeSpan left = LastWord - waited.Elapsed;
            all &= thread.Join(left > TimeSpan.Zero ? left : TimeSpan.Zero);
        }

        if (all)
        {
            _ready.Dispose();
            _vacant.Dispose();
        }
    }

    private void Work(SocketWorker mine)
    {
        _mine = mine;
        while (_ready.TryTake(mine.Place, out SocketChange change))
        {
            if (change.Token == ReadinessQueue.Signalled)
            {
                TakeHanded();
            }
            else if (_owners.TryGetValue(change.Token, out ISocketOwner? owner))
            {
                owner.OnReady(change.Readiness);
            }

            while (mine.Next.TryDequeue(out SocketWork piece))
            {
                Do(piece);
                TakeHanded(); // In turn: what goes on here could otherwise go on for as long as callers queue.
            }

            Clearing.StackBelow();
            _calls.Nudge();

            if (mine.GaveUpPlace)
            {
                mine.GaveUpPlace = false;
                Interlocked.Increment(ref _resting);
                if (!_vacant.TryTake(out int vacant, Timeout.Infinite))
                {
                    return; // The end.
                }

                mine.Place = vacant;
            }
        }
    }

    private void TakeHanded()
    {
        if (_handed.TryDequeue(out SocketWork piece))
        {
            if (!_handed.IsEmpty)
            {
                _queue.Signal(); // Two signals may have become one: the rest is another thread's.
            }

            Do(piece);
        }
    }

    private static void Do(SocketWork piece)
    {
        if (piece.IsLong)
        {
            BeginLongWork();
        }

        piece.Work.Execute();
    }

    private void GiveUpPlace(SocketWorker worker)
    {
        if (!worker.GaveUpPlace && !TryReplace(worker))
        {
            _ready.Abandon(worker.Place);
            return; // Nobody can take it: what waits for this thread waits.
        }

        bool handed = false;
        while (worker.Next.TryDequeue(out SocketWork piece))
        {
            _handed.Enqueue(piece);
            handed = true;
        }

        if (handed)
        {
            _queue.Signal();
        }
    }

    private bool TryReplace(SocketWorker worker)
    {
        lock (_change)
        {
            if (_ended || (_resting == 0 && _threads.Count == MostThreads))
            {
                return false;
            }

            if (_resting > 0)
            {
                Interlocked.Decrement(ref _resting);
                _vacant.Add(worker.Place);
            }
            else
            {
                Add(worker.Place);
            }

            worker.GaveUpPlace = true;
            return true;
        }
    }

    private void Add(int place)
    {
        var thread = new Thread(() => Work(new SocketWorker(this, place))) { IsBackground = true, Name = $"sockets-{_threads.Count}" };
        _threads.Add(thread);
        thread.Start();
    }
}
