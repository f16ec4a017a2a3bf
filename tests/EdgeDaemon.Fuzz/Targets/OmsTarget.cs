using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Bundles.Oms;

namespace EdgeDaemon.Fuzz.Targets;

/// <summary>
/// OMS signature files. No mutation survives a signature, so the first byte chooses what is under attack: odd, the statement itself,
/// taken as verified, its root digest put right, and compared with a fixed tree; even, the whole file, against a fixed key.
/// </summary>
internal sealed class OmsTarget : FuzzTarget
{
    private static readonly OmsKey Key = OmsKey.FromSpki(Convert.FromHexString(
        "3059301306072a8648ce3d020106082a8648ce3d030107034200" + "044a598a85274f30fbfc2ad9c9438d1a5c901f805502207583ccb771e99b24cd069ab64454ed8af4183d4d24e28d40e12cbff87040416b30ca7265020b3b7e0f31"));

    // A root, an intermediate and a leaf whose private keys are gone; 2025 to 2045.
    private static readonly OmsAnchor Anchor = new(OmsCertificate.FromDer(Convert.FromBase64String(
        "MIIBTDCB86ADAgECAhQi+yqaZWBB6tN+QttSl/rfXZXDKzAKBggqhkjOPQQDAjAUMRIwEAYDVQQDDAlmdXp6IHJvb3QwHhcNMjUwMTAxMDAwMDAwWhcNNDUwMTAxMDAwMDAwWjAUMRIwEAYDVQQDDAlmdXp6IHJvb3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAR7bHWACnaMx5wMht0DMgf57I9bftJrJEhV2SyMlOvFL1ucgMkN6nsd1JghQKRMNX+bVYlEf4KUXw5kT73PJ4HcoyMwITAPBgNVHRMBAf8EBTADAQH/MA4GA1UdDwEB/wQEAwIBBjAKBggqhkjOPQQDAgNIADBFAiAjaC0jF7KIlJC7qXPJcO9GKWgijWVGy2cgKIPD7o+feAIhAOHs49JOIpEgafrmBBdQ3Caiimd3qOfTiB+Thb0t1Uwq")));

    private static readonly DateTimeOffset Time = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>SHA-256 of the certificates that the oracle knows too; it judges no others but the first.</summary>
    private static readonly HashSet<string> Known =
    [
        "9ca916f9ed6a7d77b1d758a0e9e06bdd6b26150731021abcd000376dca0e4a29",
        "37b16227b892cd841020f90bfb913d42fbbc5ad7c8aa79d748e65daa018eb0b4",
        "f0168f41ced78ad48683ebdee86d0833b2dd81232558ea849ad2fb510bf821d3",
    ];

    private static readonly Dictionary<string, byte[]> Content = new()
    {
        ["a.txt"] = [.. "2"u8],
        ["a/b"] = [.. "1"u8],
        ["f"] = [.. "0123456789"u8],
        ["empty"] = [],
        ["z\uff5e"] = [.. "bmp"u8],
        ["z\U0001f600"] = [.. "astral"u8],
        ["c:1:2"] = [.. "c"u8],
        ["cache/x"] = [.. "x"u8],
        [".git/HEAD"] = [.. "g"u8],
    };

    private static readonly TreeFile[] Tree =
        [.. Content.Select(file => new TreeFile(file.Key, file.Value.Length, [.. SHA256.HashData(file.Value)]))];

    private static readonly OmsTreeOptions Strict = new()
    {
        RangeDigest = (name, start, end) => SHA256.HashData(Content[name].AsSpan((int)start..(int)end)),
    };

    public override string Name => "oms";

    public override string Oracle => "oms.py";

    public override IReadOnlyList<byte[]> Dictionary { get; } =
    [
        .. new[]
        {
            "{", "}", "[", "]", ",", ":", "\"", "null", "true", "false", "0", "-1", "1e3", "4.0", "4.00", "1000000000.0", "\\u002e", "\\u0000",
            "\\ud800", "\\udc00", "\\ud83d\\ude00", "\ufeff", "\ufffd", "\u0085", "\\\\", "..", "/", "./", "//", "=", "==", "-", "_", "+",
            "\"files\"", "\"shards\"", "\"shard_size\":4,", "\"shard_size\":10.0,", "sha256-sharded-4", ":0:4", ":4:8", ":8:10", ":00:4", ".:0:10",
            "\"hint\":\"\",", "\"hint\":null,", "\"rawBytes\":\"\"", "\"tlogEntries\":[]", "\"tlogEntries\":{}", "\"messageSignature\":{},",
            "\"certificate\":{},", "\"x509CertificateChain\":{\"certificates\":[]},", "{\"rawBytes\":\"MAA=\"},", "\"certificate\":null,", "\"keyid\":null", "\"keyid\":\"\"", "\"ignore_paths\":[\".\"],", "\"extra\":1,",
            ResourceOf("f", "0123456789"), ResourceOf("f:0:4", "0123"), ResourceOf("f:8:10", "89"), ResourceOf(".", "x"), ResourceOf("../f", "x"),
            ResourceOf("cache/x", "x"), ResourceOf("cache/x", "y"), ResourceOf(".git/HEAD", "g"), ResourceOf("empty", ""), ResourceOf("a//b", "1"),
            "\"_type\":\"https://in-toto.io/Statement/v1\",", "\"name\":\".\"", "\"allow_symlinks\":true",
        }.Select(Encoding.UTF8.GetBytes),
    ];

    public override string Judge(ReadOnlySpan<byte> input)
    {
        if (input.IsEmpty)
        {
            return "reject";
        }

        byte[] rest = input[1..].ToArray();
        try
        {
            return "accept " + ((input[0] & 1) != 0 ? JudgeStatement(rest) : JudgeBundle(rest));
        }
        catch (OmsException)
        {
            return "reject";
        }
    }

    /// <summary>With a wrong root digest put right once: else no mutation of the resources would get past it.</summary>
    private static string JudgeStatement(byte[] json)
    {
        try
        {
            return Describe(OmsStatement.Parse(json));
        }
        catch (OmsException e) when (e.Fault == OmsFault.RootDigestMismatch)
        {
        }

        try
        {
            return "repaired " + Describe(OmsStatement.Parse(RepairRoot(json)));
        }
        catch (OmsException e) when (e.Fault == OmsFault.RootDigestMismatch)
        {
            // The digest stands there in escapes, or also as a file's.
            return "rootless";
        }
    }

    private static byte[] RepairRoot(byte[] json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        string claimed = document.RootElement.GetProperty("subject")[0].GetProperty("digest").GetProperty("sha256").GetString()!;
        byte[] digests = [.. document.RootElement.GetProperty("predicate").GetProperty("resources").EnumerateArray()
            .SelectMany(resource => Convert.FromHexString(resource.GetProperty("digest").GetString()!))];
        return Encoding.Latin1.GetBytes(
            Encoding.Latin1.GetString(json).Replace(claimed, Convert.ToHexStringLower(SHA256.HashData(digests)), StringComparison.Ordinal));
    }

    private static string JudgeBundle(byte[] json)
    {
        OmsSignature signature = OmsSignature.Parse(json);
        string inner;
        try
        {
            inner = Describe(OmsVerifier.Verify(json, [Key], [Anchor], Time).Statement);
        }
        catch (OmsException e)
        {
            inner = IsOfSigner(e.Fault) ? "unsigned" : "senseless";
        }

        if (signature.Method == OmsMethod.Certificate && IsUnjudged(json))
        {
            inner = "unjudged";
        }

        string method = signature.Method switch
        {
            OmsMethod.Key => "publicKey",
            OmsMethod.Certificate => "x509CertificateChain",
            _ => "certificate",
        };
        string payload = Convert.ToHexStringLower(SHA256.HashData(signature.Payload.Span));
        return $"bundle {method} {Hex(signature.Hint)} {payload} {OrDash(Convert.ToHexStringLower(signature.Signature.Span))} {inner}";
    }

    private static bool IsOfSigner(OmsFault fault) =>
        fault is OmsFault.MethodNotConfigured or OmsFault.KeyUnsupported or OmsFault.KeyNotTrusted or OmsFault.SignatureInvalid
            or (>= OmsFault.CertificateMalformed and <= OmsFault.CertificateNotAllowed);

    /// <summary>A stranger's certificate among the others may be none at all, which is for X.509's own readers to say.</summary>
    private static bool IsUnjudged(byte[] json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        return document.RootElement.GetProperty("verificationMaterial").GetProperty("x509CertificateChain").GetProperty("certificates").EnumerateArray()
            .Skip(1).Any(each => !Known.Contains(Convert.ToHexStringLower(SHA256.HashData(FromBase64(each.GetProperty("rawBytes").GetString()!)))));
    }

    private static byte[] FromBase64(string accepted)
    {
        string standard = accepted.TrimEnd('=').Replace('-', '+').Replace('_', '/');
        return Convert.FromBase64String(standard.PadRight((standard.Length + 3) / 4 * 4, '='));
    }

    private static string Describe(OmsStatement statement)
    {
        string listed = string.Join(',', statement.Resources.Select(r => $"{Hex(r.File)}:{r.Start}:{r.End}:{Convert.ToHexStringLower(r.Sha256.AsSpan())}"));
        string ignored = OrDash(string.Join(',', statement.IgnorePaths.Select(path => Convert.ToHexStringLower(Encoding.UTF8.GetBytes(path)))));
        return $"statement {statement.ShardSize} {Hex(statement.SubjectName)} {Convert.ToHexStringLower(statement.RootDigest.AsSpan())} {listed} {ignored}"
            + $" tree={Match(statement, Strict)} lax={Match(statement, Strict with { IgnoreUnlisted = true })} file={MatchFile(statement)}";
    }

    private static string Match(OmsStatement statement, OmsTreeOptions options)
    {
        try
        {
            ImmutableArray<TreeFile> signed = statement.MatchTree(Tree, options);
            return "ok:" + string.Join(',', signed.Select(file => Hex(file.Name)));
        }
        catch (OmsException)
        {
            return "refused";
        }
    }

    private static string MatchFile(OmsStatement statement)
    {
        try
        {
            return statement.MatchFile(Tree.Single(file => file.Name == "f"), Strict).Name == "f" ? "ok" : "wrong";
        }
        catch (OmsException)
        {
            return "refused";
        }
    }

    private static string ResourceOf(string name, string content) =>
        $$"""{"name":"{{name}}","algorithm":"sha256","digest":"{{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(content)))}}"},""";

    private static string Hex(string? text) => OrDash(Convert.ToHexStringLower(Encoding.UTF8.GetBytes(text ?? "")));

    private static string OrDash(string text) => text.Length == 0 ? "-" : text;
}
