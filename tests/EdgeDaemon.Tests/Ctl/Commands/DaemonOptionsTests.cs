using System.Runtime.Versioning;
using EdgeDaemon.Tests.Client;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace EdgeDaemon.Tests.Ctl.Commands;

/// <summary>edgectl over mutual TLS.</summary>
[TestClass]
[SupportedOSPlatform("linux")]
public sealed class DaemonOptionsTests
{
    private const string Status =
        """{"version":"0.1.0","framework":".NET","runtime":{"version":"1","sha256":"ab","path":"/x"},"uptime_seconds":1,"models_ready":2,"models_refused":1}""";

    [TestMethod]
    public async Task Status_comes_over_mutual_tls_and_only_to_who_may_have_it()
    {
        using var authority = new TestIdentity();
        using var stranger = new TestIdentity();
        await using KestrelDaemon daemon = await KestrelDaemon.StartTlsAsync(
            context =>
            {
                context.Response.ContentType = "application/json";
                return context.Response.WriteAsync(Status);
            },
            new HttpsConnectionAdapterOptions
            {
                ServerCertificate = authority.Server("camera-7"),
                ClientCertificateMode = ClientCertificateMode.RequireCertificate,
                ClientCertificateValidation = (client, _, _) => authority.Issued(client),
            });
        using var own = new IdentityFiles(authority);
        using var other = new IdentityFiles(stranger);
        string address = $"https://localhost:{daemon.Port}";
        ToolRun run = ToolRun.Of(
            "status", "--address", address, "--tls-ca", own.Root, "--tls-cert", own.Certificate, "--tls-key", own.Key, "--tls-name", "camera-7").Succeeded();
        StringAssert.Contains(run.Output, "2 ready, 1 refused");

        ToolRun.Of("status", "--address", address, "--tls-ca", own.Root, "--tls-cert", own.Certificate, "--tls-key", own.Key).Failed(1, "no TLS with");
        ToolRun.Of("status", "--address", address, "--tls-ca", other.Root, "--tls-cert", own.Certificate, "--tls-key", own.Key, "--tls-name", "camera-7").Failed(1, "no TLS with");
        ToolRun.Of("status", "--address", address, "--tls-ca", own.Root, "--tls-cert", other.Certificate, "--tls-key", other.Key, "--tls-name", "camera-7").Failed(1);
        ToolRun.Of("status", "--address", address, "--tls-ca", own.Root, "--tls-cert", own.Certificate, "--tls-key", other.Key).Failed(1, "is not the key of");
        ToolRun.Of("status", "--address", address, "--tls-ca", own.Key).Failed(1, "no certificate");
        File.SetUnixFileMode(own.Key, UnixFileMode.UserRead | UnixFileMode.GroupRead);
        ToolRun.Of("status", "--address", address, "--tls-ca", own.Root, "--tls-cert", own.Certificate, "--tls-key", own.Key).Failed(1, own.Key);
    }
}
