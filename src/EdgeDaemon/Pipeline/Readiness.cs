using EdgeDaemon.Admission;
using EdgeDaemon.Audit;

namespace EdgeDaemon.Pipeline;

/// <summary>Whether the daemon takes inference now, for whoever sends requests to one of several. Why not, the log and the control surface say.</summary>
internal sealed class Readiness(RequestAdmission admission, AuditTrail audit)
{
    public bool IsReady => !admission.Draining && audit.Accepts;

    /// <summary>Ends when <see cref="IsReady"/> may have changed without a drain; to be taken before looking at it.</summary>
    public Task Turned => audit.Turned;
}
