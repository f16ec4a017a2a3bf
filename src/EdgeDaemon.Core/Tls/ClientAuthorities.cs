using System.Collections.Immutable;
using EdgeDaemon.Core.Bundles.Oms;

namespace EdgeDaemon.Core.Tls;

/// <summary>The authorities that name clients, from one PEM file: those that are signed by themselves are the roots, the others lie on the way to them.</summary>
public sealed class ClientAuthorities
{
    private const int Most = 64;

    private ClientAuthorities(ImmutableArray<OmsCertificate> roots, ImmutableArray<OmsCertificate> intermediates)
    {
        Roots = roots;
        Intermediates = intermediates;
    }

    public ImmutableArray<OmsCertificate> Roots { get; }

    public ImmutableArray<OmsCertificate> Intermediates { get; }

    /// <param name="pem">Text with <c>CERTIFICATE</c> blocks.</param>
    /// <exception cref="OmsException">No such text, a certificate that is no authority, or no root among them.</exception>
    public static ClientAuthorities FromPem(ReadOnlySpan<char> pem)
    {
        ImmutableArray<OmsCertificate> all = OmsCertificate.FromPem(pem);
        if (all.Length > Most)
        {
            throw new OmsException(OmsFault.CertificateCount, $"{all.Length} certificates; at most {Most} are taken");
        }

        foreach (OmsCertificate authority in all)
        {
            if (ClientRules.AuthorityFault(authority) is { } fault)
            {
                throw new OmsException(OmsFault.CertificateNotAuthority, fault);
            }

            if (CertificateKey.Fault(authority.Spki) is { } weak)
            {
                throw new OmsException(OmsFault.CertificateUnsupported, $"{OmsCertificateRules.Shown(authority)}: {weak}");
            }
        }

        ImmutableArray<OmsCertificate> roots = [.. all.Where(authority => authority.IsSelfIssued)];
        return roots.Length > 0
            ? new ClientAuthorities(roots, [.. all.Where(authority => !authority.IsSelfIssued)])
            : throw new OmsException(OmsFault.CertificateUntrusted, "no certificate there is signed by itself; a root is needed beside the authorities below it");
    }
}
