namespace EdgeDaemon.Listeners;

/// <summary>
/// Which of the threads answers a caller at the least cost, learnt from what its answers cost. A thread that runs on the caller's core hands an answer over without more ado; any other must interrupt that core, which costs both as much as a small inference.
/// The kernel does not say where the other end of a Unix socket runs, so each thread in turn is given a few of the caller's requests, and the cheapest keeps them, until the next trial: callers and threads are moved.
/// Written by whoever answers, one at a time; <see cref="Place"/> is read by all.
/// </summary>
/// <param name="places">How many threads there are, 2 or more.</param>
/// <param name="first">Where the caller begins.</param>
internal sealed class CallerHome(int places, int first)
{
    // A caller who asks once is not worth it.
    private const int First = 8;

    // Answers by which a place is judged; and how many may go by, beside those, until the trial is given up: where one thread does all the work the others get none.
    private const int Enough = 4;
    private const int Patience = 8;

    // Answers from one trial of a place to the next.
    private const int Rest = 256;

    // Between trials one answer of so many is measured.
    private const int Sampled = 8;

    // So much cheaper must another be: what a send costs differs by less from hour to hour than by an interrupted core.
    private const double Margin = 1.25;

    private readonly double[] _costs = new double[places];
    private readonly int[] _measured = new int[places];
    private int _best = first;
    private int _answers;
    private int _next = First;
    private int _end;
    private volatile int _place = first;

    /// <summary>The thread that his requests are left to.</summary>
    public int Place => _place;

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

    /// <param name="place">Of the thread that answered.</param>
    /// <param name="nanoseconds">Its time for handing over the answer.</param>
    public void Learn(int place, long nanoseconds)
    {
        _measured[place] = Math.Min(_measured[place] + 1, 2 * Enough);
        _costs[place] += (nanoseconds - _costs[place]) / _measured[place]; // The mean of the first, then a moving one.
        if (_end > 0 && place == _place && _measured[place] >= Enough)
        {
            Proceed();
        }
    }

    // What the others cost may not be true any more; of the best there are samples.
    private void Begin()
    {
        for (int i = 0; i < places; i++)
        {
            if (i != _best)
            {
                _measured[i] = 0;
            }
        }

        _end = _answers + (Patience * Enough * places);
        Proceed();
    }

    private void Proceed()
    {
        for (int i = 0; i < places; i++)
        {
            int place = (_best + i) % places;
            if (_measured[place] < Enough)
            {
                _place = place;
                return;
            }
        }

        Decide();
    }

    private void Decide()
    {
        double bound = _measured[_best] >= Enough ? _costs[_best] / Margin : double.PositiveInfinity;
        for (int i = 0; i < places; i++)
        {
            if (i != _best && _measured[i] >= Enough && _costs[i] < bound)
            {
                bound = _costs[i];
                _best = i;
            }
        }

        _place = _best;
        _end = 0;
        _next = _answers + (Rest * (places - 1));
    }
}
