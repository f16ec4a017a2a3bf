using EdgeDaemon.Core.Configuration;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Identity;
using EdgeDaemon.Pipeline;

namespace EdgeDaemon.Tests.Pipeline;

[TestClass]
public sealed class RefusalBlameTests
{
    /// <summary>Every refusal that is not the caller's fault, by name: a new one must be put on one side or the other.</summary>
    private static readonly Refusal[] Nobodys =
    [
        Refusal.None, Refusal.ModelNotFound, Refusal.ModelVersionNotFound, Refusal.ModelNotReady, Refusal.BodyAborted,
        Refusal.AdmissionPenalty, Refusal.AdmissionTensorBytes, Refusal.AdmissionMemory, Refusal.AdmissionRunMemory, Refusal.AdmissionQueueFull, Refusal.AdmissionDeadline,
        Refusal.EngineFailed, Refusal.EngineMemory, Refusal.EngineCancelled, Refusal.OutputNotFinite, Refusal.OutputNotText, Refusal.OutputTooLarge, Refusal.AuditUnavailable, Refusal.Draining, Refusal.Internal,
        Refusal.ControlBusy, Refusal.ControlNotFound, Refusal.ControlValueUnknown,
    ];

    private static readonly Refusal[] Tenants = [Refusal.AdmissionRate, Refusal.AdmissionBytesRate, Refusal.AdmissionRequests];

    private static readonly Tenant Alone = Of("unix:1001");

    [TestMethod]
    public void Every_refusal_is_the_callers_fault_or_stands_in_the_list() =>
        CollectionAssert.AreEquivalent(Nobodys, Enum.GetValues<Refusal>().Where(refusal => !RefusalBlame.IsCallers(refusal, Alone)).ToArray());

    [TestMethod]
    public void Nothing_that_says_the_daemon_is_busy_or_broken_is_the_callers_fault()
    {
        foreach (Refusal refusal in Enum.GetValues<Refusal>())
        {
            Assert.IsFalse(RefusalBlame.IsCallers(refusal, Alone) && RefusalMapping.Of(refusal).Status >= 500, $"{refusal}");
        }
    }

    /// <summary>What a tenant's callers share, one of them can use up: only a caller that has the tenant to itself is at fault for it.</summary>
    [TestMethod]
    [DataRow("unix:1001", true)]
    [DataRow("self", true)]
    [DataRow("cert:spiffe://plant.example/camera/1", true)]
    [DataRow("cert:dns:camera-1.plant.example", true)]
    [DataRow("unix:1001\", \"unix:1002", false)]
    [DataRow("unix-group:44", false)]
    [DataRow("cert:spiffe://plant.example/camera/*", false)]
    [DataRow("cert:dns:*.plant.example", false)]
    public void What_a_tenants_callers_share_is_the_fault_of_one_who_has_it_alone(string callers, bool alone)
    {
        Tenant tenant = Of(callers);
        foreach (Refusal refusal in Tenants)
        {
            Assert.AreEqual(alone, RefusalBlame.IsCallers(refusal, tenant), $"{refusal}");
        }

        Assert.IsTrue(RefusalBlame.IsCallers(Refusal.HeadMalformedJson, tenant), "control: what he sent is his own");
        Assert.IsTrue(RefusalBlame.IsCallers(Refusal.AccessUnknownCaller, null), "control: a stranger's, too");
    }

    private static Tenant Of(string callers) => new(
        EdgedSettings.Parse(System.Text.Encoding.UTF8.GetBytes($"format = 1\n[[tenant]]\nname = \"t\"\ncallers = [\"{callers}\"]\nroles = [\"infer\"]\nmodels = [\"*\"]"), "t").Tenants[0], 0);
}
