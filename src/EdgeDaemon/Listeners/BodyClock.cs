using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;

namespace EdgeDaemon.Listeners;

/// <summary>
/// The time that one request, and its body, may take, and how much of the body has come. Belongs to a connection: its timer is
/// set and taken back from request to request, never made anew unless it has fired, and only runs while a body is waited for.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "A source whose timer was taken back holds nothing; the server gives a connection no end to dispose it at.")]
internal sealed class BodyClock
{
    private CancellationTokenSource _source = new();
    private bool _running;

    private long _callDeadline = long.MaxValue;
    private long _workDeadline = long.MaxValue;

    public bool Expired => _source.IsCancellationRequested;

    /// <summary>When nobody wants the answer any more, in <see cref="Stopwatch"/>'s ticks.</summary>
    public long Deadline => Math.Min(_callDeadline, _workDeadline);

    public bool DeadlinePassed => Deadline != long.MaxValue && Stopwatch.GetTimestamp() >= Deadline;

    /// <summary>The deadline that the caller gave the whole call; null without one.</summary>
    public TimeSpan? CallTimeLeft => _callDeadline == long.MaxValue ? null : Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), _callDeadline);

    /// <summary>Bytes of the body, or of a stream's message, that came so far.</summary>
    public long Bytes { get; private set; }

    /// <summary>The end of the body was seen.</summary>
    public bool Ended { get; private set; }

    /// <summary>The caller gives the request so long from now on: no body is waited for any longer. Null takes it back.</summary>
    public void SetDeadline(TimeSpan? timeout) =>
        _callDeadline = timeout is { } left ? Stopwatch.GetTimestamp() + (long)(left.TotalSeconds * Stopwatch.Frequency) : long.MaxValue;

    /// <summary>A piece of work begins, on a stream one of many: it has until then, and its bytes are counted anew.</summary>
    /// <param name="deadline">In <see cref="Stopwatch"/>'s ticks.</param>
    public void BeginWork(long deadline)
    {
        _workDeadline = deadline;
        Bytes = 0;
    }

    /// <summary>The work has until then, if that is earlier than what it had.</summary>
    public void Shorten(long deadline) => _workDeadline = Math.Min(_workDeadline, deadline);

    public void Count(long bytes) => Bytes += bytes;

    /// <summary>Nothing more of the body will come.</summary>
    public void End() => Ended = true;

    /// <summary>The request is over.</summary>
    public void Reset()
    {
        Stop();
        _callDeadline = _workDeadline = long.MaxValue;
        Bytes = 0;
        Ended = false;
    }

    /// <summary>Starts the time if it does not run yet; the token fires when it is over.</summary>
    public CancellationToken Start(TimeSpan timeout)
    {
        if (!_running)
        {
            _running = true;
            if (Deadline is var deadline && deadline != long.MaxValue && TimeSpan.FromSeconds((deadline - Stopwatch.GetTimestamp()) / (double)Stopwatch.Frequency) is var left && left < timeout)
            {
                // Timers fire up to a tick of the coarse clock early, 4 ms at 250 Hz: then the deadline would not have passed yet, and the body would be called slow.
                timeout = left > TimeSpan.Zero ? left + TimeSpan.FromMilliseconds(5) : TimeSpan.Zero;
            }

            _source.CancelAfter(timeout);
        }

        return _source.Token;
    }

    /// <summary>The body is there, or nobody waits for it any more.</summary>
    public void Stop()
    {
        if (_running)
        {
            _running = false;
            if (!_source.TryReset())
            {
                _source.Dispose();
                _source = new CancellationTokenSource();
            }
        }
    }
}
