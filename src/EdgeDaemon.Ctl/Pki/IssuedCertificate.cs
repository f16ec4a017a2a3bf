using System.Collections.Immutable;

namespace EdgeDaemon.Ctl.Pki;

/// <summary>What the authority remembers of a certificate; the certificate itself is its holder's.</summary>
internal sealed record IssuedCertificate
{
    /// <summary>Lower-case hex without leading zeros, as <c>OmsCertificate.Serial</c> spells it.</summary>
    public required string Serial { get; init; }

    public required PkiUse Use { get; init; }

    /// <summary>The subject's common name.</summary>
    public required string Name { get; init; }

    /// <summary>Alternative names, <c>kind:name</c>.</summary>
    public required ImmutableArray<string> AlternativeNames { get; init; }

    public required DateTimeOffset NotBefore { get; init; }

    public required DateTimeOffset NotAfter { get; init; }

    /// <summary>SHA-256 of the holder's public key, 64 lower-case hex digits.</summary>
    public required string SpkiDigest { get; init; }

    /// <summary>Since when and why it is not to be trusted any more.</summary>
    public RevocationEntry? Revocation { get; init; }

    /// <summary>For people and programs: good, expired or revoked.</summary>
    public string State(DateTimeOffset now) => Revocation is not null ? "revoked" : now >= NotAfter.AddSeconds(1) ? "expired" : "good";
}
