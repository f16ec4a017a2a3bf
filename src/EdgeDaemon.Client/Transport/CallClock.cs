namespace EdgeDaemon.Client.Transport;

/// <summary>The deadline of one call, all its tries together, and its caller's cancellation.</summary>
internal sealed class CallClock : IDisposable
{
    // A timer's longest.
    private static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(int.MaxValue);

    private readonly TimeProvider _time;
    private readonly long _started;
    private readonly CancellationToken _cancellation;
    private readonly CancellationTokenSource _timer;
    private readonly CancellationTokenSource _either;

    public CallClock(TimeSpan limit, TimeProvider time, CancellationToken cancellation)
    {
        Limit = limit == Timeout.InfiniteTimeSpan || limit > Longest ? null : limit > TimeSpan.Zero ? limit : TimeSpan.Zero;
        _time = time;
        _started = time.GetTimestamp();
        _cancellation = cancellation;
        _timer = Limit is { } finite ? new CancellationTokenSource(finite, time) : new CancellationTokenSource();
        _either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, _timer.Token);
    }

    /// <summary>Null for none.</summary>
    public TimeSpan? Limit { get; }

    /// <summary>Null when there is no deadline.</summary>
    public TimeSpan? Left => Limit - _time.GetElapsedTime(_started);

    public bool Passed => _timer.IsCancellationRequested;

    /// <summary><see cref="Stop"/> was called.</summary>
    public bool Stopped { get; private set; }

    public CancellationToken Token => _either.Token;

    public void ThrowIfCancelled() => _cancellation.ThrowIfCancellationRequested();

    public Task WaitAsync(TimeSpan wait) => Task.Delay(wait, _time, Token);

    /// <summary>Ends whatever the call still does.</summary>
    public void Stop()
    {
        Stopped = true;
        _either.Cancel();
    }

    public void Dispose()
    {
        _either.Dispose();
        _timer.Dispose();
    }
}
