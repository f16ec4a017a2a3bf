using EdgeDaemon.Core.Protocol;

namespace EdgeDaemon.Pipeline;

/// <summary>
/// The one place where a refusal becomes what a caller sees: HTTP status and a terse, constant text. Whatever names a
/// file, a limit's value, another tenant or the daemon's insides stays in the log (design: the request's line).
/// </summary>
internal static class RefusalMapping
{
    public readonly record struct PublicAnswer(int Status, string Text);

    public static PublicAnswer Of(Refusal refusal) => refusal switch
    {
        Refusal.RouteUnknown or Refusal.RouteNotExposed => new(404, "no such endpoint"),
        Refusal.RouteMethodNotAllowed => new(405, "method not allowed for this endpoint"),
        Refusal.ModelNotFound => new(404, "model not found"),
        Refusal.ModelVersionNotFound => new(404, "model version not found"),
        Refusal.ModelNotReady => new(503, "model is not ready"),

        Refusal.HeadLengthInvalid => new(400, "Inference-Header-Content-Length is not a valid length"),
        Refusal.HeadLengthBeyondBody => new(400, "Inference-Header-Content-Length is beyond the end of the body"),
        Refusal.HeadTooLarge => new(413, "the JSON part of the request is too large"),
        Refusal.HeadMalformedJson => new(400, "the request is not valid JSON"),
        Refusal.HeadTooDeep => new(400, "the JSON of the request is nested too deeply"),
        Refusal.HeadDuplicateKey => new(400, "a member appears twice in the JSON of the request"),
        Refusal.HeadMissingField => new(400, "a required member is missing in the JSON of the request"),
        Refusal.HeadWrongFieldType => new(400, "a member of the request has the wrong JSON type"),
        Refusal.HeadTooManyTensors => new(400, "too many tensors in one request"),
        Refusal.HeadEncodingUnsupported => new(415, "content encodings are not supported"),
        Refusal.HeadParameterUnsupported => new(400, "a request parameter is not supported"),
        Refusal.HeadIdTooLong => new(400, "the request id is too long"),
        Refusal.HeadNameTooLong => new(400, "a name in the request is too long"),
        Refusal.HeadTooManyParameters => new(400, "too many request parameters"),

        Refusal.BodyTooLarge => new(413, "the request body is too large"),
        Refusal.BodyTooSlow => new(408, "the request body arrived too slowly"),
        Refusal.BodyTruncated => new(400, "the request body ended early"),
        Refusal.BodyTrailingBytes => new(400, "unexpected additional input data"),
        Refusal.BodyAborted => new(400, "the request was aborted"),
        Refusal.BodyLengthRequired => new(411, "a raw binary request needs a Content-Length"),

        Refusal.InputUnknown => new(400, "the model has no input of that name"),
        Refusal.InputDuplicate => new(400, "an input is given twice"),
        Refusal.InputMissing => new(400, "an input of the model is missing"),
        Refusal.InputWrongType => new(400, "an input has another datatype than the model expects"),
        Refusal.InputUnknownType => new(400, "an input has an unknown datatype"),
        Refusal.InputWrongShape => new(400, "an input has another shape than the model expects"),
        Refusal.InputShapeOverflow => new(400, "an input shape is out of range"),
        Refusal.InputWrongByteCount => new(400, "unexpected size for input"),
        Refusal.InputWrongElementCount => new(400, "the number of elements does not match the input shape"),
        Refusal.InputNumberInvalid => new(400, "an input element is not a valid value of its datatype"),
        Refusal.InputNumberOutOfRange => new(400, "an input element is out of the range of its datatype"),
        Refusal.InputNotFinite => new(400, "an input holds NaN or infinity"),
        Refusal.InputBytesMalformed => new(400, "a BYTES input is malformed"),
        Refusal.InputTextInvalid => new(400, "a text element is not valid UTF-8"),
        Refusal.InputDataMissing => new(400, "an input carries no data"),
        Refusal.InputDataConflict => new(400, "an input carries both JSON and binary data"),
        Refusal.InputRawAmbiguous => new(400, "a raw binary request needs a model with one input and at most one variable dimension"),
        Refusal.InputSharedMemory => new(400, "shared memory is not supported"),
        Refusal.OutputUnknown => new(400, "the model has no output of that name"),
        Refusal.OutputDuplicate => new(400, "an output is requested twice"),

        Refusal.AdmissionMemory or Refusal.AdmissionQueueFull => new(503, "the server is busy, try again later"),
        Refusal.EngineFailed => new(500, "the model could not process this input"),
        Refusal.EngineCancelled => new(503, "the request was cancelled"),

        Refusal.OutputNotFinite => new(500, "an output holds NaN or infinity, which JSON cannot carry; ask for binary_data"),
        Refusal.OutputNotText => new(500, "an output is not text, which JSON cannot carry; ask for binary_data"),
        Refusal.OutputTooLarge => new(500, "the answer is too large"),

        Refusal.Draining => new(503, "the server is shutting down"),
        Refusal.None or Refusal.Internal => new(500, "internal error"),
        _ => new(500, "internal error"),
    };

    /// <summary>Refusals that mean something is wrong with the daemon or a model, not with the request.</summary>
    public static bool IsFailure(Refusal refusal) => Of(refusal).Status == 500;
}
