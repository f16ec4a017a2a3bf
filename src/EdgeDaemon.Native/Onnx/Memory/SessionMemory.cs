using System.Collections.Immutable;

namespace EdgeDaemon.Native.Onnx.Memory;

/// <summary>
/// What all sessions of the process take for their runs: one budget, and one rule of whose bytes may lie where. While nobody runs, memory holds the
/// bytes of one tenant at most, the one who asked last; with <see cref="ClearsAlways"/> of none.
/// </summary>
public sealed class SessionMemory
{
    /// <summary>The tag of memory that is zero.</summary>
    public const int Nobody = -1;

    /// <summary>The tag of the daemon's own runs: self-tests and warm-up.</summary>
    public const int Own = 0;

    private readonly Lock _change = new();
    private ImmutableArray<RunMemory> _runs = [];
    private long _budget = long.MaxValue;
    private long _held;
    private long _promised;
    private int _lastTenant = Nobody;
    private long _mismatches;
    private long _overruns;
    private (long Dirtied, long Cleared, long Ticks) _gone; // of memories that are no more

    /// <summary>Zeroed after every run, not only before another tenant's.</summary>
    public bool ClearsAlways { get; set; }

    /// <summary>Bytes that all runs together may hold; kept ones count.</summary>
    public long Budget
    {
        get => Volatile.Read(ref _budget);
        set => Volatile.Write(ref _budget, value);
    }

    /// <summary>Bytes that were taken from the system, in use or kept for the next run.</summary>
    public long Held => Interlocked.Read(ref _held);

    /// <summary>Runs that were stopped because they asked for more than they may have.</summary>
    public long Overruns => Interlocked.Read(ref _overruns);

    /// <summary>Bytes that were dirtied and are not zeroed although all should be. Anything but 0 is an alarm: a fault of ours.</summary>
    public long MismatchBytes => Interlocked.Read(ref _mismatches);

    internal int LastTenant => Volatile.Read(ref _lastTenant);

    /// <summary>What was dirtied and zeroed since the start, and how long the zeroing took, in <see cref="System.Diagnostics.Stopwatch"/>'s ticks.</summary>
    public (long DirtiedBytes, long ClearedBytes, long ClearTicks) Statistics()
    {
        lock (_change)
        {
            (long dirtied, long cleared, long ticks) = _gone;
            foreach (RunMemory run in _runs)
            {
                dirtied += run.DirtiedBytes;
                cleared += run.ClearedBytes;
                ticks += run.ClearTicks;
            }

            return (dirtied, cleared, ticks);
        }
    }

    /// <summary>Zeroes, and gives back to the system, what no run has used since; somebody calls it now and then.</summary>
    /// <param name="since">In <see cref="System.Diagnostics.Stopwatch"/>'s ticks.</param>
    public void ReleaseIdle(long since)
    {
        foreach (RunMemory run in _runs)
        {
            if (run.Held > 0 && run.LastUsed < since)
            {
                run.Sweep(Nobody, free: true);
            }
        }
    }

    /// <summary>Of tenants that are no more nothing stays, but in a run that is under way, and there until it ends.</summary>
    /// <param name="stays">Whether a tag is that of a tenant that stays.</param>
    public void Keep(Func<int, bool> stays)
    {
        int last = LastTenant;
        if (last > Own && !stays(last))
        {
            Interlocked.CompareExchange(ref _lastTenant, Nobody, last);
        }

        foreach (RunMemory run in _runs)
        {
            if (run.Tenant > Own && !stays(run.Tenant))
            {
                run.Sweep(Nobody, free: false);
            }
        }
    }

    /// <summary>A run of <paramref name="tenant"/> is to begin: what lies idle of others is zeroed, everywhere.</summary>
    internal void Switch(int tenant)
    {
        if (Volatile.Read(ref _lastTenant) == tenant)
        {
            return;
        }

        Interlocked.Exchange(ref _lastTenant, tenant);
        foreach (RunMemory run in _runs)
        {
            run.Sweep(tenant, free: false);
        }
    }

    /// <summary>Whether a run that takes so much more than its memory holds may begin; what others keep idle is given up for it.</summary>
    /// <param name="more">Bytes; given back with <see cref="Fulfil"/>.</param>
    internal bool TryPromise(long more)
    {
        // Never above the budget, not for a moment: a run that is too large must not make a small one beside it fail.
        bool released = false;
        while (more > 0)
        {
            long promised = Interlocked.Read(ref _promised);
            if (Held <= Budget - promised - more)
            {
                if (Interlocked.CompareExchange(ref _promised, promised + more, promised) == promised)
                {
                    return true;
                }
            }
            else if (released)
            {
                return false;
            }
            else
            {
                ReleaseIdle(long.MaxValue);
                released = true;
            }
        }

        return true;
    }

    /// <summary>Memory that is about to be given back stays put aside for whoever had it; given back with <see cref="Fulfil"/>.</summary>
    internal void Promise(long bytes) => Interlocked.Add(ref _promised, bytes);

    internal void Fulfil(long more)
    {
        if (more > 0)
        {
            Interlocked.Add(ref _promised, -more);
        }
    }

    /// <summary>Bytes that are neither held nor promised to others.</summary>
    /// <param name="own">What was promised to whoever asks, and not taken yet.</param>
    internal long LeftFor(long own) => Math.Max(0, Budget - Held - (Interlocked.Read(ref _promised) - own));

    internal void CountHeld(long bytes) => Interlocked.Add(ref _held, bytes);

    internal void CountMismatch(long bytes) => Interlocked.Add(ref _mismatches, Math.Abs(bytes));

    internal void CountOverrun() => Interlocked.Increment(ref _overruns);

    internal void Add(RunMemory run)
    {
        lock (_change)
        {
            _runs = _runs.Add(run);
        }
    }

    internal void Remove(RunMemory run)
    {
        lock (_change)
        {
            _runs = _runs.Remove(run);
            _gone = (_gone.Dirtied + run.DirtiedBytes, _gone.Cleared + run.ClearedBytes, _gone.Ticks + run.ClearTicks);
        }
    }
}
