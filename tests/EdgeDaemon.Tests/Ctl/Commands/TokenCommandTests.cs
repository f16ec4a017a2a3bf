using System.Formats.Asn1;
using System.Numerics;
using System.Runtime.Versioning;
using System.Text;
using System.Text.Json;
using EdgeDaemon.Core.Tokens;
using EdgeDaemon.Tests.Client;
using EdgeDaemon.Tests.Posix.Files;
using EdgeDaemon.Tests.Tokens;

namespace EdgeDaemon.Tests.Ctl.Commands;

/// <summary><c>edgectl token</c> against the openssl command line, both ways: what one signs, the other verifies.</summary>
[TestClass]
[SupportedOSPlatform("linux")]
public sealed class TokenCommandTests
{
    [TestMethod]
    public void What_it_makes_openssl_verifies()
    {
        using TestTree tree = WithKey();
        string token = New(tree).Succeeded().Output.TrimEnd('\n');
        string[] parts = token.Split('.');
        Assert.HasCount(3, parts);
        Assert.AreEqual("""{"alg":"ES256","kid":"ops","typ":"JWT"}""", Encoding.UTF8.GetString(MadeToken.Decode(parts[0])));
        using JsonDocument claims = JsonDocument.Parse(MadeToken.Decode(parts[1]));
        Assert.AreEqual("unix:1000", claims.RootElement.GetProperty("sub").GetString());
        Assert.AreEqual("plant-7", claims.RootElement.GetProperty("aud").GetString());
        Assert.AreEqual(600, claims.RootElement.GetProperty("exp").GetInt64() - claims.RootElement.GetProperty("iat").GetInt64());
        CollectionAssert.AreEquivalent((string[])["sub", "aud", "iat", "exp"], claims.RootElement.EnumerateObject().Select(member => member.Name).ToArray());

        File.WriteAllText(tree["signed"], $"{parts[0]}.{parts[1]}");
        File.WriteAllBytes(tree["signature"], ToDer(MadeToken.Decode(parts[2])));
        StringAssert.Contains(Openssl.Succeeded("dgst", "-sha256", "-verify", tree["key.pub"], "-signature", tree["signature"], tree["signed"]), "Verified OK");
        File.AppendAllText(tree["signed"], "A");
        Assert.AreEqual(1, Openssl.Run("dgst", "-sha256", "-verify", tree["key.pub"], "-signature", tree["signature"], tree["signed"]).Code);
    }

    [TestMethod]
    public void What_openssl_signs_is_good()
    {
        using TestTree tree = WithKey();
        string token = MadeToken.Join(MadeToken.Header, MadeToken.Claims, signed =>
        {
            File.WriteAllBytes(tree["signed"], signed);
            Openssl.Succeeded("dgst", "-sha256", "-sign", tree["key"], "-out", tree["signature"], tree["signed"]);
            return FromDer(File.ReadAllBytes(tree["signature"]));
        });
        using TokenKey key = TokenKey.FromPem("k1", File.ReadAllText(tree["key.pub"]));
        Assert.IsTrue(key.Verifies(AccessToken.Parse(token)));
        Assert.IsFalse(key.Verifies(AccessToken.Parse(MadeToken.Join(MadeToken.Header, MadeToken.Claims, _ => MadeToken.Decode(token.Split('.')[2]).Reverse().ToArray()))));
    }

    [TestMethod]
    public void A_token_for_a_certificate_holds_its_digest()
    {
        using TestTree tree = WithKey();
        ToolRun.Of("pki", "init", tree["ca"], "--name", "test").Succeeded();
        ToolRun.Of("pki", "issue", tree["ca"], "--use", "client", "--name", "operator", "--san", "uri:spiffe://plant.example/operator", "--out", tree["operator"]).Succeeded();
        string token = New(tree, "--subject", "cert:spiffe://plant.example/operator", "--certificate", tree["operator.pem"], "--audience", "plant-8", "--issuer", "plant", "--minutes", "60").Succeeded().Output;
        TokenClaims claims = AccessToken.Parse(token.TrimEnd()).Claims;
        string print = Openssl.Succeeded("x509", "-in", tree["operator.pem"], "-noout", "-fingerprint", "-sha256");
        Assert.AreEqual(print.Trim()[(print.IndexOf('=', StringComparison.Ordinal) + 1)..].Replace(":", "", StringComparison.Ordinal), Convert.ToHexString(claims.Certificate.Span));
        CollectionAssert.AreEqual((string[])["plant-7", "plant-8"], claims.Audiences.ToArray());
        Assert.AreEqual(("plant", TimeSpan.FromHours(1)), (claims.Issuer, claims.Expires - claims.IssuedAt));

        File.WriteAllText(tree["token"], token);
        ToolRun shown = ToolRun.Of("token", "show", tree["token"]).Succeeded();
        StringAssert.StartsWith(shown.Output, "NOT VERIFIED");
        foreach (string line in (string[])["key        ops\n", "subject    cert:spiffe://plant.example/operator\n", "audience   plant-7, plant-8\n", "issuer     plant\n", $"sha256:{Convert.ToHexStringLower(claims.Certificate.Span)}\n"])
        {
            StringAssert.Contains(shown.Output, line);
        }

        Assert.DoesNotContain(token.Split('.')[2].Trim(), shown.Output);
    }

    [TestMethod]
    [DataRow("self", "names one caller")]
    [DataRow("unix:camera", "names one caller")]
    [DataRow("unix-group:44", "names one caller")]
    [DataRow("unix:01", "must be a number")]
    [DataRow("root", "must be")]
    [DataRow("cert:spiffe://plant.example/*", "names one caller")]
    [DataRow("cert:spiffe://plant.example/operator", "name the file with --certificate")]
    public void A_subject_is_one_caller(string subject, string message)
    {
        using TestTree tree = WithKey();
        New(tree, "--subject", subject).Failed(1, message);
    }

    [TestMethod]
    public void Other_keys_and_lives_are_refused()
    {
        using TestTree tree = WithKey();
        ToolRun.Of("keygen", "--out", tree["p384"], "--curve", "p384").Succeeded();
        ToolRun.Of("token", "new", "--key", tree["p384"], "--id", "ops", "--subject", "unix:1000", "--audience", "plant-7").Failed(1, "not on P-256");
        New(tree, "--minutes", "0").Failed(2, "--minutes");
        New(tree, "--certificate", tree["key.pub"]).Failed(1, "leave --certificate out");
        New(tree, "--issuer", new string('x', 9000)).Failed(1, "at most 8192 are read");
    }

    [TestMethod]
    public void It_goes_with_a_request_and_is_a_secret()
    {
        using TestTree tree = WithKey();
        using var daemon = new FakeDaemon(_ => FakeDaemon.Json("""{"models":[]}"""));
        string token = New(tree).Succeeded().Output;
        File.WriteAllText(tree["token"], token);
        File.SetUnixFileMode(tree["token"], UnixFileMode.UserRead | UnixFileMode.UserWrite);
        ToolRun.Of("model", "list", "--socket", daemon.SocketPath, "--token", tree["token"]).Succeeded();
        StringAssert.Contains(daemon.Requests.Single().Headers, $"Authorization: Bearer {token.TrimEnd()}");
        ToolRun.Of("model", "list", "--socket", daemon.SocketPath).Succeeded();
        Assert.DoesNotContain("Authorization", daemon.Requests[1].Headers);

        File.SetUnixFileMode(tree["token"], UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        ToolRun.Of("model", "list", "--socket", daemon.SocketPath, "--token", tree["token"]).Failed(1, "holds a secret", "chmod 600");
        File.SetUnixFileMode(tree["token"], UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.WriteAllText(tree["token"], "two words\r\nInjected: yes");
        ToolRun.Of("model", "list", "--socket", daemon.SocketPath, "--token", tree["token"]).Failed(1, "holds no token");
        Assert.HasCount(2, daemon.Requests);
        Assert.DoesNotContain(token.TrimEnd(), new EdgeDaemon.Client.EdgeClientOptions { BearerToken = token.TrimEnd() }.ToString());
    }

    private static TestTree WithKey()
    {
        var tree = new TestTree();
        ToolRun.Of("keygen", "--out", tree["key"]).Succeeded();
        return tree;
    }

    // An option that is given again takes the place of the usual one, audiences add up.
    private static ToolRun New(TestTree tree, params string[] more)
    {
        List<string> all = ["token", "new", "--key", tree["key"], "--id", "ops", "--audience", "plant-7"];
        if (!more.Contains("--subject"))
        {
            all.AddRange(["--subject", "unix:1000"]);
        }

        return ToolRun.Of([.. all, .. more]);
    }

    private static byte[] ToDer(byte[] signature)
    {
        var der = new AsnWriter(AsnEncodingRules.DER);
        using (der.PushSequence())
        {
            der.WriteInteger(new BigInteger(signature.AsSpan(0, 32), isUnsigned: true, isBigEndian: true));
            der.WriteInteger(new BigInteger(signature.AsSpan(32), isUnsigned: true, isBigEndian: true));
        }

        return der.Encode();
    }

    private static byte[] FromDer(byte[] der)
    {
        AsnReader sequence = new AsnReader(der, AsnEncodingRules.DER).ReadSequence();
        byte[] signature = new byte[64];
        for (int i = 0; i < 2; i++)
        {
            byte[] number = sequence.ReadInteger().ToByteArray(isUnsigned: true, isBigEndian: true);
            number.CopyTo(signature, ((i + 1) * 32) - number.Length);
        }

        return signature;
    }
}
