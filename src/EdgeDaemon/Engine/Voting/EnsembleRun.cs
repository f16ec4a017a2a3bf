using System.Collections.Immutable;
using System.Diagnostics;
using System.Runtime.ExceptionServices;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Core.Tensors;
using EdgeDaemon.Native.Onnx;

namespace EdgeDaemon.Engine.Voting;

/// <summary>
/// One lane's members on one request: who is asked, on which threads, who has failed; then their answers become one. What is answered depends on the
/// input alone, not on who ran what when; only <c>member_timeout_ms</c> brings the clock into it.
/// </summary>
internal sealed class EnsembleRun : IDisposable
{
    // A helper that was asleep begins some 40 us late and costs 100 us of processor time (as measured): what it takes off this thread must be worth it.
    private static readonly double LeastGain = Stopwatch.Frequency * 150e-6;

    private readonly Ensemble _ensemble;
    private readonly MemberPort[] _members;
    private readonly MemberThreads? _threads;
    private readonly MemberRound _round;
    private readonly MemberSlot[] _slots;
    private readonly int[] _order;
    private readonly VoteCount _count;
    private long _bytes;
    private volatile bool _stopped;

    public EnsembleRun(Ensemble ensemble, MemberPort[] members, TensorBlockPool pool, MemberThreads? threads, VoteStatistics? statistics = null)
    {
        _ensemble = ensemble;
        _members = members;
        _threads = threads;
        _round = new MemberRound(members.Length, RunMember);
        _order = new int[members.Length];
        _slots = new MemberSlot[members.Length];
        for (int i = 0; i < members.Length; i++)
        {
            _slots[i].Deadline = ensemble.Rules.MemberTimeout is { } timeout ? new MemberDeadline(members[i].Run, timeout) : null;
        }

        Names = [.. members.Select(member => member.Name)];
        _count = new VoteCount(ensemble, members, pool) { Statistics = statistics ?? new VoteStatistics() };
    }

    /// <summary>The first member that answered: the others' outputs have its shapes.</summary>
    public MemberPort First { get; private set; } = null!;

    public VoteCount Count => _count;

    /// <summary>In listed order.</summary>
    public ImmutableArray<string> Names { get; }

    /// <summary>In listed order: those that were asked and did not answer.</summary>
    public IEnumerable<string> Failed => Names.Where((_, index) => _slots[index].State == MemberState.Failed);

    /// <summary>How many those are.</summary>
    public int FailedCount => CountIn(MemberState.Failed, 0, _members.Length);

    /// <summary>Every member is asked, also where the first agree: a release's own tests are to show what each of them does. What is answered is the same.</summary>
    public bool AsksAll { get; set; }

    /// <summary>
    /// So many rows on which the first members do not agree may stay without an answer (<see cref="RowVote.IsOpen"/>) instead of all members being asked: somebody gathers such rows and asks again. 0 for
    /// whoever reads the answer as it is; taken back with the lane.
    /// </summary>
    public int MayLeave { get; set; }

    /// <summary>So many first members answer alone where they agree; 0: all are always asked.</summary>
    public int Consensus => _ensemble.Rules.Consensus;

    /// <summary>The first member that failed by itself, and how; null: none did. Whoever was late is at fault on this machine alone.</summary>
    public string? Fault
    {
        get
        {
            for (int i = 0; i < _slots.Length; i++)
            {
                if (_slots[i] is { State: MemberState.Failed, Late: false, Detail: { } detail })
                {
                    return $"member '{_members[i].Name}': {detail}";
                }
            }

            return null;
        }
    }

    /// <exception cref="RefusedException">Fewer members than must have answered.</exception>
    public void Run(ReadOnlySpan<EngineInput> inputs, TensorAccount? account, long bytes)
    {
        int members = _members.Length;
        int consensus = _ensemble.Rules.Consensus;
        _count.Clear(); // A measurement runs again and again before its lane goes back.
        _bytes = bytes;
        First = _members[0];
        for (int i = 0; i < members; i++)
        {
            _slots[i].State = MemberState.NotAsked;
        }

        Ask(0, consensus > 0 ? consensus : members, inputs, account);
        bool early = consensus > 0 && !AsksAll && Answered(0, consensus) == consensus && _count.Agree(consensus, MayLeave);
        if (consensus > 0 && !early)
        {
            Ask(consensus, members, inputs, account);
        }

        int answered = Answered(0, members);
        if (answered < Math.Min(_ensemble.Rules.Quorum, early ? consensus : members))
        {
            throw new RefusedException(Refusal.EngineFailed, $"{answered} members answered, {_ensemble.Rules.Quorum} must: {string.Join(", ", Failed)} failed");
        }

        _count.Combine(_slots, First, account, early);
    }

    /// <summary>The whole run is told to end, from any thread: members that fail from now on are not at fault, and nobody answers for those that do.</summary>
    public void Stop() => _stopped = true;

    /// <summary>Takes <see cref="Stop"/> back.</summary>
    public void Resume() => _stopped = false;

    public void Clear()
    {
        _count.Clear();
        MayLeave = 0;
        for (int i = 0; i < _slots.Length; i++)
        {
            _slots[i].Clear();
        }
    }

    public void Dispose()
    {
        _round.Dispose();
        foreach (MemberSlot slot in _slots)
        {
            slot.Deadline?.Dispose();
        }
    }

    private int Answered(int from, int to) => CountIn(MemberState.Answered, from, to);

    private int CountIn(MemberState state, int from, int to)
    {
        int count = 0;
        for (int i = from; i < to; i++)
        {
            count += _slots[i].State == state ? 1 : 0;
        }

        return count;
    }

    private void Ask(int from, int to, ReadOnlySpan<EngineInput> inputs, TensorAccount? account)
    {
        for (int i = from; i < to; i++)
        {
            // The same memory for every member: it is read, never copied.
            _members[i].Bind(inputs, account);
        }

        Span<int> order = _order.AsSpan(0, to - from);
        if (Order(from, order) && _threads is not null && !_ensemble.HasWaiting())
        {
            _round.RunTogether(order, _threads);
            for (int i = from; i < to; i++)
            {
                if (_slots[i].Failure is RefusedException { Refusal: Refusal.AdmissionMemory })
                {
                    RunMember(i); // There was no room beside another member; now there is what that one gave back.
                }
            }
        }
        else
        {
            _round.RunAlone(order);
        }

        // In listed order: the same failures give the same refusal, whoever was faster.
        for (int i = from; i < to; i++)
        {
            Judge(i);
        }
    }

    // The longest first, as far as that is known. True when it is worth a second thread.
    private bool Order(int from, Span<int> order)
    {
        double all = 0;
        for (int i = 0; i < order.Length; i++)
        {
            int at = i;
            double ticks = _slots[from + i].Estimate.Ticks(_bytes);
            for (; at > 0 && _slots[order[at - 1]].Estimate.Ticks(_bytes) < ticks; at--)
            {
                order[at] = order[at - 1];
            }

            order[at] = from + i;
            all += ticks;
        }

        return all - _slots[order[0]].Estimate.Ticks(_bytes) >= LeastGain;
    }

    // On any thread; nobody else touches the member's slot meanwhile.
    private bool RunMember(int member)
    {
        ref MemberSlot slot = ref _slots[member];
        slot.Failure = null;
        slot.Detail = null;
        slot.Deadline?.Begin();
        long start = Stopwatch.GetTimestamp();
        try
        {
            _members[member].Run.Execute();
            slot.State = MemberState.Answered;
        }
        catch (Exception failure)
        {
            slot.Failure = failure;
            slot.State = MemberState.Failed;
        }

        slot.Late = slot.Deadline?.End() ?? false;
        if (slot.Late)
        {
            slot.State = MemberState.Failed; // Also when it was just done: what is late does not count.
        }
        else if (slot.State == MemberState.Answered)
        {
            slot.Estimate.Learn(_bytes, Stopwatch.GetTimestamp() - start);
        }

        return slot.State == MemberState.Answered || slot.Failure is RefusedException { Refusal: Refusal.AdmissionMemory } || _ensemble.Rules.Quorum < _members.Length;
    }

    private void Judge(int member)
    {
        ref MemberSlot slot = ref _slots[member];
        string? detail = slot.State switch
        {
            MemberState.NotAsked => null, // Another one's failure had decided the request.
            MemberState.Answered => Breach(member),
            _ when slot.Late => $"it ran for longer than member_timeout_ms = {_ensemble.Rules.MemberTimeout!.Value.TotalMilliseconds}",
            _ => slot.Failure is OnnxException or OnnxContractException ? slot.Failure.Message : null,
        };
        if (detail is null)
        {
            if (slot.State == MemberState.Failed)
            {
                ExceptionDispatchInfo.Throw(slot.Failure!); // No failure of the member: no memory is left, or the daemon is at fault.
            }

            return;
        }

        if (_stopped)
        {
            throw new RefusedException(Refusal.AdmissionDeadline, "the run was stopped", slot.Failure);
        }

        slot.State = MemberState.Failed;
        slot.Detail = detail;
        _ensemble.Fail(member, slot.Late, detail);
        if (_ensemble.Rules.Quorum == _members.Length)
        {
            throw new RefusedException(Refusal.EngineFailed, $"member '{_members[member].Name}': {detail}", slot.Failure);
        }
    }

    // What breaks the contract must not reach the sum, nor decide what the others are held against.
    private string? Breach(int member)
    {
        MemberPort port = _members[member];
        bool first = Answered(0, member) == 0;
        for (int i = 0; i < port.OutputIndex.Length; i++)
        {
            int index = port.OutputIndex[i];
            ref readonly TensorShape shape = ref port.Run.OutputShape(index);
            if (port.Run.OutputType(index) != ElementType.Float32 || !_ensemble.Outputs[i].Admits(shape))
            {
                return $"output '{_ensemble.Outputs[i].Name}' came as {port.Run.OutputType(index)} {shape}, model.toml declares [{string.Join(',', _ensemble.Outputs[i].Shape)}]";
            }

            if (!first && !shape.SequenceEqual(First.Run.OutputShape(First.OutputIndex[i])))
            {
                return $"it answers with shape {shape}, '{First.Name}' with {First.Run.OutputShape(First.OutputIndex[i])}";
            }
        }

        First = first ? port : First;
        return null;
    }
}
