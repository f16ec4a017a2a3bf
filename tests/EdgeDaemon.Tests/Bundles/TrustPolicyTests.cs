using System.Security.Cryptography;
using System.Text;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Toml;

namespace EdgeDaemon.Tests.Bundles;

[TestClass]
public sealed class TrustPolicyTests
{
    private const string Head = "format = 1\nversion = 7\nexpires = 2030-01-01T00:00:00Z\n";

    [TestMethod]
    public void Every_value_is_read()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        TrustPolicy policy = Parse(Head + Key(key, "release"));
        Assert.AreEqual((7L, new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero)), (policy.Version, policy.Expires));
        TrustedKey read = policy.Keys.Single();
        Assert.AreEqual("release", read.Name);
        Assert.AreEqual(Convert.ToHexStringLower(SHA256.HashData(key.ExportSubjectPublicKeyInfo())), read.SpkiDigestHex);
        CollectionAssert.AreEqual((TrustRole[])[TrustRole.Release], read.Roles.ToArray());
        CollectionAssert.AreEqual((string[])["digits", "line-*"], read.Models.ToArray());
    }

    [TestMethod]
    public void A_key_releases_the_models_of_its_patterns_and_no_others()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        TrustedKey read = Parse(Head + Key(key, "release")).Keys.Single();
        Assert.IsTrue(read.MayRelease("digits") && read.MayRelease("line-4"));
        Assert.IsFalse(read.MayRelease("digits2") || read.MayRelease("Line-4"));
    }

    [TestMethod]
    public void It_expires_at_its_instant()
    {
        TrustPolicy policy = Parse(Head);
        Assert.IsFalse(policy.IsExpired(policy.Expires.AddTicks(-1)));
        Assert.IsTrue(policy.IsExpired(policy.Expires));
    }

    [TestMethod]
    [DataRow("version = 7", "version = 0", "2:11: 'version' must be between 1")]
    [DataRow("version = 7\n", "", "1:1: missing key 'version'")]
    [DataRow("expires = 2030-01-01T00:00:00Z\n", "", "1:1: missing key 'expires'")]
    [DataRow("expires = 2030-01-01T00:00:00Z", "expires = 2030-01-01", "3:11: 'expires' must be a date-time with an offset")]
    [DataRow("name = 'k'\n", "", "4:1: missing key 'name' in [[key]]")]
    [DataRow("name = 'k'", "name = ''", "5:8: 'key.name' must be 1 to 64 printable characters")]
    [DataRow("name = 'k'", "name = \"a\\nb\"", "5:8: 'key.name' must be 1 to 64 printable characters")]
    [DataRow("['release']", "['root']", "6:10: 'key.roles' must be one of \"release\"")]
    [DataRow("['release']", "[]", "6:9: 'key.roles' must not be empty")]
    [DataRow("['digits', 'line-*']", "[]", "7:10: 'key.models' must not be empty")]
    [DataRow("['digits', 'line-*']", "['a b']", "7:11: 'key.models' must be a model name or a pattern")]
    [DataRow("public_key", "publik_key", "8:1: unknown key 'publik_key' in [[key]]; did you mean 'public_key'?")]
    [DataRow("-----BEGIN", "-----START", "8:14: 'key.public_key' not a usable public key: there is no PEM block")]
    public void Each_wrong_value_is_refused_where_it_stands(string good, string bad, string message)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        string text = Head + Key(key, "k");
        Assert.AreEqual(0, Errors(text).Length, "the control");
        string[] errors = Errors(text.Replace(good, bad, StringComparison.Ordinal));
        StringAssert.StartsWith(errors[^1], $"t:{message}", StringComparison.Ordinal);
        Assert.AreEqual(good == "public_key" ? 2 : 1, errors.Length);
    }

    [TestMethod]
    public void An_empty_public_key_is_refused_not_passed_over() =>
        StringAssert.StartsWith(
            Errors(Head + "[[key]]\nname = 'k'\nroles = ['release']\nmodels = ['*']\npublic_key = ''").Single(), "t:8:14: 'key.public_key' ", StringComparison.Ordinal);

    [TestMethod]
    public void A_private_key_and_a_key_of_another_kind_are_refused()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using RSA rsa = RSA.Create(2048);
        foreach (string pem in (string[])[key.ExportPkcs8PrivateKeyPem(), rsa.ExportSubjectPublicKeyInfoPem()])
        {
            string text = Head + Key(key, "k").Replace(key.ExportSubjectPublicKeyInfoPem(), pem, StringComparison.Ordinal);
            StringAssert.StartsWith(Errors(text).Single(), "t:8:14: 'key.public_key' not a usable public key", StringComparison.Ordinal);
        }
    }

    [TestMethod]
    public void One_key_has_one_name_and_one_name_has_one_key()
    {
        using ECDsa one = ECDsa.Create(ECCurve.NamedCurves.nistP256), other = ECDsa.Create(ECCurve.NamedCurves.nistP521);
        Assert.AreEqual(2, Parse(Head + Key(one, "a") + Key(other, "b")).Keys.Length);
        StringAssert.Contains(Errors(Head + Key(one, "a") + Key(one, "b")).Single(), "'key.public_key' is the key 'a' again", StringComparison.Ordinal);
        StringAssert.Contains(Errors(Head + Key(one, "a") + Key(other, "a")).Single(), "'key.name' 'a' is the name of an earlier key", StringComparison.Ordinal);
    }

    [TestMethod]
    public void A_missing_name_is_no_double_and_an_unusable_key_still_has_its_name()
    {
        string missing = Head + "[[key]]\nroles = ['release']\nmodels = ['*']\npublic_key = 'x'\n[[key]]\nroles = ['release']\nmodels = ['*']\npublic_key = 'x'\n";
        string[] errors = Errors(missing);
        Assert.AreEqual(4, errors.Length, string.Join('\n', errors));
        Assert.IsFalse(errors.Any(e => e.Contains("earlier key", StringComparison.Ordinal)));
        errors = Errors(missing.Replace("[[key]]", "[[key]]\nname = 'a'", StringComparison.Ordinal));
        Assert.AreEqual("t:10:8: 'key.name' 'a' is the name of an earlier key; names are unique", errors.Single(e => e.Contains("earlier key", StringComparison.Ordinal)));
    }

    [TestMethod]
    public void A_message_about_a_name_stays_on_its_line()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        string hostile = Key(key, "k").Replace("name = 'k'", "name = \"a\\n\\u202eb\"", StringComparison.Ordinal);
        foreach (string error in Errors(Head + hostile + hostile))
        {
            Assert.IsFalse(error.Any(c => char.IsControl(c) || c == '\u202e'), error);
        }
    }

    [TestMethod]
    public void Thresholds_rules_and_revocations_are_read()
    {
        using ECDsa one = ECDsa.Create(ECCurve.NamedCurves.nistP256), other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        string digest = new('a', 64);
        TrustPolicy policy = Parse(
            Head + "threshold = 1\nmax_sequence_jump = 9\nexpired_releases = 'refuse'\n" + Key(one, "a") + Key(other, "b").Replace("['release']", "['release', 'trust']", StringComparison.Ordinal)
            + $"[[rule]]\nmodels = ['prod-*']\nthreshold = 2\n[[revoked]]\nrelease = '{digest}'\nreason = 'bad'\n");
        Assert.AreEqual((1, 1, 9L, false), (policy.Threshold, policy.TrustThreshold, policy.MaxSequenceJump, policy.ExpiredReleasesServe));
        Assert.AreEqual((2, 1), (policy.SignersFor("prod-x"), policy.SignersFor("x")));
        Assert.IsTrue(policy.IsRevokedRelease(digest) && !policy.IsRevokedKey(digest));
        Assert.AreEqual("b", policy.KeysFor(TrustRole.Trust).Single().Name);
    }

    [TestMethod]
    [DataRow("threshold = 2\n", "", "4:13: 'threshold' asks for 2 signers, but only 1 listed keys may release")]
    [DataRow("trust_threshold = 1\n", "", "4:19: 'trust_threshold' asks for 1 signers, but only 0 listed keys have the role \"trust\"")]
    [DataRow("threshold = 0\n", "", "4:13: 'threshold' must be between 1 and 64")]
    [DataRow("max_sequence_jump = 0\n", "", "4:21: 'max_sequence_jump' must be between 1")]
    [DataRow("expired_releases = 'maybe'\n", "", "4:20: 'expired_releases' must be one of")]
    [DataRow("", "[[revoked]]\nreason = 'x'\n", "names exactly one")]
    [DataRow("", "[[revoked]]\nkey = 'AB'\n", "'revoked.key' must be 64 lower-case hex digits")]
    [DataRow("", "[[rule]]\nmodels = ['x']\n", "missing key 'threshold' in [[rule]]")]
    public void Wrong_thresholds_and_revocations_are_refused_where_they_stand(string top, string end, string message)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        StringAssert.Contains(Errors(Head + top + Key(key, "k") + end).Single(), message, StringComparison.Ordinal);
    }

    private static string Key(ECDsa key, string name) =>
        $"[[key]]\nname = '{name}'\nroles = ['release']\nmodels = ['digits', 'line-*']\npublic_key = '''\n{key.ExportSubjectPublicKeyInfoPem()}\n'''\n";

    private static TrustPolicy Parse(string text) => TrustPolicy.Parse(Encoding.UTF8.GetBytes(text), "t");

    private static string[] Errors(string text)
    {
        try
        {
            Parse(text);
            return [];
        }
        catch (TomlInvalidException invalid)
        {
            return [.. invalid.Diagnostics.Select(d => d.ToString())];
        }
    }
}
