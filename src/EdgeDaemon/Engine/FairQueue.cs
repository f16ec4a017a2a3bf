using System.Diagnostics.CodeAnalysis;
using System.Numerics;

namespace EdgeDaemon.Engine;

/// <summary>
/// Who waits, and whose turn it is (start-time fair queueing: Goyal, Vin, Cheng, SIGCOMM 1996). Tenants are served in turn, each so much by its
/// share, whatever the others send: a tenant's next turn begins when, at its share, its last one would have ended. Within a tenant the more urgent
/// come first, then the earlier ones. A turn counts as what it is expected to take until it is known what it took. Not thread-safe: it belongs to
/// whoever holds its owner's lock.
/// </summary>
/// <typeparam name="T">What waits.</typeparam>
internal sealed class FairQueue<T>
{
    private readonly List<Flow?> _flows = [];
    private readonly List<Flow> _waiting = [];
    private double _now; // virtual time: the latest begin of a turn that was given; it never goes back
    private double _latestEnd;

    public int Count { get; private set; }

    /// <summary>How many tenants wait.</summary>
    public int Tenants => _waiting.Count;

    /// <summary>Who will be taken next; null: nobody waits.</summary>
    public Place? First => NextFlow()?.First;

    /// <param name="tenant">Its index.</param>
    /// <param name="share">Weight beside other tenants; more than 0.</param>
    /// <param name="priority">One of <see cref="RequestPriority"/>'s levels.</param>
    /// <param name="cost">How long it is expected to take, in whatever unit all are given in; more than 0.</param>
    /// <param name="item">What waits.</param>
    public Place Add(int tenant, int share, int priority, double cost, T item)
    {
        Flow flow = FlowOf(tenant);
        flow.Share = share;
        if (flow.Count == 0)
        {
            flow.BeginToWait(_now);
            _waiting.Add(flow);
        }

        var place = new Place(flow, priority, cost, item);
        flow.Add(place);
        Count++;
        return place;
    }

    /// <summary>False when it was served or removed before.</summary>
    public bool Remove(Place place)
    {
        if (!place.Waits)
        {
            return false;
        }

        TakeOut(place);
        return true;
    }

    /// <summary>Takes the next one out.</summary>
    public bool TryTake([NotNullWhen(true)] out Place? taken)
    {
        if (NextFlow() is not { } next)
        {
            taken = null;
            return false;
        }

        // Whoever comes next begins where the others are: what is given back to one tenant is its own, and puts nobody new ahead of those who wait.
        Place first = taken = next.First;
        _now = Math.Max(_now, next.Begin);
        next.Charge(first);
        _latestEnd = Math.Max(_latestEnd, next.Begin);
        TakeOut(first);
        return true;
    }

    /// <summary>What was served took so long: its tenant's next turn begins by that, whatever was expected. Else whoever is expected to take longer than it does would be short-changed.</summary>
    public void Settle(Place place, double took)
    {
        place.Flow.Correct(place, took);
        _latestEnd = Math.Max(_latestEnd, place.Flow.Begin);
    }

    /// <summary>Who of the same tenant comes after one that waits; null: nobody.</summary>
    public static Place? After(Place place) => place.Node!.Next?.Value ?? place.Flow.FirstBelow(place.Priority);

    /// <summary>Takes one more out in the turn of the tenant that was taken last: charged like any other, but time does not go on for it.</summary>
    public void TakeAlong(Place place)
    {
        place.Flow.Charge(place);
        _latestEnd = Math.Max(_latestEnd, place.Flow.Begin);
        TakeOut(place);
    }

    /// <summary>Takes out all that match, in no order.</summary>
    public void RemoveWhere(Func<T, bool> matches, Action<T> removed)
    {
        for (int i = _waiting.Count - 1; i >= 0; i--)
        {
            // A flow that runs empty leaves the list; those behind it were looked at already.
            foreach (Place place in _waiting[i].Where(matches))
            {
                TakeOut(place);
                removed(place.Item);
            }
        }
    }

    /// <summary>Looks at each that waits.</summary>
    public void ForEach(Action<T> look)
    {
        foreach (Flow flow in _waiting)
        {
            flow.ForEach(look);
        }
    }

    private Flow? NextFlow()
    {
        Flow? next = null;
        foreach (Flow flow in _waiting)
        {
            if (next is null || flow.Begin < next.Begin)
            {
                next = flow;
            }
        }

        return next;
    }

    private void TakeOut(Place place)
    {
        place.Flow.Remove(place);
        Count--;
        if (place.Flow.Count == 0)
        {
            _waiting.Remove(place.Flow);
        }

        if (Count == 0)
        {
            // Nobody waits: the accounts are even, and who comes next begins where the last turn ends.
            _now = _latestEnd;
        }
    }

    private Flow FlowOf(int tenant)
    {
        while (_flows.Count <= tenant)
        {
            _flows.Add(null);
        }

        return _flows[tenant] ??= new Flow();
    }

    /// <summary>One that waits, or has waited.</summary>
    internal sealed class Place(Flow flow, int priority, double cost, T item)
    {
        public T Item { get; } = item;

        internal Flow Flow { get; } = flow;

        internal int Priority { get; } = priority;

        internal double Cost { get; } = cost;

        /// <summary>The share by which it was charged.</summary>
        internal int Share { get; set; }

        /// <summary>The wait of its tenant in which it was served.</summary>
        internal long Wait { get; set; }

        internal LinkedListNode<Place>? Node { get; set; }

        internal bool Waits => Node is not null;
    }

    /// <summary>One tenant's.</summary>
    internal sealed class Flow
    {
        private readonly LinkedList<Place>[] _levels = [.. Enumerable.Range(0, RequestPriority.Lowest + 1).Select(_ => new LinkedList<Place>())];
        private uint _used; // a bit for each level that is not empty

        private double _account; // when, at its share, all that it was served would have ended
        private double _least; // no sooner than it began to wait, with what it was served since
        private long _wait; // counts its waits: from one that finds nobody of its tenant waiting to the last one served

        /// <summary>Virtual time of its next turn.</summary>
        public double Begin => Math.Max(_account, _least);

        public int Share { get; set; }

        public int Count { get; private set; }

        public Place First => _levels[BitOperations.TrailingZeroCount(_used)].First!.Value;

        public Place? FirstBelow(int priority)
        {
            uint below = _used & ~((2u << priority) - 1);
            return below == 0 ? null : _levels[BitOperations.TrailingZeroCount(below)].First!.Value;
        }

        // A pause earns nothing: else it could be spent all at once.
        public void BeginToWait(double now)
        {
            _account = Begin;
            _least = now;
            _wait++;
        }

        public void Charge(Place place)
        {
            place.Share = Share;
            place.Wait = _wait;
            _account += place.Cost / Share;
            _least += place.Cost / Share;
        }

        // A turn from before the pause was charged to the account alone: what comes back of it must not reach behind the moment in which its tenant began to
        // wait again, or it would be served alone until those who waited meanwhile are caught up with.
        public void Correct(Place place, double took)
        {
            double change = (took - place.Cost) / place.Share;
            _account += change;
            if (place.Wait == _wait)
            {
                _least += change;
            }
        }

        public void Add(Place place)
        {
            place.Node = _levels[place.Priority].AddLast(place);
            _used |= 1u << place.Priority;
            Count++;
        }

        public void Remove(Place place)
        {
            LinkedList<Place> level = _levels[place.Priority];
            level.Remove(place.Node!);
            place.Node = null;
            Count--;
            if (level.Count == 0)
            {
                _used &= ~(1u << place.Priority);
            }
        }

        public List<Place> Where(Func<T, bool> matches) => [.. _levels.SelectMany(level => level).Where(place => matches(place.Item))];

        public void ForEach(Action<T> look)
        {
            foreach (LinkedList<Place> level in _levels)
            {
                foreach (Place place in level)
                {
                    look(place.Item);
                }
            }
        }
    }
}
