using EdgeDaemon.Core.Protocol;

namespace EdgeDaemon.Monitoring;

/// <summary>How an inference request ended, as far as an operator acts differently on it. The exact cause stands beside it, by <see cref="Refusal"/>.</summary>
internal enum Outcome
{
    Ok,

    /// <summary>No such route, model or version, or not for this tenant.</summary>
    NotFound,

    /// <summary>A stranger, without the role, or without a valid token.</summary>
    NotPermitted,

    /// <summary>The caller's mistake in head, body or tensors.</summary>
    Invalid,

    /// <summary>The tenant's own limits, and penalties.</summary>
    Limited,

    /// <summary>The daemon has no room: queue, tensor memory, audit log, or a model that is not ready.</summary>
    Busy,

    /// <summary>A deadline or a body's time passed.</summary>
    Late,

    /// <summary>The caller went away.</summary>
    Cancelled,

    /// <summary>The daemon takes no more requests.</summary>
    Draining,

    /// <summary>Something is wrong with the model or the daemon.</summary>
    Failed,
}

internal static class Outcomes
{
    public static Outcome Of(Refusal refusal) => refusal switch
    {
        Refusal.ModelNotReady or Refusal.ControlBusy or Refusal.AdmissionMemory or Refusal.AdmissionQueueFull => Outcome.Busy,
        Refusal.BodyTooSlow or Refusal.AdmissionDeadline => Outcome.Late,
        Refusal.BodyAborted or Refusal.EngineCancelled => Outcome.Cancelled,
        Refusal.OutputUnknown or Refusal.OutputDuplicate => Outcome.Invalid,
        Refusal.AuditUnavailable => Outcome.Busy,
        Refusal.Draining => Outcome.Draining,
        (>= Refusal.RouteUnknown and <= Refusal.ModelVersionNotFound) or Refusal.ControlNotFound => Outcome.NotFound,
        >= Refusal.AccessUnknownCaller and <= Refusal.AccessTokenInvalid => Outcome.NotPermitted,
        (>= Refusal.HeadLengthInvalid and <= Refusal.InputContentsField) or Refusal.ControlValueUnknown => Outcome.Invalid,
        Refusal.AdmissionPenalty or Refusal.AdmissionRate or Refusal.AdmissionBytesRate or Refusal.AdmissionRequests or Refusal.AdmissionTensorBytes or Refusal.AdmissionRunMemory => Outcome.Limited,
        _ => Outcome.Failed,
    };
}
