using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace EdgeDaemon.Client.Transport;

/// <summary>An HTTP handler whose connections all go to one daemon, and that adds nothing of its own to a request. HTTP/2 begins at once over a socket (prior knowledge), by ALPN over TLS.</summary>
internal static class DaemonHandler
{
    /// <summary>Set on a request for which a connection was opened: what such a request met was no leftover of an earlier one.</summary>
    public static readonly HttpRequestOptionsKey<bool> Opened = new("edged.opened");

    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    private const int LeastWindow = 65535;
    private const int MostWindow = 16 << 20;

    public static SocketsHttpHandler Create(EdgeAddress address, EdgeClientOptions options)
    {
        var handler = new SocketsHttpHandler
        {
            // The name in the URL is never resolved: every connection goes to the address.
            ConnectCallback = (context, cancellation) =>
            {
                context.InitialRequestMessage.Options.Set(Opened, true);
                return ConnectAsync(address.EndPoint, cancellation);
            },
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            ActivityHeadersPropagator = null,
            PooledConnectionIdleTimeout = options.IdleConnectionLifetime,
            MaxResponseHeadersLength = 16,
            MaxResponseDrainSize = 0,
            Expect100ContinueTimeout = TimeSpan.FromSeconds(5),
            EnableMultipleHttp2Connections = true,
            InitialHttp2StreamWindowSize = Math.Clamp(options.StreamWindowBytes, LeastWindow, MostWindow),
        };
        if (address.Tls is { } tls)
        {
            handler.SslOptions = Ssl(tls);
        }

        return handler;
    }

    private static SslClientAuthenticationOptions Ssl(EdgeTls tls)
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = tls.Revocation,
            RevocationFlag = X509RevocationFlag.EntireChain,

            // A certificate of the other side names addresses; going there is the other side's wish, not ours.
            DisableCertificateDownloads = tls.Revocation != X509RevocationMode.Online,
        };
        policy.CustomTrustStore.AddRange(tls.Roots);
        policy.ApplicationPolicy.Add(new Oid(ServerAuthentication));
        return new SslClientAuthenticationOptions
        {
            EnabledSslProtocols = SslProtocols.Tls13,
            CertificateChainPolicy = policy,
            AllowRenegotiation = false,
            ClientCertificateContext = tls.Certificate is null ? null : SslStreamCertificateContext.Create(tls.Certificate, tls.Intermediates, offline: true),
        };
    }

    private static async ValueTask<Stream> ConnectAsync(EndPoint address, CancellationToken cancellation)
    {
        Socket socket = address is UnixDomainSocketEndPoint
            ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
            : new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
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
