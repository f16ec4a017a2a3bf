using System.Collections.Immutable;
using EdgeDaemon.Core.Configuration;

namespace EdgeDaemon.Identity;

/// <summary>The table that counts now. A reload makes a new one beside it and puts it in its place whole.</summary>
internal sealed class TenantDirectory
{
    private readonly Lock _change = new();
    private readonly Dictionary<string, int> _indexes = new(StringComparer.Ordinal);
    private readonly IAccounts _accounts;
    private volatile TenantTable _now;

    /// <exception cref="AccountUnknownException">A caller names an account that is not there.</exception>
    public TenantDirectory(ImmutableArray<TenantSettings> tenants, IAccounts accounts)
    {
        _accounts = accounts;
        _now = Prepare(tenants);
    }

    public TenantTable Now => _now;

    /// <summary>A table of these tenants, not in force yet.</summary>
    /// <exception cref="AccountUnknownException">A caller names an account that is not there.</exception>
    public TenantTable Prepare(ImmutableArray<TenantSettings> tenants)
    {
        lock (_change)
        {
            return new TenantTable([.. tenants.Select(settings => new Tenant(settings, IndexOf(settings.Name)))], _accounts);
        }
    }

    public void Replace(TenantTable table) => _now = table;

    // A name keeps its place over reloads: its counters go on, and nobody starts afresh by being renamed in between.
    private int IndexOf(string name)
    {
        if (!_indexes.TryGetValue(name, out int index))
        {
            _indexes.Add(name, index = _indexes.Count);
        }

        return index;
    }
}
