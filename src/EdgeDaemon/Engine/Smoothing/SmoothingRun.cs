using System.Collections.Immutable;
using EdgeDaemon.Core.Smoothing;
using EdgeDaemon.Core.Smoothing.Certificates;
using EdgeDaemon.Engine.Voting;
using EdgeDaemon.Native.Onnx;

namespace EdgeDaemon.Engine.Smoothing;

/// <summary>
/// Which sample of one certification goes into which run: a free row goes to the undecided input that was given the fewest, so that runs stay full as long as anybody is undecided; what
/// waits for a run that will not be full may be run by another certification of the same tenant. Each input keeps its own count and its own looks, so that this decides when an answer comes
/// and never which. Its gate is all that certifications touch of one another: who has ended lends nothing, and nothing comes back to him.
/// </summary>
internal sealed class SmoothingRun
{
    private readonly Lock _gate = new();
    private readonly PriorityQueue<SmoothedInput, long> _open = new();
    private readonly List<SmoothingBatch> _offered = []; // written, and not yet run
    private readonly List<SmoothedInput> _held = [];
    private readonly TenantCertifications? _others;
    private readonly TensorAccount? _account;
    private TaskCompletionSource? _back; // somebody waits for what was lent
    private bool _alone;
    private bool _ended;

    /// <param name="inputs">Of one request.</param>
    /// <param name="others">With whom it shares runs; null: with nobody.</param>
    /// <param name="account">On whose account its memory is.</param>
    public SmoothingRun(ImmutableArray<SmoothedInput> inputs, TenantCertifications? others = null, TensorAccount? account = null)
    {
        Inputs = inputs;
        _others = others;
        _account = account;
        _open.EnqueueRange(inputs.Select(input => (input, Turn(input))));
    }

    public ImmutableArray<SmoothedInput> Inputs { get; }

    /// <summary>Samples that other certifications' runs answered.</summary>
    public int Lent { get; private set; }

    /// <summary>From now on others may run its samples.</summary>
    public void Enter() => _others?.Enter(this);

    /// <summary>Fills a batch's rows with samples; false when none is wanted.</summary>
    public bool Plan(SmoothingBatch batch)
    {
        lock (_gate)
        {
            batch.Run = this;
            _held.Clear();
            while (batch.Used < batch.Rows && _open.TryDequeue(out SmoothedInput? input, out _))
            {
                if (input.WantsMore)
                {
                    batch.Add(input, input.HandOut());
                    _open.Enqueue(input, Turn(input));
                }
                else if (!input.HasAll)
                {
                    _held.Add(input); // Not before others of its samples are back.
                }
            }

            foreach (SmoothedInput input in _held)
            {
                _open.Enqueue(input, Turn(input));
            }

            return batch.Used > 0;
        }
    }

    /// <summary>A batch's rows are written: until its run begins, others may run them.</summary>
    public void Offer(SmoothingBatch batch)
    {
        lock (_gate)
        {
            if (_others is not null && !_alone && !_ended)
            {
                _offered.Add(batch);
            }
        }
    }

    /// <summary>A batch is not lent any more: its run is to begin, if any of its samples is still without an answer and in nobody else's run.</summary>
    public bool Begin(SmoothingBatch batch)
    {
        lock (_gate)
        {
            _offered.Remove(batch);
            return batch.BeginRun();
        }
    }

    /// <summary>The run of a batch begins: rows that are of no use to it are filled with samples of others.</summary>
    public void Invite(SmoothingBatch batch)
    {
        if (_others is not null && !_alone)
        {
            _others.Fill(batch);
        }
    }

    /// <summary>Copies samples that wait for a run of theirs into another's that is about to begin. Of a batch with no free row none: its run must be made all the same.</summary>
    /// <exception cref="InvalidOperationException">It is not of the same tenant and model.</exception>
    public void Lend(SmoothingBatch to)
    {
        // What must never happen is looked at once more where the bytes come together.
        if (to.Run!._others != _others || to.Run._account != _account)
        {
            throw new InvalidOperationException("certifications of two tenants, or of two models, in one run");
        }

        lock (_gate)
        {
            foreach (SmoothingBatch batch in _offered)
            {
                batch.Lend(to);
            }
        }
    }

    /// <summary>A batch was run: each sample's class goes to its input, its own and others'.</summary>
    /// <param name="batch">One of its own.</param>
    /// <param name="logits">A row of as many as there are classes for each of the run's rows.</param>
    /// <param name="classes">How many.</param>
    /// <param name="rule">By which members voted; the mean of one.</param>
    /// <param name="votes">Says which rows were left open; null: none.</param>
    /// <param name="gather">Where those go.</param>
    public void Settle(SmoothingBatch batch, ReadOnlySpan<float> logits, int classes, VoteRule rule, VoteResult? votes = null, SmoothingBatch? gather = null)
    {
        lock (_gate)
        {
            if (gather is not null)
            {
                gather.Run = this;
            }

            batch.Settle(logits, classes, rule, votes, gather);
        }

        batch.Guests.Settle(logits, classes, rule);
    }

    /// <summary>How many rows of a run may be left open, to be gathered. None where that would cost more than it saves: before anything is gathered, as many samples must be there to be run as pay for a run of all members twice.</summary>
    /// <param name="gather">Where they would go.</param>
    /// <param name="members">All of the ensemble.</param>
    /// <param name="first">Of them those that must agree.</param>
    public int MayLeave(SmoothingBatch gather, int members, int first)
    {
        lock (_gate)
        {
            if (gather.Used == 0)
            {
                long ahead = 0;
                foreach (SmoothedInput input in Inputs)
                {
                    ahead += input.Ahead;
                }

                if (ahead * (members - first) < 2L * gather.Rows * members)
                {
                    return 0;
                }
            }

            return gather.Rows - gather.Used;
        }
    }

    /// <summary>A batch's run failed, or was late: those of its samples that it ran are against every class. Others' are not: they run their own.</summary>
    public void SettleFailed(SmoothingBatch batch)
    {
        lock (_gate)
        {
            batch.SettleFailed();
        }

        batch.Guests.GiveBack(alone: false);
    }

    /// <summary>A run that was shared failed, and whose row made it fail is not known: it shares none any more, nor do those who were in it. The batch is to be run again.</summary>
    public void Part(SmoothingBatch batch)
    {
        lock (_gate)
        {
            _alone = true;
            _offered.Clear();
        }

        batch.Guests.GiveBack(alone: true);
    }

    /// <summary>Another's run answered samples of this one.</summary>
    public void TakeLent(ReadOnlySpan<GuestRow> rows, ReadOnlySpan<float> logits, int classes, VoteRule rule)
    {
        lock (_gate)
        {
            foreach (ref readonly GuestRow row in rows)
            {
                if (Holds(row))
                {
                    row.Of.SettleLent(row.Row, Votes.Choice(rule, logits.Slice(row.Place * classes, classes)));
                    Lent++;
                }
            }

            Tell();
        }
    }

    /// <summary>Another's run has no answer for a sample of this one.</summary>
    public void TakeBack(GuestRow row, bool alone)
    {
        lock (_gate)
        {
            if (_alone |= alone)
            {
                _offered.Clear();
            }

            _offered.Remove(row.Of); // What came back once is not lent again: whoever fails and fails holds nobody up for longer than a run.
            if (Holds(row))
            {
                row.Of.TakeBack(row.Row);
            }

            Tell();
        }
    }

    /// <summary>Ends when samples of a batch come back that are in others' runs; null: none is.</summary>
    public Task? Back(SmoothingBatch batch)
    {
        lock (_gate)
        {
            return batch.HasLent ? (_back ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task : null;
        }
    }

    /// <summary>Whether any of a batch's samples has no answer and could be of use.</summary>
    public bool Wants(SmoothingBatch batch)
    {
        lock (_gate)
        {
            return batch.IsWanted();
        }
    }

    /// <summary>A batch's rows are of no use any more; what others have of them comes back to nobody.</summary>
    public void Clear(SmoothingBatch batch)
    {
        lock (_gate)
        {
            _offered.Remove(batch);
            batch.Clear();
        }
    }

    /// <summary>No more samples: whoever is undecided answers with what stands.</summary>
    public void Stop(StoppedBy reason)
    {
        lock (_gate)
        {
            foreach (SmoothedInput input in Inputs)
            {
                input.Stop(reason);
            }
        }
    }

    /// <summary>It is over for all others, whose runs can neither read anything of it nor change its answers; and the keys are of no use any more.</summary>
    public void Forget()
    {
        _others?.Leave(this);
        lock (_gate)
        {
            _ended = true;
            _offered.Clear();
            foreach (SmoothedInput input in Inputs)
            {
                input.Forget();
            }
        }
    }

    private bool Holds(in GuestRow row) => !_ended && row.Of.Turn == row.Turn;

    private void Tell()
    {
        _back?.TrySetResult();
        _back = null;
    }

    // The fewest samples first, then the first: which rows lie beside one another is the same whenever the same is asked.
    private static long Turn(SmoothedInput input) => ((long)input.Handed << 32) | (uint)input.Place;
}
