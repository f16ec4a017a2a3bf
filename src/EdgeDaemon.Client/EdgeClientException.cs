using System.Net;
using EdgeDaemon.Core.Protocol.Grpc;

namespace EdgeDaemon.Client;

/// <summary>Why a call gave no answer: what a program should do next differs for each.</summary>
public enum EdgeClientFailure
{
    /// <summary>No daemon listens at the address, or this user may not open the socket.</summary>
    Unreachable,

    /// <summary>The daemon answered with an error; <see cref="EdgeClientException.Status"/> says which.</summary>
    Refused,

    /// <summary>The deadline passed before the answer was complete.</summary>
    DeadlinePassed,

    /// <summary>The connection ended in the middle of the exchange; the request may or may not have run.</summary>
    ConnectionLost,

    /// <summary>What came back is not an answer of the protocol, or larger than the client accepts.</summary>
    AnswerInvalid,

    /// <summary>TLS could not be agreed on: one side's certificate is not trusted, expired, or for another name.</summary>
    Untrusted,

    /// <summary>An output is larger than the buffer that the caller gave for it.</summary>
    BufferTooSmall,
}

/// <summary>A call that the daemon refused or that never reached it. Cancellation by the caller is not one of these.</summary>
public sealed class EdgeClientException : Exception
{
    internal EdgeClientException(EdgeClientFailure failure, string message, Exception? cause = null)
        : base(message, cause)
    {
        Failure = failure;
        PublicText = message;
    }

    internal EdgeClientException(HttpStatusCode status, string publicText, string? requestId)
        : base(requestId is null ? $"{(int)status}: {publicText}" : $"{(int)status}: {publicText} (request {requestId})")
    {
        Failure = EdgeClientFailure.Refused;
        Status = status;
        PublicText = publicText;
        RequestId = requestId;
    }

    public EdgeClientFailure Failure { get; }

    /// <summary>For <see cref="EdgeClientFailure.Refused"/>: the HTTP status, over gRPC the one that REST would have had.</summary>
    public HttpStatusCode? Status { get; }

    /// <summary>The gRPC status that came; null over REST.</summary>
    public GrpcStatus? GrpcStatus { get; internal init; }

    /// <summary>How long the daemon asks to wait before the next try; null when it says nothing, negative when there should be none.</summary>
    public TimeSpan? RetryAfter { get; internal init; }

    /// <summary>The daemon's public text of the refusal, or what went wrong on this side.</summary>
    public string PublicText { get; }

    /// <summary>The daemon's id of the request, under which its log has the detail; null when it gave none.</summary>
    public string? RequestId { get; }

    /// <summary>Trying again is safe, and may do better.</summary>
    internal bool MayRetry { get; init; }
}
