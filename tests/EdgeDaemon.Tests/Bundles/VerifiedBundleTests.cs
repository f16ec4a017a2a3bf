using System.Security.Cryptography;
using System.Text;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Bundles.Oms;
using EdgeDaemon.Core.Toml;
using EdgeDaemon.Tests.Bundles.Oms;

namespace EdgeDaemon.Tests.Bundles;

[TestClass]
public sealed class VerifiedBundleTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2026, 6, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly ECDsa _stranger = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private string _manifest =
        """
        format = 1
        name = "digits"
        version = "1"
        sequence = 1
        security_floor = 0
        created = 2026-01-01T00:00:00Z
        expires = 2027-01-01T00:00:00Z
        file = [{ path = "a.onnx", size = 3 }]
        member = [{ name = "a", file = "a.onnx" }]
        input = [{ name = "x", datatype = "FP32", shape = [-1] }]
        output = [{ name = "y", datatype = "FP32", shape = [-1] }]
        """;

    [TestMethod]
    public void A_good_bundle_gives_manifest_signer_and_release_digest()
    {
        VerifiedBundle bundle = Verify([Sign(_key)]);
        Assert.AreEqual("digits", bundle.Manifest.Name);
        Assert.AreEqual("release", bundle.Signers.Keys.Single().Name);
        Assert.AreEqual(ReleaseDigest.Hex(ReleaseDigest.Compute(Tree())), bundle.ReleaseDigest);
    }

    [TestMethod]
    public void Strangers_signatures_beside_a_good_one_are_named_and_do_not_count()
    {
        VerifiedBundle bundle = Verify([Sign(_stranger), Sign(_key), new SignatureFile("junk.sig", "junk"u8.ToArray())]);
        Assert.AreEqual(1, bundle.Signers.Keys.Length);
        CollectionAssert.AreEquivalent((string[])[Sign(_stranger).Name, "junk.sig"], bundle.Signers.Ignored.Select(i => i.File).ToArray());
    }

    [TestMethod]
    public void One_key_signing_twice_counts_once() => Assert.AreEqual(1, Verify([Sign(_key), Sign(_key)]).Signers.Keys.Length);

    [TestMethod]
    public void An_expired_policy_refuses_everything() =>
        StringAssert.StartsWith(Refused([Sign(_key)], now: new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero)), "the trust policy expired on 2030-01-01", StringComparison.Ordinal);

    [TestMethod]
    public void No_signature_is_refused() => StringAssert.StartsWith(Refused([]), "it has no signature", StringComparison.Ordinal);

    [TestMethod]
    public void A_strangers_signature_is_refused() => StringAssert.StartsWith(Refused([Sign(_stranger)]), "no signature by a trusted key holds", StringComparison.Ordinal);

    [TestMethod]
    [DataRow("changed")]
    [DataRow("added")]
    [DataRow("removed")]
    public void A_tree_other_than_the_signed_one_is_refused(string how)
    {
        SignatureFile signature = Sign(_key);
        TreeFile[] tree = how switch
        {
            "changed" => [OmsCases.Entry("a.onnx", "xyz"), Tree()[1]],
            "added" => [.. Tree(), OmsCases.Entry("b", "")],
            _ => [Tree()[1]],
        };
        StringAssert.StartsWith(Refused([signature], tree), "no signature by a trusted key holds", StringComparison.Ordinal);
    }

    [TestMethod]
    public void A_file_that_the_signature_ignores_is_refused()
    {
        byte[] signature = OmsCases.Resign(
            OmsSigner.Sign("digits", Tree(), _key), _key,
            text => text.Replace("\"ignore_paths\":[", "\"ignore_paths\":[\"extra\",", StringComparison.Ordinal).Replace("\"extra\",]", "\"extra\"]", StringComparison.Ordinal));
        Assert.AreEqual(1, Verify([new SignatureFile("s", signature)]).Signers.Keys.Length, "the control");
        StringAssert.StartsWith(Refused([new SignatureFile("s", signature)], [.. Tree(), OmsCases.Entry("extra", "x")]), "no signature by a trusted key holds", StringComparison.Ordinal);
    }

    [TestMethod]
    public void Content_without_a_manifest_is_refused()
    {
        TreeFile[] tree = [OmsCases.Entry("a.onnx", "abc")];
        Assert.AreEqual("its content has no model.toml", Refused([new SignatureFile("s", OmsSigner.Sign("digits", tree, _key))], tree));
    }

    [TestMethod]
    public void Other_manifest_bytes_than_those_signed_are_a_callers_mistake() =>
        Assert.ThrowsExactly<ArgumentException>(() => VerifiedBundle.Verify(Context(), [Sign(_key)], Tree(), "format = 1"u8, "m"));

    [TestMethod]
    public void A_signed_text_that_is_no_manifest_is_refused()
    {
        string good = _manifest;
        _manifest = "format = ";
        Assert.ThrowsExactly<TomlException>(() => Verify([Sign(_key)]));
        _manifest = "format = 1";
        Assert.ThrowsExactly<TomlInvalidException>(() => Verify([Sign(_key)]));
        _manifest = good.Replace("size = 3", "size = 4", StringComparison.Ordinal);
        Assert.ThrowsExactly<ManifestException>(() => Verify([Sign(_key)]));
    }

    [TestMethod]
    public void An_unproven_manifest_is_not_parsed()
    {
        _manifest = "this is no TOML";
        StringAssert.StartsWith(Refused([Sign(_stranger)]), "no signature by a trusted key holds", StringComparison.Ordinal);
    }

    [TestMethod]
    public void A_release_expires_at_its_instant()
    {
        var expires = new DateTimeOffset(2027, 1, 1, 0, 0, 0, TimeSpan.Zero);
        Assert.IsNotNull(VerifiedBundle.Verify(Context(now: expires.AddTicks(-1)), [Sign(_key)], Tree(), Encoding.UTF8.GetBytes(_manifest), "m"));
        StringAssert.StartsWith(Refused([Sign(_key)], now: expires), "the release expired on 2027-01-01", StringComparison.Ordinal);
    }

    [TestMethod]
    public void A_signer_of_other_models_is_refused() =>
        Assert.AreEqual(
            "none of its signers (release) may release a model named 'digits'; see 'models' in the trust policy", Refused([Sign(_key)], models: "letters"));

    [TestMethod]
    public void As_many_distinct_signers_are_needed_as_the_policy_asks_for()
    {
        using ECDsa second = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        string both = $"[[key]]\nname = 'second'\nroles = ['release']\nmodels = ['*']\npublic_key = '''\n{second.ExportSubjectPublicKeyInfoPem()}'''\n";
        string rule = "[[rule]]\nmodels = ['dig*']\nthreshold = 2\n";
        Assert.AreEqual(2, Verify([Sign(_key), Sign(second)], Context(more: both + rule)).Signers.Keys.Length);
        Assert.AreEqual(1, Verify([Sign(_key)], Context(more: both)).Signers.Keys.Length, "the control: without the rule one will do");
        Assert.AreEqual(1, Verify([Sign(_key)], Context(more: both + rule.Replace("dig*", "other*", StringComparison.Ordinal))).Signers.Keys.Length, "a rule for others");
        StringAssert.StartsWith(
            Refused(Context(more: both + rule), Sign(_key), Sign(_key), Sign(_stranger)),
            "1 of its signers (release) may release a model named 'digits', and the trust policy asks for 2", StringComparison.Ordinal);

        // A signer of other models does not count, though its signature is good.
        StringAssert.StartsWith(
            Refused(Context(more: both.Replace("['*']", "['letters']", StringComparison.Ordinal) + rule), Sign(_key), Sign(second)), "1 of its signers", StringComparison.Ordinal);
    }

    [TestMethod]
    public void A_revoked_key_counts_nowhere_and_a_revoked_release_is_refused()
    {
        string key = SpkiDigest.Hex(SpkiDigest.Of(_key.ExportSubjectPublicKeyInfo()));
        StringAssert.StartsWith(Refused(Context(more: $"[[revoked]]\nkey = '{key}'\n"), Sign(_key)), "no signature by a trusted key holds", StringComparison.Ordinal);
        StringAssert.StartsWith(Refused(Context(more: $"[[revoked]]\nrelease = '{Digest()}'\n"), Sign(_key)), "the trust policy revokes this release", StringComparison.Ordinal);
        Assert.IsNotNull(Verify([Sign(_key)], Context(more: $"[[revoked]]\nrelease = '{new string('0', 64)}'\n")), "the control: another digest");

        // Not even one that serves already.
        ReleaseHistory held = ReleaseHistory.Empty.Accept(Verify([Sign(_key)]).Manifest, Digest(), Now);
        StringAssert.StartsWith(Refused(Context(history: held, more: $"[[revoked]]\nrelease = '{Digest()}'\n"), Sign(_key)), "the trust policy revokes", StringComparison.Ordinal);
    }

    [TestMethod]
    public void What_is_in_service_outlives_its_expiry_unless_the_policy_says_otherwise()
    {
        var late = new DateTimeOffset(2031, 1, 1, 0, 0, 0, TimeSpan.Zero);
        ReleaseHistory held = ReleaseHistory.Empty.Accept(Verify([Sign(_key)]).Manifest, Digest(), Now);
        Assert.IsTrue(Verify([Sign(_key)], Context(now: late, history: held)).Expired);
        Assert.IsFalse(Verify([Sign(_key)], Context(history: held)).Expired);
        StringAssert.StartsWith(Refused(Context(now: late), Sign(_key)), "the trust policy expired", StringComparison.Ordinal);
        StringAssert.StartsWith(Refused(Context(now: late, history: held, more: "expired_releases = 'refuse'"), Sign(_key)), "the trust policy expired", StringComparison.Ordinal);
        StringAssert.StartsWith(
            Refused(Context(now: late.AddYears(-2), history: held, more: "expired_releases = 'refuse'"), Sign(_key)), "the release expired", StringComparison.Ordinal);
    }

    [TestMethod]
    public void A_policy_older_than_one_that_was_in_force_is_refused()
    {
        StringAssert.StartsWith(Refused(Context(history: ReleaseHistory.Empty.See(2, Now)), Sign(_key)), "the trust policy has version 1, but version 2 was in force", StringComparison.Ordinal);
        Assert.IsNotNull(Verify([Sign(_key)], Context(history: ReleaseHistory.Empty.See(1, Now))));
    }

    [TestMethod]
    public void An_older_release_and_one_for_another_device_are_refused()
    {
        ModelManifest newer = ModelManifest.Parse(Encoding.UTF8.GetBytes(_manifest.Replace("sequence = 1", "sequence = 5", StringComparison.Ordinal)), "m");
        StringAssert.Contains(
            Refused(Context(history: ReleaseHistory.Empty.Accept(newer, new string('a', 64), Now)), Sign(_key)), "its sequence 1 is below 5", StringComparison.Ordinal);
        _manifest = _manifest.Replace("file = [", "targets = { classes = ['camera'] }\nfile = [", StringComparison.Ordinal);
        var camera = new DeviceIdentity(null, "camera", null, new Version(0, 1, 0));
        Assert.IsNotNull(Verify([Sign(_key)], Context(device: camera)));
        Assert.IsNotNull(Verify([Sign(_key)]), "off the device targets are not judged");
        StringAssert.StartsWith(Refused(Context(device: camera with { Class = "lamp" }), Sign(_key)), "it is meant for class 'camera'", StringComparison.Ordinal);
    }

    [TestMethod]
    public void A_release_from_the_future_is_refused_unless_it_serves_already()
    {
        Created(Now.AddDays(1));
        Assert.IsNotNull(Verify([Sign(_key)]), "the control: clocks differ");
        Created(Now.AddDays(1).AddSeconds(1));
        StringAssert.StartsWith(
            Refused(Context(), Sign(_key)),
            "the release was created in the future, on 2026-06-02 00:00:01Z, and here it is 2026-06-01 00:00:00Z: set the clock, or the signer's", StringComparison.Ordinal);
        Created(new DateTimeOffset(2100, 1, 1, 0, 0, 0, TimeSpan.Zero));
        StringAssert.StartsWith(Refused(Context(), Sign(_key)), "the release was created in the future", StringComparison.Ordinal);

        // A day of doubt is counted from the clock: a floor that lies ahead of it by less is no unset clock.
        Created(Now.AddDays(2));
        StringAssert.StartsWith(Refused(Context(time: TrustedTime.Of(Now.AddHours(-20), Now)), Sign(_key)), "the release was created in the future", StringComparison.Ordinal);

        ReleaseHistory held = ReleaseHistory.Empty.Accept(Manifest(), Digest(), Now);
        Assert.IsNotNull(Verify([Sign(_key)], Context(history: held)), "what serves does not vanish");
        StringAssert.StartsWith(Refused(Context(history: held, more: "expired_releases = 'refuse'"), Sign(_key)), "the release was created in the future", StringComparison.Ordinal);
    }

    [TestMethod]
    public void An_unset_clock_takes_a_release_from_the_present_but_none_from_after_the_policy()
    {
        TrustedTime unset = TrustedTime.Of(DateTimeOffset.UnixEpoch, Now);
        Created(Now.AddDays(400));
        Assert.IsNotNull(Verify([Sign(_key)], Context(time: unset)));
        StringAssert.StartsWith(Refused(Context(), Sign(_key)), "the release was created in the future", StringComparison.Ordinal);
        Created(Now.AddDays(400).AddSeconds(1));
        StringAssert.StartsWith(Refused(Context(time: unset), Sign(_key)), "the release was created in the future", StringComparison.Ordinal);

        // The policy ends on 2030-01-01: a release of that day would end it for every model at the next start.
        unset = TrustedTime.Of(DateTimeOffset.UnixEpoch, new DateTimeOffset(2029, 6, 1, 0, 0, 0, TimeSpan.Zero));
        _manifest = _manifest.Replace("expires = 2027", "expires = 2040", StringComparison.Ordinal);
        Created(new DateTimeOffset(2029, 12, 31, 23, 59, 59, TimeSpan.Zero));
        Assert.IsNotNull(Verify([Sign(_key)], Context(time: unset)), "the control");
        Created(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero));
        StringAssert.StartsWith(Refused(Context(time: unset), Sign(_key)), "the release was created on 2030-01-01 00:00:00Z, after the trust policy's end", StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _key.Dispose();
        _stranger.Dispose();
    }

    private TreeFile[] Tree() => [OmsCases.Entry("a.onnx", "abc"), OmsCases.Entry("model.toml", _manifest)];

    private SignatureFile Sign(ECDsa key) =>
        new(SpkiDigest.SignatureFileName(SpkiDigest.Of(key.ExportSubjectPublicKeyInfo())), OmsSigner.Sign("digits", Tree(), key));

    private TrustPolicy Trust(string models, string more) => TrustPolicy.Parse(
        Encoding.UTF8.GetBytes(
            $"format = 1\nversion = 1\nexpires = 2030-01-01T00:00:00Z\n{(more.StartsWith('[') ? "" : more)}\n{(more.StartsWith('[') ? more : "")}\n[[key]]\nname = 'release'\nroles = ['release']\nmodels = ['{models}']\npublic_key = '''\n{_key.ExportSubjectPublicKeyInfoPem()}'''\n"),
        "t");

    private void Created(DateTimeOffset when) =>
        _manifest = System.Text.RegularExpressions.Regex.Replace(_manifest, "created = \\S+", $"created = {when:yyyy-MM-dd'T'HH:mm:ss'Z'}");

    private ModelManifest Manifest() => ModelManifest.Parse(Encoding.UTF8.GetBytes(_manifest), "m");

    private VerifiedBundle Verify(SignatureFile[] signatures, TrustContext? context = null) =>
        VerifiedBundle.Verify(context ?? Context(), signatures, Tree(), Encoding.UTF8.GetBytes(_manifest), "m");

    private TrustContext Context(
        string models = "digits", DateTimeOffset? now = null, ReleaseHistory? history = null, DeviceIdentity? device = null, string more = "",
        TrustedTime? time = null) =>
        new(Trust(models, more), history ?? ReleaseHistory.Empty, device, time ?? TrustedTime.Of(now ?? Now, now ?? Now));

    private string Digest() => ReleaseDigest.Hex(ReleaseDigest.Compute(Tree()));

    private string Refused(SignatureFile[] signatures, TreeFile[]? tree = null, string models = "digits", DateTimeOffset? now = null) =>
        Assert.ThrowsExactly<BundleException>(
            () => VerifiedBundle.Verify(Context(models, now), signatures, tree ?? Tree(), Encoding.UTF8.GetBytes(_manifest), "m")).Message;

    private string Refused(TrustContext context, params SignatureFile[] signatures) =>
        Assert.ThrowsExactly<BundleException>(() => Verify(signatures, context)).Message;
}
