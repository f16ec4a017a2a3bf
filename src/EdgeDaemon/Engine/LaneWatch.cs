using EdgeDaemon.Telemetry;
using Microsoft.Extensions.Logging;

namespace EdgeDaemon.Engine;

/// <summary>
/// Looks at the runs of all lanes of all models, on one thread of its own: a run past its deadline is told to stop, and one that does not come
/// back in spite of that is given up. A run costs two atomic operations on memory of its lane's; the thread looks every ten milliseconds while
/// anything runs, and sleeps when nothing has run for a second.
/// </summary>
/// <param name="stuckAfter">So long a run may go on once it was told to stop.</param>
/// <param name="clock">Whose timestamps the deadlines are.</param>
/// <param name="log">For what goes wrong here.</param>
internal sealed class LaneWatch(TimeSpan stuckAfter, TimeProvider clock, ILogger log) : IDisposable
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan Linger = TimeSpan.FromSeconds(1);

    private readonly Lock _change = new();
    private readonly AutoResetEvent _wake = new(false);
    private readonly long _grace = (long)(stuckAfter.TotalSeconds * clock.TimestampFrequency);
    private volatile WatchedRun[] _runs = [];
    private Thread? _thread;
    private volatile bool _asleep;
    private volatile bool _ended;
    private long _stopped;
    private long _lost;
    private int _missing;

    public TimeSpan StuckAfter => stuckAfter;

    /// <summary>The time that it is for deadlines.</summary>
    public long Now => clock.GetTimestamp();

    /// <summary>Nothing runs, and nothing has for a while.</summary>
    public bool Sleeps => _asleep;

    /// <summary>Runs that were told to stop.</summary>
    public long StoppedRuns => Interlocked.Read(ref _stopped);

    /// <summary>Lanes that were given up.</summary>
    public long LostLanes => Interlocked.Read(ref _lost);

    /// <summary>Of those, how many have not come back: models and tensor memory are still in their hands.</summary>
    public int Missing => Volatile.Read(ref _missing);

    /// <summary>Begins to look by itself.</summary>
    public void Start()
    {
        _thread = new Thread(Work) { IsBackground = true, Name = "lane-watch" };
        _thread.Start();
    }

    public void Add(WatchedRun run)
    {
        lock (_change)
        {
            _runs = [.. _runs, run];
        }
    }

    public void Remove(WatchedRun run)
    {
        lock (_change)
        {
            _runs = [.. _runs.Where(other => other != run)];
        }
    }

    /// <summary>A run begins.</summary>
    /// <param name="run">One of those that were added.</param>
    /// <param name="deadline">In the clock's timestamps.</param>
    public void Begin(WatchedRun run, long deadline)
    {
        run.Begin(deadline);
        if (_asleep)
        {
            _wake.Set();
        }
    }

    /// <summary>The run's time is over now, if it runs.</summary>
    /// <param name="run">One of those that were added.</param>
    public void Hurry(WatchedRun run)
    {
        run.Hurry();
        if (_asleep)
        {
            _wake.Set();
        }
    }

    public void CountStopped() => Interlocked.Increment(ref _stopped);

    public void CountLost()
    {
        Interlocked.Increment(ref _lost);
        Interlocked.Increment(ref _missing);
    }

    /// <summary>A lane that was given up has come back.</summary>
    public void CountReturned() => Interlocked.Decrement(ref _missing);

    /// <summary>Acts where time is up.</summary>
    /// <returns>When there is something to do, unless a new run begins.</returns>
    public long Look()
    {
        long now = clock.GetTimestamp();
        long next = long.MaxValue;
        foreach (WatchedRun run in _runs)
        {
            try
            {
                next = Math.Min(next, run.Look(now, _grace));
            }
            catch (Exception broken)
            {
                Log.WatchBroke(log, broken); // Whatever it was, the other lanes need the watch.
            }
        }

        return next;
    }

    public void Dispose()
    {
        _ended = true;
        _wake.Set();
        _thread?.Join();
        _wake.Dispose();
    }

    private void Work()
    {
        long seen = 0, lastNews = clock.GetTimestamp();
        while (!_ended)
        {
            long next = Look();
            long now = clock.GetTimestamp();
            long runs = Runs(out bool busy);
            if (busy || runs != seen)
            {
                seen = runs;
                lastNews = now;
            }

            if (clock.GetElapsedTime(lastNews, now) < Linger)
            {
                TimeSpan left = next == long.MaxValue ? Tick : clock.GetElapsedTime(now, Math.Max(now, next)) + TimeSpan.FromMilliseconds(1);
                _wake.WaitOne(left < Tick ? left : Tick);
                continue;
            }

            // Said first, then looked: a run that begins either sees that it must wake us, or is seen.
            _asleep = true;
            Interlocked.MemoryBarrier();
            if (Runs(out busy) == seen && !busy && !_ended)
            {
                _wake.WaitOne();
            }

            _asleep = false;
            lastNews = clock.GetTimestamp();
        }
    }

    private long Runs(out bool busy)
    {
        long runs = 0;
        busy = false;
        foreach (WatchedRun run in _runs)
        {
            runs += run.Runs;
            busy |= run.IsBusy;
        }

        return runs;
    }
}
