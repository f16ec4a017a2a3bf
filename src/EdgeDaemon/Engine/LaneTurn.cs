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

    /// <summary>Whether <see cref="Run"/> is expected to take a millisecond or more.</summary>
    /// <param name="bytes">Of the request's inputs.</param>
    public bool ExpectsLong(long bytes) => lane!.Batch.ExpectsLong(member, bytes);

    /// <summary>The request's answer: by a run of its own, or with others, of which the first does the work.</summary>
    /// <param name="inputs">In the contract's order.</param>
    /// <param name="account">On whose account the memory is; null: nobody's.</param>
    /// <param name="times">Told when the run began and ended.</param>
    /// <exception cref="Core.Protocol.RefusedException">The model failed at this request alone, or the request's time is over, or its caller has gone.</exception>
    public RunAnswer Run(ReadOnlySpan<EngineInput> inputs, TensorAccount? account, ref RequestTimes times) => lane!.Batch.Run(member, inputs, account, ref times);
}
