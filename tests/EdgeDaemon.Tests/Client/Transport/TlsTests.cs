using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using EdgeDaemon.Client;
using EdgeDaemon.Tests.Protocol.Grpc;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace EdgeDaemon.Tests.Client.Transport;

/// <summary>Mutual TLS against the framework's own server: who is let in, and who is refused by which side.</summary>
[TestClass]
public sealed class TlsTests : IDisposable
{
    private readonly TestIdentity _authority = new();
    private readonly TestIdentity _other = new();
    private int _asked;

    public void Dispose()
    {
        _authority.Dispose();
        _other.Dispose();
    }

    [TestMethod]
    [DataRow(EdgeWire.Rest, "HTTP/1.1")]
    [DataRow(EdgeWire.Grpc, "HTTP/2")]
    public async Task Both_wires_go_over_mutual_tls_of_version_1_3(EdgeWire wire, string version)
    {
        string seen = "";
        await using KestrelDaemon daemon = await StartAsync(_authority.Server(), context =>
        {
            seen = $"{context.Request.Protocol} {context.Features.Get<Microsoft.AspNetCore.Connections.Features.ITlsHandshakeFeature>()!.Protocol} {context.Connection.ClientCertificate!.Subject}";
        });
        using EdgeClient client = Client(daemon, wire);
        Assert.IsTrue(await client.IsLiveAsync());
        Assert.AreEqual($"{version} {SslProtocols.Tls13} CN=client", seen);
    }

    [TestMethod]
    [DataRow(EdgeWire.Rest)]
    [DataRow(EdgeWire.Grpc)]
    public async Task A_daemon_of_another_root_another_name_or_past_its_day_is_refused(EdgeWire wire)
    {
        foreach (X509Certificate2 certificate in new[] { _other.Server(), _authority.Server("elsewhere"), _authority.Server(validForDays: -1) })
        {
            await using KestrelDaemon daemon = await StartAsync(certificate);
            using EdgeClient client = Client(daemon, wire);
            EdgeClientException error = await Assert.ThrowsExactlyAsync<EdgeClientException>(() => client.IsLiveAsync());
            Assert.AreEqual(EdgeClientFailure.Untrusted, error.Failure, error.ToString());
        }

        Assert.AreEqual(0, _asked);
    }

    [TestMethod]
    [DataRow(EdgeWire.Rest)]
    [DataRow(EdgeWire.Grpc)]
    public async Task A_client_without_certificate_or_of_another_root_gets_no_answer(EdgeWire wire)
    {
        await using KestrelDaemon daemon = await StartAsync(_authority.Server());
        foreach (X509Certificate2? certificate in new[] { null, _other.Client() })
        {
            using EdgeClient client = Client(daemon, wire, tls => tls with { Certificate = certificate });
            EdgeClientException error = await Assert.ThrowsExactlyAsync<EdgeClientException>(() => client.IsLiveAsync());
            Assert.IsTrue(error.Failure is EdgeClientFailure.Untrusted or EdgeClientFailure.ConnectionLost, error.ToString());
        }

        Assert.AreEqual(0, _asked);
    }

    [TestMethod]
    public async Task The_expected_name_may_be_another_than_the_host_and_an_address_is_a_name()
    {
        await using KestrelDaemon named = await StartAsync(_authority.Server("camera-7.example"));
        using EdgeClient client = Client(named, EdgeWire.Rest, tls => tls with { ServerName = "camera-7.example" });
        Assert.IsTrue(await client.IsLiveAsync());

        await using KestrelDaemon numbered = await StartAsync(_authority.Server("127.0.0.1"));
        using var byNumber = new EdgeClient(EdgeAddress.Https("127.0.0.1", numbered.Port, Tls()));
        Assert.IsTrue(await byNumber.IsLiveAsync());
        using EdgeClient byName = Client(numbered, EdgeWire.Rest);
        Assert.AreEqual(EdgeClientFailure.Untrusted, (await Assert.ThrowsExactlyAsync<EdgeClientException>(() => byName.IsLiveAsync())).Failure);
    }

    [TestMethod]
    public async Task A_certificate_made_for_clients_is_no_daemon()
    {
        // Any device of the fleet has one: it must not pass for the daemon. Kestrel would not even serve with it.
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        Task serving = Task.Run(async () =>
        {
            await using var tls = new SslStream((await listener.AcceptTcpClientAsync()).GetStream());
            await tls.AuthenticateAsServerAsync(_authority.Client("localhost"));
        });
        using var client = new EdgeClient(EdgeAddress.Https("localhost", ((IPEndPoint)listener.LocalEndpoint).Port, Tls()));
        Assert.AreEqual(EdgeClientFailure.Untrusted, (await Assert.ThrowsExactlyAsync<EdgeClientException>(() => client.IsLiveAsync())).Failure);
        await serving.ContinueWith(_ => { }, TaskScheduler.Default);
    }

    [TestMethod]
    public async Task An_older_tls_is_refused()
    {
        await using KestrelDaemon daemon = await StartAsync(_authority.Server(), protocols: SslProtocols.Tls12);
        using EdgeClient client = Client(daemon, EdgeWire.Rest);
        Assert.AreEqual(EdgeClientFailure.Untrusted, (await Assert.ThrowsExactlyAsync<EdgeClientException>(() => client.IsLiveAsync())).Failure);
    }

    [TestMethod]
    public async Task A_demand_for_revocation_that_nobody_answers_refuses_the_daemon()
    {
        await using KestrelDaemon daemon = await StartAsync(_authority.Server());
        using EdgeClient client = Client(daemon, EdgeWire.Rest, tls => tls with { Revocation = X509RevocationMode.Offline });
        Assert.AreEqual(EdgeClientFailure.Untrusted, (await Assert.ThrowsExactlyAsync<EdgeClientException>(() => client.IsLiveAsync())).Failure);
    }

    private EdgeTls Tls() => new([_authority.Root]) { Certificate = _authority.Client() };

    private EdgeClient Client(KestrelDaemon daemon, EdgeWire wire, Func<EdgeTls, EdgeTls>? change = null) =>
        new(EdgeAddress.Https("localhost", daemon.Port, (change ?? (tls => tls))(Tls())), new EdgeClientOptions { Wire = wire, Deadline = TimeSpan.FromSeconds(60) });

    private Task<KestrelDaemon> StartAsync(X509Certificate2 certificate, Action<HttpContext>? look = null, SslProtocols protocols = SslProtocols.Tls13) =>
        KestrelDaemon.StartTlsAsync(
            async context =>
            {
                Interlocked.Increment(ref _asked);
                look?.Invoke(context);
                if (context.Request.Protocol == "HTTP/2")
                {
                    await KestrelDaemon.AnswerAsync(context, Proto.Number(1, 1));
                    return;
                }

                context.Response.StatusCode = (int)HttpStatusCode.OK;
            },
            new HttpsConnectionAdapterOptions
            {
                ServerCertificate = certificate,
                SslProtocols = protocols,
                ClientCertificateMode = ClientCertificateMode.RequireCertificate,
                ClientCertificateValidation = (client, _, _) => _authority.Issued(client),
            });
}
