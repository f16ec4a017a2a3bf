using EdgeDaemon.Native.Posix;

namespace EdgeDaemon.Engine.Voting;

/// <summary>
/// Threads that run members beside the thread of the request, as long as cores are idle: when every core has a request of its own, another thread
/// would only take turns with it. A fixed set, made when it is first needed, asleep between requests.
/// </summary>
/// <param name="cores">That runs may take together: each takes as many as an operator has threads.</param>
internal sealed class MemberThreads(int cores) : IDisposable
{
    private readonly Lock _change = new();
    private readonly Stack<Helper> _idle = new();
    private readonly List<Helper> _all = [];
    private int _busy;
    private bool _ended;

    /// <summary>More runs than cores: who helps does better to stop.</summary>
    public bool Crowded => Volatile.Read(ref _busy) > cores;

    /// <summary>A request's own thread begins to run. Counted for every model: what is idle is the whole device's affair.</summary>
    public void Begin() => Interlocked.Increment(ref _busy);

    public void End() => Interlocked.Decrement(ref _busy);

    /// <summary>Lets one more thread take members of a round; false when no core is idle.</summary>
    public bool TryHelp(MemberRound round)
    {
        if (Interlocked.Increment(ref _busy) <= cores && TryTake() is { } helper)
        {
            helper.Round = round;
            helper.Wake.Set();
            return true;
        }

        Interlocked.Decrement(ref _busy);
        return false;
    }

    /// <summary>Returns when every thread has ended what it ran.</summary>
    public void Dispose()
    {
        Helper[] all;
        lock (_change)
        {
            _ended = true;
            all = [.. _all];
        }

        foreach (Helper helper in all)
        {
            helper.Wake.Set();
            helper.Thread.Join();
            helper.Dispose();
        }
    }

    private Helper? TryTake()
    {
        lock (_change)
        {
            if (_ended)
            {
                return null;
            }

            // The request's own thread is one of those that run, so there is never work for as many helpers as cores.
            return _idle.TryPop(out Helper? helper) ? helper : _all.Count < cores - 1 ? Make() : null;
        }
    }

    private Helper Make()
    {
        var helper = new Helper();
        helper.Thread = new Thread(() => Work(helper)) { IsBackground = true, Name = $"members-{_all.Count}" };
        _all.Add(helper);
        helper.Thread.Start();
        return helper;
    }

    private void Work(Helper helper)
    {
        while (true)
        {
            helper.Wake.WaitOne();
            if (helper.Round is { } round)
            {
                helper.Round = null;
                round.Help(this);
                Clearing.StackBelow(); // It has done a tenant's work, and may sleep for long.
                Interlocked.Decrement(ref _busy);
                lock (_change)
                {
                    _idle.Push(helper);
                }
            }

            lock (_change)
            {
                if (_ended && helper.Round is null)
                {
                    return;
                }
            }
        }
    }

    private sealed class Helper : IDisposable
    {
        public readonly AutoResetEvent Wake = new(false);
        public volatile MemberRound? Round;
        public Thread Thread = null!;

        public void Dispose() => Wake.Dispose();
    }
}
