using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Pipeline;

namespace EdgeDaemon.Tests.Pipeline;

[TestClass]
public sealed class RefusalBlameTests
{
    /// <summary>Every refusal that is not the caller's fault, by name: a new one must be put on one side or the other.</summary>
    private static readonly Refusal[] Nobodys =
    [
        Refusal.None, Refusal.ModelNotFound, Refusal.ModelVersionNotFound, Refusal.ModelNotReady, Refusal.BodyAborted,
        Refusal.AdmissionPenalty, Refusal.AdmissionTensorBytes, Refusal.AdmissionMemory, Refusal.AdmissionQueueFull, Refusal.AdmissionDeadline,
        Refusal.EngineFailed, Refusal.EngineMemory, Refusal.EngineCancelled, Refusal.OutputNotFinite, Refusal.OutputNotText, Refusal.OutputTooLarge, Refusal.Draining, Refusal.Internal,
        Refusal.ControlBusy, Refusal.ControlNotFound, Refusal.ControlValueUnknown,
    ];

    [TestMethod]
    public void Every_refusal_is_the_callers_fault_or_stands_in_the_list() =>
        CollectionAssert.AreEquivalent(Nobodys, Enum.GetValues<Refusal>().Where(refusal => !RefusalBlame.IsCallers(refusal)).ToArray());

    [TestMethod]
    public void Nothing_that_says_the_daemon_is_busy_or_broken_is_the_callers_fault()
    {
        foreach (Refusal refusal in Enum.GetValues<Refusal>())
        {
            Assert.IsFalse(RefusalBlame.IsCallers(refusal) && RefusalMapping.Of(refusal).Status >= 500, $"{refusal}");
        }
    }
}
