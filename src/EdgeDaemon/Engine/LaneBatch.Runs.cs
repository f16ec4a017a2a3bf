using System.Runtime.CompilerServices;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Core.Tensors;
using EdgeDaemon.Native.Onnx;

namespace EdgeDaemon.Engine;

/// <content>The run of those who were gathered, and what becomes of it.</content>
internal sealed partial class LaneBatch
{
    public ValueTask<RunAnswer> RunAsync(int member, ReadOnlyMemory<EngineInput> inputs, TensorAccount? account, long deadline, RunPlace place)
    {
        if (_together)
        {
            return new ValueTask<RunAnswer>(PartOf(member));
        }

        if (Count > 1)
        {
            if (member == 0)
            {
                return LeadAsync(inputs, account, deadline, place);
            }

            _members[member].Item.RefuseWhenOver(clock.GetTimestamp());
        }

        return AloneAsync(inputs, account, deadline, place);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<RunAnswer> LeadAsync(ReadOnlyMemory<EngineInput> inputs, TensorAccount? account, long deadline, RunPlace place)
    {
        EngineInput[] joined = Joined(inputs.Length);
        _begun = clock.GetTimestamp();
        try
        {
            for (int i = 0; i < joined.Length; i++)
            {
                joined[i] = Join(i, inputs.Span[i].Shape, account);
            }

            if (IsLong(_bytes, place))
            {
                await lane.Guard!.RunAsync(joined, account, Earliest(deadline), place.LongRuns);
            }
            else
            {
                RunHere(joined, account, Earliest(deadline), place);
            }

            _ended = clock.GetTimestamp();
            _together = IsWhole(joined);
        }
        catch (Exception failure) when (failure is RefusedException or ArgumentException && lane.Guard is not { IsLost: true })
        {
            // Each by itself now: why it failed is nobody's affair but the one's whose fault it is, and it fails again then.
        }
        finally
        {
            GiveBack(joined);
        }

        if (_together)
        {
            Gain!.LearnTogether(_rows, _bytes, _ended - _begun);
            lane.Statistics.CountExecution(Count, _rows, _ended - _begun);
            return PartOf(0);
        }

        lane.Clear();
        _members[0].Item.RefuseWhenOver(clock.GetTimestamp());
        return await AloneAsync(inputs, account, deadline, place);
    }

    private ValueTask<RunAnswer> AloneAsync(ReadOnlyMemory<EngineInput> inputs, TensorAccount? account, long deadline, RunPlace place)
    {
        long begun = clock.GetTimestamp();
        if (IsLong(Lane.Bytes(inputs.Span), place))
        {
            return AwaitAsync(begun, inputs, account, deadline, place);
        }

        RunHere(inputs.Span, account, deadline, place);
        return new ValueTask<RunAnswer>(Whole(begun, inputs.Span));
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<RunAnswer> AwaitAsync(long begun, ReadOnlyMemory<EngineInput> inputs, TensorAccount? account, long deadline, RunPlace place)
    {
        LaneGuard guard = lane.Guard!;
        CancellationToken leaving = place.Leaving?.Invoke() ?? default;
        try
        {
            ValueTask run = guard.RunAsync(inputs, account, deadline, place.LongRuns);

            // What it would answer is read by nobody. (A shared run goes on: it is others', too.) Taken back before anybody else's run begins.
            using CancellationTokenRegistration left = leaving.UnsafeRegister(static guard => ((LaneGuard)guard!).Hurry(), guard);
            await run;
        }
        catch (RefusedException late) when (late.Refusal == Refusal.AdmissionDeadline && leaving.IsCancellationRequested)
        {
            throw new RefusedException(Refusal.EngineCancelled, "the caller went away while its request ran, and the run was stopped");
        }

        return Whole(begun, inputs.Span);
    }

    // A lane that nobody watches has no other place to run.
    private bool IsLong(long bytes, RunPlace place) => lane.Guard is not null && (place.MayRunLong || lane.ExpectsLong(bytes));

    private void RunHere(ReadOnlySpan<EngineInput> inputs, TensorAccount? account, long deadline, RunPlace place)
    {
        if (lane.Guard is { } guard)
        {
            guard.Run(inputs, account, deadline, place.Cut);
        }
        else
        {
            lane.Run(inputs, account);
        }
    }

    // Used again, but for one that a lost run still has, and with it this lane.
    private EngineInput[] Joined(int count)
    {
        if (_joined.Length != count)
        {
            _joined = new EngineInput[count];
        }

        return _joined;
    }

    private RunAnswer Whole(long begun, ReadOnlySpan<EngineInput> inputs)
    {
        long ended = clock.GetTimestamp();
        Gain?.LearnAlone(Lane.Bytes(inputs), ended - begun);
        int rows = RowsOf(inputs);
        lane.Statistics.CountExecution(1, rows, ended - begun);
        return new RunAnswer(lane, rows, 0, rows, begun, ended);
    }

    // Nobody's time may pass in a run that others share with him: who is late is refused, the others have a run of their own then.
    private long Earliest(long deadline)
    {
        for (int i = 1; i < Count; i++)
        {
            deadline = Math.Min(deadline, _members[i].Item.Deadline);
        }

        return deadline;
    }

    // A run that was given up works with it until it comes back.
    private void GiveBack(EngineInput[] joined)
    {
        if (lane.Guard is { IsLost: true } guard)
        {
            guard.Inherit(() => Return(joined));
        }
        else
        {
            Return(joined);
        }
    }

    private static void Return(EngineInput[] joined)
    {
        for (int i = 0; i < joined.Length && joined[i].Block is { } block; i++)
        {
            block.Return();
        }

        Array.Clear(joined);
    }

    // The answer has a row for each that was asked about.
    private bool IsWhole(EngineInput[] joined)
    {
        for (int i = 0; i < lane.Outputs; i++)
        {
            ref readonly TensorShape shape = ref lane.OutputShape(i);
            if (shape.Rank == 0 || shape[0] != _rows || lane.OutputType(i) == ElementType.Bytes)
            {
                rule!.Stop($"output {i} of a run over {_rows} rows came with shape {shape}");
                return false;
            }

            foreach (EngineInput input in joined)
            {
                // A graph may hand an input on as it is; the library then gives its very memory, which goes back before anybody has read the answer.
                if (lane.OutputData(i).Overlaps(input.Block.GetSpan()))
                {
                    rule!.Stop($"output {i} is an input's own memory");
                    return false;
                }
            }
        }

        return true;
    }

    private void Keep(int count)
    {
        for (int i = count; i < Count; i++)
        {
            _rows -= _members[i].Item.Rows;
            _bytes -= _members[i].Item.Request.Bytes;
        }

        Array.Clear(_members, count, Count - count);
        Count = count;
    }

    private int RowsOf(ReadOnlySpan<EngineInput> inputs) =>
        rowsAreCallers && inputs is [{ Shape: { Rank: > 0 } shape }, ..] ? (int)Math.Clamp(shape[0], 1, int.MaxValue) : 1;

    private EngineInput Join(int index, TensorShape shape, TensorAccount? account)
    {
        long bytes = 0;
        LaneWaiter leader = _members[0].Item;
        for (int i = 0; i < Count; i++)
        {
            // What must never happen is looked at once more where the bytes come together.
            LaneWaiter member = _members[i].Item;
            if (member.Request.Tenant != leader.Request.Tenant || member.Request.Account != leader.Request.Account)
            {
                throw new InvalidOperationException($"tenants {leader.Request.Tenant} and {member.Request.Tenant} in one batch");
            }

            bytes += member.Request.Inputs.Span[index].Bytes;
        }

        TensorBlock block = lane.Rent(bytes, account);
        Span<byte> to = block.GetSpan();
        for (int i = 0; i < Count; i++)
        {
            EngineInput part = _members[i].Item.Request.Inputs.Span[index];
            part.Block.GetSpan()[..(int)part.Bytes].CopyTo(to);
            to = to[(int)part.Bytes..];
        }

        shape.Set(0, _rows);
        return new EngineInput(shape, block, bytes);
    }
}
