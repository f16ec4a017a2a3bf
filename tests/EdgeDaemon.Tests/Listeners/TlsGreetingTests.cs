using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using EdgeDaemon.Core.Configuration;
using EdgeDaemon.Hosting;
using EdgeDaemon.Listeners;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using static EdgeDaemon.Tests.Listeners.TlsFixture;

namespace EdgeDaemon.Tests.Listeners;

/// <summary>The door over the network: who gets in, who is cut and when, and what happens to those inside when the operator's material changes.</summary>
[TestClass]
public sealed class TlsGreetingTests
{
    [TestMethod]
    public async Task Protocol_DecidesTheEndpoint_AndTheServerHearsOfTls()
    {
        await using TlsBench bench = await TlsBench.StartAsync(Settings());
        foreach ((SslApplicationProtocol[] spoken, Wire wire) in (((SslApplicationProtocol[], Wire)[])[([SslApplicationProtocol.Http2], Wire.Http2), ([SslApplicationProtocol.Http11], Wire.Http1), ([], Wire.Http1), ([SslApplicationProtocol.Http11, SslApplicationProtocol.Http2], Wire.Http2)]))
        {
            await using SslStream client = await bench.ClientAsync("good", SslProtocols.Tls13, spoken);
            await using ConnectionContext server = (await bench.AcceptAsync(wire))!;
            Assert.IsNotNull(server.Features.Get<ITlsConnectionFeature>());
            Assert.AreEqual(SslProtocols.Tls13, server.Features.Get<ITlsHandshakeFeature>()!.Protocol);
            Assert.AreEqual(IPAddress.Loopback, ((IPEndPoint)server.RemoteEndPoint!).Address);
        }
    }

    [TestMethod]
    [DataRow("expired", "Expired")]
    [DataRow("stranger", "Untrusted")]
    [DataRow(null, "certificate")]
    public async Task BadCertificate_IsCut_AndLeavesOneLine(string? leaf, string reason)
    {
        await using TlsBench bench = await TlsBench.StartAsync(Settings());
        await using SslStream client = await bench.ClientAsync(leaf);
        Assert.IsTrue(await TlsBench.IsCutAsync(client));
        await UntilAsync(() => bench.Log.Count == 1);
        StringAssert.Contains(bench.Log.Single(), "turned away", StringComparison.Ordinal);
        StringAssert.Contains(bench.Log.Single(), reason, StringComparison.Ordinal);
        StringAssert.Contains(bench.Log.Single(), "127.0.0.1:", StringComparison.Ordinal);
        Assert.AreEqual(0, bench.Doors.Counts[HandshakeOutcome.Completed]);
    }

    [TestMethod]
    public async Task WhoIsTurnedAway_IsBlamed_AndWhoIsOutside_IsCut()
    {
        await using TlsBench bench = await TlsBench.StartAsync(Settings());
        await using (SslStream bad = await bench.ClientAsync("expired"))
        {
            Assert.IsTrue(await TlsBench.IsCutAsync(bad));
        }

        await UntilAsync(() => !bench.Blamed.IsEmpty);
        Assert.AreEqual("127.0.0.1 CertificateRefused", bench.Blamed.Single());
        bench.Outside[IPAddress.Loopback] = 0;
        using Socket socket = await bench.DialAsync();
        await using var stream = new NetworkStream(socket);
        Assert.IsTrue(await TlsBench.IsCutAsync(stream));
        bench.Outside.Clear();
        await using SslStream good = await bench.ClientAsync("good");
        Assert.IsNotNull(await bench.AcceptAsync());
        Assert.HasCount(1, bench.Blamed);
    }

    /// <summary>Nobody gets in by a list that is out of date, and nobody's address suffers for it: the list is the operator's to renew.</summary>
    [TestMethod]
    [DataRow("good", "root-stale.crl", "RevocationListStale", false)]
    [DataRow("good", "other-empty.crl", "RevocationListMissing", false)]
    [DataRow("early", "", "NotYetValid", false)]
    [DataRow("revoked", "root-stale-revoking.crl", "Revoked", true)]
    [DataRow("expired", "", "Expired", true)]
    public async Task WhatIsTheDevicesOwnFault_IsHeldAgainstNobody(string leaf, string list, string reason, bool blamed)
    {
        EdgedSettings settings = list.StartsWith("other", StringComparison.Ordinal) ? Both(Lists(list)) : Settings(more: list.Length > 0 ? Lists(list) : "");
        await using TlsBench bench = await TlsBench.StartAsync(settings);
        await using SslStream client = await bench.ClientAsync(leaf);
        Assert.IsTrue(await TlsBench.IsCutAsync(client));
        await UntilAsync(() => bench.Log.Count == 1);
        StringAssert.Contains(bench.Log.Single(), reason, StringComparison.Ordinal);
        Assert.AreEqual(1, bench.Doors.Counts[HandshakeOutcome.CertificateRefused]);
        Assert.HasCount(blamed ? 1 : 0, bench.Blamed);
    }

    [TestMethod]
    public async Task Reload_JudgesNetworksAgain()
    {
        await using TlsBench bench = await TlsBench.StartAsync(Settings());
        await using SslStream open = await bench.ClientAsync("good");
        await using ConnectionContext server = (await bench.AcceptAsync())!;
        EdgedSettings same = Settings(more: "allow_from = [\"127.0.0.0/8\"]");
        bench.Doors.Apply(same, TlsBench.Of(same));
        await using (SslStream next = await bench.ClientAsync("good"))
        {
            Assert.IsNotNull(await bench.AcceptAsync(), "control: its network is among those that count now");
        }

        await server.Transport.Output.WriteAsync(new byte[] { 7 });
        Assert.IsFalse(await TlsBench.IsCutAsync(open), "and so is that of who was there");
        EdgedSettings elsewhere = Settings(more: "allow_from = [\"10.0.0.0/8\"]");
        bench.Doors.Apply(elsewhere, TlsBench.Of(elsewhere));
        Assert.IsTrue(await TlsBench.IsCutAsync(open));
        StringAssert.Contains(bench.Log.Last(), "not in allow_from", StringComparison.Ordinal);
        using Socket late = await bench.DialAsync();
        await using var stream = new NetworkStream(late);
        Assert.IsTrue(await TlsBench.IsCutAsync(stream), "and who comes is cut before his first byte");
        Assert.AreEqual(1, bench.Doors.Counts[HandshakeOutcome.NotAllowed]);
        Assert.IsEmpty(bench.Blamed);
    }

    /// <summary>A reload with a list that is out of date takes what it can: the revocation that the list does name counts, on open connections, too.</summary>
    [TestMethod]
    public async Task Reload_WithAStaleList_IsTaken()
    {
        await using TlsBench bench = await TlsBench.StartAsync(Settings());
        await using SslStream revoked = await bench.ClientAsync("revoked");
        await using ConnectionContext server = (await bench.AcceptAsync())!;
        EdgedSettings next = Settings(more: Lists("root-stale-revoking.crl"));
        List<string> faults = [], outdated = [];
        Assert.IsTrue(new Credentials(null).TryReadTls(next, TimeProvider.System, faults, outdated, out var material), string.Join('\n', faults));
        Assert.IsEmpty(faults, "an error would refuse the whole reload");
        Assert.HasCount(1, outdated);
        bench.Doors.Apply(next, material);
        Assert.IsTrue(await TlsBench.IsCutAsync(revoked));
        StringAssert.Contains(bench.Log.Last(), "is revoked", StringComparison.Ordinal);
    }

    [TestMethod]
    public async Task WhoIsTurnedAwayByHisAddress_IsCountedAtTheDoor_AndWhoFailsTheHandshakeIsNot()
    {
        await using TlsBench bench = await TlsBench.StartAsync(Settings());
        await using (SslStream bad = await bench.ClientAsync("expired"))
        {
            Assert.IsTrue(await TlsBench.IsCutAsync(bad));
        }

        await UntilAsync(() => bench.Doors.Counts[HandshakeOutcome.CertificateRefused] == 1);
        Assert.AreEqual(0, bench.Transport.Traffic.Single().TurnedAway);
        bench.Outside[IPAddress.Loopback] = 0;
        using Socket socket = await bench.DialAsync();
        await using var stream = new NetworkStream(socket);
        Assert.IsTrue(await TlsBench.IsCutAsync(stream));
        await UntilAsync(() => bench.Transport.Traffic.Single().TurnedAway == 1);
    }

    [TestMethod]
    public async Task OlderTls_IsRefused()
    {
        await using TlsBench bench = await TlsBench.StartAsync(Settings());
        await Assert.ThrowsAsync<Exception>(() => bench.ClientAsync("good", SslProtocols.Tls12));
        await using SslStream control = await bench.ClientAsync("good");
        Assert.IsNotNull(await bench.AcceptAsync());
    }

    [TestMethod]
    public async Task Stranger_IsCutBeforeHisFirstByte_AndNeighboursAreNot()
    {
        foreach ((string network, bool allowed) in ((string, bool)[])[("10.0.0.0/8", false), ("127.0.0.0/8", true)])
        {
            await using TlsBench bench = await TlsBench.StartAsync(Settings(more: $"allow_from = [\"{network}\", \"fd00::/8\"]"));
            using Socket socket = await bench.DialAsync();
            await using var stream = new NetworkStream(socket);
            Task<bool> cut = TlsBench.IsCutAsync(stream);
            if (allowed)
            {
                await using SslStream client = await bench.ClientAsync("good");
                Assert.IsNotNull(await bench.AcceptAsync());
                Assert.IsFalse(cut.IsCompleted);
                socket.Shutdown(SocketShutdown.Both);
            }

            Assert.IsTrue(await cut);
            Assert.AreEqual(allowed ? 0 : 1, bench.Doors.Counts[HandshakeOutcome.NotAllowed]);
        }
    }

    [TestMethod]
    public async Task SilentCallers_HoldNoPlace_AndAreCutInTime()
    {
        var clock = new MovedClock();
        await using TlsBench bench = await TlsBench.StartAsync(Settings(limits: "max_handshakes = 2\nhandshake_timeout_seconds = 10"), clock);
        List<Socket> silent = [];
        for (int i = 0; i < 20; i++)
        {
            silent.Add(await bench.DialAsync());
            if (i % 2 == 0)
            {
                await silent[i].SendAsync(new byte[] { 22, 3, 1, 2, 0, 1 }); // The beginning of a ClientHello, and no more.
            }
        }

        await using (SslStream client = await bench.ClientAsync("good"))
        {
            Assert.IsNotNull(await bench.AcceptAsync());
        }

        Assert.AreEqual(0, bench.Doors.Counts[HandshakeOutcome.TimedOut]);
        clock.Move(TimeSpan.FromSeconds(10));
        foreach (Socket socket in silent)
        {
            await using var stream = new NetworkStream(socket, ownsSocket: true);
            Assert.IsTrue(await TlsBench.IsCutAsync(stream));
        }

        await UntilAsync(() => bench.Doors.Counts[HandshakeOutcome.TimedOut] == 20);
    }

    [TestMethod]
    public async Task Reload_ClosesWhomItWouldNotLetIn_AndNobodyElse()
    {
        await using TlsBench bench = await TlsBench.StartAsync(Settings());
        foreach ((EdgedSettings next, string stays, string goes, string reason) in ((EdgedSettings, string, string, string)[])
            [
                (Settings(more: Lists("root.crl")), "good", "revoked", "is revoked"),
                (Settings(more: $"denied_keys = [\"{KeyDigest("rsa2048")}\"]"), "good", "rsa2048", "denied_keys"),
                (Settings(roots: "other.pem"), "stranger", "good", "does not lead to a root"),
            ])
        {
            EdgedSettings first = stays == "stranger" ? Both() : Settings();
            bench.Doors.Apply(first, TlsBench.Of(first));
            await using SslStream kept = await bench.ClientAsync(stays);
            await using ConnectionContext keptServer = (await bench.AcceptAsync())!;
            await using SslStream closed = await bench.ClientAsync(goes);
            await using ConnectionContext closedServer = (await bench.AcceptAsync())!;
            bench.Doors.Apply(next, TlsBench.Of(next));
            Assert.IsTrue(await TlsBench.IsCutAsync(closed));
            StringAssert.Contains(bench.Log.Last(), reason, StringComparison.Ordinal);
            await keptServer.Transport.Output.WriteAsync(new byte[] { 7 });
            Assert.IsFalse(await TlsBench.IsCutAsync(kept), "it has no part in this");
        }
    }

    [TestMethod]
    public async Task NewCertificate_IsShownToNewCallers_AndOpenConnectionsGoOn()
    {
        await using TlsBench bench = await TlsBench.StartAsync(Settings());
        await using SslStream before = await bench.ClientAsync("good");
        await using ConnectionContext server = (await bench.AcceptAsync())!;
        EdgedSettings next = Settings("server2.pem", "server2.key");
        bench.Doors.Apply(next, TlsBench.Of(next));
        await using SslStream after = await bench.ClientAsync("good");
        Assert.AreEqual("CN=server", before.RemoteCertificate!.Subject);
        Assert.AreEqual("CN=server2", after.RemoteCertificate!.Subject);
        await before.WriteAsync("still there"u8.ToArray());
        Assert.AreEqual(11, (await server.Transport.Input.ReadAtLeastAsync(11)).Buffer.Length);
    }

    [TestMethod]
    [DataRow("good", "")]
    [DataRow("viainner", "inner")]
    public async Task ResumedSession_IsJudgedAgain(string leaf, string above)
    {
        // A ticket holds the client's certificate alone; the authority above it came with the first handshake.
        var clock = new MovedClock();
        await using TlsBench bench = await TlsBench.StartAsync(Settings(roots: "both.pem", more: above.Length > 0 ? "" : Lists("root.crl")), clock);
        if (above.Length > 0)
        {
            bench.Doors.Apply(Settings(), TlsBench.Of(Settings(), clock)); // One that does not know the authority in between.
        }

        string session = At($"session-{leaf}");
        string[] chain = above.Length > 0 ? ["-cert_chain", At(above + ".pem")] : [];
        StringAssert.Contains(await CallAsync("-sess_out", session), "New, TLSv1.3", StringComparison.Ordinal);
        StringAssert.Contains(await CallAsync("-sess_in", session), "Reused, TLSv1.3", StringComparison.Ordinal);
        await UntilAsync(() => bench.Doors.Counts[HandshakeOutcome.Completed] == 2);
        if (above.Length == 0)
        {
            clock.Move(TimeSpan.FromDays(31));
            StringAssert.Contains(await CallAsync("-sess_in", session), "Reused, TLSv1.3", StringComparison.Ordinal);
            await UntilAsync(() => bench.Doors.Counts[HandshakeOutcome.CertificateRefused] == 1);
            StringAssert.Contains(bench.Log.Last(), "RevocationListStale", StringComparison.Ordinal);
        }

        async Task<string> CallAsync(string session, string file)
        {
            // Until the ticket has come: it follows the handshake.
            string chained = string.Join(' ', chain);
            string script = $"(for i in {{1..600}}; do [ -s '{file}' ] && break; sleep 0.1; done) | timeout 90 openssl s_client -connect {bench.Address} -cert {At(leaf)}.pem -key {At(leaf)}.key {chained} {session} {file} 2>&1";
            var start = new System.Diagnostics.ProcessStartInfo("/bin/bash", ["-c", script]) { RedirectStandardOutput = true };
            using var shell = System.Diagnostics.Process.Start(start)!;
            return await shell.StandardOutput.ReadToEndAsync();
        }
    }

    [TestMethod]
    public async Task FloodOfRefusals_FillsNoLog()
    {
        var clock = new MovedClock();
        await using TlsBench bench = await TlsBench.StartAsync(Settings(more: "allow_from = [\"10.0.0.0/8\"]"), clock);
        for (int i = 0; i < 100; i++)
        {
            await using var stream = new NetworkStream(await bench.DialAsync(), ownsSocket: true);
            Assert.IsTrue(await TlsBench.IsCutAsync(stream));
        }

        Assert.AreEqual(100, bench.Doors.Counts[HandshakeOutcome.NotAllowed]);
        Assert.HasCount(50, bench.Log);
        clock.Move(TimeSpan.FromSeconds(1));
        using Socket last = await bench.DialAsync();
        await UntilAsync(() => bench.Log.Count == 52);
        StringAssert.StartsWith(bench.Log.ElementAt(50), "50 more connections were turned away", StringComparison.Ordinal);
    }

    private static EdgedSettings Both(string more = "")
    {
        File.WriteAllText(At("trusted-both.pem"), File.ReadAllText(At("root.pem")) + File.ReadAllText(At("other.pem")));
        return Settings(roots: "trusted-both.pem", more: more);
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        for (var waited = System.Diagnostics.Stopwatch.StartNew(); !holds(); await Task.Delay(10))
        {
            Assert.IsLessThan(TlsBench.Patience, waited.Elapsed, "it did not come about");
        }
    }
}
