using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;

namespace EdgeDaemon.Listeners;

/// <summary>
/// The time that one request body may take, counted from when it is first waited for. Belongs to a connection: its timer is
/// set and taken back from request to request, never made anew unless it has fired.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "A source whose timer was taken back holds nothing; the server gives a connection no end to dispose it at.")]
internal sealed class BodyClock
{
    private CancellationTokenSource _source = new();
    private bool _running;

    private long? _deadline;

    public bool Expired => _source.IsCancellationRequested;

    /// <summary>The caller's own deadline has passed.</summary>
    public bool DeadlinePassed => _deadline is { } deadline && Stopwatch.GetTimestamp() >= deadline;

    /// <summary>The caller gives the request so long from now on: no body is waited for any longer. Null takes it back.</summary>
    public void SetDeadline(TimeSpan? timeout) =>
        _deadline = timeout is { } left ? Stopwatch.GetTimestamp() + (long)(left.TotalSeconds * Stopwatch.Frequency) : null;

    /// <summary>Starts the time if it does not run yet; the token fires when it is over.</summary>
    public CancellationToken Start(TimeSpan timeout)
    {
        if (!_running)
        {
            _running = true;
            if (_deadline is { } deadline && TimeSpan.FromSeconds((deadline - Stopwatch.GetTimestamp()) / (double)Stopwatch.Frequency) is var left && left < timeout)
            {
                // Timers fire up to a clock tick early: then the deadline would not have passed yet.
                timeout = left > TimeSpan.Zero ? left + TimeSpan.FromMilliseconds(1) : TimeSpan.Zero;
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
