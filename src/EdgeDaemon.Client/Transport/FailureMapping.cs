using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;

namespace EdgeDaemon.Client.Transport;

/// <summary>What the HTTP handler throws -> why a call gave no answer.</summary>
internal static class FailureMapping
{
    /// <param name="error">An OperationCanceledException that was not the caller's, an HttpRequestException or an IOException.</param>
    /// <param name="address">Where the call went.</param>
    /// <param name="clock">The call's deadline.</param>
    /// <param name="leftover">The connection had been opened for an earlier request, and no byte of the answer had come.</param>
    public static EdgeClientException Of(Exception error, EdgeAddress address, CallClock clock, bool leftover)
    {
        if (clock.Passed)
        {
            return new EdgeClientException(
                EdgeClientFailure.DeadlinePassed, $"no answer from {address} within {clock.Limit?.TotalSeconds:0.###} s");
        }

        if (clock.Stopped)
        {
            return new EdgeClientException(EdgeClientFailure.ConnectionLost, "the call was ended on this side", error);
        }

        HttpRequestError? kind = (error as HttpRequestException)?.HttpRequestError;
        if (Find<AuthenticationException>(error) is { } untrusted)
        {
            return new EdgeClientException(EdgeClientFailure.Untrusted, $"no TLS with {address}: {Reason(untrusted)}", error);
        }

        if (kind == HttpRequestError.SecureConnectionError)
        {
            return new EdgeClientException(
                EdgeClientFailure.Untrusted, $"no TLS with {address}: it ended the handshake; does it speak TLS 1.3, and does it trust this client's certificate?", error);
        }

        if (kind is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError && Find<SocketException>(error) is { } socket)
        {
            return new EdgeClientException(EdgeClientFailure.Unreachable, Unreachable(address, socket), error)
            {
                // Nothing was sent. A full backlog is EAGAIN on a Unix socket.
                MayRetry = socket.SocketErrorCode is SocketError.ConnectionRefused or SocketError.WouldBlock or SocketError.TryAgain,
            };
        }

        if (kind == HttpRequestError.ConfigurationLimitExceeded)
        {
            return new EdgeClientException(EdgeClientFailure.AnswerInvalid, "the answer's headers are larger than this client accepts", error);
        }

        return kind == HttpRequestError.VersionNegotiationError
            ? new EdgeClientException(EdgeClientFailure.AnswerInvalid, $"{address} does not speak HTTP/2, which gRPC needs", error)
            : new EdgeClientException(EdgeClientFailure.ConnectionLost, $"the connection to {address} ended before the answer was complete", error)
            {
                MayRetry = leftover && kind != HttpRequestError.InvalidResponse,
            };
    }

    private static string Reason(AuthenticationException error) => (error.InnerException ?? error).Message;

    private static string Unreachable(EdgeAddress address, SocketException error) => (address.EndPoint, error.SocketErrorCode) switch
    {
        (UnixDomainSocketEndPoint, SocketError.AccessDenied) =>
            $"not allowed to open {address}: run as a user or in a group that the socket's mode admits",
        (UnixDomainSocketEndPoint, SocketError.ConnectionRefused) =>
            $"nothing listens at {address} although the file is there: the daemon is not running",

        // What .NET makes of a path that does not exist.
        (UnixDomainSocketEndPoint, SocketError.AddressNotAvailable) => $"there is no socket {address}: is edged running, and is this its socket?",
        (DnsEndPoint, SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain) => $"the name of {address} is not known",
        _ => $"cannot connect to {address} ({error.SocketErrorCode}): is edged running, and is this its address?",
    };

    private static T? Find<T>(Exception? error)
        where T : Exception
    {
        while (error is not null and not T)
        {
            error = error.InnerException;
        }

        return (T?)error;
    }
}
