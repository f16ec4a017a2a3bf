using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Identity;

namespace EdgeDaemon.Pipeline;

/// <summary>
/// Which refusals are the caller's own fault, and so count towards a penalty: what is malformed, not permitted, or too many. Not what the daemon's
/// load, its models or its operator bring about: a caller that asks for a model which was taken away has done nothing wrong.
/// </summary>
internal static class RefusalBlame
{
    /// <summary>Whether it counts. An operator's slip of the pen on the control surface does not.</summary>
    /// <param name="refusal">What was refused.</param>
    /// <param name="tenant">Whose request it was; null for a stranger's.</param>
    public static bool IsCallers(Refusal refusal, Tenant? tenant) => refusal switch
    {
        Refusal.RouteUnknown or Refusal.RouteMethodNotAllowed or Refusal.RouteNotExposed or Refusal.RouteServiceUnknown => true,
        Refusal.ModelNotFound or Refusal.ModelVersionNotFound or Refusal.ModelNotReady => false,
        >= Refusal.AccessUnknownCaller and <= Refusal.AccessTokenInvalid => true,
        >= Refusal.HeadLengthInvalid and <= Refusal.HeadTooManyFields => true,

        >= Refusal.SmoothingNotOffered and <= Refusal.SmoothingConflict => true,

        // Whoever goes away in the middle may have crashed, or lost its patience.
        Refusal.BodyAborted => false,
        >= Refusal.BodyTooLarge and <= Refusal.BodyLengthRequired => true,
        >= Refusal.InputUnknown and <= Refusal.OutputDuplicate => true,

        // A tenant's callers share its limits: what one of them has used up is not held against another, who cannot know of it.
        Refusal.AdmissionRate or Refusal.AdmissionBytesRate or Refusal.AdmissionRequests => tenant is { IsOneCaller: true },
        _ => false,
    };
}
