using System.Threading.Tasks.Sources;
using EdgeDaemon.Core.Protocol;

namespace EdgeDaemon.Engine;

/// <summary>A caller in the queue for a lane. Whoever removes it from the queue completes it, once. Kept with its request's work, and used again when that has gone on.</summary>
internal sealed class LaneWaiter : IValueTaskSource<LaneTurn>, IThreadPoolWorkItem
{
    private ManualResetValueTaskSourceCore<LaneTurn> _source; // mutable struct: not readonly
    private LanePool? _pool;
    private CancellationToken _leaving;
    private LaneTurn _turn;
    private CancellationToken _cancelled;
    private bool _expired;
    private bool _lost;

    public LaneWaiter() => Place = new FairQueue<LaneWaiter>.Place(this);

    /// <summary>Where it waits.</summary>
    public FairQueue<LaneWaiter>.Place Place { get; }

    public LaneRequest Request { get; private set; }

    /// <summary>Rows that it would bring into a shared run; 0: it shares none.</summary>
    public int Rows { get; private set; }

    /// <summary>When it began to wait.</summary>
    public long Since { get; private set; }

    /// <summary>In <see cref="System.Diagnostics.Stopwatch"/>'s ticks: after it the caller wants no lane any more.</summary>
    public long Deadline => Request.Deadline;

    public ValueTask<LaneTurn> Task => new(this, _source.Version);

    /// <param name="pool">Whose lanes.</param>
    /// <param name="request">For what.</param>
    /// <param name="shares">Whether it may share a run.</param>
    /// <param name="now">When.</param>
    /// <param name="leaving">Fires when the caller goes away.</param>
    public void Begin(LanePool pool, in LaneRequest request, bool shares, long now, CancellationToken leaving)
    {
        _source.Reset();
        _pool = pool;
        _turn = default;
        _cancelled = default;
        _expired = false;
        _lost = false;
        _leaving = leaving;
        Request = request;
        Since = now;
        Rows = shares && !request.Alone ? RowsOf(request.Inputs.Span) : 0;
    }

    public void Hand(Lane lane, int member)
    {
        _turn = new LaneTurn(lane, member);
        _pool!.Resume(this);
    }

    public void GiveUp(CancellationToken token)
    {
        if (_pool!.TryRemove(Place))
        {
            _cancelled = token;
            _pool.Resume(this);
        }
    }

    public void Expire()
    {
        _expired = true;
        _pool!.Resume(this);
    }

    /// <summary>The run that it shared, or was to follow, does not come back.</summary>
    public void Lose()
    {
        _lost = true;
        _pool!.Resume(this);
    }

    /// <summary>Whether the two differ in nothing but how many rows they bring.</summary>
    public bool Fits(LaneWaiter other)
    {
        ReadOnlySpan<EngineInput> mine = Request.Inputs.Span, others = other.Request.Inputs.Span;
        if (Rows == 0 || mine.Length != others.Length || Request.Tenant != other.Request.Tenant || Request.Account != other.Request.Account)
        {
            return false;
        }

        for (int i = 0; i < mine.Length; i++)
        {
            if (!mine[i].Shape.Span[1..].SequenceEqual(others[i].Shape.Span[1..]))
            {
                return false;
            }
        }

        return true;
    }

    /// <exception cref="RefusedException">Its time is over, or its caller has gone.</exception>
    public void RefuseWhenOver(long now)
    {
        if (_leaving.IsCancellationRequested)
        {
            throw new RefusedException(Refusal.EngineCancelled, "the caller went away while the request waited");
        }

        if (Deadline <= now)
        {
            throw Late();
        }
    }

    /// <summary>The waiting caller goes on from here.</summary>
    public void Execute()
    {
        if (!_turn.IsNone)
        {
            _source.SetResult(_turn);
        }
        else if (_lost)
        {
            _source.SetException(new RefusedException(Refusal.EngineFailed, "a run with others of its tenant did not come back"));
        }
        else if (_expired)
        {
            _source.SetException(Late());
        }
        else
        {
            _source.SetException(new OperationCanceledException(_cancelled));
        }
    }

    LaneTurn IValueTaskSource<LaneTurn>.GetResult(short token) => _source.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<LaneTurn>.GetStatus(short token) => _source.GetStatus(token);

    void IValueTaskSource<LaneTurn>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _source.OnCompleted(continuation, state, token, flags);

    private static RefusedException Late() => new(Refusal.AdmissionDeadline, "the request's time was over before a lane was free");

    private static int RowsOf(ReadOnlySpan<EngineInput> inputs)
    {
        long rows = -1;
        foreach (ref readonly EngineInput input in inputs)
        {
            ReadOnlySpan<long> shape = input.Shape.Span;
            if (shape.IsEmpty || shape[0] > int.MaxValue || (rows >= 0 && shape[0] != rows))
            {
                return 0;
            }

            rows = shape[0];
        }

        return (int)Math.Max(rows, 0);
    }
}
