using System.Security.Cryptography;
using System.Text;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Bundles.Oms;
using EdgeDaemon.Core.Toml;
using EdgeDaemon.Tests.Bundles.Oms;

namespace EdgeDaemon.Tests.Bundles;

/// <summary>Signers by certificate, as the trust policy lets them count.</summary>
[TestClass]
public sealed class TrustedRootTests
{
    private static readonly TestAuthority Root = TestAuthority.Root();
    private static readonly TestAuthority Leaf = Root.Leaf("CN=alice");
    private static readonly TreeFile[] Tree = [OmsCases.Entry("a", "x")];

    [TestMethod]
    public void A_leaf_below_a_listed_root_counts_under_its_name_and_models()
    {
        BundleSigners signers = Find(Policy(), Sign(Leaf));
        TrustedKey signer = signers.Keys.Single();
        Assert.AreEqual("fleet: CN=alice", signer.Name);
        Assert.IsTrue(signer.MayRelease("digits") && !signer.MayRelease("other"));
        Assert.IsEmpty(Find(Policy(root: TestAuthority.Root("CN=stranger")), Sign(Leaf)).Keys);
    }

    [TestMethod]
    public void One_key_counts_once_also_when_it_is_listed_and_certified()
    {
        var key = (ECDsa)Leaf.Key;
        string listed = $"[[key]]\nname = 'alice'\nroles = ['release']\nmodels = ['*']\npublic_key = '''\n{key.ExportSubjectPublicKeyInfoPem()}\n'''\n";
        TestAuthority again = Root.Leaf("CN=alice again", key: key);
        Assert.HasCount(1, Find(Policy(more: listed), Sign(Leaf), Sign(again), new SignatureFile("k", OmsSigner.Sign("m", Tree, key))).Keys);
        Assert.HasCount(2, Find(Policy(more: listed), Sign(Leaf), Sign(Root.Leaf("CN=bob"))).Keys, "the control");
    }

    [TestMethod]
    public void Revoked_keys_unnamed_signers_and_passed_time_do_not_count()
    {
        string spki = Leaf.Certificate.SpkiDigestHex;
        foreach (string revoked in (string[])[spki, Root.Certificate.SpkiDigestHex])
        {
            Assert.IsEmpty(Find(Policy(more: $"[[revoked]]\nkey = '{revoked}'\n"), Sign(Leaf)).Keys);
        }

        Assert.HasCount(1, Find(Policy(rules: $"signers = ['spki:{spki}']\n"), Sign(Leaf)).Keys);
        Assert.HasCount(1, Find(Policy(rules: "signers = ['subject:CN=alice', 'dns:x']\n"), Sign(Leaf)).Keys);
        Assert.IsEmpty(Find(Policy(rules: "signers = ['subject:CN=bob']\n"), Sign(Leaf)).Keys);
        Assert.IsEmpty(BundleSigners.Find(Policy(), [Sign(Leaf)], Tree, TestAuthority.Now.AddYears(30)).Keys);
    }

    [TestMethod]
    [DataRow("certificate = '", "certificate = 'x", "no PEM")]
    [DataRow("models = ['dig*']", "models = []", "'root.models' must not be empty")]
    [DataRow("name = 'fleet'", "name = ''", "'root.name'")]
    [DataRow("name = 'fleet'", "name = 'fleet'\nsigners = ['alice']", "'root.signers' must be one of spki:")]
    [DataRow("name = 'fleet'", "name = 'fleet'\nrevocation_lists = ['x']", "'root.certificate'")]
    [DataRow("name = 'fleet'", "name = 'fleet'\nroles = ['release']", "unknown key 'roles'")]
    public void What_is_wrong_with_a_root_is_said_where_it_stands(string good, string bad, string message)
    {
        string text = Text(Root, "", "");
        string wrong = good == "certificate = '" ? text.Replace("-----BEGIN", "-----START", StringComparison.Ordinal) : text.Replace(good, bad, StringComparison.Ordinal);
        var invalid = Assert.ThrowsExactly<TomlInvalidException>(() => TrustPolicy.Parse(Encoding.UTF8.GetBytes(wrong), "t"));
        Assert.IsTrue(invalid.Diagnostics.Any(d => d.Message.Contains(message == "no PEM" ? "'root.certificate'" : message, StringComparison.Ordinal)), string.Join('\n', invalid.Diagnostics));
    }

    private static BundleSigners Find(TrustPolicy policy, params SignatureFile[] signatures) => BundleSigners.Find(policy, signatures, Tree, TestAuthority.Now);

    private static SignatureFile Sign(TestAuthority leaf) =>
        new("c", OmsSigner.Sign("m", Tree, (ECDsa)leaf.Key, new OmsSigning { Chain = [leaf.Certificate], Time = TestAuthority.Now }));

    private static TrustPolicy Policy(TestAuthority? root = null, string rules = "", string more = "") =>
        TrustPolicy.Parse(Encoding.UTF8.GetBytes(Text(root ?? Root, rules, more)), "t");

    private static string Text(TestAuthority root, string rules, string more) =>
        $"format = 1\nversion = 1\nexpires = 2090-01-01T00:00:00Z\n{more}[[root]]\nname = 'fleet'\nmodels = ['dig*']\n{rules}certificate = '''\n{PemEncoding.WriteString("CERTIFICATE", root.Der)}\n'''\n";
}
