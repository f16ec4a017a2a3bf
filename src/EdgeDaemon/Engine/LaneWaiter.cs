using System.Threading.Tasks.Sources;
using EdgeDaemon.Core.Protocol;

namespace EdgeDaemon.Engine;

/// <summary>A caller in the queue for a lane. Whoever removes it from the queue completes it, once.</summary>
internal sealed class LaneWaiter(Action<IThreadPoolWorkItem> resume, long deadline) : IValueTaskSource<Lane>, IThreadPoolWorkItem
{
    private ManualResetValueTaskSourceCore<Lane> _source; // mutable struct: not readonly
    private Lane? _lane;
    private CancellationToken _cancelled;
    private bool _expired;

    /// <summary>In <see cref="System.Diagnostics.Stopwatch"/>'s ticks: after it the caller wants no lane any more.</summary>
    public long Deadline => deadline;

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

    public void Expire()
    {
        _expired = true;
        resume(this);
    }

    /// <summary>The waiting caller goes on from here.</summary>
    public void Execute()
    {
        if (_lane is { } lane)
        {
            _source.SetResult(lane);
        }
        else if (_expired)
        {
            _source.SetException(new RefusedException(Refusal.AdmissionDeadline, "the request's time was over before a lane was free"));
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
