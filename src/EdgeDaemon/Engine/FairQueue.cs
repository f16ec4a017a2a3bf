using System.Diagnostics.CodeAnalysis;
using System.Numerics;

namespace EdgeDaemon.Engine;

/// <summary>
/// Who waits, and whose turn it is (start-time fair queueing: Goyal, Vin, Cheng, SIGCOMM 1996). Tenants are served in turn, each so much by its
/// share, whatever the others send: a tenant's next turn begins when, at its share, its last one would have ended. Within a tenant the more urgent
/// come first, then the earlier ones. A turn counts as what it is expected to take until it is settled, and from then on as what it took: expectations
/// decide who is next, and never where somebody who comes begins, for they can be wrong. Not thread-safe: it belongs to whoever holds its owner's lock.
/// </summary>
/// <typeparam name="T">What waits.</typeparam>
internal sealed class FairQueue<T>
{
    private readonly List<Flow?> _flows = [];
    private readonly List<Flow> _waiting = [];
    private double _now; // virtual time: where whoever comes begins; it never goes back
    private double _latest; // the furthest that any tenant was served

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
        var place = new Place(item);
        Add(place, tenant, share, priority, cost);
        return place;
    }

    /// <summary>The same in a place that is kept from wait to wait, and waits nowhere now.</summary>
    public void Add(Place place, int tenant, int share, int priority, double cost)
    {
        Flow flow = FlowOf(tenant);
        flow.Share = share;
        if (flow.Count == 0)
        {
            // Beside those who wait, and not ahead of them: a pause earns nothing, else it could be spent all at once. When nobody waits, the accounts are even.
            _now = Math.Max(_now, _waiting.Count == 0 ? _latest : _waiting.Min(other => other.Served));
            flow.BeginToWait(_now);
            _latest = Math.Max(_latest, flow.Served);
            _waiting.Add(flow);
        }

        place.Begin(flow, priority, cost);
        flow.Add(place);
        Count++;
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
        taken = First;
        if (taken is null)
        {
            return false;
        }

        Take(taken);
        return true;
    }

    /// <summary>Takes one out that waits: the next one, or another of the same tenant in its turn. What it gives is to be settled, whatever becomes of the place.</summary>
    public Charge Take(Place place)
    {
        place.Flow.Charge(place);
        TakeOut(place);
        return new Charge(place.Flow, place.Cost, place.Share);
    }

    /// <summary>Who of the same tenant comes after one that waits; null: nobody.</summary>
    public static Place? After(Place place) => place.Node.Next?.Value ?? place.Flow.FirstBelow(place.Priority);

    /// <summary>
    /// What was served took so long: its tenant's next turn begins by that, whatever was expected. Else whoever is expected to take longer than it does would be
    /// short-changed. To be called for each that was taken, once.
    /// </summary>
    public void Settle(Place place, double took) => Settle(new Charge(place.Flow, place.Cost, place.Share), took);

    /// <summary>The same by what <see cref="Take"/> gave.</summary>
    public void Settle(in Charge charge, double took)
    {
        charge.Flow.Settle(charge, took);
        _latest = Math.Max(_latest, charge.Flow.Served);
    }

    /// <summary>The tenant took so long besides its turns.</summary>
    public void Spend(int tenant, double took)
    {
        Flow flow = FlowOf(tenant);
        flow.Spend(took);
        _latest = Math.Max(_latest, flow.Served);
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
    internal sealed class Place
    {
        public Place(T item)
        {
            Item = item;
            Node = new LinkedListNode<Place>(this);
        }

        public T Item { get; }

        internal Flow Flow { get; private set; } = null!;

        internal int Priority { get; private set; }

        internal double Cost { get; private set; }

        /// <summary>The share by which it was charged.</summary>
        internal int Share { get; set; }

        internal LinkedListNode<Place> Node { get; }

        internal bool Waits => Node.List is not null;

        internal void Begin(Flow flow, int priority, double cost)
        {
            Flow = flow;
            Priority = priority;
            Cost = cost;
        }
    }

    /// <summary>A turn that was given, as it was expected.</summary>
    internal readonly record struct Charge(Flow Flow, double Cost, int Share);

    /// <summary>One tenant's.</summary>
    internal sealed class Flow
    {
        private readonly LinkedList<Place>[] _levels = [.. Enumerable.Range(0, RequestPriority.Lowest + 1).Select(_ => new LinkedList<Place>())];
        private uint _used; // a bit for each level that is not empty

        private double _expected; // of the turns that run, at its share
        private int _running;

        /// <summary>Virtual time until which it was served, by what its turns took.</summary>
        public double Served { get; private set; }

        /// <summary>Virtual time of its next turn.</summary>
        public double Begin => Served + _expected;

        public int Share { get; set; }

        public int Count { get; private set; }

        public Place First => _levels[BitOperations.TrailingZeroCount(_used)].First!.Value;

        public Place? FirstBelow(int priority)
        {
            uint below = _used & ~((2u << priority) - 1);
            return below == 0 ? null : _levels[BitOperations.TrailingZeroCount(below)].First!.Value;
        }

        public void BeginToWait(double now) => Served = Math.Max(Served, now);

        public void Charge(Place place)
        {
            place.Share = Share;
            _expected += place.Cost / Share;
            _running++;
        }

        // One that has never waited has told no share yet.
        public void Spend(double took) => Served += took / Math.Max(1, Share);

        public void Settle(in Charge charge, double took)
        {
            // Exactly nothing when nothing runs: sums of fractions drift.
            _expected = --_running == 0 ? 0 : _expected - (charge.Cost / charge.Share);
            Served += took / charge.Share;
        }

        public void Add(Place place)
        {
            _levels[place.Priority].AddLast(place.Node);
            _used |= 1u << place.Priority;
            Count++;
        }

        public void Remove(Place place)
        {
            LinkedList<Place> level = _levels[place.Priority];
            level.Remove(place.Node);
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
