using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using EdgeDaemon.Client.Inference;
using EdgeDaemon.Client.Rest;
using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Core.Protocol.Grpc;

namespace EdgeDaemon.Client.Grpc;

/// <summary>The call around an answer's messages: what must hold before the first, and the status behind the last.</summary>
internal static class GrpcResponse
{
    private const string ContentType = "application/grpc";

    /// <exception cref="EdgeClientException">The answer is no gRPC.</exception>
    public static void CheckHead(HttpResponseMessage response)
    {
        if (response.StatusCode != HttpStatusCode.OK)
        {
            // Something before the daemon, or no daemon: its status still says what happened.
            throw new EdgeClientException(response.StatusCode, $"HTTP status {(int)response.StatusCode}, not a gRPC answer", null)
            {
                MayRetry = response.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable,
            };
        }

        string type = response.Content.Headers.TryGetValues("Content-Type", out IEnumerable<string>? types) ? string.Join(',', types) : "";
        if (!type.StartsWith(ContentType, StringComparison.OrdinalIgnoreCase) || (type.Length > ContentType.Length && type[ContentType.Length] is not ('+' or ';')))
        {
            throw OutputPlaces.Invalid($"its content type is '{type}', not {ContentType}");
        }
    }

    /// <summary>The status when the headers hold it: then there is no message.</summary>
    public static bool EndsAtOnce(HttpResponseMessage response) => response.Headers.Contains("grpc-status");

    /// <summary>After the last message: nothing when the call went well.</summary>
    /// <exception cref="EdgeClientException">The refusal, or there is no status.</exception>
    public static void End(HttpResponseMessage response)
    {
        HttpResponseHeaders headers = EndsAtOnce(response) ? response.Headers : response.TrailingHeaders;
        if (Value(headers, "grpc-status") is not { } text)
        {
            throw OutputPlaces.Invalid("it ends without a grpc-status");
        }

        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int code))
        {
            throw OutputPlaces.Invalid($"'{text}' is no grpc-status");
        }

        if (code != 0)
        {
            throw Refused(code, headers);
        }
    }

    /// <summary>What Core's readers refuse, in the words of a client.</summary>
    public static EdgeClientException Malformed(RefusedException refused, int limit) => refused.Refusal switch
    {
        Refusal.HeadEncodingUnsupported => OutputPlaces.Invalid("a message is compressed, although that was not offered", refused),
        Refusal.BodyTooLarge => BoundedBody.TooLarge(limit),
        _ => OutputPlaces.Invalid(refused.Message, refused),
    };

    private static EdgeClientException Refused(int code, HttpResponseHeaders headers)
    {
        GrpcStatus status = Enum.IsDefined((GrpcStatus)code) ? (GrpcStatus)code : GrpcStatus.Unknown;
        string message = Value(headers, "grpc-message") is { Length: > 0 } encoded ? GrpcText.Decode(encoded) : $"gRPC status {status}";
        (string text, string? id) = ErrorBody.Split(message);
        TimeSpan? pushback = Pushback(Value(headers, "grpc-retry-pushback-ms"));
        return status == GrpcStatus.DeadlineExceeded
            ? new EdgeClientException(EdgeClientFailure.DeadlinePassed, message) { GrpcStatus = status }
            : new EdgeClientException(HttpStatus(status), text, id)
            {
                GrpcStatus = status,
                RetryAfter = pushback,

                // A message that is too large is RESOURCE_EXHAUSTED for ever: only one who says when may be asked again.
                MayRetry = status == GrpcStatus.Unavailable || (status == GrpcStatus.ResourceExhausted && pushback is not null),
            };
    }

    // A value that is no number means "do not", as gRPC's law of retries has it.
    private static TimeSpan? Pushback(string? text) =>
        text is null ? null
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int milliseconds) ? TimeSpan.FromMilliseconds(milliseconds)
        : TimeSpan.FromMilliseconds(-1);

    private static string? Value(HttpResponseHeaders headers, string name) =>
        headers.TryGetValues(name, out IEnumerable<string>? values) ? string.Join(',', values) : null;

    private static HttpStatusCode HttpStatus(GrpcStatus status) => status switch
    {
        GrpcStatus.InvalidArgument or GrpcStatus.OutOfRange or GrpcStatus.FailedPrecondition => HttpStatusCode.BadRequest,
        GrpcStatus.Unauthenticated => HttpStatusCode.Unauthorized,
        GrpcStatus.PermissionDenied => HttpStatusCode.Forbidden,
        GrpcStatus.NotFound => HttpStatusCode.NotFound,
        GrpcStatus.AlreadyExists or GrpcStatus.Aborted => HttpStatusCode.Conflict,
        GrpcStatus.ResourceExhausted => HttpStatusCode.TooManyRequests,
        GrpcStatus.Unimplemented => HttpStatusCode.NotImplemented,
        GrpcStatus.Unavailable or GrpcStatus.Cancelled => HttpStatusCode.ServiceUnavailable,
        _ => HttpStatusCode.InternalServerError,
    };
}
