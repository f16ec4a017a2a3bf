using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using EdgeDaemon.Native.Posix;

namespace EdgeDaemon.Listeners;

/// <summary>What wants to know when its socket is ready.</summary>
internal interface ISocketOwner
{
    /// <summary>Called on one of the threads; two calls for one owner may overlap.</summary>
    void OnReady(Readiness readiness);
}

/// <summary>
/// The threads that wait for sockets and do the work that arrives on them, each from the first byte to the last of the answer: one
/// for each core. Handing a request to another thread costs more than a small model's inference: two wake-ups where one will do.
/// A thread that begins something long says so, and another takes its place meanwhile: bodies are read and health is answered
/// while every core computes.
/// </summary>
internal sealed class SocketThreads : IDisposable
{
    private const int MostThreads = 256;

    [ThreadStatic]
    private static SocketThreads? _mine;

    [ThreadStatic]
    private static bool _gaveUpPlace;

    [ThreadStatic]
    private static Queue<IThreadPoolWorkItem>? _next;

    private readonly ReadinessQueue _queue = new();
    private readonly ConcurrentDictionary<ulong, ISocketOwner> _owners = new();
    private readonly ConcurrentQueue<Action> _handed = new();
    private readonly Lock _change = new();
    private readonly List<Thread> _threads = [];
    private readonly SemaphoreSlim _places = new(0);
    private ulong _lastToken;
    private int _resting;
    private bool _ended;

    /// <param name="places">How many threads wait and work at a time, those with something long not counted.</param>
    public SocketThreads(int places)
    {
        for (int i = 0; i < places; i++)
        {
            Add();
        }
    }

    /// <summary>Whether the calling thread is one of these.</summary>
    public static bool Here => _mine is not null;

    /// <summary>
    /// To be called before work of a millisecond or more, once for a piece of work. Lets another thread wait for sockets in place of
    /// this one until it is done; on a thread that is none of these it does nothing.
    /// </summary>
    public static void BeginLongWork() => _mine?.GiveUpPlace();

    /// <summary>
    /// Runs the work on this very thread as soon as what it is doing has returned: it is awake, and its core's caches are warm. On a
    /// thread that is none of these, on the runtime's pool.
    /// </summary>
    public static void Continue(IThreadPoolWorkItem work)
    {
        if (_next is { } next)
        {
            next.Enqueue(work);
        }
        else
        {
            ThreadPool.UnsafeQueueUserWorkItem(work, preferLocal: true);
        }
    }

    /// <summary>What awaits this goes on on one of these threads: at once if it is on one already.</summary>
    public Entry Enter() => new(this);

    /// <summary>Calls the owner at each change, until <see cref="Forget"/>. The token names the socket here.</summary>
    public ulong Watch(SafeHandle socket, ISocketOwner owner)
    {
        ulong token = Interlocked.Increment(ref _lastToken);
        _owners[token] = owner;
        _queue.Watch(socket, token);
        return token;
    }

    /// <summary>Also, or no longer, reports when there is room to send. Not watched by default: each answer that a caller reads makes room.</summary>
    public void WatchOutput(SafeHandle socket, ulong token, bool wanted) => _queue.Change(socket, token, wanted);

    /// <summary>Before the socket is closed. A change that is on its way already finds nobody.</summary>
    public void Forget(ulong token) => _owners.TryRemove(token, out _);

    /// <summary>Returns when every thread has finished what it was doing.</summary>
    public void Dispose()
    {
        Thread[] threads;
        lock (_change)
        {
            _ended = true;
            threads = [.. _threads];
        }

        _queue.End();
        _places.Release(MostThreads);
        Array.ForEach(threads, thread => thread.Join());
        _queue.Dispose();
        _places.Dispose();
    }

    private void Work()
    {
        _mine = this;
        Queue<IThreadPoolWorkItem> next = _next = new Queue<IThreadPoolWorkItem>();
        while (_queue.TryWait(out ulong token, out Readiness readiness))
        {
            if (token == ReadinessQueue.Signalled)
            {
                TakeHanded();
            }
            else if (_owners.TryGetValue(token, out ISocketOwner? owner))
            {
                owner.OnReady(readiness);
            }

            while (next.TryDequeue(out IThreadPoolWorkItem? work))
            {
                work.Execute();
                TakeHanded(); // In turn: what goes on here could otherwise go on for as long as callers queue.
            }

            if (_gaveUpPlace)
            {
                _gaveUpPlace = false;
                Interlocked.Increment(ref _resting);
                _places.Wait();
            }
        }
    }

    private void Hand(Action work)
    {
        _handed.Enqueue(work);
        _queue.Signal();
    }

    private void TakeHanded()
    {
        if (_handed.TryDequeue(out Action? work))
        {
            if (!_handed.IsEmpty)
            {
                _queue.Signal(); // Two signals may have become one: the rest is another thread's.
            }

            work();
        }
    }

    private void GiveUpPlace()
    {
        if (_gaveUpPlace)
        {
            return;
        }

        _gaveUpPlace = true;
        lock (_change)
        {
            if (_resting > 0)
            {
                Interlocked.Decrement(ref _resting);
                _places.Release();
            }
            else if (!_ended && _threads.Count < MostThreads)
            {
                Add();
            }
            else
            {
                _gaveUpPlace = false; // Nobody can take it.
            }
        }
    }

    private void Add()
    {
        var thread = new Thread(Work) { IsBackground = true, Name = $"sockets-{_threads.Count}" };
        _threads.Add(thread);
        thread.Start();
    }

    /// <summary>The awaiter of <see cref="SocketThreads.Enter"/>.</summary>
    internal readonly struct Entry(SocketThreads threads) : ICriticalNotifyCompletion
    {
        public bool IsCompleted => Here;

        public Entry GetAwaiter() => this;

        public void GetResult()
        {
        }

        public void OnCompleted(Action continuation) => threads.Hand(continuation);

        public void UnsafeOnCompleted(Action continuation) => threads.Hand(continuation);
    }
}
