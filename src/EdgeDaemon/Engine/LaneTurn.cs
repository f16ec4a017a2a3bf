using EdgeDaemon.Native.Onnx;

namespace EdgeDaemon.Engine;

/// <summary>A lane in a request's hands, for itself or as one of those who share a run. Whoever has it runs, encodes and leaves; nobody else touches the lane meanwhile.</summary>
/// <param name="lane">Null: there was no place in the queue.</param>
/// <param name="member">Its place among those who share the run; 0: the first, or alone.</param>
internal readonly struct LaneTurn(Lane? lane, int member = 0)
{
    public Lane Lane => lane!;

    public bool IsNone => lane is null;

    public int Member => member;

    /// <summary>The request's answer: by a run of its own, or with others, of which the first does the work.</summary>
    /// <param name="inputs">In the contract's order. They live until the run is over; when the lane's guard is lost, until <see cref="LaneGuard.Inherit"/> says so.</param>
    /// <param name="account">On whose account the memory is; null: nobody's.</param>
    /// <param name="deadline">Of the request.</param>
    /// <param name="place">Where to run.</param>
    /// <exception cref="Core.Protocol.RefusedException">The model failed at this request alone, or the request's time is over, or its caller has gone.</exception>
    public ValueTask<RunAnswer> RunAsync(ReadOnlyMemory<EngineInput> inputs, TensorAccount? account, long deadline, RunPlace place) =>
        lane!.Batch.RunAsync(member, inputs, account, deadline, place);
}
