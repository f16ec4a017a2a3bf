using System.Net;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace EdgeDaemon.Benchmarks.Bare;

/// <summary>Kestrel's own mutual TLS, as its documentation has it, with the chain policy that costs least.</summary>
internal static class MutualTls
{
    public static void Listen(KestrelServerOptions options, int port, string folder)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true };
        policy.CustomTrustStore.ImportFromPemFile(Path.Combine(folder, "root.pem"));
        policy.ApplicationPolicy.Add(new Oid("1.3.6.1.5.5.7.3.2"));
        options.Listen(IPAddress.Loopback, port, endpoint =>
        {
            endpoint.Protocols = HttpProtocols.Http1AndHttp2;
            endpoint.UseHttps(new HttpsConnectionAdapterOptions
            {
                ServerCertificate = X509Certificate2.CreateFromPemFile(Path.Combine(folder, "server.pem"), Path.Combine(folder, "server.key")),
                ClientCertificateMode = ClientCertificateMode.RequireCertificate,
                SslProtocols = SslProtocols.Tls13,
                OnAuthenticate = (_, tls) => tls.CertificateChainPolicy = policy,
            });
        });
    }
}
