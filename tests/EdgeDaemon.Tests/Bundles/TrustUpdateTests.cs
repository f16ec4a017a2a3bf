using System.Security.Cryptography;
using System.Text;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Bundles.Oms;
using EdgeDaemon.Core.Toml;

namespace EdgeDaemon.Tests.Bundles;

[TestClass]
public sealed class TrustUpdateTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2026, 6, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly ECDsa[] _keys = [.. Enumerable.Range(0, 4).Select(i => ECDsa.Create(i == 0 ? ECCurve.NamedCurves.nistP384 : ECCurve.NamedCurves.nistP256))];

    [TestMethod]
    public void The_next_version_signed_by_both_thresholds_replaces_the_old()
    {
        // Old: 2 of {0,1,2}; new: 2 of {1,2,3}. Keys 1 and 2 are enough for both.
        Assert.AreEqual(5, Judge(Policy(4, 2, 0, 1, 2), Policy(5, 2, 1, 2, 3), 1, 2).Version);
        Assert.AreEqual(5, Judge(Policy(4, 2, 0, 1, 2), Policy(5, 2, 1, 2, 3), 0, 1, 3).Version);
    }

    [TestMethod]
    [DataRow("old", 1, 3)]
    [DataRow("itself", 0, 1)]
    [DataRow("old", 3, 3)]
    public void One_threshold_alone_will_not_do(string which, int first, int second) => StringAssert.Contains(
        Refused(Policy(4, 2, 0, 1, 2), Policy(5, 2, 1, 2, 3), first, second), which == "old" ? "policy in force (version 4)" : "policy itself (version 5)", StringComparison.Ordinal);

    [TestMethod]
    public void One_key_that_signs_twice_counts_once()
    {
        byte[] next = Policy(5, 1, 1);
        TrustEnvelope once = new TrustEnvelope([.. next], []).Sign(_keys[0]);
        TrustEnvelope twice = new(once.Payload, [once.Signatures[0], once.Signatures[0] with { KeyId = new string('0', 64) }]);
        StringAssert.Contains(
            Assert.ThrowsExactly<BundleException>(() => TrustUpdate.Judge(Parse(Policy(4, 2, 0, 1)), twice, "f", Now)).Message, "1 trust keys", StringComparison.Ordinal);
    }

    [TestMethod]
    [DataRow(4, "version 4 is in force")]
    [DataRow(3, "version 4 is in force")]
    [DataRow(6, "after version 4 comes 5")]
    public void Any_other_version_is_refused(int version, string message) =>
        StringAssert.Contains(Refused(Policy(4, 1, 0), Policy(version, 1, 0), 0), message, StringComparison.Ordinal);

    [TestMethod]
    public void An_expired_one_is_refused() => StringAssert.Contains(Refused(Policy(4, 1, 0), Policy(5, 1, "2026-01-01", 0), 0), "it expired", StringComparison.Ordinal);

    [TestMethod]
    public void A_revoked_key_hands_nothing_over()
    {
        string revoked = $"[[revoked]]\nkey = '{SpkiDigest.Hex(SpkiDigest.Of(_keys[0].ExportSubjectPublicKeyInfo()))}'\n";
        byte[] current = [.. Policy(4, 1, 0, 1), .. Encoding.UTF8.GetBytes(revoked)];
        StringAssert.Contains(Refused(current, Policy(5, 1, 0), 0), "0 trust keys of the policy in force", StringComparison.Ordinal);
        Assert.AreEqual(5, Judge(current, Policy(5, 1, 1), 1).Version, "the control: the other key does");
    }

    [TestMethod]
    public void A_policy_without_trust_keys_is_replaced_by_hand() => StringAssert.Contains(
        Refused(Encoding.UTF8.GetBytes("format = 1\nversion = 4\nexpires = 2030-01-01T00:00:00Z\n"), Policy(5, 1, 0), 0), "replaced by hand", StringComparison.Ordinal);

    [TestMethod]
    public void What_the_old_keys_did_not_sign_is_not_parsed()
    {
        byte[] junk = "no TOML at all"u8.ToArray();
        StringAssert.Contains(Refused(Policy(4, 1, 0), junk, 1), "policy in force", StringComparison.Ordinal);
        Assert.ThrowsExactly<TomlException>(() => Judge(Policy(4, 1, 0), junk, 0));
    }

    [TestMethod]
    public void The_envelope_survives_writing_and_reading_byte_for_byte()
    {
        byte[] next = Policy(5, 1, 0);
        TrustEnvelope envelope = new TrustEnvelope([.. next], []).Sign(_keys[0]).Sign(_keys[1]).Sign(_keys[0]);
        Assert.AreEqual(2, envelope.Signatures.Length, "signing again renews");
        TrustEnvelope read = TrustEnvelope.Parse(envelope.Write());
        CollectionAssert.AreEqual(next, read.Payload.ToArray());
        Assert.AreEqual(5, TrustUpdate.Judge(Parse(Policy(4, 1, 0)), read, "f", Now).Version);
    }

    [TestMethod]
    [DataRow("[]")]
    [DataRow("{}")]
    [DataRow("{\"payloadType\":\"application/vnd.in-toto+json\",\"payload\":\"\",\"signatures\":[{\"sig\":\"\"}]}")]
    [DataRow("{\"payloadType\":\"application/vnd.edgedaemon.trust+toml\",\"payload\":\"\",\"signatures\":[]}")]
    [DataRow("{\"payloadType\":\"application/vnd.edgedaemon.trust+toml\",\"payload\":\"?\",\"signatures\":[{\"sig\":\"\"}]}")]
    [DataRow("{\"payloadType\":\"application/vnd.edgedaemon.trust+toml\",\"payload\":\"\",\"payload\":\"\",\"signatures\":[{\"sig\":\"\"}]}")]
    public void Anything_else_is_no_envelope(string json) => Assert.ThrowsExactly<OmsException>(() => TrustEnvelope.Parse(Encoding.UTF8.GetBytes(json)));

    public void Dispose() => Array.ForEach(_keys, key => key.Dispose());

    private TrustPolicy Judge(byte[] current, byte[] next, params int[] signers) =>
        TrustUpdate.Judge(Parse(current), signers.Aggregate(new TrustEnvelope([.. next], []), (envelope, signer) => envelope.Sign(_keys[signer])), "f", Now);

    private string Refused(byte[] current, byte[] next, params int[] signers) => Assert.ThrowsExactly<BundleException>(() => Judge(current, next, signers)).Message;

    private static TrustPolicy Parse(byte[] text) => TrustPolicy.Parse(text, "t");

    private byte[] Policy(int version, int threshold, params int[] keys) => Policy(version, threshold, "2030-01-01", keys);

    private byte[] Policy(int version, int threshold, string expires, params int[] keys) => Encoding.UTF8.GetBytes(
        $"format = 1\nversion = {version}\nexpires = {expires}T00:00:00Z\ntrust_threshold = {threshold}\n" + string.Concat(keys.Select(key =>
            $"[[key]]\nname = 'k{key}'\nroles = ['trust']\npublic_key = '''\n{_keys[key].ExportSubjectPublicKeyInfoPem()}\n'''\n")));
}
