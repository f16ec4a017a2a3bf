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
    private readonly TensorBlockPool _pool;
    private readonly Ensemble? _rules;
    private readonly MemberThreads? _threads;
    private RunEstimate _estimate;
    private bool _disposed;

    /// <param name="index">Its place in the pool.</param>
    /// <param name="members">In listed order.</param>
    /// <param name="pool">Where answers of several members are put together.</param>
    /// <param name="ensemble">How several vote; null for one.</param>
    /// <param name="threads">Who may help to run several; null: nobody.</param>
    /// <param name="votes">That go on being counted; null: new ones.</param>
    public Lane(int index, MemberPort[] members, TensorBlockPool pool, Ensemble? ensemble = null, MemberThreads? threads = null, VoteStatistics? votes = null)
    {
        Index = index;
        _members = members;
        _pool = pool;
        _rules = ensemble;
        _threads = threads;
        Ensemble = ensemble is null ? null : new EnsembleRun(ensemble, members, pool, threads, votes);
    }

    public int Index { get; }

    public LaneStatistics Statistics { get; private init; } = new();

    /// <summary>The most memory that one member's last run had at once.</summary>
    public long PeakBytes => _members.Max(member => member.Run.PeakBytes);

    /// <summary>Runs for callers go through it; null where nobody watches.</summary>
    public LaneGuard? Guard { get; set; }

    /// <summary>Outputs that it answers with.</summary>
    public int Outputs => _members[0].OutputIndex.Length;

    /// <summary>Who shares its next run; its pool's.</summary>
    public LaneBatch Batch { get; set; } = null!;

    /// <summary>Whether a run over so many bytes of inputs is expected to take a millisecond or more.</summary>
    public bool ExpectsLong(long bytes) => _estimate.IsLong(bytes);

    /// <summary>The members' votes; null for a model of one member.</summary>
    public EnsembleRun? Ensemble { get; }

    /// <summary>How long a run over so many bytes of inputs is expected to take, in <see cref="Stopwatch"/>'s ticks; 1 before the first. Any thread may ask.</summary>
    public double ExpectedTicks(long bytes) => _estimate.Ticks(bytes);

    /// <summary>Nothing is known of this lane yet, or less than of the other.</summary>
    public void ExpectAs(Lane other) => _estimate = other._estimate;

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

    /// <summary>The run in progress ends before its next node, and so does every later one until <see cref="Resume"/>. From any thread.</summary>
    public void Stop()
    {
        Ensemble?.Stop();
        foreach (MemberPort member in _members)
        {
            member.Run.Terminate();
        }
    }

    /// <summary>Takes <see cref="Stop"/> back.</summary>
    public void Resume()
    {
        Ensemble?.Resume();
        foreach (MemberPort member in _members)
        {
            member.Run.Resume();
        }
    }

    /// <summary>Another lane over the same sessions, with the same index, that goes on with what is known and counted of this one.</summary>
    public Lane Another() => new(Index, [.. _members.Select(member => member with { Run = member.Run.Another() })], _pool, _rules, _threads, Ensemble?.Count.Statistics)
    {
        Statistics = Statistics,
        _estimate = _estimate,
    };

    public ElementType OutputType(int index) => Answering.Run.OutputType(Answering.OutputIndex[index]);

    public ref readonly TensorShape OutputShape(int index) => ref Answering.Run.OutputShape(Answering.OutputIndex[index]);

    public ReadOnlySpan<byte> OutputData(int index) => Ensemble is { } ensemble ? ensemble.Count.Answer(index) : Answering.Run.OutputData(Answering.OutputIndex[index]);

    /// <summary>Memory for inputs of this lane's; the caller returns it.</summary>
    /// <exception cref="RefusedException">There is not so much left.</exception>
    public TensorBlock Rent(long bytes, TensorAccount? account) => _pool.Rent(bytes, account);

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
        if (_disposed)
        {
            return; // A lane that was lost goes when it comes back.
        }

        _disposed = true;
        Guard?.Leave();
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

    public static long Bytes(ReadOnlySpan<EngineInput> inputs)
    {
        long bytes = 0;
        foreach (ref readonly EngineInput input in inputs)
        {
            bytes += input.Bytes;
        }

        return bytes;
    }
}
