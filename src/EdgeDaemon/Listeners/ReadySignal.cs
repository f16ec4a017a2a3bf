using System.Threading.Tasks.Sources;

namespace EdgeDaemon.Listeners;

/// <summary>
/// Remembers that something became possible until the one who waits for it has taken notice. The waiter goes on inside
/// <see cref="Set"/>, on the thread that brought the news: a request passes from socket to socket without changing threads.
/// </summary>
internal sealed class ReadySignal : IValueTaskSource
{
    private const int Nothing = 0;
    private const int News = 1;
    private const int Waiting = 2;
    private const int Called = 3;

    private ManualResetValueTaskSourceCore<bool> _source; // mutable struct: not readonly
    private Action? _waiter;
    private int _state;

    /// <summary>Ends at once when there is news, which is then taken. One waiter at a time.</summary>
    public ValueTask WaitAsync()
    {
        if (Interlocked.CompareExchange(ref _state, Nothing, News) == News)
        {
            return default;
        }

        _source.Reset();
        if (Interlocked.CompareExchange(ref _state, Waiting, Nothing) == Nothing)
        {
            return new ValueTask(this, _source.Version);
        }

        // It came in between.
        Volatile.Write(ref _state, Nothing);
        return default;
    }

    /// <summary>As <see cref="WaitAsync"/>, for one whose wait is no task: true when there is news, which is then taken; otherwise the waiter is called when it comes, perhaps before this returns.</summary>
    public bool TryTakeOrCall(Action waiter)
    {
        if (TryTake())
        {
            return true;
        }

        _waiter = waiter;
        if (Interlocked.CompareExchange(ref _state, Called, Nothing) == Nothing)
        {
            return false;
        }

        // It came in between.
        Volatile.Write(ref _state, Nothing);
        return true;
    }

    /// <summary>Takes the news, if there is any, without waiting for it. Not while somebody waits.</summary>
    public bool TryTake() => Volatile.Read(ref _state) == News && Interlocked.CompareExchange(ref _state, Nothing, News) == News;

    /// <summary>From any thread. News that nobody has taken yet is not doubled.</summary>
    public void Set()
    {
        while (true)
        {
            switch (Volatile.Read(ref _state))
            {
                case News:
                    return;
                case Waiting when Interlocked.CompareExchange(ref _state, Nothing, Waiting) == Waiting:
                    _source.SetResult(true);
                    return;
                case Called when Interlocked.CompareExchange(ref _state, Nothing, Called) == Called:
                    _waiter!();
                    return;
                case Nothing when Interlocked.CompareExchange(ref _state, News, Nothing) == Nothing:
                    return;
            }
        }
    }

    void IValueTaskSource.GetResult(short token) => _source.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _source.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _source.OnCompleted(continuation, state, token, flags);
}
