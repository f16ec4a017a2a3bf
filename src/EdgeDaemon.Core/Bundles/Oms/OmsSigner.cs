using System.Buffers;
using System.Security.Cryptography;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace EdgeDaemon.Core.Bundles.Oms;

/// <summary>
/// Writes OMS signature files as the specification has them: method files, SHA-256, code point order, key hint. This is the one
/// form that every other implementation verifies (reference 1.8).
/// </summary>
public static class OmsSigner
{
    // The file is no part of a page: '+' and other scripts stay readable.
    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <param name="subjectName">Informational: the model's or the folder's name, not empty.</param>
    /// <param name="files">The whole tree without the top-level git names, in any order.</param>
    /// <param name="privateKey">P-256, P-384 or P-521.</param>
    /// <returns>The signature file's bytes (JSON, UTF-8).</returns>
    /// <exception cref="OmsException">No file, a name that is not canonical or not signed by rule, or another kind of key.</exception>
    public static byte[] Sign(string subjectName, IReadOnlyList<TreeFile> files, ECDsa privateKey)
    {
        ArgumentException.ThrowIfNullOrEmpty(subjectName);
        OmsKey key = OmsKey.Of(privateKey);
        TreeFile[] ordered = Order(files);
        byte[] statement = Statement(subjectName, ordered);
        byte[] hash = Dsse.Hash(OmsNames.PayloadType, statement, key.Hash);
        return Bundle(key.Hint, statement, privateKey.SignHash(hash, DSASignatureFormat.Rfc3279DerSequence));
    }

    private static TreeFile[] Order(IReadOnlyList<TreeFile> files)
    {
        if (files.Count == 0)
        {
            throw new OmsException(OmsFault.NothingToSign, "the tree has no files: there is nothing to sign");
        }

        TreeFile[] ordered = [.. files.OrderBy(file => file.Name, Utf8Order.Instance)];
        for (int i = 0; i < ordered.Length; i++)
        {
            string name = ordered[i].Name;
            if (ResourceName.Fault(name) is string fault)
            {
                throw new OmsException(OmsFault.ResourceNameInvalid, $"'{Printable.Of(name)}' {fault}");
            }

            // Verifiers leave these out: a signature that lists one fails everywhere else.
            if (ResourceName.IsGit(name))
            {
                throw new OmsException(OmsFault.ResourceNameInvalid, $"'{Printable.Of(name)}' is never part of a signed tree");
            }

            if (i > 0 && name == ordered[i - 1].Name)
            {
                throw new OmsException(OmsFault.ResourceDuplicate, $"'{Printable.Of(name)}' is listed twice");
            }
        }

        return ordered;
    }

    private static byte[] Statement(string subjectName, TreeFile[] ordered) => Write(json =>
    {
        json.WriteStartObject();
        json.WriteString("_type", OmsNames.StatementType);
        json.WriteStartArray("subject");
        json.WriteStartObject();
        json.WriteString("name", subjectName);
        json.WriteStartObject("digest");
        json.WriteString(OmsNames.Sha256, Convert.ToHexStringLower(ReleaseDigest.Compute(ordered)));
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteString("predicateType", OmsNames.PredicateType);
        json.WriteStartObject("predicate");
        json.WriteStartObject("serialization");
        json.WriteString("method", OmsNames.Files);
        json.WriteString("hash_type", OmsNames.Sha256);
        json.WriteBoolean("allow_symlinks", false);
        json.WriteStartArray("ignore_paths");
        foreach (string git in ResourceName.GitNames)
        {
            json.WriteStringValue(git);
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteStartArray("resources");
        foreach (TreeFile file in ordered)
        {
            json.WriteStartObject();
            json.WriteString("name", file.Name);
            json.WriteString("algorithm", OmsNames.Sha256);
            json.WriteString("digest", Convert.ToHexStringLower(file.Sha256.AsSpan()));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndObject();
    });

    private static byte[] Bundle(string hint, byte[] statement, byte[] signature) => Write(json =>
    {
        json.WriteStartObject();
        json.WriteString("mediaType", OmsNames.MediaType);
        json.WriteStartObject("verificationMaterial");
        json.WriteStartObject("publicKey");
        json.WriteString("hint", hint);
        json.WriteEndObject();
        json.WriteStartArray("tlogEntries");
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteStartObject("dsseEnvelope");
        json.WriteBase64String("payload", statement);
        json.WriteString("payloadType", OmsNames.PayloadType);
        json.WriteStartArray("signatures");
        json.WriteStartObject();
        json.WriteBase64String("sig", signature);
        json.WriteString("keyid", "");
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndObject();
    });

    private static byte[] Write(Action<Utf8JsonWriter> content)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, Plain))
        {
            content(json);
        }

        return [.. buffer.WrittenSpan];
    }
}
