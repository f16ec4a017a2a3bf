using EdgeDaemon.Core.Configuration;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Identity;

namespace EdgeDaemon.Admission;

/// <summary>Who may certify now: one such request is worth thousands of plain ones, and there are only so many at once. Divided among the tenants as everything that is shared.</summary>
internal sealed class SmoothingAdmission(TenantAccounts accounts, SmoothingSettings settings)
{
    private readonly DividedBudget _places = new(accounts.Directory, settings.MaxRequests, tenant => tenant.Has(Roles.Infer));

    /// <summary>What the device allows.</summary>
    public SmoothingSettings Settings => settings;

    /// <summary>Certifications at work.</summary>
    public long AtWork => _places.HeldByAll;

    /// <summary>Takes a place, for whoever then calls <see cref="Leave"/>.</summary>
    /// <exception cref="RefusedException">The tenant has as many as it may have, or the device has.</exception>
    public void Enter(TenantAccount account)
    {
        Tenant tenant = account.Tenant;
        int most = tenant.Settings.MaxSmoothingRequests;
        if (!account.Usage.TryCertify(most))
        {
            throw new RefusedException(Refusal.AdmissionSmoothing, $"tenant '{tenant.Name}' has max_smoothing_requests {most} that certify") { RetryAfter = RequestAdmission.Soon };
        }

        if (!_places.TryTake(tenant, 1))
        {
            account.Usage.EndCertifying();
            throw new RefusedException(Refusal.AdmissionSmoothing, $"no place left of smoothing.max_requests {settings.MaxRequests} for tenant '{tenant.Name}'") { RetryAfter = RequestAdmission.Soon };
        }
    }

    public void Leave(TenantAccount account)
    {
        _places.GiveBack(account.Tenant, 1);
        account.Usage.EndCertifying();
    }
}
