using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Core.Protocol.Grpc;

namespace EdgeDaemon.Pipeline;

/// <summary>
/// The one place where a refusal becomes what a caller sees: HTTP or gRPC status and a terse, constant text. Whatever names a
/// file, a limit's value, another tenant or the daemon's insides stays in the log (design: the request's line).
/// </summary>
internal static class RefusalMapping
{
    /// <summary>What the caller sees, on either wire.</summary>
    public readonly record struct PublicAnswer(int Status, GrpcStatus Grpc, string Text);

    public static PublicAnswer Of(Refusal refusal) => refusal switch
    {
        Refusal.RouteUnknown or Refusal.RouteNotExposed => new(404, GrpcStatus.Unimplemented, "no such endpoint"),
        Refusal.RouteMethodNotAllowed => new(405, GrpcStatus.Unimplemented, "method not allowed for this endpoint"),
        Refusal.RouteServiceUnknown => new(404, GrpcStatus.NotFound, "unknown service"),
        Refusal.ModelNotFound => new(404, GrpcStatus.NotFound, "model not found"),
        Refusal.ModelVersionNotFound => new(404, GrpcStatus.NotFound, "model version not found"),
        Refusal.ModelNotReady => new(503, GrpcStatus.Unavailable, "model is not ready"),

        Refusal.AccessUnknownCaller or Refusal.AccessRoleMissing => new(403, GrpcStatus.PermissionDenied, "not permitted"),
        Refusal.AccessExpired => new(401, GrpcStatus.Unauthenticated, "the client certificate has expired"),
        Refusal.AccessTokenMissing => new(401, GrpcStatus.Unauthenticated, "a bearer token is needed"),
        Refusal.AccessTokenInvalid => new(401, GrpcStatus.Unauthenticated, "the bearer token is not valid"),

        Refusal.HeadLengthInvalid => new(400, GrpcStatus.InvalidArgument, "Inference-Header-Content-Length is not a valid length"),
        Refusal.HeadLengthBeyondBody => new(400, GrpcStatus.InvalidArgument, "Inference-Header-Content-Length is beyond the end of the body"),
        Refusal.HeadTooLarge => new(413, GrpcStatus.ResourceExhausted, "the head of the request is too large"),
        Refusal.HeadMalformedJson => new(400, GrpcStatus.InvalidArgument, "the request is not valid JSON"),
        Refusal.HeadTooDeep => new(400, GrpcStatus.InvalidArgument, "the JSON of the request is nested too deeply"),
        Refusal.HeadDuplicateKey => new(400, GrpcStatus.InvalidArgument, "a member appears twice in the JSON of the request"),
        Refusal.HeadMissingField => new(400, GrpcStatus.InvalidArgument, "a required member of the request is missing"),
        Refusal.HeadWrongFieldType => new(400, GrpcStatus.InvalidArgument, "a member of the request has the wrong JSON type"),
        Refusal.HeadTooManyTensors => new(400, GrpcStatus.InvalidArgument, "too many tensors in one request"),
        Refusal.HeadEncodingUnsupported => new(415, GrpcStatus.Unimplemented, "content encodings are not supported"),
        Refusal.HeadParameterUnsupported => new(400, GrpcStatus.InvalidArgument, "a request parameter is not supported"),
        Refusal.HeadIdTooLong => new(400, GrpcStatus.InvalidArgument, "the request id is too long"),
        Refusal.HeadNameTooLong => new(400, GrpcStatus.InvalidArgument, "a name in the request is too long"),
        Refusal.HeadTooManyParameters => new(400, GrpcStatus.InvalidArgument, "too many request parameters"),
        Refusal.HeadNotGrpc => new(415, GrpcStatus.Unimplemented, "this endpoint speaks gRPC only"),
        Refusal.HeadTrailersRefused => new(400, GrpcStatus.InvalidArgument, "a gRPC call needs te: trailers"),
        Refusal.HeadTimeoutInvalid => new(400, GrpcStatus.InvalidArgument, "grpc-timeout is not a valid timeout"),
        Refusal.HeadFrameInvalid => new(400, GrpcStatus.InvalidArgument, "the gRPC frame is malformed"),
        Refusal.HeadMalformedProtobuf => new(400, GrpcStatus.InvalidArgument, "the request is not valid protobuf"),
        Refusal.HeadTooManyFields => new(400, GrpcStatus.InvalidArgument, "too many fields in one request"),

        Refusal.SmoothingNotOffered => new(400, GrpcStatus.InvalidArgument, "the model offers no certification"),
        Refusal.SmoothingSigmaNotOffered => new(400, GrpcStatus.InvalidArgument, "the model does not offer this sigma; name one that it does"),
        Refusal.SmoothingRadiusNotOffered => new(400, GrpcStatus.InvalidArgument, "the model does not offer this radius at this sigma"),
        Refusal.SmoothingAlphaOutOfRange => new(400, GrpcStatus.InvalidArgument, "alpha is out of the range that the model offers"),
        Refusal.SmoothingSamplesOutOfRange => new(400, GrpcStatus.InvalidArgument, "max_samples is more than may be asked for"),
        Refusal.SmoothingSamplesBelowLook => new(400, GrpcStatus.InvalidArgument, "max_samples is below one look of the model: a radius is decided at looks only"),
        Refusal.SmoothingLimitsTooFew => new(400, GrpcStatus.InvalidArgument, "the limits of samples leave too few for each input of this request; send fewer inputs"),
        Refusal.SmoothingTooManyInputs => new(400, GrpcStatus.InvalidArgument, "these are more inputs than one certification may have, or none"),
        Refusal.SmoothingNoBudget => new(400, GrpcStatus.InvalidArgument, "a budget of no samples, or of no time, certifies nothing"),
        Refusal.SmoothingConflict => new(400, GrpcStatus.InvalidArgument, "parameters of the certification contradict each other"),

        Refusal.BodyTooLarge => new(413, GrpcStatus.ResourceExhausted, "the request body is too large"),
        Refusal.BodyTooSlow => new(408, GrpcStatus.DeadlineExceeded, "the request body arrived too slowly"),
        Refusal.BodyTruncated => new(400, GrpcStatus.InvalidArgument, "the request body ended early"),
        Refusal.BodyTrailingBytes => new(400, GrpcStatus.InvalidArgument, "unexpected additional input data"),
        Refusal.BodyAborted => new(400, GrpcStatus.Cancelled, "the request was aborted"),
        Refusal.BodyLengthRequired => new(411, GrpcStatus.InvalidArgument, "a raw binary request needs a Content-Length"),

        Refusal.InputUnknown => new(400, GrpcStatus.InvalidArgument, "the model has no input of that name"),
        Refusal.InputDuplicate => new(400, GrpcStatus.InvalidArgument, "an input is given twice"),
        Refusal.InputMissing => new(400, GrpcStatus.InvalidArgument, "an input of the model is missing"),
        Refusal.InputWrongType => new(400, GrpcStatus.InvalidArgument, "an input has another datatype than the model expects"),
        Refusal.InputUnknownType => new(400, GrpcStatus.InvalidArgument, "an input has an unknown datatype"),
        Refusal.InputWrongShape => new(400, GrpcStatus.InvalidArgument, "an input has another shape than the model expects"),
        Refusal.InputShapeOverflow => new(400, GrpcStatus.InvalidArgument, "an input shape is out of range"),
        Refusal.InputWrongByteCount => new(400, GrpcStatus.InvalidArgument, "unexpected size for input"),
        Refusal.InputWrongElementCount => new(400, GrpcStatus.InvalidArgument, "the number of elements does not match the input shape"),
        Refusal.InputNumberInvalid => new(400, GrpcStatus.InvalidArgument, "an input element is not a valid value of its datatype"),
        Refusal.InputNumberOutOfRange => new(400, GrpcStatus.InvalidArgument, "an input element is out of the range of its datatype"),
        Refusal.InputNotFinite => new(400, GrpcStatus.InvalidArgument, "an input holds NaN or infinity"),
        Refusal.InputBytesMalformed => new(400, GrpcStatus.InvalidArgument, "a BYTES input is malformed"),
        Refusal.InputTextInvalid => new(400, GrpcStatus.InvalidArgument, "a text element is not valid UTF-8"),
        Refusal.InputDataMissing => new(400, GrpcStatus.InvalidArgument, "an input carries no data"),
        Refusal.InputDataConflict => new(400, GrpcStatus.InvalidArgument, "an input carries its data twice"),
        Refusal.InputRawAmbiguous => new(400, GrpcStatus.InvalidArgument, "a raw binary request needs a model with one input and at most one variable dimension"),
        Refusal.InputSharedMemory => new(400, GrpcStatus.InvalidArgument, "shared memory is not supported"),
        Refusal.InputContentsField => new(400, GrpcStatus.InvalidArgument, "an input has its contents in another field than its datatype's"),
        Refusal.OutputUnknown => new(400, GrpcStatus.InvalidArgument, "the model has no output of that name"),
        Refusal.OutputDuplicate => new(400, GrpcStatus.InvalidArgument, "an output is requested twice"),

        Refusal.AdmissionPenalty or Refusal.AdmissionRate or Refusal.AdmissionBytesRate or Refusal.AdmissionRequests or Refusal.AdmissionTensorBytes or Refusal.AdmissionSmoothing =>
            new(429, GrpcStatus.ResourceExhausted, "too many requests, try again later"),
        Refusal.AdmissionRunMemory => new(413, GrpcStatus.ResourceExhausted, "the model would need more memory for this input than it may have"),
        Refusal.AdmissionMemory or Refusal.AdmissionQueueFull => new(503, GrpcStatus.Unavailable, "the server is busy, try again later"),
        Refusal.AdmissionDeadline => new(504, GrpcStatus.DeadlineExceeded, "the deadline passed"),
        Refusal.EngineFailed => new(500, GrpcStatus.Internal, "the model could not process this input"),
        Refusal.EngineMemory => new(500, GrpcStatus.Internal, "the model took more memory for this input than expected and was stopped"),
        Refusal.EngineCancelled => new(503, GrpcStatus.Cancelled, "the request was cancelled"),

        Refusal.OutputNotFinite => new(500, GrpcStatus.Internal, "an output holds NaN or infinity, which JSON cannot carry; ask for binary_data"),
        Refusal.OutputNotText => new(500, GrpcStatus.Internal, "an output is not text, which JSON cannot carry; ask for binary_data"),
        Refusal.OutputTooLarge => new(500, GrpcStatus.ResourceExhausted, "the answer is too large"),

        Refusal.ControlBusy => new(503, GrpcStatus.Unavailable, "another change is under way, try again later"),
        Refusal.ControlNotFound => new(404, GrpcStatus.NotFound, "there is no such thing"),
        Refusal.ControlValueUnknown => new(400, GrpcStatus.InvalidArgument, "a value of the request is none of those that are known"),

        Refusal.AuditUnavailable => new(503, GrpcStatus.Unavailable, "the server cannot record requests now, try again later"),
        Refusal.Draining => new(503, GrpcStatus.Unavailable, "the server is shutting down"),
        Refusal.None or Refusal.Internal => new(500, GrpcStatus.Internal, "internal error"),
        _ => new(500, GrpcStatus.Internal, "internal error"),
    };

    /// <summary>Refusals that mean something is wrong with the daemon or a model, not with the request.</summary>
    public static bool IsFailure(Refusal refusal) => Of(refusal).Status == 500;

    /// <summary>Whether a small rest of the body may be waited for: nothing is wrong with how it comes, and somebody waits for the answer.</summary>
    public static bool MayReadOn(Refusal refusal) =>
        refusal is not (Refusal.BodyTooSlow or Refusal.BodyTooLarge or Refusal.BodyAborted or Refusal.AdmissionDeadline or Refusal.EngineCancelled or Refusal.Draining);
}
