namespace EdgeDaemon.Engine.Voting;

/// <summary>
/// Members that are to run now, taken one by one by the request's thread and by whoever helps it. The request's thread alone can end a round:
/// it takes whatever nobody has taken, so a helper that comes late, or never, costs nothing but time.
/// </summary>
/// <param name="members">At most so many.</param>
/// <param name="run">Runs one member; false when no other need run. Throws nothing.</param>
internal sealed class MemberRound(int members, Func<int, bool> run) : IDisposable
{
    private readonly Lock _change = new();
    private readonly AutoResetEvent _helpersDone = new(false);
    private readonly int[] _order = new int[members];
    private int _next;
    private int _end;
    private int _helping;
    private bool _waits;

    /// <summary>One after the other, on this thread.</summary>
    public void RunAlone(ReadOnlySpan<int> order)
    {
        foreach (int member in order)
        {
            if (!run(member))
            {
                return;
            }
        }
    }

    /// <summary>Returns when every member has run, or one of them made the rest needless and none is running.</summary>
    /// <param name="order">The first to be taken first: the longest, so that none of them begins last.</param>
    /// <param name="threads">Who may help.</param>
    public void RunTogether(ReadOnlySpan<int> order, MemberThreads threads)
    {
        lock (_change)
        {
            order.CopyTo(_order);
            _next = 0;
            _end = order.Length;
        }

        int helpers = 1;
        while (helpers < order.Length && threads.TryHelp(this))
        {
            helpers++;
        }

        while (TryTake(helps: false, out int member))
        {
            if (!run(member))
            {
                Stop();
            }
            else if (helpers < order.Length && threads.TryHelp(this))
            {
                helpers++; // A core has become idle since.
            }
        }

        lock (_change)
        {
            if (_helping == 0)
            {
                return;
            }

            _waits = true;
        }

        _helpersDone.WaitOne();
    }

    /// <summary>A helper's part: takes members until none is left, or the cores have something better to do.</summary>
    public void Help(MemberThreads threads)
    {
        while (!threads.Crowded && TryTake(helps: true, out int member))
        {
            bool goOn = run(member);
            lock (_change)
            {
                if (!goOn)
                {
                    _next = _end;
                }

                if (--_helping == 0 && _waits)
                {
                    _waits = false;
                    _helpersDone.Set();
                }
            }
        }
    }

    public void Dispose() => _helpersDone.Dispose();

    private void Stop()
    {
        lock (_change)
        {
            _next = _end;
        }
    }

    private bool TryTake(bool helps, out int member)
    {
        lock (_change)
        {
            member = _next < _end ? _order[_next++] : -1;
            _helping += helps && member >= 0 ? 1 : 0;
            return member >= 0;
        }
    }
}
