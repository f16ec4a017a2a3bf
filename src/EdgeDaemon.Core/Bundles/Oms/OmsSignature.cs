using System.Collections.Immutable;
using System.Text.Json;

namespace EdgeDaemon.Core.Bundles.Oms;

/// <summary>
/// An OMS signature file taken apart, nothing proven: a Sigstore bundle around a DSSE envelope. Members we do not know are
/// skipped (nothing outside the payload is signed, so nothing there can matter), but alternatives that exclude each other are not.
/// </summary>
public sealed class OmsSignature
{
    private static readonly (string Name, OmsMethod Method)[] Materials =
    [
        ("publicKey", OmsMethod.Key),
        ("x509CertificateChain", OmsMethod.Certificate),
        ("certificate", OmsMethod.Sigstore),
    ];

    private OmsSignature(OmsMethod method, string? hint, ImmutableArray<byte[]> certificates, byte[] payload, byte[] signature)
    {
        Method = method;
        Hint = hint;
        Certificates = certificates;
        Payload = payload;
        Signature = signature;
    }

    public OmsMethod Method { get; }

    /// <summary>Key method: which key the signer says it used, not empty; null when the bundle is of the form before 1.1, which carries the key instead.</summary>
    public string? Hint { get; }

    /// <summary>Certificate method: the DER as it stands in the file, leaf first, not yet looked into; else empty.</summary>
    internal ImmutableArray<byte[]> Certificates { get; }

    /// <summary>The statement's bytes as they were signed. Parse these, never a second decoding.</summary>
    public ReadOnlyMemory<byte> Payload { get; }

    /// <summary>The signature's bytes, expected to be DER ECDSA.</summary>
    public ReadOnlyMemory<byte> Signature { get; }

    /// <summary>Certificate method: the chain, leaf first, 1 to 8, nothing proven.</summary>
    /// <exception cref="OmsException"><see cref="OmsFault.CertificateMalformed"/>.</exception>
    public ImmutableArray<OmsCertificate> ReadCertificates() => [.. Certificates.Select(der => OmsCertificate.FromDer(der))];

    /// <exception cref="OmsException">With a fault of the JSON or the bundle.</exception>
    public static OmsSignature Parse(ReadOnlyMemory<byte> json)
    {
        using JsonDocument document = StrictJson.Parse(json, "the signature file");
        var bundle = new OmsJson(document.RootElement, "bundle", OmsFault.BundleShape);
        if (bundle.Element.ValueKind != JsonValueKind.Object)
        {
            throw bundle.Wrong("an object");
        }

        // 1. What it is.
        string mediaType = bundle.Text("mediaType");
        if (mediaType != OmsNames.MediaType)
        {
            throw new OmsException(OmsFault.MediaTypeUnknown, $"bundle.mediaType is '{Printable.Of(mediaType)}', not '{OmsNames.MediaType}'");
        }

        // 2. Exactly one kind of material: with two, each reader would choose its own.
        OmsJson material = bundle.Object("verificationMaterial");
        OmsMethod method = ReadMethod(material);
        string? hint = method == OmsMethod.Key ? ReadHint(material.Object("publicKey")) : null;
        ImmutableArray<byte[]> certificates = method == OmsMethod.Certificate ? ReadChain(material.Object("x509CertificateChain")) : [];

        // 3. The envelope, with exactly one signature: a second one would be looked at by nobody.
        if (bundle.Has("messageSignature"))
        {
            throw new OmsException(OmsFault.BundleShape, "bundle has both dsseEnvelope and messageSignature, or the latter alone");
        }

        OmsJson envelope = bundle.Object("dsseEnvelope");
        string payloadType = envelope.Text("payloadType");
        if (payloadType != OmsNames.PayloadType)
        {
            throw new OmsException(
                OmsFault.PayloadTypeUnknown, $"bundle.dsseEnvelope.payloadType is '{Printable.Of(payloadType)}', not '{OmsNames.PayloadType}'");
        }

        OmsJson signatures = envelope.Array("signatures");
        if (signatures.Element.GetArrayLength() != 1)
        {
            throw new OmsException(OmsFault.SignatureCount, $"{signatures.Path} has {signatures.Element.GetArrayLength()} entries, not one");
        }

        OmsJson signature = signatures.ObjectAt(0);
        _ = signature.OptionalText("keyid");
        byte[] sig = OmsBase64.Decode(signature.Text("sig"), "the signature");
        byte[] payload = OmsBase64.Decode(envelope.Text("payload"), "the payload");
        return new OmsSignature(method, hint, certificates, payload, sig);
    }

    private static OmsMethod ReadMethod(OmsJson material)
    {
        OmsMethod? found = null;
        foreach ((string name, OmsMethod method) in Materials)
        {
            if (!material.Has(name))
            {
                continue;
            }

            if (found is not null)
            {
                throw new OmsException(OmsFault.MaterialNotOne, $"{material.Path} has more than one of publicKey, x509CertificateChain, certificate");
            }

            found = method;
        }

        if (found is null)
        {
            throw new OmsException(OmsFault.MaterialNotOne, $"{material.Path} has none of publicKey, x509CertificateChain, certificate");
        }

        // Absent, null and [] are all in use; a log entry proves nothing here and is not read.
        if (material.Has("tlogEntries"))
        {
            _ = material.Array("tlogEntries");
        }

        return found.Value;
    }

    private static ImmutableArray<byte[]> ReadChain(OmsJson chain)
    {
        OmsJson list = chain.Array("certificates");
        int count = list.Element.GetArrayLength();
        if (count is 0 or > OmsChain.MaxCertificates)
        {
            throw new OmsException(OmsFault.CertificateCount, $"{list.Path} has {count} entries, not 1 to {OmsChain.MaxCertificates}");
        }

        return [.. Enumerable.Range(0, count).Select(i => OmsBase64.Decode(list.ObjectAt(i).Text("rawBytes"), $"{list.Path}[{i}]"))];
    }

    private static string? ReadHint(OmsJson publicKey)
    {
        string? hint = publicKey.OptionalText("hint");
        if (!string.IsNullOrEmpty(hint))
        {
            return hint;
        }

        // Before 1.1 the key itself stood here. It is never used: a key inside the bundle is not trust.
        return publicKey.OptionalText("rawBytes") is null
            ? throw new OmsException(OmsFault.BundleShape, $"{publicKey.Path} has neither hint nor rawBytes")
            : null;
    }
}
