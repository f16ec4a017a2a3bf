namespace EdgeDaemon.Engine;

/// <summary>How a run under the watch ended.</summary>
internal enum RunEnd
{
    InTime,

    /// <summary>Its deadline passed and it was told to stop; whatever it was told must be taken back.</summary>
    Stopped,

    /// <summary>It was given up before it came back: what it worked with has been replaced.</summary>
    Lost,
}

/// <summary>
/// What <see cref="LaneWatch"/> sees of one lane: when its run must be over. Whoever runs and the watch meet in one word: each step is one
/// compare-and-swap of it, and it counts the runs, so that the watch never stops a run that it did not look at.
/// </summary>
/// <param name="stop">Tells the run to end; the watch's thread.</param>
/// <param name="lose">Puts another in its place, the same; what it does is done before the run can learn of it.</param>
internal sealed class WatchedRun(Action stop, Action lose)
{
    private const int PhaseBits = 3;
    private const long PhaseMask = (1 << PhaseBits) - 1;
    private const long Idle = 0;
    private const long Running = 1;
    private const long Stopping = 2;
    private const long Stopped = 3;
    private const long Losing = 4;
    private const long Lost = 5;

    private long _state;
    private long _deadline;
    private long _stoppedAt;

    /// <summary>It was given up for good, or is being given up: whoever asks on another thread than the run's must not wait for the end of that.</summary>
    public bool IsLost => Phase is Losing or Lost;

    public bool IsBusy => Phase is not (Idle or Lost);

    /// <summary>Grows with each run.</summary>
    public long Runs => Volatile.Read(ref _state) >> PhaseBits;

    private long Phase => Volatile.Read(ref _state) & PhaseMask;

    /// <param name="deadline">In the watch's clock's timestamps.</param>
    public void Begin(long deadline)
    {
        _deadline = deadline;

        // A full fence: the watch, when it has said that it sleeps, looks once more.
        Interlocked.Exchange(ref _state, (((_state >> PhaseBits) + 1) << PhaseBits) | Running);
    }

    /// <summary>The watch stops the run at its next look.</summary>
    public void Hurry() => Volatile.Write(ref _deadline, long.MinValue);

    /// <summary>The run has come back. Waits for the watch to finish what it has begun, which takes microseconds.</summary>
    public RunEnd End()
    {
        var spin = default(SpinWait);
        while (true)
        {
            long state = Volatile.Read(ref _state);
            switch (state & PhaseMask)
            {
                case Running when Interlocked.CompareExchange(ref _state, state & ~PhaseMask, state) == state:
                    return RunEnd.InTime;
                case Stopped when Interlocked.CompareExchange(ref _state, state & ~PhaseMask, state) == state:
                    return RunEnd.Stopped;
                case Lost:
                    return RunEnd.Lost;
            }

            spin.SpinOnce();
        }
    }

    /// <summary>Acts where time is up. The watch's thread alone.</summary>
    /// <param name="now">Its clock's timestamp.</param>
    /// <param name="grace">So long a run may go on once it was told to stop.</param>
    /// <returns>When there is something to do, unless a new run begins.</returns>
    public long Look(long now, long grace)
    {
        long state = Volatile.Read(ref _state);
        switch (state & PhaseMask)
        {
            case Running:
                long deadline = Volatile.Read(ref _deadline);
                if (now < deadline || !TryMove(state, Running, Stopping))
                {
                    return deadline; // If another run has begun it is that one's, and looked at again.
                }

                _stoppedAt = now;
                try
                {
                    stop();
                }
                finally
                {
                    Volatile.Write(ref _state, (state & ~PhaseMask) | Stopped);
                }

                return now + grace;

            case Stopped:
                if (now - _stoppedAt < grace || !TryMove(state, Stopped, Losing))
                {
                    return _stoppedAt + grace;
                }

                try
                {
                    lose();
                }
                finally
                {
                    Volatile.Write(ref _state, (state & ~PhaseMask) | Lost);
                }

                return long.MaxValue;

            default:
                return long.MaxValue;
        }
    }

    private bool TryMove(long state, long from, long to) => Interlocked.CompareExchange(ref _state, (state & ~PhaseMask) | to, (state & ~PhaseMask) | from) == state;
}
