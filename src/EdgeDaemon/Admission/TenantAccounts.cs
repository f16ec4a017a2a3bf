using EdgeDaemon.Core.Configuration;
using EdgeDaemon.Identity;

namespace EdgeDaemon.Admission;

/// <summary>The accounts of all tenants, and what they share of tensor memory.</summary>
internal sealed class TenantAccounts
{
    // The smallest request's tensors and answer, as blocks are rounded: with less a tenant could never be served. So much is there for all 256.
    private const long LeastMemory = 4096;

    private readonly PerTenant<TenantAccount> _accounts;

    public TenantAccounts(TenantDirectory tenants, LimitSettings limits)
    {
        Directory = tenants;
        TensorMemory = new DividedBudget(tenants, limits.MaxTensorBytes, tenant => tenant.Has(Roles.Infer), LeastMemory);
        _accounts = new PerTenant<TenantAccount>(_ => new TenantAccount(TensorMemory));
    }

    public TenantDirectory Directory { get; }

    public DividedBudget TensorMemory { get; }

    /// <summary>What those who are no tenant's have taken.</summary>
    public TenantUsage Strangers { get; } = new();

    /// <summary>Inference requests of all tenants now, those of tenants that a reload has taken away as well.</summary>
    public long InFlight
    {
        get
        {
            long sum = 0;
            foreach (TenantAccount account in _accounts.All)
            {
                sum += account.Usage.InFlight;
            }

            return sum;
        }
    }

    public TenantAccount Of(Tenant tenant)
    {
        TenantAccount account = _accounts[tenant.Index];
        account.Tenant = tenant;
        return account;
    }

    /// <summary>Null for strangers.</summary>
    public TenantUsage UsageOf(Tenant? tenant) => tenant is null ? Strangers : _accounts[tenant.Index].Usage;
}
