using System.Threading.Tasks.Sources;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Native.Onnx;

namespace EdgeDaemon.Engine;

/// <summary>
/// A lane's runs for callers, under the watch. A run that takes long is awaited, and then whoever awaits it is refused by another thread
/// should it not come back: the thread inside it has nothing of the caller's below it on the stack and touches nothing of the caller's any more. A short one
/// runs where its caller is, who can only be cut off.
/// </summary>
internal sealed class LaneGuard : IValueTaskSource, IThreadPoolWorkItem
{
    private readonly Lane _lane;
    private readonly LaneWatch _watch;
    private readonly WatchedRun _run;
    private readonly Action<Lane> _lose;
    private readonly Action<Lane> _return;
    private readonly Lock _change = new();
    private readonly List<Action> _heirs = [];
    private ManualResetValueTaskSourceCore<bool> _source; // mutable struct: not readonly
    private ReadOnlyMemory<EngineInput> _inputs;
    private TensorAccount? _account;
    private long _deadline;
    private Action? _cut;
    private long _begun;
    private bool _returned;

    /// <param name="lane">Its lane.</param>
    /// <param name="watch">Who looks.</param>
    /// <param name="lose">Puts another lane in the place of this one; the watch's thread.</param>
    /// <param name="return">The lost lane has come back, and is disposed of.</param>
    public LaneGuard(Lane lane, LaneWatch watch, Action<Lane> lose, Action<Lane> @return)
    {
        _lane = lane;
        _watch = watch;
        _lose = lose;
        _return = @return;
        _run = new WatchedRun(Stop, Lose);
        watch.Add(_run);
    }

    /// <summary>Its run did not come back in time: somebody else has the lane's place, and nobody touches it until it has.</summary>
    public bool IsLost => _run.IsLost;

    /// <summary>How long ago the last run began, in the watch's clock's ticks.</summary>
    public long Ran => _watch.Now - Volatile.Read(ref _begun);

    /// <summary>Index of the tenant whose the last run was; -1: the daemon's own.</summary>
    public int Tenant => (_account?.Holder ?? 0) - 1; // An account's holder is its tenant's number from 1 on.

    /// <summary>Somebody is inside.</summary>
    public bool Runs => _run.IsBusy;

    /// <summary>A run that is expected to be short, on the caller's thread.</summary>
    /// <param name="inputs">As <see cref="Lane.Run"/> has them.</param>
    /// <param name="account">The same.</param>
    /// <param name="deadline">In the watch's clock's timestamps.</param>
    /// <param name="cut">Called on another thread when it does not come back, so that nobody waits for it any longer.</param>
    /// <exception cref="RefusedException">It failed, or its deadline passed.</exception>
    public void Run(ReadOnlySpan<EngineInput> inputs, TensorAccount? account, long deadline, Action cut)
    {
        _cut = cut;
        _account = account;
        _deadline = deadline;
        RunEnd end = Watched(inputs, account, deadline);
        if (end == RunEnd.Lost)
        {
            Bury();
        }

        if (end != RunEnd.InTime)
        {
            throw Late();
        }
    }

    /// <summary>A run that may be long, with nothing of its caller below it on the stack. What it works with must live until it is over or, when <see cref="IsLost"/>, until <see cref="Inherit"/> says so.</summary>
    /// <param name="inputs">As <see cref="Lane.Run"/> has them.</param>
    /// <param name="account">The same.</param>
    /// <param name="deadline">In the watch's clock's timestamps.</param>
    /// <param name="begin">Runs what it is given once the caller has returned to whoever called it.</param>
    /// <exception cref="RefusedException">It failed, or its deadline passed.</exception>
    public ValueTask RunAsync(ReadOnlyMemory<EngineInput> inputs, TensorAccount? account, long deadline, Action<IThreadPoolWorkItem> begin)
    {
        _source.Reset();
        _cut = null;
        _inputs = inputs;
        _account = account;
        _deadline = deadline;
        var task = new ValueTask(this, _source.Version);
        begin(this);
        return task;
    }

    /// <summary>The time of the run in progress is over now, if there is one. From any thread, as long as nobody else's can begin meanwhile.</summary>
    public void Hurry()
    {
        _deadline = long.MinValue; // It may not have begun.
        _watch.Hurry(_run);
    }

    /// <summary>What a lost run still works with: given back once it has come back, at once if it has.</summary>
    public void Inherit(Action giveBack)
    {
        lock (_change)
        {
            if (!_returned)
            {
                _heirs.Add(giveBack);
                return;
            }
        }

        giveBack();
    }

    /// <summary>The watch looks no more.</summary>
    public void Leave() => _watch.Remove(_run);

    void IThreadPoolWorkItem.Execute()
    {
        RunEnd end;
        try
        {
            end = Watched(_inputs.Span, _account, _deadline);
        }
        catch (Exception failure)
        {
            _source.SetException(failure);
            return;
        }

        switch (end)
        {
            case RunEnd.Lost:
                Bury(); // The caller was refused by another thread, and its request is none of this one's business any more.
                return;
            case RunEnd.Stopped:
                _source.SetException(Late());
                return;
            default:
                _source.SetResult(true);
                return;
        }
    }

    void IValueTaskSource.GetResult(short token) => _source.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _source.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _source.OnCompleted(continuation, state, token, flags);

    private static RefusedException Late() => new(Refusal.AdmissionDeadline, "the request's time was over before the model had answered");

    // What a run that was stopped or lost answered is nobody's, and neither is how it failed.
    private RunEnd Watched(ReadOnlySpan<EngineInput> inputs, TensorAccount? account, long deadline)
    {
        long now = _watch.Now;
        if (now >= deadline)
        {
            return RunEnd.Stopped; // Expired work never runs.
        }

        Volatile.Write(ref _begun, now);
        _watch.Begin(_run, deadline);
        if (Volatile.Read(ref _deadline) < deadline)
        {
            _watch.Hurry(_run); // Its caller has gone since the deadline was read: what he left was written over by the beginning.
        }

        RunEnd end;
        try
        {
            _lane.Run(inputs, account);
            end = _run.End();
        }
        catch (Exception) when ((end = _run.End()) != RunEnd.InTime)
        {
        }

        if (end == RunEnd.Stopped)
        {
            _lane.Resume();
        }

        return end;
    }

    private void Stop()
    {
        _watch.CountStopped();
        _lane.Stop();
    }

    private void Lose()
    {
        _watch.CountLost();
        Leave();
        try
        {
            _lose(_lane);
        }
        finally
        {
            if (_cut is { } cut)
            {
                cut();
            }
            else
            {
                ThreadPool.UnsafeQueueUserWorkItem(static guard => guard._source.SetException(Late()), this, preferLocal: false);
            }
        }
    }

    private void Bury()
    {
        Action[] heirs;
        _lane.Dispose();
        lock (_change)
        {
            _returned = true;
            heirs = [.. _heirs];
        }

        // First the lane: with the last heir the model itself may go.
        _return(_lane);
        Array.ForEach(heirs, giveBack => giveBack());
        _watch.CountReturned();
    }
}
