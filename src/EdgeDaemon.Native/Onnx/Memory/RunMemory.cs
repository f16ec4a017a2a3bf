using System.Diagnostics;
using System.Runtime.InteropServices;

namespace EdgeDaemon.Native.Onnx.Memory;

/// <summary>
/// All memory that one session gets for the runs of one lane: activations, scratch and outputs. Kept from run to run, so that a run finds what the
/// last one left; tagged with the tenant whose bytes may lie in it, and zeroed before a run of another begins.
/// </summary>
/// <remarks>
/// Used by the thread that runs, from <see cref="Begin"/> to <see cref="Rest"/>, and once more in <see cref="End"/>. The library's own threads may come in between, and a sweep may come
/// while nobody runs: the first wait for the lock, the second for the state.
/// </remarks>
internal sealed unsafe partial class RunMemory : IDisposable
{
    private const int Idle = 0;
    private const int Running = 1;
    private const int Sweeping = 2;
    private const int MostAttempts = 20; // A millisecond apart, for memory that another lane is about to give up.
    private const int MostFree = 1024;
    private const long Stale = 64; // runs

    private readonly SessionMemory _all;
    private readonly Action _stop;
    private readonly nint[] _free = new nint[MostFree];
    private GCHandle _self;
    private int _lock;
    private int _state; // Idle
    private int _freeCount;
    private int _handedOut;
    private bool _disposed;
    private long _inUse;
    private long _allowed = long.MaxValue;
    private long _run;
    private long _promised; // of the budget, and not taken yet

    /// <param name="all">Of the process.</param>
    /// <param name="stop">Stops the run at hand before its next operator; throws nothing.</param>
    public RunMemory(SessionMemory all, Action stop)
    {
        _all = all;
        _stop = stop;
        _self = GCHandle.Alloc(this);
        all.Add(this);
    }

    /// <summary>Whose bytes may lie in it; <see cref="SessionMemory.Nobody"/>: nobody's.</summary>
    public int Tenant { get; private set; } = SessionMemory.Nobody;

    /// <summary>The most bytes that the run at hand, or the last one, had at once.</summary>
    public long Peak { get; private set; }

    /// <summary>Pieces asked for since it was made: 0 after a run means that the library took its memory elsewhere.</summary>
    public long Calls { get; private set; }

    /// <summary>Bytes taken from the system.</summary>
    public long Held { get; private set; }

    /// <summary>The run at hand asked for more than it may have, and ends.</summary>
    public bool Overran { get; private set; }

    /// <summary>Bytes that were handed out clean, since it was made.</summary>
    public long DirtiedBytes { get; private set; }

    public long ClearedBytes { get; private set; }

    /// <summary><see cref="Stopwatch"/>'s, spent zeroing.</summary>
    public long ClearTicks { get; private set; }

    /// <summary>When the last run ended, in <see cref="Stopwatch"/>'s ticks.</summary>
    public long LastUsed { get; private set; }

    /// <summary>A run of <paramref name="tenant"/> begins: no bytes of another are left.</summary>
    /// <param name="tenant">Its tag.</param>
    /// <param name="allowed">Bytes that it may have at once; beyond them it is stopped.</param>
    public void Begin(int tenant, long allowed)
    {
        Take(Running);
        _run++;
        Peak = _inUse;
        Overran = false;
        _allowed = allowed;
        if (Tenant != tenant)
        {
            Clear();
            Tenant = tenant;
        }
    }

    /// <summary>The run's outputs are released. What stays is the tenant's who asked last, in all the process, or zero.</summary>
    public void End()
    {
        Take(Running);
        if (_run % Stale == 0)
        {
            FreeUnused(_run - Stale);
        }

        Rest();
    }

    /// <summary>The run has ended: all but its outputs can be zeroed, or given up for another run, from now on.</summary>
    public void Rest()
    {
        _allowed = long.MaxValue;
        Fulfil(_promised);
        LastUsed = Stopwatch.GetTimestamp();
        if (_all.ClearsAlways || _all.LastTenant != Tenant)
        {
            Clear();
        }

        int tenant = Tenant;
        Interlocked.Exchange(ref _state, Idle);

        // Another tenant may have come in between and have passed us by, because we were running.
        if (tenant != SessionMemory.Nobody && _all.LastTenant != tenant)
        {
            Sweep(_all.LastTenant, free: false);
        }
    }

    /// <summary>Zeroes what lies here unless it is <paramref name="except"/>'s, or somebody is running: then it is zeroed when the run ends.</summary>
    /// <param name="except">A tenant's tag, or <see cref="SessionMemory.Nobody"/>.</param>
    /// <param name="free">Also gives the memory back to the system.</param>
    public void Sweep(int except, bool free)
    {
        if ((!free && (Tenant == SessionMemory.Nobody || Tenant == except)) || Interlocked.CompareExchange(ref _state, Sweeping, Idle) != Idle)
        {
            return;
        }

        // Seen again, now that nobody can change it.
        if (Tenant != except || except == SessionMemory.Nobody)
        {
            Clear();
        }

        if (free)
        {
            FreeUnused(long.MaxValue);
        }

        Volatile.Write(ref _state, Idle);

        // Another tenant may have come in between and have passed us by, because we were sweeping.
        int last = _all.LastTenant;
        if (!free && last != except && Tenant != SessionMemory.Nobody && Tenant != last)
        {
            Sweep(last, free: false);
        }
    }

    /// <summary>Whether the budget has so much more for the run that has begun.</summary>
    public bool TryPromise(long more)
    {
        if (!_all.TryPromise(more))
        {
            return false;
        }

        _promised = more;
        return true;
    }

    /// <summary>A piece of memory for the run; never null while the system has any.</summary>
    public nint Alloc(long size)
    {
        Enter();
        try
        {
            Calls++;
            long rounded = Math.Max(RunBlock.Bytes, (size + RunBlock.Bytes - 1) & -(long)RunBlock.Bytes);
            if (rounded > _allowed - _inUse)
            {
                Overran = true;
                _stop();
                if (rounded > _allowed - _inUse + OverrunReserve.Bytes)
                {
                    return (nint)OverrunReserve.Map(rounded);
                }
            }

            RunBlock* block;
            try
            {
                block = Find(rounded);
            }
            catch (OutOfMemoryException)
            {
                // The budget promised more than the system has. Nothing may be thrown into the library.
                Overran = true;
                _stop();
                return (nint)OverrunReserve.Map(rounded);
            }

            block->Size = rounded;
            block->LastRun = _run;
            block->Tenant = Tenant;
            if (block->Dirty < rounded)
            {
                DirtiedBytes += rounded - block->Dirty;
                block->Dirty = rounded;
            }

            _inUse += rounded;
            _handedOut++;
            Peak = Math.Max(Peak, _inUse);
            return (nint)RunBlock.Piece(block);
        }
        finally
        {
            Leave();
        }
    }

    /// <summary>A piece comes back.</summary>
    public void Free(nint piece)
    {
        RunBlock* block = RunBlock.Of((void*)piece);
        Enter();
        try
        {
            _inUse -= block->Size;
            block->Size = 0;
            _handedOut--;
            if (_disposed || _freeCount == MostFree)
            {
                Drop(block);
                Forget();
                return;
            }

            if (block->Tenant != Tenant)
            {
                ClearedBytes += RunBlock.Clear(block); // The library kept it longer than its run.
            }

            _free[_freeCount++] = (nint)block;
        }
        finally
        {
            Leave();
        }
    }

    /// <summary>Zeroes and frees everything; a piece that the library still holds follows when it comes back.</summary>
    public void Dispose()
    {
        Take(Running);
        Enter();
        if (!_disposed)
        {
            _disposed = true;
            _all.Remove(this);
            while (_freeCount > 0)
            {
                Drop((RunBlock*)_free[--_freeCount]);
            }

            Tenant = SessionMemory.Nobody;
            Forget();
        }

        Leave();
        Volatile.Write(ref _state, Idle);
    }

    private void Take(int state)
    {
        var wait = default(SpinWait);
        while (Interlocked.CompareExchange(ref _state, state, Idle) != Idle)
        {
            wait.SpinOnce(); // A sweep: a memset's time.
        }
    }

    private void Enter()
    {
        var wait = default(SpinWait);
        while (Interlocked.Exchange(ref _lock, 1) != 0)
        {
            wait.SpinOnce();
        }
    }

    private void Leave() => Volatile.Write(ref _lock, 0);
}
