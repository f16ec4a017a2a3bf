using System.Globalization;
using System.Text.Json;
using EdgeDaemon.Tests.Monitoring;

namespace EdgeDaemon.EndToEnd;

/// <summary>The control surface over the network, with curl: by role, and with certificates that a reload takes back.</summary>
[TestClass]
public sealed class RemoteControlTests
{
    [TestMethod]
    public async Task OverTls_RolesCountAsLocally_AndAReloadTakesACertificateBack()
    {
        await using TlsDaemon daemon = await TlsDaemon.StartAsync("client_crls = [\"STATE/ca.crl\"]", before: Prepare);
        StateDirectory state = daemon.State;
        (int status, string text) = Curl(daemon, "watch", "GET", "/metrics");
        Assert.AreEqual(200, status, text);
        Assert.IsGreaterThanOrEqualTo(1, PrometheusText.Read(text).Sum("edged_handshakes_total", ("outcome", "completed")));
        Assert.AreEqual(200, Curl(daemon, "watch", "GET", "/control/status").Status);
        Assert.AreEqual(403, Curl(daemon, "camera", "GET", "/metrics").Status);
        Assert.AreEqual(403, Curl(daemon, "watch", "POST", "/control/reload").Status);
        Assert.AreEqual(403, Curl(daemon, "boss", "GET", "/metrics").Status);

        // Material that is no good refuses the reload, and the old goes on.
        byte[] list = File.ReadAllBytes(state.At("ca.crl"));
        File.WriteAllText(state.At("ca.crl"), "nonsense");
        (status, text) = Curl(daemon, "boss", "POST", "/control/reload");
        Assert.AreEqual(422, status, text);
        StringAssert.Contains(text, "ca.crl", StringComparison.Ordinal);
        File.WriteAllBytes(state.At("ca.crl"), list);
        Assert.AreEqual(200, Curl(daemon, "watch", "GET", "/control/status").Status);

        Command.Edgectl("pki", "revoke", state.At("ca"), state.At("watch.pem")).Succeeded();
        Command.Edgectl("pki", "crl", state.At("ca"), "--out", state.At("ca.crl"), "--force").Succeeded();
        Assert.AreEqual(200, Curl(daemon, "watch", "GET", "/control/status").Status, "nothing counts before it is read");
        (status, text) = Curl(daemon, "boss", "POST", "/control/reload");
        Assert.AreEqual(200, status, text);
        Assert.IsTrue(JsonDocument.Parse(text).RootElement.GetProperty("applied").GetBoolean());
        Assert.AreEqual(0, Curl(daemon, "watch", "GET", "/control/status").Status);
        Assert.AreEqual(200, Curl(daemon, "boss", "POST", "/control/config/check").Status);
        Assert.AreEqual(200, Curl(daemon, "camera", "GET", "/v2/models/digits").Status);
    }

    private static void Prepare(StateDirectory state)
    {
        foreach (string name in (string[])["watch", "boss"])
        {
            TlsDaemon.Issue(state, "ca", "client", name, "--san", $"uri:spiffe://example.com/{name}");
        }

        Command.Edgectl("pki", "crl", state.At("ca"), "--out", state.At("ca.crl")).Succeeded();
        string text = File.ReadAllText(state.Config);
        int remote = text.IndexOf("client_roots", StringComparison.Ordinal);
        text = text[..remote] + text[remote..].Replace("exposes = [\"inference\"]", "exposes = [\"inference\", \"control\"]", StringComparison.Ordinal)
            .Replace("[limits]", """
                [[tenant]]
                name = "watchers"
                callers = ["cert:spiffe://example.com/watch"]
                roles = ["observe"]

                [[tenant]]
                name = "bosses"
                callers = ["cert:spiffe://example.com/boss"]
                roles = ["admin"]

                [limits]
                """, StringComparison.Ordinal);
        StateDirectory.Write(state.Config, text);
    }

    /// <summary>Status 0: no answer.</summary>
    private static (int Status, string Text) Curl(TlsDaemon daemon, string client, string method, string path)
    {
        string body = daemon.At("answer");
        File.Delete(body);
        Command curl = Command.Run(
            "/usr/bin/curl", "-sS", "-X", method, "-o", body, "-w", "%{http_code}", "--cacert", daemon.At("ca/root.pem"), "--cert", daemon.At(client + ".pem"), "--key", daemon.At(client + ".key"),
            string.Create(CultureInfo.InvariantCulture, $"https://localhost:{daemon.Port}{path}"));
        return (int.Parse(curl.Output, CultureInfo.InvariantCulture), File.Exists(body) ? File.ReadAllText(body) : curl.Errors);
    }
}
