using System.Net;
using EdgeDaemon.Core.Protocol.Grpc;

namespace EdgeDaemon.Client.Grpc;

/// <summary>The call around a request's messages.</summary>
internal static class GrpcRequest
{
    /// <param name="method">What is called.</param>
    /// <param name="content">The messages.</param>
    /// <param name="left">Told to the daemon, which then gives up by itself; null for no deadline.</param>
    public static HttpRequestMessage Of(GrpcMethod method, HttpContent content, TimeSpan? left)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, GrpcMethods.PathOf(method))
        {
            Content = content,
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };

        // Whatever lies between must keep the trailers, or a refusal would look like an answer.
        request.Headers.TryAddWithoutValidation("TE", "trailers");
        request.Headers.TryAddWithoutValidation("grpc-accept-encoding", "identity");
        if (left is { } finite)
        {
            request.Headers.TryAddWithoutValidation(GrpcTimeout.HeaderName, GrpcTimeout.Format(finite));
        }

        return request;
    }
}
