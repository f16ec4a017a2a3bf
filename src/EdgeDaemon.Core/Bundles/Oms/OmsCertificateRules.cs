namespace EdgeDaemon.Core.Bundles.Oms;

/// <summary>What a certificate must say of itself in its place of the chain, before anybody's signature on it is looked at.</summary>
internal static class OmsCertificateRules
{
    private const string CodeSigning = "1.3.6.1.5.5.7.3.3";
    private const string AnyUsage = "2.5.29.37.0";

    /// <summary>
    /// The signer's certificate: no authority, made for signing, made for code. .NET's chain takes a leaf without extKeyUsage for
    /// code signing, and a TLS server's key must not sign models.
    /// </summary>
    public static void CheckLeaf(OmsCertificate leaf, bool relaxUsage)
    {
        CheckUnderstood(leaf);

        // CA without keyCertSign issues nothing: the reference's own test certificates are of that kind.
        if (leaf.IsAuthority && (leaf.KeyUsage is not { } issuing || (issuing & OmsKeyUsage.KeyCertSign) != 0))
        {
            throw new OmsException(OmsFault.CertificateUsage, $"{Shown(leaf)} is an authority; models are signed by leaf certificates");
        }

        if (leaf.KeyUsage is { } usage && (usage & OmsKeyUsage.DigitalSignature) == 0)
        {
            throw new OmsException(OmsFault.CertificateUsage, $"keyUsage of {Shown(leaf)} lacks digitalSignature");
        }

        if (leaf.ExtendedUsages is not { } purposes)
        {
            if (!relaxUsage)
            {
                throw new OmsException(OmsFault.CertificateUsage, $"{Shown(leaf)} has no extKeyUsage; codeSigning is asked for");
            }

            return;
        }

        if (purposes.Contains(AnyUsage))
        {
            if (!relaxUsage)
            {
                throw new OmsException(OmsFault.CertificateUsage, $"extKeyUsage of {Shown(leaf)} allows anything; codeSigning alone is asked for");
            }

            return;
        }

        if (!purposes.Contains(CodeSigning))
        {
            throw new OmsException(OmsFault.CertificateUsage, $"extKeyUsage of {Shown(leaf)} lacks codeSigning");
        }
    }

    /// <summary>A root or an intermediate: it says CA, and may sign certificates.</summary>
    public static void CheckAuthority(OmsCertificate authority)
    {
        CheckUnderstood(authority);
        if (!authority.IsAuthority)
        {
            throw new OmsException(OmsFault.CertificateNotAuthority, $"{Shown(authority)} is no authority (basicConstraints)");
        }

        if (authority.KeyUsage is { } usage && (usage & OmsKeyUsage.KeyCertSign) == 0)
        {
            throw new OmsException(OmsFault.CertificateNotAuthority, $"keyUsage of {Shown(authority)} lacks keyCertSign");
        }

        // An authority that says what for: an issuer of TLS certificates cannot make signers.
        if (authority.ExtendedUsages is { } purposes && !purposes.Contains(CodeSigning) && !purposes.Contains(AnyUsage))
        {
            throw new OmsException(OmsFault.CertificateNotAuthority, $"extKeyUsage of {Shown(authority)} lacks codeSigning");
        }
    }

    /// <summary>Both ends belong to the validity (RFC 5280, 4.1.2.5).</summary>
    public static void CheckTime(OmsCertificate certificate, DateTimeOffset time)
    {
        if (time < certificate.NotBefore)
        {
            throw new OmsException(OmsFault.CertificateNotYetValid, $"{Shown(certificate)} is not valid before {certificate.NotBefore:u}");
        }

        // The last second counts to its end.
        if (time >= certificate.NotAfter.AddSeconds(1))
        {
            throw new OmsException(OmsFault.CertificateExpired, $"{Shown(certificate)} expired on {certificate.NotAfter:u}");
        }
    }

    public static string Shown(OmsCertificate certificate) => $"certificate '{Printable.Of(certificate.Subject)}' (serial {certificate.Serial})";

    private static void CheckUnderstood(OmsCertificate certificate)
    {
        if (certificate.Unsupported is { } oid)
        {
            throw new OmsException(OmsFault.CertificateUnsupported, $"{Shown(certificate)} has the extension {oid}, which binds its use and is not understood");
        }
    }
}
