using System.Threading.Tasks.Sources;

namespace EdgeDaemon.Engine;

/// <summary>A caller in the queue for a lane. Whoever removes it from the queue completes it, once.</summary>
internal sealed class LaneWaiter(Action<IThreadPoolWorkItem> resume) : IValueTaskSource<Lane>, IThreadPoolWorkItem
{
    private ManualResetValueTaskSourceCore<Lane> _source; // mutable struct: not readonly
    private Lane? _lane;
    private CancellationToken _cancelled;

    public ValueTask<Lane> Task => new(this, _source.Version);

    public void Hand(Lane lane)
    {
        _lane = lane;
        resume(this);
    }

    public void Cancel(CancellationToken token)
    {
        _cancelled = token;
        resume(this);
    }

    /// <summary>The waiting caller goes on from here.</summary>
    public void Execute()
    {
        if (_lane is { } lane)
        {
            _source.SetResult(lane);
        }
        else
        {
            _source.SetException(new OperationCanceledException(_cancelled));
        }
    }

    Lane IValueTaskSource<Lane>.GetResult(short token) => _source.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<Lane>.GetStatus(short token) => _source.GetStatus(token);

    void IValueTaskSource<Lane>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _source.OnCompleted(continuation, state, token, flags);
}
