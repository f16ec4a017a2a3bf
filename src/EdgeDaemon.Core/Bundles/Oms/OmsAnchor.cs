using System.Collections.Immutable;
using System.Security.Cryptography;

namespace EdgeDaemon.Core.Bundles.Oms;

/// <summary>A root certificate that the device trusts to vouch for signers, and which of them.</summary>
public sealed class OmsAnchor
{
    private OmsAnchor(OmsCertificate certificate, ImmutableArray<string>? signers, bool withoutExtendedUsage)
    {
        Certificate = certificate;
        Signers = signers;
        WithoutExtendedUsage = withoutExtendedUsage;
    }

    public OmsCertificate Certificate { get; }

    /// <summary>Identities of leaves (<see cref="OmsCertificate.Identities"/>) that may sign; null for any leaf below the root.</summary>
    public ImmutableArray<string>? Signers { get; }

    /// <summary>Leaves without extendedKeyUsage pass.</summary>
    public bool WithoutExtendedUsage { get; }

    /// <param name="pem">One PEM block CERTIFICATE; text before it is skipped.</param>
    /// <param name="signers">See <see cref="Signers"/>.</param>
    /// <param name="withoutExtendedUsage">See <see cref="WithoutExtendedUsage"/>.</param>
    /// <exception cref="OmsException"><see cref="OmsFault.CertificateMalformed"/>.</exception>
    public static OmsAnchor FromPem(string pem, ImmutableArray<string>? signers = null, bool withoutExtendedUsage = false)
    {
        if (!PemEncoding.TryFind(pem, out PemFields block) || pem[block.Label] is not "CERTIFICATE")
        {
            throw new OmsException(OmsFault.CertificateMalformed, "there is no PEM block '-----BEGIN CERTIFICATE-----'");
        }

        if (PemEncoding.TryFind(pem.AsSpan(block.Location.End.Value), out _))
        {
            throw new OmsException(OmsFault.CertificateMalformed, "there is more than one PEM block; give one root certificate");
        }

        return new OmsAnchor(OmsCertificate.Parse(Convert.FromBase64String(pem[block.Base64Data])), signers, withoutExtendedUsage);
    }
}
