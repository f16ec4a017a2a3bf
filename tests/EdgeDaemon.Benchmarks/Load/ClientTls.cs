using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace EdgeDaemon.Benchmarks.Load;

/// <summary>The clients' side of mutual TLS 1.3: one certificate for all of them, and one cache of sessions.</summary>
internal sealed class ClientTls
{
    private readonly SslClientAuthenticationOptions _options;

    public ClientTls(string folder, bool resume)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true };
        policy.CustomTrustStore.ImportFromPemFile(Path.Combine(folder, "root.pem"));
        _options = new SslClientAuthenticationOptions
        {
            TargetHost = "localhost",
            EnabledSslProtocols = SslProtocols.Tls13,
            CertificateChainPolicy = policy,
            ClientCertificateContext = SslStreamCertificateContext.Create(
                X509Certificate2.CreateFromPemFile(Path.Combine(folder, "client.pem"), Path.Combine(folder, "client.key")), null, offline: true),
            AllowTlsResume = resume,
        };
    }

    public Stream Connect(string address)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveTimeout = 60_000 };
        socket.Connect(IPEndPoint.Parse(address));
        var tls = new SslStream(new NetworkStream(socket, ownsSocket: true));
        tls.AuthenticateAsClient(_options);
        return tls;
    }
}
