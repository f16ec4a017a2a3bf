using System.Net.Sockets;

namespace EdgeDaemon.Client.Transport;

/// <summary>An HTTP/1.1 handler whose connections all go to one Unix socket, and that adds nothing of its own to a request.</summary>
internal static class UnixSocketHandler
{
    /// <summary>sockaddr_un holds 108 bytes with the final NUL.</summary>
    private const int MaxPathBytes = 107;

    public static SocketsHttpHandler Create(string path, EdgeClientOptions options)
    {
        if (path.Length == 0 || System.Text.Encoding.UTF8.GetByteCount(path) > MaxPathBytes)
        {
            throw new EdgeClientException(
                EdgeClientFailure.Unreachable, $"a Unix socket's path has 1 to {MaxPathBytes} bytes; use a shorter one than '{path}'");
        }

        var address = new UnixDomainSocketEndPoint(path);
        return new SocketsHttpHandler
        {
            // The name in the URL is never resolved: every connection goes to the socket.
            ConnectCallback = (_, cancellation) => ConnectAsync(address, cancellation),
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            ActivityHeadersPropagator = null,
            PooledConnectionIdleTimeout = options.IdleConnectionLifetime,
            MaxResponseHeadersLength = 16,
            MaxResponseDrainSize = 0,
            Expect100ContinueTimeout = TimeSpan.FromSeconds(5),
        };
    }

    private static async ValueTask<Stream> ConnectAsync(UnixDomainSocketEndPoint address, CancellationToken cancellation)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(address, cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
