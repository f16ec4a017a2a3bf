using System.Diagnostics;
using EdgeDaemon.Native.Onnx;

namespace EdgeDaemon.Engine.Voting;

/// <summary>Stops one member's run that takes too long, before its next node. A kernel that has begun ends first.</summary>
internal sealed class MemberDeadline : IDisposable
{
    private readonly OnnxRun _run;
    private readonly TimeSpan _timeout;
    private readonly Lock _change = new();
    private readonly Timer _timer;
    private long _until; // in Stopwatch's ticks; 0: nothing runs
    private bool _late;

    public MemberDeadline(OnnxRun run, TimeSpan timeout)
    {
        _run = run;
        _timeout = timeout;
        _timer = new Timer(static deadline => ((MemberDeadline)deadline!).Fire(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public void Begin()
    {
        lock (_change)
        {
            _late = false;
            _until = Stopwatch.GetTimestamp() + (long)(_timeout.TotalSeconds * Stopwatch.Frequency);
        }

        _timer.Change(_timeout, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The run has ended. True when it was late; the next one may run again.</summary>
    public bool End()
    {
        lock (_change)
        {
            _until = 0;
            if (_late)
            {
                _run.Resume();
            }

            return _late;
        }
    }

    public void Dispose() => _timer.Dispose();

    // Under the lock to its end: a run that has ended in between must not be stopped, nor the next one in its place.
    private void Fire()
    {
        lock (_change)
        {
            long left = _until - Stopwatch.GetTimestamp();
            if (_until == 0)
            {
                return;
            }

            if (left > 0)
            {
                // Set for an earlier run, or a hair early.
                _timer.Change(Stopwatch.GetElapsedTime(0, left) + TimeSpan.FromMilliseconds(1), Timeout.InfiniteTimeSpan);
                return;
            }

            _late = true;
            _run.Terminate();
        }
    }
}
