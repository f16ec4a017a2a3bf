using EdgeDaemon.Identity;

namespace EdgeDaemon.Admission;

/// <summary>
/// Something that all tenants share, divided by the one rule that holds for everything of that kind: half of it is kept for the tenants, each its
/// part by its share, but never less than what one request needs, be it at the cost of the other half; that other half is for whoever comes first. A
/// tenant takes from its own part first, so that what everybody may have is left to those who need it, and gives back what everybody may have first.
/// Whoever has no tenant has the common half alone. Any thread, no lock.
/// </summary>
internal sealed class DividedBudget
{
    private readonly TenantDirectory _tenants;
    private readonly Func<Tenant, bool> _partakes;
    private readonly long _least;
    private readonly PerTenant<Holding> _holdings = new(_ => new Holding());
    private readonly Holding _strangers = new();
    private volatile Division _division;
    private long _total;
    private long _common;

    /// <param name="tenants">Whose shares count.</param>
    /// <param name="total">All that there is.</param>
    /// <param name="partakes">Who may need it at all: nothing is kept for others.</param>
    /// <param name="least">Kept for each of them, however small its share is, as long as there is so much for all; 1 or more.</param>
    public DividedBudget(TenantDirectory tenants, long total, Func<Tenant, bool> partakes, long least = 1)
    {
        _tenants = tenants;
        _partakes = partakes;
        _least = least;
        _total = total;
        _division = Divide(tenants.Now);
    }

    /// <summary>All that there is. A smaller total counts for whoever comes from now on.</summary>
    public long Total
    {
        get => Volatile.Read(ref _total);
        set
        {
            Volatile.Write(ref _total, value);
            _division = Divide(_tenants.Now);
        }
    }

    /// <summary>Taken from the half that is for whoever comes first.</summary>
    public long CommonHeld => Volatile.Read(ref _common);

    /// <summary>All that is taken now.</summary>
    public long HeldByAll
    {
        get
        {
            long held = CommonHeld;
            foreach (Holding holding in _holdings.All)
            {
                held += Volatile.Read(ref holding.Own);
            }

            return held;
        }
    }

    /// <summary>What one tenant has taken; null for those without one.</summary>
    public long Held(Tenant? tenant)
    {
        Holding holding = HoldingOf(tenant);
        return Volatile.Read(ref holding.Own) + Volatile.Read(ref holding.Common);
    }

    /// <summary>Whether one more would be given now; the next moment may be different.</summary>
    public bool HasRoom(Tenant tenant)
    {
        Division division = Current();
        return Volatile.Read(ref _holdings[tenant.Index].Own) < division.PartOf(tenant) || CommonHeld < division.Common;
    }

    /// <summary>Takes all of <paramref name="amount"/> or nothing.</summary>
    /// <param name="tenant">Null for whoever has none.</param>
    /// <param name="amount">0 or more.</param>
    public bool TryTake(Tenant? tenant, long amount)
    {
        Division division = Current();
        Holding holding = HoldingOf(tenant);
        long own = tenant is null ? 0 : TakeUpTo(ref holding.Own, division.PartOf(tenant), amount);
        long rest = amount - own;
        if (rest == 0)
        {
            return true;
        }

        // All or nothing, so that a large request never makes a small one beside it fail for a moment.
        long seen = Volatile.Read(ref _common);
        while (seen <= division.Common - rest)
        {
            long before = Interlocked.CompareExchange(ref _common, seen + rest, seen);
            if (before == seen)
            {
                Interlocked.Add(ref holding.Common, rest);
                return true;
            }

            seen = before;
        }

        Interlocked.Add(ref holding.Own, -own);
        return false;
    }

    /// <summary>Gives back what was taken: the common half's first, whatever was taken from where.</summary>
    public void GiveBack(Tenant? tenant, long amount)
    {
        Holding holding = HoldingOf(tenant);
        long seen = Volatile.Read(ref holding.Common);
        long common;
        while ((common = Math.Min(seen, amount)) > 0)
        {
            long before = Interlocked.CompareExchange(ref holding.Common, seen - common, seen);
            if (before == seen)
            {
                Interlocked.Add(ref _common, -common);
                break;
            }

            seen = before;
        }

        if (amount > common)
        {
            Interlocked.Add(ref holding.Own, common - amount);
        }
    }

    /// <summary>What is kept for this tenant.</summary>
    public long PartOf(Tenant tenant) => Current().PartOf(tenant);

    private static long TakeUpTo(ref long held, long most, long amount)
    {
        long seen = Volatile.Read(ref held);
        while (true)
        {
            long take = Math.Min(amount, most - seen);
            if (take <= 0)
            {
                return 0;
            }

            long before = Interlocked.CompareExchange(ref held, seen + take, seen);
            if (before == seen)
            {
                return take;
            }

            seen = before;
        }
    }

    private Holding HoldingOf(Tenant? tenant) => tenant is null ? _strangers : _holdings[tenant.Index];

    // A reload is seen here, by whoever asks first.
    private Division Current()
    {
        Division division = _division;
        TenantTable table = _tenants.Now;
        return division.Table == table ? division : _division = Divide(table);
    }

    private Division Divide(TenantTable table) => new(table, Total, _partakes, _least);

    /// <summary>What is held from where. Their sum is exact at any time; each alone is what is left to give back.</summary>
    private sealed class Holding
    {
        public long Own;
        public long Common;
    }

    /// <summary>The parts by one table and one total.</summary>
    private sealed class Division
    {
        private readonly long[] _parts;

        public Division(TenantTable table, long total, Func<Tenant, bool> partakes, long least)
        {
            Table = table;
            _parts = new long[table.Tenants.IsEmpty ? 0 : table.Tenants.Max(tenant => tenant.Index) + 1];
            Tenant[] bySize = [.. table.Tenants.Where(partakes).OrderBy(tenant => tenant.Settings.Share)];
            long shares = bySize.Sum(tenant => (long)tenant.Settings.Share);

            // A part of nothing is a tenant that whoever comes first can shut out for good. The smallest first: what lifts them to the least is taken
            // from what the larger ones divide.
            least = bySize.Length == 0 ? 0 : Math.Min(least, total / bySize.Length);
            long rest = bySize.Length == 0 ? 0 : Math.Max(total / 2, least * bySize.Length);
            Common = total - rest;
            foreach (Tenant tenant in bySize)
            {
                long part = Math.Max(least, (long)((UInt128)(ulong)rest * (ulong)tenant.Settings.Share / (ulong)shares));
                _parts[tenant.Index] = part;
                rest -= part;
                shares -= tenant.Settings.Share;
            }
        }

        public TenantTable Table { get; }

        public long Common { get; }

        public long PartOf(Tenant tenant) => tenant.Index < _parts.Length ? _parts[tenant.Index] : 0;
    }
}
