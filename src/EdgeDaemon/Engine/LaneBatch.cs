using System.Runtime.CompilerServices;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Core.Tensors;
using EdgeDaemon.Native.Onnx;

namespace EdgeDaemon.Engine;

/// <summary>
/// Who shares one run of a lane, all of one tenant. The first runs for all; then the lane goes from one to the next, each takes its rows of the answer,
/// and the last gives it back. A run that fails is done again for each by itself, so that only the one that is at fault fails. Made under its pool's lock;
/// from then on whoever holds the lane has it, one at a time.
/// </summary>
/// <param name="lane">Whose runs are shared.</param>
/// <param name="rule">What may share a run; null: nothing does.</param>
/// <param name="rowsAreCallers">The first dimension of every input is the caller's.</param>
/// <param name="clock">Its pool's.</param>
internal sealed class LaneBatch(Lane lane, BatchRule? rule, bool rowsAreCallers, TimeProvider clock)
{
    /// <summary>So many requests share a run, and so many that wait are looked at for one.</summary>
    public const int MostMembers = 256;

    private readonly FairQueue<LaneWaiter>.Place[] _members = new FairQueue<LaneWaiter>.Place[rule is null ? 1 : Math.Min(rule.MaxRows, MostMembers)];
    private readonly FairQueue<LaneWaiter>.Charge[] _charges = new FairQueue<LaneWaiter>.Charge[rule is null ? 1 : Math.Min(rule.MaxRows, MostMembers)];
    private readonly int[] _firstRow = new int[rule is null ? 1 : Math.Min(rule.MaxRows, MostMembers)];
    private EngineInput[] _joined = [];
    private int _holder; // who has the lane
    private int _rows;
    private long _bytes;
    private long _since;
    private bool _together;
    private long _begun;
    private long _ended;

    /// <summary>What running together gains; null: nobody does.</summary>
    public BatchGain? Gain { get; } = rule is null ? null : new BatchGain(rule);

    /// <summary>Who waited and shares the lane's turn; 0: whoever has the lane found it free.</summary>
    public int Count { get; private set; }

    /// <summary>Of all that were gathered.</summary>
    public int Rows => _rows;

    /// <summary>Whether one run answered all.</summary>
    public bool RanTogether => _together;

    /// <summary>Those that could share a run with the first, in the order of their turns; none is taken out of the queue.</summary>
    /// <param name="first">Whose turn it is.</param>
    /// <param name="now">Whose time is over by then does not run.</param>
    /// <param name="oldest">When the one that waits longest began to.</param>
    public void Gather(FairQueue<LaneWaiter>.Place first, long now, out long oldest)
    {
        LaneWaiter leader = first.Item;
        _members[0] = first;
        _firstRow[0] = 0;
        Count = 1;
        _rows = leader.Rows;
        _bytes = leader.Request.Bytes;
        oldest = leader.Since;
        if (rule is null || rule.Stopped || leader.Rows == 0)
        {
            return;
        }

        int looked = 0;
        for (FairQueue<LaneWaiter>.Place? next = FairQueue<LaneWaiter>.After(first); next is not null && Count < _members.Length && ++looked < MostMembers; next = FairQueue<LaneWaiter>.After(next))
        {
            LaneWaiter waiter = next.Item;
            if (waiter.Deadline > now && waiter.Rows <= rule.MaxRows - _rows && waiter.Fits(leader))
            {
                _firstRow[Count] = _rows;
                _members[Count++] = next;
                _rows += waiter.Rows;
                _bytes += waiter.Request.Bytes;
                oldest = Math.Min(oldest, waiter.Since);
            }
        }
    }

    /// <summary>Whether a preferred size, which those who were gathered are too few for, would be worth waiting for.</summary>
    public bool LacksPreferred => rule is { Stopped: false, Preferred: [int least, ..] } && _rows > 0 && _rows < least && Gain!.PartOf(least) <= BatchGain.Worthwhile;

    /// <summary>Leaves as many of those who were gathered as are fastest together; a preferred size goes before a faster one.</summary>
    public void Choose()
    {
        int best = 1, rows = _rows;
        double least = double.PositiveInfinity;
        bool preferred = false;
        for (int count = 2; count <= Count; count++)
        {
            int together = count == Count ? _rows : _firstRow[count];
            double part = Gain!.PartOf(together);
            bool wished = rule!.Preferred.Contains(together);
            if (part <= BatchGain.Worthwhile && (wished && !preferred || (wished == preferred && part <= least)))
            {
                (best, least, preferred) = (count, part, wished);
            }
        }

        if (best == 1 && Count > 1 && Gain!.TryAgain(rows))
        {
            best = Count;
        }

        Keep(best);
    }

    /// <summary>Takes those who stay out of the queue, in one turn of their tenant.</summary>
    /// <param name="queue">Where they wait; the first is next.</param>
    /// <param name="now">When the turn begins.</param>
    /// <returns>How many.</returns>
    public int Take(FairQueue<LaneWaiter> queue, long now)
    {
        _since = now;
        _holder = 0;
        _together = false;
        for (int i = 0; i < Count; i++)
        {
            _charges[i] = queue.Take(_members[i]);
            if (i > 0)
            {
                _members[i].Item.Request.Taken?.Invoke();
            }
        }

        return Count;
    }

    /// <summary>The turn is over: it cost its tenant the time that the lane was away, once.</summary>
    public void Settle(FairQueue<LaneWaiter> queue, long now)
    {
        for (int i = 0; i < Count; i++)
        {
            // By then those who have left may wait again, in the same place.
            queue.Settle(_charges[i], i == 0 ? Math.Max(1, now - _since) : 0);
        }

        Forget();
    }

    /// <summary>Nobody shares the lane.</summary>
    public void Forget()
    {
        Array.Clear(_members, 0, Count);
        Count = 0;
        _together = false;
    }

    /// <summary>Who has the lane after this one, from now on; null: this was the last.</summary>
    public LaneWaiter? Pass(int member)
    {
        if (member + 1 >= Count)
        {
            return null;
        }

        _holder = member + 1;
        return _members[_holder].Item;
    }

    /// <summary>The lane was given up with a run in it: those who would have had it next are told so. Whoever has it learns it by himself.</summary>
    public void Lose()
    {
        for (int i = _holder + 1; i < Count; i++)
        {
            _members[i].Item.Lose();
        }
    }

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

    private RunAnswer PartOf(int member) => new(lane, _rows, _firstRow[member], _members[member].Item.Rows, _begun, _ended);

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
