using System.Numerics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EdgeDaemon.Core.Bundles.Oms;

namespace EdgeDaemon.Ctl.Pki;

/// <summary>Complete revocation lists (RFC 5280, section 5): everything that was ever revoked, expired or not.</summary>
internal static class RevocationListMaker
{
    /// <returns>DER.</returns>
    public static byte[] Make(PkiIndex index, X509Certificate2 root, ECDsa key, Validity validity)
    {
        var builder = new CertificateRevocationListBuilder();
        foreach (IssuedCertificate issued in index.Certificates)
        {
            if (issued.Revocation is { } revocation)
            {
                // RFC 5280, 5.3.1: no reason is told by leaving it out.
                builder.AddEntry(Magnitude(issued.Serial), revocation.Time, revocation.Reason == X509RevocationReason.Unspecified ? null : revocation.Reason);
            }
        }

        byte[] list = builder.Build(
            root.SubjectName,
            X509SignatureGenerator.CreateForECDsa(key),
            new BigInteger(index.CrlNumber),
            validity.Until,
            CertificateMaker.HashFor(OmsKey.Of(key)),
            X509AuthorityKeyIdentifierExtension.CreateFromCertificate(root, includeKeyIdentifier: true, includeIssuerAndSerial: false),
            validity.From);
        OmsRevocationList.FromDer(list);
        return list;
    }

    // As an INTEGER has it: with a zero in front where the first bit would make it negative.
    private static byte[] Magnitude(string serial)
    {
        byte[] bytes = Convert.FromHexString(serial.Length % 2 == 0 ? serial : "0" + serial);
        return bytes[0] >= 0x80 ? [0, .. bytes] : bytes;
    }
}
