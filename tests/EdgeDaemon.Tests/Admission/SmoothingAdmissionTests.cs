using EdgeDaemon.Admission;
using EdgeDaemon.Core.Configuration;
using EdgeDaemon.Core.Protocol;

namespace EdgeDaemon.Tests.Admission;

[TestClass]
public sealed class SmoothingAdmissionTests
{
    [TestMethod]
    public void Half_of_the_places_is_kept_for_the_tenants()
    {
        (SmoothingAdmission admission, TenantAccount[] accounts) = Two("", "", places: 4);
        for (int i = 0; i < 3; i++)
        {
            admission.Enter(accounts[0]);
        }

        RefusedException refused = Assert.ThrowsExactly<RefusedException>(() => admission.Enter(accounts[0]));
        Assert.AreEqual((Refusal.AdmissionSmoothing, RequestAdmission.Soon), (refused.Refusal, refused.RetryAfter));
        admission.Enter(accounts[1]);
        Assert.AreEqual((4L, 3L, 1L), (admission.AtWork, accounts[0].Usage.Certifying, accounts[1].Usage.Certifying), "who was refused holds nothing");
        admission.Leave(accounts[0]);
        admission.Enter(accounts[1]);
        Assert.ThrowsExactly<RefusedException>(() => admission.Enter(accounts[0]));
    }

    [TestMethod]
    public void A_tenant_s_own_limit_can_only_be_less()
    {
        (SmoothingAdmission admission, TenantAccount[] accounts) = Two("max_smoothing_requests = 1", "max_smoothing_requests = 100", places: 4);
        admission.Enter(accounts[0]);
        Assert.AreEqual(Refusal.AdmissionSmoothing, Assert.ThrowsExactly<RefusedException>(() => admission.Enter(accounts[0])).Refusal);
        admission.Leave(accounts[0]);
        admission.Enter(accounts[0]);
        for (int i = 0; i < 3; i++)
        {
            admission.Enter(accounts[1]);
        }

        Assert.ThrowsExactly<RefusedException>(() => admission.Enter(accounts[1]));
    }

    [TestMethod]
    public void Without_places_nobody_certifies()
    {
        (SmoothingAdmission admission, TenantAccount[] accounts) = Two("", "", places: 0);
        Assert.ThrowsExactly<RefusedException>(() => admission.Enter(accounts[0]));
        Assert.AreEqual(0, accounts[0].Usage.Certifying);
    }

    private static (SmoothingAdmission, TenantAccount[]) Two(string first, string second, int places)
    {
        var tenants = new TestTenants(first, second);
        var accounts = new TenantAccounts(tenants.Directory, LimitSettings.Default);
        return (new SmoothingAdmission(accounts, new SmoothingSettings(1000, TimeSpan.FromSeconds(1), places)), [accounts.Of(tenants[0]), accounts.Of(tenants[1])]);
    }
}
