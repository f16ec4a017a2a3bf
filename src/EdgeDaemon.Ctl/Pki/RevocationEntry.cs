using System.Collections.Immutable;
using System.Security.Cryptography.X509Certificates;

namespace EdgeDaemon.Ctl.Pki;

/// <summary>When a certificate was revoked and for what reason (RFC 5280, 5.3.1).</summary>
internal sealed record RevocationEntry(DateTimeOffset Time, X509RevocationReason Reason)
{
    /// <summary>Those that end a certificate for good; 'hold' could be lifted again, and the authority's own are not ours to give.</summary>
    public static ImmutableArray<(string Word, X509RevocationReason Value)> Reasons { get; } =
    [
        ("unspecified", X509RevocationReason.Unspecified),
        ("key-compromise", X509RevocationReason.KeyCompromise),
        ("affiliation-changed", X509RevocationReason.AffiliationChanged),
        ("superseded", X509RevocationReason.Superseded),
        ("cessation-of-operation", X509RevocationReason.CessationOfOperation),
        ("privilege-withdrawn", X509RevocationReason.PrivilegeWithdrawn),
    ];

    public string Word => Reasons.First(known => known.Value == Reason).Word;
}
