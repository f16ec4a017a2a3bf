using System.Text;
using System.Text.Json.Nodes;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Bundles.Oms;
using EdgeDaemon.Native.Posix.Files;

namespace EdgeDaemon.Tests.Bundles.Oms;

/// <summary>Ways from a folder and a signature file to an outcome, shared by the OMS tests.</summary>
internal static class OmsCases
{
    public static readonly ContentTreeLimits Limits = new();

    public static OmsKey Key(string path) => OmsKey.FromPem(File.ReadAllText(path));

    /// <summary>The fault, or None when signature and model (a folder or one file) hold together.</summary>
    public static (OmsFault Fault, string Detail) Judge(
        byte[] signature, string model, IReadOnlyList<OmsKey> keys, bool ignoreUnlisted = false, IReadOnlyList<OmsAnchor>? anchors = null)
    {
        try
        {
            Check(OmsVerifier.Verify(signature, keys, anchors ?? [], DateTimeOffset.UtcNow).Statement, model, ignoreUnlisted);
            return (OmsFault.None, "");
        }
        catch (OmsException e)
        {
            return (e.Fault, e.Message);
        }
    }

    public static void Check(OmsStatement statement, string model, bool ignoreUnlisted = false)
    {
        bool single = File.Exists(model);
        using ContentTree tree = ContentTree.Read(single ? Path.GetDirectoryName(model)! : model, Limits);
        var options = new OmsTreeOptions { IgnoreUnlisted = ignoreUnlisted, RangeDigest = tree.RangeDigest };
        if (single)
        {
            statement.MatchFile(tree.Find(Path.GetFileName(model))!.Entry, options);
        }
        else
        {
            statement.MatchTree(tree.Entries, options);
        }
    }

    /// <summary>A signature file whose statement was edited before it was signed: what lies behind the signature must judge it.</summary>
    public static byte[] Resign(byte[] signature, System.Security.Cryptography.ECDsa key, Func<string, string> edit)
    {
        string statement = edit(Encoding.UTF8.GetString(OmsSignature.Parse(signature).Payload.Span));
        return Seal(Encoding.UTF8.GetBytes(statement), key);
    }

    /// <summary>A signature file around any payload, written without the product's signer.</summary>
    public static byte[] Seal(byte[] payload, System.Security.Cryptography.ECDsa key)
    {
        const string type = "application/vnd.in-toto+json";
        byte[] pae = [.. Encoding.ASCII.GetBytes($"DSSEv1 {type.Length} {type} {payload.Length} "), .. payload];
        byte[] signature = key.SignData(
            pae,
            key.KeySize switch { 256 => new("SHA256"), 384 => new("SHA384"), _ => new("SHA512") },
            System.Security.Cryptography.DSASignatureFormat.Rfc3279DerSequence);
        var bundle = new JsonObject
        {
            ["mediaType"] = "application/vnd.dev.sigstore.bundle.v0.3+json",
            ["verificationMaterial"] = new JsonObject { ["publicKey"] = new JsonObject { ["hint"] = OmsKey.Of(key).Hint } },
            ["dsseEnvelope"] = new JsonObject
            {
                ["payload"] = Convert.ToBase64String(payload),
                ["payloadType"] = type,
                ["signatures"] = new JsonArray(new JsonObject { ["sig"] = Convert.ToBase64String(signature) }),
            },
        };
        return Encoding.UTF8.GetBytes(bundle.ToJsonString());
    }

    public static TreeFile Entry(string name, string content) =>
        new(name, Encoding.UTF8.GetByteCount(content), [.. System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(content))]);
}
