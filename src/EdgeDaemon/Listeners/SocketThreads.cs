using System.Collections.Concurrent;
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
/// The threads that wait for sockets and do the work that arrives on them, each from the first byte to the last of the answer:
/// one for each core. Handing a request to another thread costs more than a small model's inference: two wake-ups where one will do.
/// </summary>
internal sealed class SocketThreads : IDisposable
{
    /// <summary>So long may every thread be busy with one piece of work each before another is added for the others' sake.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(25);

    private const int MostAdded = 64;

    // Looks without news after which the watch sleeps: an idle device is not woken forty times a second.
    private const int LooksBeforeSleep = 8;

    private readonly ReadinessQueue _queue = new();
    private readonly ConcurrentDictionary<ulong, ISocketOwner> _owners = new();
    private readonly Worker[] _workers;
    private readonly Thread _watch;
    private readonly AutoResetEvent _work = new(false);
    private ulong _lastToken;
    private int _added;
    private volatile bool _watchSleeps;
    private volatile bool _ended;

    public SocketThreads(int threads)
    {
        _workers = [.. Enumerable.Range(0, threads).Select(_ => new Worker())];
        for (int i = 0; i < threads; i++)
        {
            Worker worker = _workers[i];
            worker.Thread = new Thread(() => Work(worker)) { IsBackground = true, Name = $"sockets-{i}" };
            worker.Thread.Start();
        }

        _watch = new Thread(Watch) { IsBackground = true, Name = "sockets-watch" };
        _watch.Start();
    }

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
        _ended = true;
        _work.Set();
        _queue.End();
        _watch.Join();
        foreach (Worker worker in _workers)
        {
            worker.Thread.Join();
        }

        while (Volatile.Read(ref _added) != 0)
        {
            Thread.Sleep(1);
        }

        _queue.Dispose();
        _work.Dispose();
    }

    private void Work(Worker worker)
    {
        while (_queue.TryWait(out ulong token, out Readiness readiness))
        {
            worker.Begin();
            if (_watchSleeps)
            {
                _work.Set();
            }

            Call(token, readiness);
            worker.End();
        }
    }

    private void Call(ulong token, Readiness readiness)
    {
        if (_owners.TryGetValue(token, out ISocketOwner? owner))
        {
            owner.OnReady(readiness);
        }
    }

    // A model that computes for seconds on every core must not keep a health check, or a small model's callers, waiting.
    private void Watch()
    {
        int quiet = 0;
        while (!_ended)
        {
            if (quiet >= LooksBeforeSleep)
            {
                _watchSleeps = true;
                Interlocked.MemoryBarrier();
                if (!_ended && Array.TrueForAll(_workers, worker => !worker.IsBusy))
                {
                    _work.WaitOne();
                }

                _watchSleeps = false;
                quiet = 0;
            }

            Thread.Sleep(Patience);
            bool stuck = true;
            bool idle = true;
            foreach (Worker worker in _workers)
            {
                (bool busy, bool same) = worker.Look();
                stuck &= busy && same;
                idle &= !busy && same;
            }

            quiet = idle ? quiet + 1 : 0;
            if (stuck && Volatile.Read(ref _added) < MostAdded)
            {
                Interlocked.Increment(ref _added);
                new Thread(Assist) { IsBackground = true, Name = "sockets-added" }.Start();
            }
        }
    }

    // Serves until one of the regular threads is free again.
    private void Assist()
    {
        while (Array.TrueForAll(_workers, worker => worker.IsBusy) && _queue.TryWait(out ulong token, out Readiness readiness))
        {
            Call(token, readiness);
        }

        Interlocked.Decrement(ref _added);
    }

    private sealed class Worker
    {
        private long _pieces; // even: waits
        private long _seen;

        public Thread Thread { get; set; } = null!;

        public bool IsBusy => (Volatile.Read(ref _pieces) & 1) != 0;

        // With a full fence: either the watch sees this, or this thread sees that the watch sleeps.
        public void Begin() => Interlocked.Increment(ref _pieces);

        public void End() => Volatile.Write(ref _pieces, _pieces + 1);

        /// <summary>By the watch alone: is it at work, and is it still at what it was at when last looked at?</summary>
        public (bool Busy, bool Same) Look()
        {
            long pieces = Volatile.Read(ref _pieces);
            bool same = pieces == _seen;
            _seen = pieces;
            return ((pieces & 1) != 0, same);
        }
    }
}
