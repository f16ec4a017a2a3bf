using System.Collections.Immutable;

namespace EdgeDaemon.Ctl.Pki;

/// <summary>Everything that an authority has issued, in order, and the number of its last revocation list. Immutable: each change makes the next.</summary>
internal sealed record PkiIndex(long CrlNumber, ImmutableArray<IssuedCertificate> Certificates)
{
    public static PkiIndex Empty { get; } = new(0, []);

    public IssuedCertificate? Find(string serial) => Certificates.FirstOrDefault(certificate => certificate.Serial == serial);

    public PkiIndex With(IssuedCertificate issued) => this with { Certificates = Certificates.Add(issued) };

    /// <param name="serial">One that is there.</param>
    /// <param name="revocation">Takes effect with the next list.</param>
    public PkiIndex Revoke(string serial, RevocationEntry revocation) =>
        this with { Certificates = [.. Certificates.Select(certificate => certificate.Serial == serial ? certificate with { Revocation = revocation } : certificate)] };
}
