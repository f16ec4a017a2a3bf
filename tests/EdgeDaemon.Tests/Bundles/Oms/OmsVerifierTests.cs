using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Bundles.Oms;

namespace EdgeDaemon.Tests.Bundles.Oms;

[TestClass]
public sealed class OmsVerifierTests
{
    private static readonly TreeFile[] Tree = [OmsCases.Entry("model.toml", "format = 1"), OmsCases.Entry("a/b.onnx", "weights"), OmsCases.Entry("a.txt", "")];

    [TestMethod]
    [DataRow("nistP256")]
    [DataRow("nistP384")]
    [DataRow("nistP521")]
    public void What_is_signed_verifies_and_gives_the_signed_files_and_the_release_digest(string curve)
    {
        using ECDsa key = ECDsa.Create(ECCurve.CreateFromFriendlyName(curve));
        byte[] signature = OmsSigner.Sign("digits", Tree, key);
        OmsVerified verified = OmsVerifier.Verify(signature, [OmsKey.Of(key)]);
        Assert.AreEqual("digits", verified.Statement.SubjectName);
        Assert.AreEqual(SpkiDigest.Hex(SHA256.HashData(key.ExportSubjectPublicKeyInfo())), verified.SignerDigest);
        ImmutableArray<TreeFile> signed = verified.Statement.MatchTree(Tree);
        CollectionAssert.AreEqual(new[] { "a.txt", "a/b.onnx", "model.toml" }, signed.Select(file => file.Name).ToArray());

        // In specification order OMS's root digest is the release digest.
        Assert.IsTrue(verified.Statement.RootDigest.AsSpan().SequenceEqual(ReleaseDigest.Compute(Tree)));
        Assert.AreEqual(16 + 4, SpkiDigest.SignatureFileName(verified.Key.Digest.AsSpan()).Length);
    }

    [TestMethod]
    public void Every_bit_of_the_signature_and_of_the_statement_counts()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        OmsKey trusted = OmsKey.Of(key);
        string json = Encoding.UTF8.GetString(OmsSigner.Sign("digits", Tree, key));
        OmsVerifier.Verify(Encoding.UTF8.GetBytes(json), [trusted]);
        OmsSignature parts = OmsSignature.Parse(Encoding.UTF8.GetBytes(json));
        int tried = 0;
        foreach (ReadOnlyMemory<byte> part in new[] { parts.Payload, parts.Signature })
        {
            string written = Convert.ToBase64String(part.Span);
            StringAssert.Contains(json, written);
            for (int bit = 0; bit < part.Length * 8; bit++)
            {
                byte[] flipped = part.ToArray();
                flipped[bit / 8] ^= (byte)(1 << (bit % 8));
                byte[] changed = Encoding.UTF8.GetBytes(json.Replace(written, Convert.ToBase64String(flipped), StringComparison.Ordinal));
                var e = Assert.ThrowsExactly<OmsException>(() => OmsVerifier.Verify(changed, [trusted]));
                Assert.AreEqual(OmsFault.SignatureInvalid, e.Fault);
                tried++;
            }
        }

        Assert.IsGreaterThan(4000, tried);
    }

    [TestMethod]
    public void Every_bit_of_the_content_and_every_name_counts()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        byte[] content = new byte[64];
        new Random(1).NextBytes(content);
        TreeFile[] tree = [.. Tree, File("w.bin", content)];
        OmsStatement statement = OmsVerifier.Verify(OmsSigner.Sign("m", tree, key), [OmsKey.Of(key)]).Statement;
        statement.MatchTree(tree);
        for (int bit = 0; bit < content.Length * 8; bit++)
        {
            byte[] flipped = [.. content];
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            Refused(OmsFault.FileDiffers, () => statement.MatchTree([.. Tree, File("w.bin", flipped)]));
        }

        Refused(OmsFault.FileDiffers, () => statement.MatchTree([.. Tree, File("w.bin", content[..^1])]));
        Refused(OmsFault.FileMissing, () => statement.MatchTree([.. Tree, File("w.bim", content)]));
        Refused(OmsFault.FileMissing, () => statement.MatchTree(Tree));
        Refused(OmsFault.FileUnlisted, () => statement.MatchTree([.. tree, File("extra", content)]));

        // Two files that trade their contents.
        Refused(OmsFault.FileDiffers, () => statement.MatchTree([File("model.toml", "weights"u8.ToArray()), File("a/b.onnx", "format = 1"u8.ToArray()), tree[2], tree[3]]));
    }

    [TestMethod]
    public void Ignored_files_may_be_there_but_are_never_given_back()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        byte[] signature = OmsCases.Resign(
            OmsSigner.Sign("m", Tree, key), key, text => text.Replace("\".git\",", "\".git\",\"cache\",\"/abs\",\"../up\",\".\",\"\",\"dir/\",", StringComparison.Ordinal));
        OmsStatement statement = OmsVerifier.Verify(signature, [OmsKey.Of(key)]).Statement;
        ImmutableArray<TreeFile> signed = statement.MatchTree([.. Tree, OmsCases.Entry("cache", "x"), OmsCases.Entry("cache/y", "x"), OmsCases.Entry(".github/z", "x")]);
        Assert.HasCount(3, signed);
        foreach (string name in new[] { "cache2", "sub/cache", "abs", "up", "dir/x" })
        {
            Refused(OmsFault.FileUnlisted, () => statement.MatchTree([.. Tree, OmsCases.Entry(name, "x")]));
            var options = new OmsTreeOptions { IgnorePaths = [name] };
            Assert.HasCount(3, statement.MatchTree([.. Tree, OmsCases.Entry(name, "x")], options));
        }
    }

    [TestMethod]
    public void The_hint_selects_among_trusted_keys_and_never_adds_one()
    {
        using ECDsa signer = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using ECDsa other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        byte[] signature = OmsSigner.Sign("m", Tree, signer);
        OmsKey key = OmsKey.Of(signer);
        OmsKey wrong = OmsKey.Of(other);
        Assert.AreSame(key, OmsVerifier.Verify(signature, [wrong, key]).Key);
        Refused(OmsFault.KeyNotTrusted, () => OmsVerifier.Verify(signature, [wrong]));
        Refused(OmsFault.KeyNotTrusted, () => OmsVerifier.Verify(signature, []));

        byte[] forged = Edit(signature, $"\"{key.Hint}\"", $"\"{wrong.Hint}\"");
        Refused(OmsFault.SignatureInvalid, () => OmsVerifier.Verify(forged, [wrong, key]));
        byte[] legacy = Edit(signature, $"\"hint\":\"{key.Hint}\"", "\"rawBytes\":\"x\"");
        Assert.AreSame(key, OmsVerifier.Verify(legacy, [wrong, key]).Key);
        Refused(OmsFault.SignatureInvalid, () => OmsVerifier.Verify(legacy, [wrong]));
        byte[] neither = Edit(signature, $"\"hint\":\"{key.Hint}\"", "\"hint\":\"\"");
        Refused(OmsFault.BundleShape, () => OmsVerifier.Verify(neither, [key]));
    }

    [TestMethod]
    public void Bounds_hold_before_the_signature_is_looked_at()
    {
        Refused(OmsFault.TooLarge, () => OmsSignature.Parse(new byte[(16 << 20) + 1]));
        Refused(OmsFault.TooLarge, () => OmsSignature.Parse(Encoding.ASCII.GetBytes("[" + string.Concat(Enumerable.Repeat("[],", 1_000_000)) + "[]]")));
        Refused(OmsFault.NotUtf8, () => OmsSignature.Parse(new byte[] { (byte)'"', 0xC0, 0xAF, (byte)'"' }));
        Refused(OmsFault.JsonTooDeep, () => OmsSignature.Parse(Encoding.ASCII.GetBytes(new string('[', 33) + new string(']', 33))));
        Refused(OmsFault.BundleShape, () => OmsSignature.Parse(Encoding.ASCII.GetBytes(new string('[', 32) + new string(']', 32))));
        Refused(OmsFault.JsonMalformed, () => OmsSignature.Parse("{\"a\": \"\\ud800\"}"u8.ToArray()));
        Refused(OmsFault.JsonMalformed, () => OmsSignature.Parse("{\"\\udc00\": 1}"u8.ToArray()));
        Refused(OmsFault.JsonMalformed, () => OmsSignature.Parse("{} {}"u8.ToArray()));
        Refused(OmsFault.JsonDuplicateName, () => OmsSignature.Parse("{\"a\": {\"b\": 1}, \"x\": {\"b\": 1, \"\\u0062\": 2}}"u8.ToArray()));
        Refused(OmsFault.BundleShape, () => OmsSignature.Parse("{\"a\": {\"b\": 1}, \"x\": {\"b\": 1, \"a\": 2}}"u8.ToArray()));
    }

    [TestMethod]
    [DataRow("", true)]
    [DataRow("\n", false)]
    [DataRow("=", false)]
    [DataRow(" ", false)]
    public void Base64_of_the_payload_has_no_second_spelling_beyond_alphabet_and_padding(string added, bool valid)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        foreach (string subject in new[] { "m", "mm", "mmm" })
        {
            byte[] signature = OmsSigner.Sign(subject, Tree, key);
            string payload = Convert.ToBase64String(OmsSignature.Parse(signature).Payload.Span);
            byte[] edited = Edit(signature, payload, payload.TrimEnd('=').Replace('+', '-').Replace('/', '_') + added.Replace("\n", "\\n", StringComparison.Ordinal));
            if (valid)
            {
                OmsVerifier.Verify(edited, [OmsKey.Of(key)]);
            }
            else if (added != "=" || payload.Length - payload.TrimEnd('=').Length != 1)
            {
                Refused(OmsFault.Base64Malformed, () => OmsVerifier.Verify(edited, [OmsKey.Of(key)]));
            }
        }
    }

    [TestMethod]
    [DataRow("\"method\":\"files\"", "\"method\":\"files\",\"shard_size\":1000", OmsFault.ShardSizeInvalid)]
    [DataRow("\"method\":\"files\"", "\"method\":\"shards\"", OmsFault.ShardSizeInvalid)]
    [DataRow("\"method\":\"files\"", "\"method\":\"shards\",\"shard_size\":true", OmsFault.ShardSizeInvalid)]
    [DataRow("\"method\":\"files\"", "\"method\":\"shards\",\"shard_size\":1.5", OmsFault.ShardSizeInvalid)]
    [DataRow("\"method\":\"files\"", "\"method\":\"shards\",\"shard_size\":-1", OmsFault.ShardSizeInvalid)]
    [DataRow("\"method\":\"files\"", "\"method\":\"shards\",\"shard_size\":1e400", OmsFault.ShardSizeInvalid)]
    [DataRow("\"method\":\"files\"", "\"method\":\"shards\",\"shard_size\":1000.0", OmsFault.ShardRangeInvalid)]
    [DataRow("\"allow_symlinks\":false,", "", OmsFault.SymlinksAllowed)]
    [DataRow("\"allow_symlinks\":false", "\"allow_symlinks\":null", OmsFault.SymlinksAllowed)]
    [DataRow("\"allow_symlinks\":false", "\"allow_symlinks\":false,\"follow\":1", OmsFault.StatementShape)]
    [DataRow("\"name\":\"a.txt\"", "\"name\":\".\"", OmsFault.ResourceNameInvalid)]
    [DataRow("\"name\":\"a.txt\"", "\"name\":\"a\\u202e\\ufffd\"", OmsFault.ResourceNameInvalid)]
    [DataRow("\"name\":\"digits\"", "\"name\":\"\"", OmsFault.StatementShape)]
    [DataRow("\"sha256\":", "\"sha512\":", OmsFault.StatementShape)]
    public void A_signed_statement_is_still_checked_for_sense(string what, string by, OmsFault fault)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        byte[] signature = OmsSigner.Sign("digits", Tree, key);
        OmsVerifier.Verify(OmsCases.Resign(signature, key, text => text), [OmsKey.Of(key)]);
        byte[] edited = OmsCases.Resign(signature, key, text =>
        {
            StringAssert.Contains(text, what);
            return text.Replace(what, by, StringComparison.Ordinal);
        });
        Refused(fault, () => OmsVerifier.Verify(edited, [OmsKey.Of(key)]));
    }

    [TestMethod]
    public void Shards_must_tile_each_file_exactly()
    {
        byte[] content = Encoding.ASCII.GetBytes("0123456789");
        var files = new[] { File("f", content), File("empty", []) };
        var options = new OmsTreeOptions { RangeDigest = (_, start, end) => SHA256.HashData(content.AsSpan((int)start, (int)(end - start))) };
        Assert.HasCount(1, Shards((0, 4), (4, 8), (8, 10)).MatchTree(files, options));
        Assert.HasCount(1, Shards((8, 10), (0, 4), (4, 8)).MatchTree(files, options));
        Refused(OmsFault.ShardsDoNotTile, () => Shards((0, 4), (4, 8)).MatchTree(files, options));
        Refused(OmsFault.ShardsDoNotTile, () => Shards((0, 4), (8, 10)).MatchTree(files, options));
        Refused(OmsFault.ShardsDoNotTile, () => Shards((0, 4), (4, 8), (8, 9)).MatchTree(files, options));
        Refused(OmsFault.ShardsDoNotTile, () => Shards((0, 4), (4, 7), (8, 10)).MatchTree(files, options));
        Refused(OmsFault.ShardsNeedContent, () => Shards((0, 4), (4, 8), (8, 10)).MatchTree(files));
        Refused(OmsFault.ShardRangeInvalid, () => Shards((0, 5)));
        Refused(OmsFault.ShardRangeInvalid, () => Shards((1, 4)));
        Refused(OmsFault.ShardRangeInvalid, () => Shards((4, 4)));
        Refused(OmsFault.FileDiffers, () => Shards((0, 4), (4, 8), (8, 10)).MatchTree([File("f", "0123456780"u8.ToArray())], new() { RangeDigest = (_, s, e) => SHA256.HashData("0123456780"u8[(int)s..(int)e]) }));

        OmsStatement Shards(params (int Start, int End)[] ranges)
        {
            byte[][] digests = [.. ranges.Select(r => SHA256.HashData(content.AsSpan(r.Start, Math.Max(0, Math.Min(10, r.End) - r.Start))))];
            string resources = string.Join(',', ranges.Select((r, i) =>
                $$"""{"name": "f:{{r.Start}}:{{r.End}}", "algorithm": "sha256", "digest": "{{Convert.ToHexStringLower(digests[i])}}"}"""));
            string root = Convert.ToHexStringLower(SHA256.HashData([.. digests.SelectMany(d => d)]));
            return OmsStatement.Parse(Encoding.UTF8.GetBytes($$$"""
                {"_type": "https://in-toto.io/Statement/v1", "predicateType": "https://model_signing/signature/v1.0",
                 "subject": [{"name": "m", "digest": {"sha256": "{{{root}}}"}}],
                 "predicate": {"serialization": {"method": "shards", "hash_type": "sha256", "allow_symlinks": false, "shard_size": 4},
                               "resources": [{{{resources}}}]}}
                """));
        }
    }

    [TestMethod]
    public void Only_trees_that_every_verifier_accepts_are_signed()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using ECDsa foreign = ECDsa.Create(ECCurve.CreateFromFriendlyName("secp256k1"));
        Refused(OmsFault.NothingToSign, () => OmsSigner.Sign("m", [], key));
        Refused(OmsFault.ResourceNameInvalid, () => OmsSigner.Sign("m", [OmsCases.Entry("../x", "")], key));
        Refused(OmsFault.ResourceNameInvalid, () => OmsSigner.Sign("m", [OmsCases.Entry(".github/x", "")], key));
        Refused(OmsFault.ResourceDuplicate, () => OmsSigner.Sign("m", [Tree[0], Tree[0]], key));
        Refused(OmsFault.KeyUnsupported, () => OmsSigner.Sign("m", Tree, foreign));
    }

    private static byte[] Edit(byte[] json, string what, string by)
    {
        string text = Encoding.UTF8.GetString(json);
        StringAssert.Contains(text, what);
        return Encoding.UTF8.GetBytes(text.Replace(what, by, StringComparison.Ordinal));
    }

    private static TreeFile File(string name, byte[] content) => new(name, content.Length, [.. SHA256.HashData(content)]);

    private static void Refused(OmsFault fault, Action action)
    {
        var e = Assert.ThrowsExactly<OmsException>(action);
        Assert.AreEqual(fault, e.Fault, e.Message);
    }
}
