using System.Diagnostics;
using System.Runtime.InteropServices;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Core.Tensors;
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
    private readonly int _outputs;
    private readonly TensorBlockPool _pool;
    private readonly TensorBlock?[] _means;
    private RunEstimate _estimate;
    private bool _disposed;

    public Lane(int index, MemberPort[] members, int outputs, TensorBlockPool pool)
    {
        Index = index;
        _members = members;
        _outputs = outputs;
        _pool = pool;
        _means = new TensorBlock?[outputs];
    }

    public int Index { get; }

    public LaneStatistics Statistics { get; private init; } = new();

    /// <summary>The most memory that one member's last run had at once.</summary>
    public long PeakBytes => _members.Max(member => member.Run.PeakBytes);

    /// <summary>Runs for callers go through it; null where nobody watches.</summary>
    public LaneGuard? Guard { get; set; }

    /// <summary>Outputs that it answers with.</summary>
    public int Outputs => _outputs;

    /// <summary>Who shares its next run; its pool's.</summary>
    public LaneBatch Batch { get; set; } = null!;

    /// <summary>Whether a run over so many bytes of inputs is expected to take a millisecond or more.</summary>
    public bool ExpectsLong(long bytes) => _estimate.IsLong(bytes);

    /// <summary>How long a run over so many bytes of inputs is expected to take, in <see cref="Stopwatch"/>'s ticks; 1 before the first. Any thread may ask.</summary>
    public double ExpectedTicks(long bytes) => _estimate.Ticks(bytes);

    /// <summary>Nothing is known of this lane yet, or less than of the other.</summary>
    public void ExpectAs(Lane other) => _estimate = other._estimate;

    /// <summary>Runs every member on the same inputs (in the contract's order) and combines their outputs.</summary>
    /// <param name="inputs">In the contract's order.</param>
    /// <param name="account">On whose account the answer's memory is; null: nobody's.</param>
    public void Run(ReadOnlySpan<EngineInput> inputs, TensorAccount? account = null)
    {
        long start = Stopwatch.GetTimestamp();
        foreach (MemberPort member in _members)
        {
            member.Run.Account = account;
            for (int i = 0; i < inputs.Length; i++)
            {
                member.Run.SetInput(member.InputIndex[i], inputs[i].Shape, inputs[i].Block, inputs[i].Bytes);
            }

            try
            {
                member.Run.Execute();
            }
            catch (Exception failure) when (failure is OnnxException or OnnxContractException)
            {
                throw new RefusedException(Refusal.EngineFailed, $"member '{member.Name}': {failure.Message}", failure);
            }
        }

        if (_members.Length > 1)
        {
            for (int i = 0; i < _outputs; i++)
            {
                Mean(i, account);
            }
        }

        _estimate.Learn(Bytes(inputs), Stopwatch.GetTimestamp() - start);
    }

    /// <summary>The run in progress ends before its next node, and so does every later one until <see cref="Resume"/>. From any thread.</summary>
    public void Stop()
    {
        foreach (MemberPort member in _members)
        {
            member.Run.Terminate();
        }
    }

    /// <summary>Takes <see cref="Stop"/> back.</summary>
    public void Resume()
    {
        foreach (MemberPort member in _members)
        {
            member.Run.Resume();
        }
    }

    /// <summary>Another lane over the same sessions, with the same index, that goes on with what is known and counted of this one.</summary>
    public Lane Another() => new(Index, [.. _members.Select(member => member with { Run = member.Run.Another() })], _outputs, _pool)
    {
        Statistics = Statistics,
        _estimate = _estimate,
    };

    public ElementType OutputType(int index) => _members[0].Run.OutputType(_members[0].OutputIndex[index]);

    public ref readonly TensorShape OutputShape(int index) => ref _members[0].Run.OutputShape(_members[0].OutputIndex[index]);

    public ReadOnlySpan<byte> OutputData(int index) =>
        _means[index] is { } mean ? mean.GetSpan() : _members[0].Run.OutputData(_members[0].OutputIndex[index]);

    /// <summary>Memory for inputs of this lane's; the caller returns it.</summary>
    /// <exception cref="RefusedException">There is not so much left.</exception>
    public TensorBlock Rent(long bytes, TensorAccount? account) => _pool.Rent(bytes, account);

    /// <summary>Forgets the answer: its memory goes back before another request can see the lane.</summary>
    public void Clear()
    {
        for (int i = 0; i < _means.Length; i++)
        {
            _means[i]?.Return();
            _means[i] = null;
        }

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
        foreach (MemberPort member in _members)
        {
            member.Run.Dispose();
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

    // The soft vote on logits: the mean over the members, summed in their listed order so that it is the same bits each time.
    private void Mean(int output, TensorAccount? account)
    {
        MemberPort first = _members[0];
        ReadOnlySpan<byte> start = first.Run.OutputData(first.OutputIndex[output]);
        TensorBlock block = _pool.Rent(start.Length, account);
        _means[output] = block;
        Span<float> sum = MemoryMarshal.Cast<byte, float>(block.GetSpan());
        MemoryMarshal.Cast<byte, float>(start).CopyTo(sum);
        foreach (MemberPort member in _members.AsSpan(1))
        {
            int index = member.OutputIndex[output];
            if (!member.Run.OutputShape(index).SequenceEqual(first.Run.OutputShape(first.OutputIndex[output])))
            {
                throw new RefusedException(
                    Refusal.EngineFailed, $"member '{member.Name}' answers with shape {member.Run.OutputShape(index)}, '{first.Name}' with {OutputShape(output)}");
            }

            ReadOnlySpan<float> votes = MemoryMarshal.Cast<byte, float>(member.Run.OutputData(index));
            for (int i = 0; i < sum.Length; i++)
            {
                sum[i] += votes[i];
            }
        }

        for (int i = 0; i < sum.Length; i++)
        {
            sum[i] /= _members.Length;
        }
    }
}

/// <summary>A member's run and where the contract's inputs and outputs lie in its graph.</summary>
internal sealed record MemberPort(string Name, OnnxRun Run, int[] InputIndex, int[] OutputIndex);
