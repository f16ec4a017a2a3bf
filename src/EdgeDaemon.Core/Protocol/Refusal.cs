namespace EdgeDaemon.Core.Protocol;

/// <summary>
/// Every reason why a request is not answered with tensors: stage x cause, closed. The daemon's
/// Pipeline/RefusalMapping.cs alone maps it to HTTP status, gRPC status and the public text.
/// </summary>
public enum Refusal
{
    None = 0,

    // Routing: what was asked for.
    RouteUnknown,
    RouteMethodNotAllowed,
    RouteNotExposed,
    RouteServiceUnknown,
    ModelNotFound,
    ModelVersionNotFound,
    ModelNotReady,

    // Access: who asks, and what he may.
    AccessUnknownCaller,
    AccessExpired,
    AccessRoleMissing,
    AccessTokenMissing,
    AccessTokenInvalid,

    // Head: HTTP headers and the JSON part of a request.
    HeadLengthInvalid,
    HeadLengthBeyondBody,
    HeadTooLarge,
    HeadMalformedJson,
    HeadTooDeep,
    HeadDuplicateKey,
    HeadMissingField,
    HeadWrongFieldType,
    HeadTooManyTensors,
    HeadEncodingUnsupported,
    HeadParameterUnsupported,
    HeadIdTooLong,
    HeadNameTooLong,
    HeadTooManyParameters,

    // Head of a gRPC call: its headers, its frames, its protobuf.
    HeadNotGrpc,
    HeadTrailersRefused,
    HeadTimeoutInvalid,
    HeadFrameInvalid,
    HeadMalformedProtobuf,
    HeadTooManyFields,

    // Smoothing: what a request asks of it, against what the release, the device and the tenant's limits offer.
    SmoothingNotOffered,
    SmoothingSigmaNotOffered,
    SmoothingRadiusNotOffered,
    SmoothingAlphaOutOfRange,
    SmoothingSamplesOutOfRange,
    SmoothingSamplesBelowLook,
    SmoothingLimitsTooFew,
    SmoothingTooManyInputs,
    SmoothingNoBudget,
    SmoothingConflict,

    // Body: how the bytes arrive.
    BodyTooLarge,
    BodyTooSlow,
    BodyTruncated,
    BodyTrailingBytes,
    BodyAborted,
    BodyLengthRequired,

    // Input: one tensor against the wire rules and the model's contract.
    InputUnknown,
    InputDuplicate,
    InputMissing,
    InputWrongType,
    InputUnknownType,
    InputWrongShape,
    InputShapeOverflow,
    InputWrongByteCount,
    InputWrongElementCount,
    InputNumberInvalid,
    InputNumberOutOfRange,
    InputNotFinite,
    InputBytesMalformed,
    InputTextInvalid,
    InputDataMissing,
    InputDataConflict,
    InputRawAmbiguous,
    InputSharedMemory,
    InputContentsField,
    OutputUnknown,
    OutputDuplicate,

    // Admission and engine.
    AdmissionPenalty,
    AdmissionRate,
    AdmissionBytesRate,
    AdmissionRequests,
    AdmissionSmoothing,
    AdmissionTensorBytes,
    AdmissionMemory,
    AdmissionRunMemory,
    AdmissionQueueFull,
    AdmissionDeadline,
    EngineFailed,
    EngineMemory,
    EngineCancelled,

    // Output.
    OutputNotFinite,
    OutputNotText,
    OutputTooLarge,

    // The control surface.
    ControlBusy,
    ControlNotFound,
    ControlValueUnknown,

    // The daemon itself. AuditUnavailable: what is decided could not be recorded, and by the policy nothing is decided without.
    AuditUnavailable,
    Draining,
    Internal,
}
