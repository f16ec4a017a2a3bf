using System.Collections.Immutable;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Bundles.Oms;

namespace EdgeDaemon.Core.Tls;

/// <summary>The certificate that a listener shows, with those between it and a root that its clients know; judged by the device before clients do.</summary>
public sealed class ServerCertificate
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    private const int Most = 8;

    private ServerCertificate(ImmutableArray<OmsCertificate> chain) => Chain = chain;

    /// <summary>Leaf first, each issued by the next.</summary>
    public ImmutableArray<OmsCertificate> Chain { get; }

    public OmsCertificate Leaf => Chain[0];

    /// <exception cref="OmsException">Not a chain of certificates, or its first one is none for a server.</exception>
    public static ServerCertificate FromPem(ReadOnlySpan<char> pem)
    {
        ImmutableArray<OmsCertificate> chain = OmsCertificate.FromPem(pem);
        if (chain.Length > Most)
        {
            throw new OmsException(OmsFault.CertificateCount, $"{chain.Length} certificates; at most {Most} are taken: the server's first, then those between it and the root");
        }

        OmsCertificate leaf = chain[0];
        if (leaf.IsAuthority)
        {
            throw new OmsException(OmsFault.CertificateUsage, $"{OmsCertificateRules.Shown(leaf)} is an authority; put the server's own certificate first");
        }

        if (leaf.ExtendedUsages is not { } purposes || !purposes.Contains(ServerAuthentication))
        {
            throw new OmsException(OmsFault.CertificateUsage, $"extKeyUsage of {OmsCertificateRules.Shown(leaf)} lacks serverAuth: issue one for a server (edgectl pki issue --use server)");
        }

        if (CertificateKey.Fault(leaf.Spki) is { } weak)
        {
            throw new OmsException(OmsFault.CertificateUnsupported, $"{OmsCertificateRules.Shown(leaf)}: {weak}");
        }

        for (int i = 1; i < chain.Length; i++)
        {
            if (!chain[i - 1].RawIssuer.Span.SequenceEqual(chain[i].RawSubject.Span) || !chain[i - 1].Signed.IsBy(chain[i].Spki))
            {
                throw new OmsException(
                    OmsFault.CertificateUntrusted, $"certificate {i + 1} of the file, '{Printable.Of(chain[i].Subject)}', has not issued the one before it: put the server's first, then its issuer's, and so on");
            }
        }

        return new ServerCertificate(chain);
    }

    /// <summary>Null while every certificate of the chain is valid, else what is wrong: clients will refuse it.</summary>
    public string? TimeFault(DateTimeOffset now)
    {
        foreach (OmsCertificate certificate in Chain)
        {
            try
            {
                OmsCertificateRules.CheckTime(certificate, now);
            }
            catch (OmsException fault)
            {
                return fault.Message;
            }
        }

        return null;
    }

    /// <summary>Whether a public key (DER of its SubjectPublicKeyInfo) is the server's.</summary>
    public bool IsKey(ReadOnlySpan<byte> spki) => Leaf.Spki.Span.SequenceEqual(spki);
}
