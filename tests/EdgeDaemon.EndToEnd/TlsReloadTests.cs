using System.Net.Security;
using System.Net.Sockets;

namespace EdgeDaemon.EndToEnd;

/// <summary>
/// What a listener over TLS proves itself by and whom it believes, changed while the published daemon serves: each reload counts at once for whom it means, and a connection
/// that it does not mean goes on as if nothing had been.
/// </summary>
[TestClass]
public sealed class TlsReloadTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    [TestMethod]
    public async Task KeysListsAndAuthorities_AreExchanged_AndNobodyIsCutButWhomTheyMean()
    {
        await using TlsDaemon daemon = await TlsDaemon.StartAsync("client_crls = [\"STATE/ca.crl\"]", before: Prepare);
        StateDirectory state = daemon.State;
        await using SslStream camera = await OpenAsync("camera"), watch = await OpenAsync("watch"), lost = await OpenAsync("lost");
        Assert.AreEqual("CN=edge", camera.RemoteCertificate!.Subject);

        // Another certificate and key, both in the place of the old.
        TlsDaemon.Issue(state, "ca", "server", "edge-2", "--san", "dns:localhost");
        Change("edge.pem", "edge-2.pem");
        Change("edge.key", "edge-2.key");
        await daemon.Daemon.ReloadAsync();
        foreach (SslStream open in (SslStream[])[camera, watch, lost])
        {
            Assert.AreEqual(200, await TlsDaemon.AskAsync(open));
        }

        await using (SslStream fresh = await OpenAsync("camera"))
        {
            Assert.AreEqual("CN=edge-2", fresh.RemoteCertificate!.Subject);
        }

        // A denied key.
        Change("client_crls", $"denied_keys = [\"{KeyDigest("watch")}\"]\nclient_crls");
        await daemon.Daemon.ReloadAsync();
        await IsClosedAsync(watch);
        Assert.IsNull(await daemon.AskAsync("watch"));
        Assert.AreEqual(200, await TlsDaemon.AskAsync(camera));
        Assert.AreEqual(200, await TlsDaemon.AskAsync(lost));

        // A newer list.
        Command.Edgectl("pki", "revoke", state.At("ca"), state.At("lost.pem")).Succeeded();
        Command.Edgectl("pki", "crl", state.At("ca"), "--out", state.At("ca.crl"), "--force").Succeeded();
        Assert.AreEqual(200, await TlsDaemon.AskAsync(lost), "nothing counts before it is read");
        await daemon.Daemon.ReloadAsync();
        await IsClosedAsync(lost);
        Assert.IsNull(await daemon.AskAsync("lost"));
        Assert.AreEqual(200, await TlsDaemon.AskAsync(camera));

        // What is no good changes nothing, on whatever connection.
        string good = File.ReadAllText(state.Config);
        Change("denied_keys = [", "denied_keys = [\"\", ");
        await daemon.Daemon.ReloadAsync(refused: true);
        Assert.AreEqual(200, await TlsDaemon.AskAsync(camera));
        Assert.IsNull(await daemon.AskAsync("watch"), "and denies whom it denied");
        StateDirectory.Write(state.Config, good);

        // Networks.
        Change("client_crls", "allow_from = [\"127.0.0.2/32\"]\nclient_crls");
        await using SslStream elsewhere = await daemon.HandshakeAsync("camera", "127.0.0.2");
        await daemon.Daemon.ReloadAsync();
        await IsClosedAsync(camera);
        Assert.AreEqual(200, await TlsDaemon.AskAsync(elsewhere));
        Assert.IsNull(await daemon.AskAsync());

        // Another authority in place of the first, whose clients go with it.
        TlsDaemon.Authority(state, "next");
        TlsDaemon.Issue(state, "next", "client", "newcomer", "--san", "uri:spiffe://example.com/camera");
        Command.Edgectl("pki", "crl", state.At("next"), "--out", state.At("next.crl")).Succeeded();
        Assert.IsNull(await daemon.AskAsync("newcomer", "127.0.0.2"));
        Change("ca/root.pem", "next/root.pem");
        Change("ca.crl", "next.crl");
        await daemon.Daemon.ReloadAsync();
        await IsClosedAsync(elsewhere);
        Assert.AreEqual(200, await daemon.AskAsync("newcomer", "127.0.0.2"));
        Assert.AreEqual(5, daemon.Daemon.Count("configuration reloaded"));

        void Change(string from, string to) => StateDirectory.Write(state.Config, File.ReadAllText(state.Config).Replace(from, to, StringComparison.Ordinal));

        async Task<SslStream> OpenAsync(string client)
        {
            SslStream open = await daemon.HandshakeAsync(client);
            Assert.AreEqual(200, await TlsDaemon.AskAsync(open), client);
            return open;
        }

        string KeyDigest(string name) =>
            Command.Run("/bin/bash", "-c", $"openssl x509 -in '{state.At(name + ".pem")}' -pubkey -noout | openssl pkey -pubin -outform DER | sha256sum").Succeeded().Output[..64];
    }

    /// <summary>A ticket is no way around a revocation: the control resumes the same session before it.</summary>
    [TestMethod]
    public async Task SessionOfARevokedCertificate_IsNotResumed()
    {
        await using TlsDaemon daemon = await TlsDaemon.StartAsync("client_crls = [\"STATE/ca.crl\"]", before: Prepare);
        string session = daemon.At("session");
        StringAssert.Contains(Ask("lost", "-sess_out", session), "New, TLSv1.3", StringComparison.Ordinal);
        string resumed = Ask("lost", "-sess_in", session);
        StringAssert.Contains(resumed, "Reused, TLSv1.3", StringComparison.Ordinal);
        StringAssert.Contains(resumed, "HTTP/1.1 200", StringComparison.Ordinal);

        Command.Edgectl("pki", "revoke", daemon.At("ca"), daemon.At("lost.pem")).Succeeded();
        Command.Edgectl("pki", "crl", daemon.At("ca"), "--out", daemon.At("ca.crl"), "--force").Succeeded();
        await daemon.Daemon.ReloadAsync();
        Assert.DoesNotContain("HTTP/1.1", Ask("lost", "-sess_in", session));
        await Waiting.UntilAsync(() => daemon.Daemon.Errors.Contains("Revoked: ", StringComparison.Ordinal));
        StringAssert.Contains(Ask("watch"), "HTTP/1.1 200", StringComparison.Ordinal);

        // The same without the certificate: a ticket alone opens nothing.
        Assert.DoesNotContain("HTTP/1.1", Ask(null, "-sess_in", session));

        string Ask(string? client, params string[] more) => Command.Run("/bin/bash", "-c", $"""
            (printf 'GET /v2/models/digits HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'; sleep 2) | timeout 30 openssl s_client -connect localhost:{daemon.Port} -CAfile '{daemon.At("ca/root.pem")}' \
              {(client is null ? "" : $"-cert '{daemon.At(client + ".pem")}' -key '{daemon.At(client + ".key")}'")} {string.Join(' ', more)} 2>&1
            """).Output;
    }

    /// <summary>Good and bad configurations in turn, as fast as they are taken, while callers ask on one connection each: none of them notices.</summary>
    [TestMethod]
    public async Task ReloadsUnderLoad_LoseNoRequestAndNoConnection()
    {
        await using TlsDaemon daemon = await TlsDaemon.StartAsync("client_crls = [\"STATE/ca.crl\"]", before: Prepare);
        using var enough = new CancellationTokenSource();
        int answered = 0;
        Task[] callers = [.. ((string[])["camera", "watch", "lost"]).Select(client => Task.Run(async () =>
        {
            await using SslStream open = await daemon.HandshakeAsync(client);
            while (!enough.IsCancellationRequested)
            {
                Assert.AreEqual(200, await TlsDaemon.AskAsync(open));
                Interlocked.Increment(ref answered);
            }
        }))];
        string good = File.ReadAllText(daemon.State.Config);
        for (int round = 0; round < 10; round++)
        {
            int before = Volatile.Read(ref answered);
            bool bad = round % 2 == 1;
            StateDirectory.Write(daemon.State.Config, good + (bad ? "\n[nonsense]\nkey = 1\n" : $"\n[log]\nlevel = \"{(round % 4 == 0 ? "debug" : "info")}\"\n"));
            await daemon.Daemon.ReloadAsync(refused: bad);
            await Waiting.UntilAsync(() => Volatile.Read(ref answered) > before + 10 || callers.Any(caller => caller.IsFaulted));
        }

        await enough.CancelAsync();
        await Task.WhenAll(callers);
        Assert.DoesNotContain("turned away", daemon.Daemon.Errors);
    }

    private static void Prepare(StateDirectory state)
    {
        foreach (string name in (string[])["watch", "lost"])
        {
            TlsDaemon.Issue(state, "ca", "client", name, "--san", $"uri:spiffe://example.com/{name}");
        }

        StateDirectory.Write(state.Config, File.ReadAllText(state.Config).Replace(
            "\"cert:spiffe://example.com/camera\"", "\"cert:spiffe://example.com/camera\", \"cert:spiffe://example.com/watch\", \"cert:spiffe://example.com/lost\"", StringComparison.Ordinal));
        Command.Edgectl("pki", "crl", state.At("ca"), "--out", state.At("ca.crl")).Succeeded();
    }

    private static async Task IsClosedAsync(SslStream open)
    {
        using var time = new CancellationTokenSource(Soon);
        try
        {
            Assert.AreEqual(0, await open.ReadAsync(new byte[1], time.Token), "it has something to say");
        }
        catch (Exception cut) when (cut is IOException or SocketException)
        {
            // Cut without a word, which is as good.
        }
    }
}
