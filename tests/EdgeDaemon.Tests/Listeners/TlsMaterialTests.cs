using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EdgeDaemon.Core.Tls;
using EdgeDaemon.Listeners;
using Microsoft.AspNetCore.Connections;
using static EdgeDaemon.Tests.Listeners.TlsFixture;

namespace EdgeDaemon.Tests.Listeners;

/// <summary>Whose certificate is taken: each bad one differs from a good one in the one thing that it is turned away for.</summary>
[TestClass]
public sealed class TlsMaterialTests
{
    [TestMethod]
    [DataRow("good", "")]
    [DataRow("viainner", "inner")]
    [DataRow("rsa2048", "")]
    [DataRow("p521", "")]
    [DataRow("ed25519", "")]
    [DataRow("revoked", "", DisplayName = "revoked, and nobody gave the list: the control of the revoked ones")]
    [DataRow("viarevoked", "revokedinner", DisplayName = "below a revoked authority, the same")]
    public void GoodOnes_AreTaken(string leaf, string above)
    {
        ClientFinding finding = Judge(Material(Settings()), leaf, Names(above));
        Assert.IsTrue(finding.IsGood, finding.ToString());
    }

    [TestMethod]
    [DataRow("expired", "", ClientFault.Expired, "expired on 2021-01-01")]
    [DataRow("early", "", ClientFault.NotYetValid, "is not valid before 2098-01-01")]
    [DataRow("server", "", ClientFault.Usage, "lacks clientAuth")]
    [DataRow("nopurpose", "", ClientFault.Usage, "has no extKeyUsage")]
    [DataRow("nosignature", "", ClientFault.Usage, "lacks digitalSignature")]
    [DataRow("caclient", "", ClientFault.Usage, "is an authority")]
    [DataRow("critical", "", ClientFault.Unsupported, "1.2.3.4")]
    [DataRow("sha1", "", ClientFault.WeakSignature, "1.2.840.10045.4.1")]
    [DataRow("rsa1024", "", ClientFault.WeakKey, "1024 bits")]
    [DataRow("brainpool", "", ClientFault.WeakKey, "is on the curve")]
    [DataRow("stranger", "", ClientFault.Untrusted, "does not lead to a root")]
    [DataRow("stranger", "other", ClientFault.Untrusted, "does not lead to a root", DisplayName = "wrong root, brought along")]
    [DataRow("root", "", ClientFault.Untrusted, "a chain of 1", DisplayName = "the root itself")]
    [DataRow("viainner", "", ClientFault.Untrusted, "PartialChain", DisplayName = "without the authority in between")]
    [DataRow("viadeep", "deep inner", ClientFault.PathLength, "may have 0 authorities below it")]
    [DataRow("viaserver", "innerserver", ClientFault.NotAuthority, "lacks clientAuth")]
    [DataRow("vianotca", "notca", ClientFault.NotAuthority, "is no authority")]
    public void BadOnes_AreTurnedAway(string leaf, string above, ClientFault fault, string words)
    {
        ClientFinding finding = Judge(Material(Settings()), leaf, Names(above));
        Assert.AreEqual(fault, finding.Fault, finding.Text);
        StringAssert.Contains(finding.Text, words, StringComparison.Ordinal);
    }

    [TestMethod]
    [DataRow("root.pem", "root.crl", "good", "", ClientFault.None)]
    [DataRow("root.pem", "root-der.crl", "good", "", ClientFault.None)]
    [DataRow("root.pem", "root.crl", "revoked", "", ClientFault.Revoked)]
    [DataRow("root.pem", "root-der.crl", "revoked", "", ClientFault.Revoked)]
    [DataRow("root.pem", "root-empty.crl", "revoked", "", ClientFault.None, DisplayName = "the list from before")]
    [DataRow("root.pem", "root-stale.crl", "good", "", ClientFault.RevocationListStale)]
    [DataRow("root.pem", "root-stale-revoking.crl", "revoked", "", ClientFault.Revoked, DisplayName = "a stale list still revokes")]
    [DataRow("root.pem", "root-stale.crl root.crl", "good", "", ClientFault.None, DisplayName = "a current list beside a stale one")]
    [DataRow("root.pem", "root.crl", "viainner", "inner", ClientFault.RevocationListMissing, DisplayName = "no list of the authority in between")]
    [DataRow("both.pem", "root.crl inner-empty.crl", "viainner", "", ClientFault.None)]
    [DataRow("both.pem", "inner-empty.crl", "viainner", "", ClientFault.RevocationListMissing, DisplayName = "no list of the root")]
    [DataRow("root.pem", "root.crl", "viarevoked", "revokedinner", ClientFault.RevocationListMissing)]
    public void Lists_Count(string roots, string lists, string leaf, string above, ClientFault fault)
    {
        ClientFinding finding = Judge(Material(Settings(roots: roots, more: Lists(Names(lists)))), leaf, Names(above));
        Assert.AreEqual(fault, finding.Fault, finding.Text);
    }

    [TestMethod]
    public void RevokedAuthority_TakesItsClientsAlong()
    {
        File.WriteAllText(At("revokedboth.pem"), File.ReadAllText(At("revokedinner.pem")) + File.ReadAllText(At("root.pem")));
        ClientFinding finding = Judge(Material(Settings(roots: "revokedboth.pem", more: Lists("root.crl", "revokedinner.crl"))), "viarevoked");
        Assert.AreEqual(ClientFault.Revoked, finding.Fault, finding.Text);
        StringAssert.Contains(finding.Text, "CN=revokedinner", StringComparison.Ordinal);
        Assert.IsTrue(Judge(Material(Settings(roots: "revokedboth.pem", more: Lists("root-empty.crl", "revokedinner.crl"))), "viarevoked").IsGood, "control: before it was revoked");
    }

    [TestMethod]
    [DataRow("good")]
    [DataRow("inner")]
    [DataRow("root")]
    public void DeniedKey_IsTurnedAway_WhereverItStands(string denied)
    {
        string more = $"denied_keys = [\"{KeyDigest(denied)}\"]";
        ClientFinding finding = Judge(Material(Settings(more: more)), denied == "good" ? "good" : "viainner", "inner");
        Assert.AreEqual(ClientFault.Denied, finding.Fault, finding.Text);
        StringAssert.Contains(finding.Text, $"CN={denied}", StringComparison.Ordinal);
        Assert.AreEqual(denied != "root", Judge(Material(Settings(more: more)), "rsa2048").IsGood, "control: another's");
    }

    [TestMethod]
    [DataRow("good", "cert:spiffe://plant.example/camera/1")]
    [DataRow("twouris", "cert:dns:one.example")]
    [DataRow("many", "cert:sha256:")]
    [DataRow("plain", "cert:sha256:")]
    public async Task Name_IsTheOneUri_ElseTheOneDnsName_ElseTheKey(string leaf, string expected)
    {
        await using TlsBench bench = await TlsBench.StartAsync(Settings());
        await using SslStream client = await bench.ClientAsync(leaf);
        await using ConnectionContext server = (await bench.AcceptAsync())!;
        Arrival arrival = server.Features.Get<Arrival>()!;
        string name = arrival.Caller.Name;
        Assert.AreEqual(expected.EndsWith(':') ? expected + KeyDigest(leaf) : expected, name);
        Assert.AreEqual(KeyDigest(leaf), arrival.Caller.KeyDigest);
        CollectionAssert.AreEqual(System.Security.Cryptography.SHA256.HashData(Der(leaf).Span), arrival.Caller.CertificateDigest.ToArray());
        Assert.AreEqual(2099, arrival.Caller.Expires.Year);
    }

    /// <summary>Forty authorities that the configuration names leave no less room for those that clients bring along: a resumed session needs them.</summary>
    [TestMethod]
    public void Authorities_OfTheConfiguration_TakeNoRoomFromThoseThatAreLearned()
    {
        File.WriteAllText(At("many-roots.pem"), File.ReadAllText(At("root.pem")) + string.Concat(Enumerable.Range(0, 40).Select(Authority)));
        using TlsMaterial material = Material(Settings(roots: "many-roots.pem"));
        Assert.IsFalse(Judge(material, "viainner").IsGood, "the control: nobody has shown the authority in between yet");
        Assert.IsTrue(Judge(material, "viainner", "inner").IsGood);
        ClientFinding again = Judge(material, "viainner");
        Assert.IsTrue(again.IsGood, again.ToString());

        static string Authority(int number)
        {
            using X509Certificate2 root = X509CertificateLoader.LoadCertificate(Der("root").Span);
            using var rootKey = ECDsa.Create();
            rootKey.ImportFromPem(File.ReadAllText(At("root.key")));
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var request = new CertificateRequest($"CN=authority {number}", key, HashAlgorithmName.SHA256);
            request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
            request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
            byte[] serial = [1, (byte)number, 1];
            using X509Certificate2 made = request.Create(root.SubjectName, X509SignatureGenerator.CreateForECDsa(rootKey), root.NotBefore, root.NotAfter, serial);
            return made.ExportCertificatePem() + "\n";
        }
    }

    [TestMethod]
    public void CertificateThatWasProven_IsNotProvenTwice_ButJudgedByWhatChanges()
    {
        var clock = new MovedClock();
        using TlsMaterial material = Material(Settings(), clock);
        byte[] good = Der("good").ToArray();
        Assert.IsTrue(material.Judge([good], out TlsClient? first).IsGood);
        Assert.IsTrue(material.Judge([good], out TlsClient? again).IsGood);
        Assert.AreSame(first, again, "the second time it is remembered");

        // One bit of its signature: another certificate, which nobody has proven.
        byte[] forged = [.. good[..^1], (byte)(good[^1] ^ 1)];
        Assert.IsFalse(material.Judge([forged], out TlsClient? none).IsGood);
        Assert.IsNull(none);
        Assert.IsFalse(material.Judge([forged], out _).IsGood, "what was refused is not remembered");

        // Another material with a denied key: what the first has proven counts nothing.
        using (TlsMaterial denying = Material(Settings(more: $"denied_keys = [\"{KeyDigest("good")}\"]"), clock))
        {
            Assert.AreEqual(ClientFault.Denied, denying.Judge([good], out none).Fault);
            Assert.IsNull(none);
        }

        clock.Move(TimeSpan.FromDays(365 * 80));
        ClientFinding late = material.Judge([good], out none);
        Assert.AreEqual(ClientFault.Expired, late.Fault, late.Text);
        Assert.IsNull(none);
    }

    [TestMethod]
    public void ListThatRunsOut_StopsWhoWasProvenBefore()
    {
        var clock = new MovedClock();
        using TlsMaterial material = Material(Settings(more: Lists("root.crl")), clock);
        byte[] good = Der("good").ToArray();
        Assert.IsTrue(material.Judge([good], out _).IsGood);
        clock.Move(TimeSpan.FromDays(40));
        Assert.AreEqual(ClientFault.RevocationListStale, material.Judge([good], out TlsClient? none).Fault);
        Assert.IsNull(none);
    }

    [TestMethod]
    public void Material_ThatIsPutNowhere_GivesUpItsKey()
    {
        TlsMaterial material = Material(Settings());
        Assert.IsTrue(material.Server.TargetCertificate.HasPrivateKey);
        material.Dispose();
        Assert.AreEqual(IntPtr.Zero, material.Server.TargetCertificate.Handle);
    }

    private static string[] Names(string names) => names.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
