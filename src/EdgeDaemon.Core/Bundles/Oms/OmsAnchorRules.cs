using System.Collections.Immutable;

namespace EdgeDaemon.Core.Bundles.Oms;

/// <summary>A certificate by who issued it and its number; both texts as <see cref="OmsCertificate"/> spells them.</summary>
public sealed record OmsSerial(string Issuer, string Serial);

/// <summary>What the device demands of signers below one root. The defaults are the strict ones.</summary>
public sealed record OmsAnchorRules
{
    public static OmsAnchorRules Strict { get; } = new();

    /// <summary>Allowed leaves by key: SPKI digests, 64 lower-case hex digits.</summary>
    public ImmutableArray<string> AllowedSpki { get; init; } = [];

    /// <summary>Allowed leaves by alternative name: <c>dns:</c>, <c>email:</c> or <c>uri:</c> and the name, compared exactly.</summary>
    public ImmutableArray<string> AllowedNames { get; init; } = [];

    /// <summary>Allowed leaves by subject, as <see cref="OmsCertificate.Subject"/> spells it, compared exactly.</summary>
    public ImmutableArray<string> AllowedSubjects { get; init; } = [];

    /// <summary>
    /// Takes leaves without extKeyUsage or with anyExtendedKeyUsage too, as older tools issued them. One for another purpose only
    /// (a TLS server's) stays refused.
    /// </summary>
    public bool RelaxUsage { get; init; }

    /// <summary>Authorities that signers may leave out of their files. Like those in a file they prove nothing by being here.</summary>
    public ImmutableArray<OmsCertificate> Intermediates { get; init; } = [];

    /// <summary>Keys that no certificate of a chain may have: SPKI digests, 64 lower-case hex digits.</summary>
    public ImmutableArray<string> DeniedSpki { get; init; } = [];

    /// <summary>Certificates that may not occur in a chain.</summary>
    public ImmutableArray<OmsSerial> DeniedSerials { get; init; } = [];

    /// <summary>Revocation lists. For every issuer that one of them is named after, one must be its own and current.</summary>
    public ImmutableArray<OmsRevocationList> RevocationLists { get; init; } = [];

    /// <summary>Refuses chains with an issuer that no list covers.</summary>
    public bool RequireRevocationLists { get; init; }

    /// <summary>True when no allow-list is set, or one of them names the leaf.</summary>
    internal bool Allows(OmsCertificate leaf) =>
        (AllowedSpki.IsEmpty && AllowedNames.IsEmpty && AllowedSubjects.IsEmpty)
        || AllowedSpki.Contains(leaf.SpkiDigestHex)
        || AllowedSubjects.Contains(leaf.Subject)
        || AllowedNames.Any(name => leaf.AlternativeNames.Contains(name));

    internal bool Denies(OmsCertificate certificate) =>
        DeniedSpki.Contains(certificate.SpkiDigestHex) || DeniedSerials.Contains(new OmsSerial(certificate.Issuer, certificate.Serial));
}
