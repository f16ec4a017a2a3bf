using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace EdgeDaemon.Core.Bundles.Oms;

/// <summary>
/// One X.509 certificate taken apart (RFC 5280), as far as signing models needs it. No store, no file and no network is ever asked: the
/// framework's own chain builder would look into the user's.
/// </summary>
public sealed class OmsCertificate : IDisposable
{
    private const string BasicConstraints = "2.5.29.19";
    private const string KeyUsage = "2.5.29.15";
    private const string ExtendedKeyUsage = "2.5.29.37";
    private const string CodeSigning = "1.3.6.1.5.5.7.3.3";
    private const string AnyUsage = "2.5.29.37.0";
    private const int SmallestRsa = 2048;

    // Critical ones that are understood here; another critical one means that its author wanted us to stop.
    private static readonly string[] Understood = [BasicConstraints, KeyUsage, ExtendedKeyUsage, "2.5.29.17", "2.5.29.14", "2.5.29.35"];

    private readonly X509Certificate2 _certificate;
    private readonly byte[] _signed;
    private readonly byte[] _signature;
    private readonly string _algorithm;

    private OmsCertificate(X509Certificate2 certificate, byte[] signed, byte[] signature, string algorithm)
    {
        _certificate = certificate;
        _signed = signed;
        _signature = signature;
        _algorithm = algorithm;
        SpkiDigestHex = SpkiDigest.Hex(SpkiDigest.Of(certificate.PublicKey.ExportSubjectPublicKeyInfo()));
    }

    public string Subject => Printable.Of(_certificate.Subject);

    public string SpkiDigestHex { get; }

    public ReadOnlySpan<byte> Der => _certificate.RawDataMemory.Span;

    /// <summary>Names of the subject that an allow-list may hold: <c>uri:</c>, <c>dns:</c>, <c>email:</c>, <c>cn:</c>, <c>spki:</c>.</summary>
    public IEnumerable<string> Identities
    {
        get
        {
            yield return $"spki:{SpkiDigestHex}";
            yield return $"cn:{_certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: false)}";
            foreach (X509Extension extension in _certificate.Extensions)
            {
                if (extension.Oid?.Value == "2.5.29.17")
                {
                    foreach (string name in AlternativeNames(extension.RawData))
                    {
                        yield return name;
                    }
                }
            }
        }
    }

    /// <param name="der">One certificate and nothing after it.</param>
    /// <exception cref="OmsException"><see cref="OmsFault.CertificateMalformed"/>.</exception>
    public static OmsCertificate Parse(ReadOnlyMemory<byte> der)
    {
        try
        {
            var reader = new AsnReader(der, AsnEncodingRules.DER);
            AsnReader certificate = reader.ReadSequence();
            reader.ThrowIfNotEmpty();
            byte[] signed = certificate.ReadEncodedValue().ToArray();
            string algorithm = certificate.ReadSequence().ReadObjectIdentifier();
            byte[] signature = certificate.ReadBitString(out int unused);
            certificate.ThrowIfNotEmpty();
            if (unused != 0)
            {
                throw Malformed("its signature is no whole number of bytes");
            }

            X509Certificate2 parsed = X509CertificateLoader.LoadCertificate(der.Span);
            if (parsed.Extensions.Select(extension => extension.Oid?.Value).Distinct().Count() != parsed.Extensions.Count)
            {
                parsed.Dispose();
                throw Malformed("an extension stands there twice");
            }

            return new OmsCertificate(parsed, signed, signature, algorithm);
        }
        catch (Exception wrong) when (wrong is AsnContentException or CryptographicException)
        {
            throw Malformed("it is no X.509 certificate", wrong);
        }
    }

    public bool IsIssuedInTheNameOf(OmsCertificate issuer) => _certificate.IssuerName.RawData.AsSpan().SequenceEqual(issuer._certificate.SubjectName.RawData);

    /// <summary>True when <paramref name="issuer"/>'s key signed this certificate, with SHA-256 or better.</summary>
    public bool IsSignedBy(OmsCertificate issuer)
    {
        try
        {
            switch (_algorithm)
            {
                case "1.2.840.10045.4.3.2" or "1.2.840.10045.4.3.3" or "1.2.840.10045.4.3.4":
                    using (ECDsa? key = issuer._certificate.GetECDsaPublicKey())
                    {
                        return key is not null && key.VerifyData(_signed, _signature, Hash(), DSASignatureFormat.Rfc3279DerSequence);
                    }

                case "1.2.840.113549.1.1.11" or "1.2.840.113549.1.1.12" or "1.2.840.113549.1.1.13":
                    using (RSA? key = issuer._certificate.GetRSAPublicKey())
                    {
                        return key is not null && key.KeySize >= SmallestRsa && key.VerifyData(_signed, _signature, Hash(), RSASignaturePadding.Pkcs1);
                    }

                default:
                    return false;
            }
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    /// <summary>Null while it is valid, else how it is not.</summary>
    public string? TimeFault(DateTimeOffset now) =>
        now < _certificate.NotBefore.ToUniversalTime() ? $"'{Subject}' is not valid before {_certificate.NotBefore.ToUniversalTime():u}"
        : now > _certificate.NotAfter.ToUniversalTime() ? $"'{Subject}' expired on {_certificate.NotAfter.ToUniversalTime():u}"
        : null;

    /// <summary>Null when it may issue certificates with so many issuers between it and the leaf, else why not.</summary>
    public string? IssuerFault(int issuersBelow)
    {
        X509BasicConstraintsExtension? constraints = _certificate.Extensions.OfType<X509BasicConstraintsExtension>().FirstOrDefault();
        X509KeyUsageExtension? usage = _certificate.Extensions.OfType<X509KeyUsageExtension>().FirstOrDefault();
        string[]? extended = ExtendedUsages();
        return CriticalFault()
            ?? (constraints is not { CertificateAuthority: true } ? $"'{Subject}' is no certificate authority"
            : usage is not null && !usage.KeyUsages.HasFlag(X509KeyUsageFlags.KeyCertSign) ? $"'{Subject}' may not sign certificates"
            : constraints.HasPathLengthConstraint && constraints.PathLengthConstraint < issuersBelow ? $"'{Subject}' allows {constraints.PathLengthConstraint} authorities below it, there are {issuersBelow}"
            : extended is not null && !extended.Contains(CodeSigning) && !extended.Contains(AnyUsage) ? $"'{Subject}' issues for other purposes than code signing"
            : null);
    }

    /// <summary>Null when it may sign models, else why not.</summary>
    /// <param name="withoutExtendedUsage">A leaf that says nothing of its purpose passes, as older tools made them.</param>
    public string? SignerFault(bool withoutExtendedUsage)
    {
        X509KeyUsageExtension? usage = _certificate.Extensions.OfType<X509KeyUsageExtension>().FirstOrDefault();
        if (CriticalFault() is { } critical)
        {
            return critical;
        }

        if (usage is not null && !usage.KeyUsages.HasFlag(X509KeyUsageFlags.DigitalSignature))
        {
            return $"'{Subject}' is not for digital signatures (keyUsage)";
        }

        // A purpose that allows everything was given by nobody on purpose.
        return ExtendedUsages() switch
        {
            null => withoutExtendedUsage ? null : $"'{Subject}' does not say that it is for code signing (extendedKeyUsage)",
            { } purposes when purposes.Contains(AnyUsage) => $"'{Subject}' is for any purpose",
            { } purposes when !purposes.Contains(CodeSigning) => $"'{Subject}' is for other purposes than code signing",
            _ => null,
        };
    }

    /// <summary>The key that signs models.</summary>
    /// <exception cref="OmsException"><see cref="OmsFault.KeyUnsupported"/>.</exception>
    public OmsKey Key() => OmsKey.FromSpki(_certificate.PublicKey.ExportSubjectPublicKeyInfo());

    public void Dispose() => _certificate.Dispose();

    private static OmsException Malformed(string why, Exception? cause = null) => new(OmsFault.CertificateMalformed, $"a certificate of the chain is unusable: {why}", cause);

    private static List<string> AlternativeNames(byte[] raw)
    {
        var names = new List<string>();
        try
        {
            AsnReader sequence = new AsnReader(raw, AsnEncodingRules.DER).ReadSequence();
            while (sequence.HasData)
            {
                Asn1Tag tag = sequence.PeekTag();
                string? kind = (tag.TagClass, tag.TagValue) switch
                {
                    (TagClass.ContextSpecific, 1) => "email",
                    (TagClass.ContextSpecific, 2) => "dns",
                    (TagClass.ContextSpecific, 6) => "uri",
                    _ => null,
                };
                if (kind is null)
                {
                    sequence.ReadEncodedValue();
                    continue;
                }

                names.Add($"{kind}:{sequence.ReadCharacterString(UniversalTagNumber.IA5String, tag)}");
            }
        }
        catch (AsnContentException)
        {
            names.Clear(); // A list that cannot be read names nobody.
        }

        return names;
    }

    private HashAlgorithmName Hash() => _algorithm[^1] switch
    {
        '2' when _algorithm.StartsWith("1.2.840.10045", StringComparison.Ordinal) => HashAlgorithmName.SHA256,
        '1' => HashAlgorithmName.SHA256,
        '3' when _algorithm.StartsWith("1.2.840.10045", StringComparison.Ordinal) => HashAlgorithmName.SHA384,
        '2' => HashAlgorithmName.SHA384,
        _ => HashAlgorithmName.SHA512,
    };

    private string? CriticalFault() =>
        _certificate.Extensions.FirstOrDefault(extension => extension.Critical && !Understood.Contains(extension.Oid?.Value)) is { } unknown
            ? $"'{Subject}' has a critical extension {unknown.Oid?.Value} that is not understood here"
            : null;

    private string[]? ExtendedUsages() =>
        _certificate.Extensions.OfType<X509EnhancedKeyUsageExtension>().FirstOrDefault() is { } usages
            ? [.. usages.EnhancedKeyUsages.Cast<Oid>().Select(oid => oid.Value ?? "")]
            : null;
}
