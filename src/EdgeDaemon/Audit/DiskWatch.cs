namespace EdgeDaemon.Audit;

/// <summary>
/// Looks whether the writer's call to the disk ever ends. A disk that hangs says nothing, and the thread that asked it is in the kernel: so somebody else counts, and meanwhile
/// has what is the writer's own.
/// </summary>
/// <remarks>The writer marks every call; only one that takes longer than the loss window costs a timer.</remarks>
internal sealed class DiskWatch : IDisposable
{
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(100);

    private readonly TimeProvider _clock;
    private readonly TimeSpan _bound;
    private readonly Lock _turn = new();
    private readonly ITimer _timer;
    private long _since; // 0: no call is under way.

    /// <param name="bound">So long a call may take.</param>
    public DiskWatch(TimeProvider clock, TimeSpan bound)
    {
        (_clock, _bound) = (clock, bound);
        _timer = clock.CreateTimer(_ => Look(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>
    /// Told that the call takes too long, once and then every second until it ends. The writer cannot go on while this runs: what only the writer may touch is this one's for so long.
    /// </summary>
    public Action<TimeSpan> Stalled { get; set; } = _ => { };

    /// <summary>Told every tenth of a second, from the first look on, that the call still takes: some who wait may not want to any longer. The same holds.</summary>
    public Action Waiting { get; set; } = () => { };

    public bool IsBusy => Interlocked.Read(ref _since) != 0;

    /// <summary>How long the call under way has taken; zero: none is.</summary>
    public TimeSpan Age => Interlocked.Read(ref _since) is var since and not 0 ? _clock.GetElapsedTime(since) : TimeSpan.Zero;

    /// <summary>The writer is about to call.</summary>
    public void Begin() => Interlocked.Exchange(ref _since, Math.Max(1, _clock.GetTimestamp()));

    /// <summary>The call has returned.</summary>
    /// <returns>How long it took.</returns>
    public TimeSpan End()
    {
        lock (_turn)
        {
            TimeSpan took = Age;
            Interlocked.Exchange(ref _since, 0);
            return took;
        }
    }

    /// <summary>The call takes longer than one should: from here on it is looked at.</summary>
    public void Arm() => Look();

    public void Dispose() => _timer.Dispose();

    private void Look()
    {
        lock (_turn)
        {
            if (!IsBusy)
            {
                return;
            }

            TimeSpan left = _bound - Age;
            if (left <= TimeSpan.Zero)
            {
                Stalled(Age);
                left = Again; // Who came in the meantime is told as well.
            }
            else
            {
                Waiting();
                left = left < Glance ? left : Glance;
            }

            _timer.Change(left + TimeSpan.FromMilliseconds(1), Timeout.InfiniteTimeSpan);
        }
    }
}
