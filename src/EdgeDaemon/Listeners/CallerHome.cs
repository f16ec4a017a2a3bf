namespace EdgeDaemon.Listeners;

/// <summary>
/// On which core a caller is answered at the least cost, learnt from what its answers cost. A thread that runs on the caller's core hands an answer over without more ado; any other must interrupt that core, which costs both as much as a small inference.
/// The kernel does not say where the other end of a Unix socket runs, so the thread on each core in turn is given a few of the caller's requests, and the cheapest keeps them, until the next trial: callers are moved.
/// Written by whoever answers, one at a time; <see cref="Core"/> is read by all.
/// </summary>
/// <param name="threads">Where they are; two or more.</param>
internal sealed class CallerHome(ThreadCores threads)
{
    // A caller who asks once is not worth it.
    private const int First = 2;

    // Answers by which a core is judged; and how many may go by, beside those, until the trial is given up: where one thread does all the work the others get none.
    private const int Enough = 2;
    private const int Patience = 8;

    // Answers from one trial to the next, for each core but one: twice as many each time that nothing has changed, for callers and threads are moved most when there is suddenly much to do.
    private const int ShortRest = 8;
    private const int LongRest = 256;

    // Between trials one answer of so many is measured.
    private const int Sampled = 8;

    // So much cheaper must another be: what a send costs differs by less from hour to hour than by an interrupted core.
    private const float Margin = 1.25f;

    // So much dearer than at its trial must the home be, twice in a row, to have another before its time: the caller has moved, or was taken off its core.
    private const float Moved = 1.5f;

    private readonly Cost[] _costs = new Cost[threads.Cores];
    private int _best = -1;
    private float _settled; // What the best cost at its trial; 0: not known.
    private int _dear;
    private int _answers;
    private int _rest = ShortRest;
    private int _next = First;
    private int _end;
    private volatile int _core = -1;

    /// <summary>The core that his requests are left to; below 0: any.</summary>
    public int Core => _core;

    /// <summary>To be called once for each answer: whether <see cref="Learn"/> wants to know what it costs.</summary>
    public bool Asks()
    {
        _answers++;
        if (_answers == _next)
        {
            Begin();
        }
        else if (_answers == _end)
        {
            Decide();
        }

        return _end > 0 || (_answers > First && _answers % Sampled == 0);
    }

    /// <param name="core">Of the thread that answered.</param>
    /// <param name="nanoseconds">Its time for handing over the answer.</param>
    public void Learn(int core, long nanoseconds)
    {
        if (_end > 0)
        {
            _costs[core].Add(nanoseconds);
            if (_costs[core].Count >= Enough)
            {
                Proceed();
            }
        }
        else if (core == _best && _settled > 0)
        {
            _dear = nanoseconds > _settled * Moved ? _dear + 1 : 0;
            if (_dear == 2)
            {
                _rest = ShortRest;
                _next = _answers + 1;
            }
        }
    }

    private void Begin()
    {
        Array.Clear(_costs);
        _end = _answers + (Patience * Enough * threads.Places);
        Proceed();
    }

    private void Proceed()
    {
        // Beginning with the present home: what it costs may not be true any more.
        int start = Math.Max(0, threads.PlaceOn(_best));
        for (int i = 0; i < threads.Places; i++)
        {
            int core = threads[(start + i) % threads.Places];
            if (_costs[core].Count < Enough)
            {
                _core = core;
                return;
            }
        }

        Decide();
    }

    private void Decide()
    {
        int before = _best;
        float bound = _best >= 0 && _costs[_best].Count >= Enough ? _costs[_best].Mean / Margin : float.PositiveInfinity;
        for (int core = 0; core < _costs.Length; core++)
        {
            if (core != before && _costs[core].Count >= Enough && _costs[core].Mean < bound)
            {
                bound = _costs[core].Mean;
                _best = core;
            }
        }

        _core = _best;
        _settled = _best >= 0 && _costs[_best].Count >= Enough ? _costs[_best].Mean : 0;
        _rest = _best == before ? Math.Min(_rest * 2, LongRest) : ShortRest;
        (_dear, _end) = (0, 0);
        _next = _answers + (_rest * (threads.Places - 1));
    }

    /// <summary>The mean of what answers cost.</summary>
    private struct Cost
    {
        public float Mean;
        public int Count;

        public void Add(long nanoseconds)
        {
            Count++;
            Mean += (nanoseconds - Mean) / Count;
        }
    }
}
