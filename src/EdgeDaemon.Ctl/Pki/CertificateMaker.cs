using System.Collections.Immutable;
using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EdgeDaemon.Core.Bundles.Oms;

namespace EdgeDaemon.Ctl.Pki;

/// <summary>Roots and leaves, as the README of this folder has them. Every one is read back by the reader that devices have before it is given out.</summary>
internal static class CertificateMaker
{
    private const int SerialBytes = 16;
    private const string AlternativeNames = "2.5.29.17";

    /// <summary>A root that signs leaves and revocation lists, and nothing below it that signs again.</summary>
    /// <param name="name">Its common name. A root that replaces another needs another name.</param>
    /// <param name="key">The authority's key.</param>
    /// <param name="validity">Whole seconds.</param>
    public static X509Certificate2 Root(string name, ECDsa key, Validity validity)
    {
        OmsKey identity = OmsKey.Of(key);
        PublicKey subjectKey = PublicKey.CreateFromSubjectPublicKeyInfo(identity.Spki.AsSpan(), out _);
        X500DistinguishedName subject = Named(name);
        var request = new CertificateRequest(subject, subjectKey, HashFor(identity));
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: true, pathLengthConstraint: 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        X509SubjectKeyIdentifierExtension identifier = Identifier(subjectKey);
        request.CertificateExtensions.Add(identifier);
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromSubjectKeyIdentifier(identifier));
        X509Certificate2 made = request.Create(subject, X509SignatureGenerator.CreateForECDsa(key), validity.From, validity.Until, NewSerial());
        _ = new OmsAnchor(OmsCertificate.FromDer(made.RawData));
        return made;
    }

    /// <param name="use">One purpose.</param>
    /// <param name="name">Common name, for people.</param>
    /// <param name="names">What peers compare.</param>
    /// <param name="holder">The holder's public key.</param>
    /// <param name="root">The authority.</param>
    /// <param name="key">The authority's private key.</param>
    /// <param name="validity">Within the root's.</param>
    public static OmsCertificate Leaf(PkiUse use, string name, ImmutableArray<AlternativeName> names, OmsKey holder, X509Certificate2 root, ECDsa key, Validity validity)
    {
        PublicKey subjectKey = PublicKey.CreateFromSubjectPublicKeyInfo(holder.Spki.AsSpan(), out _);
        var request = new CertificateRequest(Named(name), subjectKey, HashFor(OmsKey.Of(key)));
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, hasPathLengthConstraint: false, pathLengthConstraint: 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(use.Oid())], critical: false));
        request.CertificateExtensions.Add(Identifier(subjectKey));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(root, includeKeyIdentifier: true, includeIssuerAndSerial: false));
        if (!names.IsEmpty)
        {
            request.CertificateExtensions.Add(new X509Extension(AlternativeNames, Encoded(names), critical: false));
        }

        using X509Certificate2 made = request.Create(root.SubjectName, X509SignatureGenerator.CreateForECDsa(key), validity.From, validity.Until, NewSerial());
        return OmsCertificate.FromDer(made.RawData);
    }

    /// <summary>The hash that goes with the authority's curve, as OMS ties them.</summary>
    public static HashAlgorithmName HashFor(OmsKey key) => key.Curve switch
    {
        "P-384" => HashAlgorithmName.SHA384,
        "P-521" => HashAlgorithmName.SHA512,
        _ => HashAlgorithmName.SHA256,
    };

    /// <summary>128 random bits: nobody foresees the bytes that are signed, and no two are the same.</summary>
    private static byte[] NewSerial()
    {
        byte[] serial = RandomNumberGenerator.GetBytes(SerialBytes);
        return serial.AsSpan().ContainsAnyExcept((byte)0) ? serial : NewSerial();
    }

    private static X500DistinguishedName Named(string name)
    {
        var subject = new X500DistinguishedNameBuilder();
        subject.AddCommonName(name);
        return subject.Build();
    }

    private static X509SubjectKeyIdentifierExtension Identifier(PublicKey key) => new(key, X509SubjectKeyIdentifierHashAlgorithm.ShortSha256, critical: false);

    private static byte[] Encoded(ImmutableArray<AlternativeName> names)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            foreach (AlternativeName name in names)
            {
                name.Write(writer);
            }
        }

        return writer.Encode();
    }
}
