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
internal sealed partial class LaneBatch(Lane lane, BatchRule? rule, bool rowsAreCallers, TimeProvider clock)
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

    private RunAnswer PartOf(int member) => new(lane, _rows, _firstRow[member], _members[member].Item.Rows, _begun, _ended);
}
