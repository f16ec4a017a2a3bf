using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using EdgeDaemon.Tests.Posix.Files;

namespace EdgeDaemon.Tests.Ctl.Commands;

/// <summary>Certificates of <c>edgectl pki</c> in a real handshake: TLS 1.3, both sides prove themselves, the authority's root is the only trust.</summary>
[TestClass]
public sealed class PkiTlsTests
{
    [TestMethod]
    [DataRow("edge", "camera", "ca", "edge.example.com", true)]
    [DataRow("edge", "camera", "ca", "other.example.com", false, DisplayName = "another host's name")]
    [DataRow("camera2", "camera", "ca", "camera.example.com", false, DisplayName = "a client as server")]
    [DataRow("edge", "edge", "ca", "edge.example.com", false, DisplayName = "a server as client")]
    [DataRow("edge", "alice", "ca", "edge.example.com", false, DisplayName = "a signer as client")]
    [DataRow("edge", "camera", "other", "edge.example.com", false, DisplayName = "another authority of the same name")]
    public async Task Handshake_HoldsForTheRightUseAndNameOnly(string server, string client, string authority, string host, bool good)
    {
        using var tree = new TestTree();
        foreach (string folder in (string[])["ca", "other"])
        {
            ToolRun.Of("pki", "init", tree[folder], "--name", "test").Succeeded();
        }

        foreach ((string use, string name, string san) in ((string, string, string)[])
            [("server", "edge", "dns:edge.example.com"), ("client", "camera", "uri:spiffe://example.com/camera"), ("client", "camera2", "dns:camera.example.com"), ("signer", "alice", "email:a@example.com")])
        {
            ToolRun.Of("pki", "issue", tree["ca"], "--use", use, "--name", name, "--san", san, "--out", tree[name]).Succeeded();
        }

        using X509Certificate2 root = X509CertificateLoader.LoadCertificateFromFile(tree[$"{authority}/root.pem"]);
        using X509Certificate2 serving = Holder(tree, server);
        using X509Certificate2 calling = Holder(tree, client);
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var outgoing = new TcpClient();
        await outgoing.ConnectAsync((IPEndPoint)listener.LocalEndpoint);
        using TcpClient incoming = await listener.AcceptTcpClientAsync();
        await using var far = new SslStream(incoming.GetStream());
        await using var near = new SslStream(outgoing.GetStream());
        Task accept = far.AuthenticateAsServerAsync(new SslServerAuthenticationOptions
        {
            ServerCertificate = serving, ClientCertificateRequired = true, EnabledSslProtocols = SslProtocols.Tls13, CertificateChainPolicy = Trust(root),
        });
        Task connect = near.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = host, ClientCertificates = [calling], EnabledSslProtocols = SslProtocols.Tls13, CertificateChainPolicy = Trust(root),
        });
        bool held = await Held(connect, near) & await Held(accept, far);
        Assert.AreEqual(good, held);
    }

    private static async Task<bool> Held(Task handshake, SslStream side)
    {
        try
        {
            await handshake.WaitAsync(TimeSpan.FromSeconds(20));
            return side.IsMutuallyAuthenticated;
        }
        catch (Exception refused) when (refused is AuthenticationException or IOException)
        {
            // The other side waits for what will not come.
            side.Dispose();
            return false;
        }
    }

    private static X509ChainPolicy Trust(X509Certificate2 root) => new()
    {
        TrustMode = X509ChainTrustMode.CustomRootTrust, CustomTrustStore = { root }, RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true,
    };

    private static X509Certificate2 Holder(TestTree tree, string name) => X509Certificate2.CreateFromPemFile(tree[name + ".pem"], tree[name + ".key"]);
}
