using System.Diagnostics;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Core.Tensors;
using EdgeDaemon.Engine.Voting;
using EdgeDaemon.Native.Onnx;

namespace EdgeDaemon.Engine;

/// <summary>One tensor on its way into the graphs.</summary>
internal readonly struct EngineInput(TensorShape shape, TensorBlock block, long bytes)
{
    public readonly TensorShape Shape = shape;

    public TensorBlock Block { get; } = block;

    public long Bytes { get; } = bytes;
}

/// <summary>
/// One run at a time through every member of a model. After <see cref="Run"/> the lane holds the answer until it is returned
/// to its pool.
/// </summary>
internal sealed class Lane : IDisposable
{
    private readonly MemberPort[] _members;
    private readonly MemberThreads? _threads;
    private RunEstimate _estimate;

    /// <param name="index">Its place in the pool.</param>
    /// <param name="members">In listed order.</param>
    /// <param name="pool">Where answers of several members are put together.</param>
    /// <param name="ensemble">How several vote; null for one.</param>
    /// <param name="threads">Who may help to run several; null: nobody.</param>
    public Lane(int index, MemberPort[] members, TensorBlockPool pool, Ensemble? ensemble = null, MemberThreads? threads = null)
    {
        Index = index;
        _members = members;
        _threads = threads;
        Ensemble = ensemble is null ? null : new EnsembleRun(ensemble, members, pool, threads);
    }

    public int Index { get; }

    public LaneStatistics Statistics { get; } = new();

    /// <summary>The members' votes; null for a model of one member.</summary>
    public EnsembleRun? Ensemble { get; }

    /// <summary>Whether a run over these inputs is expected to take a millisecond or more.</summary>
    public bool ExpectsLong(ReadOnlySpan<EngineInput> inputs) => _estimate.IsLong(Bytes(inputs));

    /// <summary>How long a run over so many bytes of inputs is expected to take, in <see cref="Stopwatch"/>'s ticks; 1 before the first. Any thread may ask.</summary>
    public double ExpectedTicks(long bytes) => _estimate.Ticks(bytes);

    /// <summary>Runs every member on the same inputs (in the contract's order) and combines their outputs.</summary>
    /// <param name="inputs">In the contract's order.</param>
    /// <param name="account">On whose account the answer's memory is; null: nobody's.</param>
    /// <exception cref="RefusedException">The members have not answered, or not enough of them.</exception>
    public void Run(ReadOnlySpan<EngineInput> inputs, TensorAccount? account = null)
    {
        long start = Stopwatch.GetTimestamp(), bytes = Bytes(inputs);
        _threads?.Begin();
        try
        {
            if (Ensemble is { } ensemble)
            {
                ensemble.Run(inputs, account, bytes);
            }
            else
            {
                RunOnly(_members[0], inputs, account);
            }
        }
        finally
        {
            _threads?.End();
        }

        _estimate.Learn(bytes, Stopwatch.GetTimestamp() - start);
    }

    public ElementType OutputType(int index) => Answering.Run.OutputType(Answering.OutputIndex[index]);

    public ref readonly TensorShape OutputShape(int index) => ref Answering.Run.OutputShape(Answering.OutputIndex[index]);

    public ReadOnlySpan<byte> OutputData(int index) => Ensemble is { } ensemble ? ensemble.Count.Answer(index) : Answering.Run.OutputData(Answering.OutputIndex[index]);

    /// <summary>Forgets the answer: its memory goes back before another request can see the lane.</summary>
    public void Clear()
    {
        Ensemble?.Clear();
        foreach (MemberPort member in _members)
        {
            member.Run.Clear();
        }
    }

    public void Dispose()
    {
        Clear();
        Ensemble?.Dispose();
        foreach (MemberPort member in _members)
        {
            member.Run.Dispose();
        }
    }

    private MemberPort Answering => Ensemble?.First ?? _members[0];

    private static void RunOnly(MemberPort member, ReadOnlySpan<EngineInput> inputs, TensorAccount? account)
    {
        member.Bind(inputs, account);
        try
        {
            member.Run.Execute();
        }
        catch (Exception failure) when (failure is OnnxException or OnnxContractException)
        {
            throw new RefusedException(Refusal.EngineFailed, $"member '{member.Name}': {failure.Message}", failure);
        }
    }

    private static long Bytes(ReadOnlySpan<EngineInput> inputs)
    {
        long bytes = 0;
        foreach (ref readonly EngineInput input in inputs)
        {
            bytes += input.Bytes;
        }

        return bytes;
    }
}
