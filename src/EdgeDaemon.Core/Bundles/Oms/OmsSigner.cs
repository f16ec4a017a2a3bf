using System.Buffers;
using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace EdgeDaemon.Core.Bundles.Oms;

/// <summary>
/// Writes OMS signature files as the specification has them: method files, SHA-256, code point order, key hint or chain. This is the one
/// form that every other implementation verifies (reference 1.8).
/// </summary>
public static class OmsSigner
{
    // The file is no part of a page: '+' and other scripts stay readable.
    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>By the key method, over the whole tree.</summary>
    public static byte[] Sign(string subjectName, IReadOnlyList<TreeFile> files, ECDsa privateKey) =>
        Sign(subjectName, files, privateKey, OmsSigning.ByKey);

    /// <param name="subjectName">Informational: the model's or the folder's name, not empty.</param>
    /// <param name="files">The whole tree without the top-level git names and the ignored paths, in any order; or the one file that is the model.</param>
    /// <param name="privateKey">P-256, P-384 or P-521.</param>
    /// <param name="signing">The certificates, for the certificate method, and what is left out of the tree.</param>
    /// <returns>The signature file's bytes (JSON, UTF-8).</returns>
    /// <exception cref="OmsException">
    /// No file, a name that is not canonical or not signed by rule, another kind of key, or a chain that no verifier would take.
    /// </exception>
    public static byte[] Sign(string subjectName, IReadOnlyList<TreeFile> files, ECDsa privateKey, OmsSigning signing)
    {
        ArgumentException.ThrowIfNullOrEmpty(subjectName);
        OmsKey key = OmsKey.Of(privateKey);
        if (!signing.Chain.IsEmpty)
        {
            CheckChain(signing, key);
        }

        TreeFile[] ordered = Order(files);
        byte[] statement = Statement(subjectName, ordered, signing.IgnorePaths);
        byte[] hash = Dsse.Hash(OmsNames.PayloadType, statement, key.Hash);
        return Bundle(key.Hint, signing.Chain, statement, privateKey.SignHash(hash, DSASignatureFormat.Rfc3279DerSequence));
    }

    /// <summary>The signer learns here what the device would say later.</summary>
    private static void CheckChain(OmsSigning signing, OmsKey key)
    {
        if (signing.Chain.Length > OmsChain.MaxCertificates)
        {
            throw new OmsException(OmsFault.CertificateCount, $"the chain has {signing.Chain.Length} certificates; at most {OmsChain.MaxCertificates} are read");
        }

        OmsCertificate leaf = signing.Chain[0];
        if (!key.Spki.AsSpan().SequenceEqual(leaf.Spki.Span))
        {
            throw new OmsException(OmsFault.KeyNotTrusted, $"the private key does not belong to {OmsCertificateRules.Shown(leaf)}");
        }

        OmsCertificateRules.CheckLeaf(leaf, relaxUsage: false);
        OmsCertificateRules.CheckTime(leaf, signing.Time);
        for (int i = 1; i < signing.Chain.Length; i++)
        {
            OmsCertificateRules.CheckAuthority(signing.Chain[i]);
            OmsCertificateRules.CheckTime(signing.Chain[i], signing.Time);
            if (!signing.Chain[i - 1].Signed.IsBy(signing.Chain[i].Spki))
            {
                throw new OmsException(
                    OmsFault.CertificateUntrusted,
                    $"{OmsCertificateRules.Shown(signing.Chain[i])} is not the issuer of the one before it; give the signer's certificate first, then its issuers in order");
            }
        }
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

    private static byte[] Statement(string subjectName, TreeFile[] ordered, ImmutableArray<string> ignorePaths) => Write(json =>
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
        foreach (string path in ignorePaths.Union(ResourceName.GitNames, StringComparer.Ordinal))
        {
            json.WriteStringValue(path);
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

    private static byte[] Bundle(string hint, ImmutableArray<OmsCertificate> chain, byte[] statement, byte[] signature) => Write(json =>
    {
        json.WriteStartObject();
        json.WriteString("mediaType", OmsNames.MediaType);
        json.WriteStartObject("verificationMaterial");
        if (chain.IsEmpty)
        {
            json.WriteStartObject("publicKey");
            json.WriteString("hint", hint);
            json.WriteEndObject();
        }
        else
        {
            WriteChain(json, chain);
        }

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

    private static void WriteChain(Utf8JsonWriter json, ImmutableArray<OmsCertificate> chain)
    {
        json.WriteStartObject("x509CertificateChain");
        json.WriteStartArray("certificates");
        foreach (OmsCertificate certificate in chain)
        {
            json.WriteStartObject();
            json.WriteBase64String("rawBytes", certificate.Der.Span);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

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
