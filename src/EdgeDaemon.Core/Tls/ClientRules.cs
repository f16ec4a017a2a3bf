using System.Collections.Frozen;
using System.Collections.Immutable;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Bundles.Oms;

namespace EdgeDaemon.Core.Tls;

/// <summary>
/// What a client's chain must be beyond what the platform's chain engine says of it: that engine has checked the signatures and the way to a root; it takes a certificate
/// without a purpose for every purpose, knows no deny list, and asks servers on the network for revocation. Every rule is asked here, also those that both have.
/// </summary>
public sealed class ClientRules(ImmutableArray<ClientRevocationList> lists, IEnumerable<string> deniedKeys)
{
    /// <summary>From leaf to root.</summary>
    public const int MostCertificates = 8;

    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";
    private const string AnyUsage = "2.5.29.37.0";

    private readonly FrozenSet<string> _denied = deniedKeys.ToFrozenSet(StringComparer.Ordinal);

    /// <param name="chain">Leaf first, root last, each signed by the next.</param>
    /// <param name="now">The time that counts.</param>
    public ClientFinding Judge(ImmutableArray<OmsCertificate> chain, DateTimeOffset now)
    {
        if (chain.Length is < 2 or > MostCertificates)
        {
            // One alone: a root is no client, and a leaf that is trusted by itself could not be revoked.
            return new ClientFinding(ClientFault.Untrusted, $"a chain of {chain.Length} certificates; 2 to {MostCertificates} lead from a client to a root");
        }

        for (int place = 0; place < chain.Length; place++)
        {
            ClientFinding finding = JudgeOne(chain, place, now);
            if (!finding.IsGood)
            {
                return finding;
            }
        }

        return ClientFinding.Good;
    }

    /// <summary>Null for an authority that may vouch for clients, else what is wrong.</summary>
    internal static string? AuthorityFault(OmsCertificate authority) =>
        authority.Unsupported is { } oid ? $"{Shown(authority)} has the extension {oid}, which binds its use and is not understood"
        : !authority.IsAuthority ? $"{Shown(authority)} is no authority (basicConstraints)"
        : authority.KeyUsage is { } usage && (usage & OmsKeyUsage.KeyCertSign) == 0 ? $"keyUsage of {Shown(authority)} lacks keyCertSign"
        : authority.ExtendedUsages is { } purposes && !purposes.Contains(ClientAuthentication) && !purposes.Contains(AnyUsage) ? $"extKeyUsage of {Shown(authority)} lacks clientAuth"
        : null;

    private ClientFinding JudgeOne(ImmutableArray<OmsCertificate> chain, int place, DateTimeOffset now)
    {
        OmsCertificate certificate = chain[place];
        bool root = place == chain.Length - 1;
        if (certificate.Unsupported is { } oid)
        {
            return new ClientFinding(ClientFault.Unsupported, $"{Shown(certificate)} has the extension {oid}, which binds its use and is not understood");
        }

        string? fault = place == 0 ? LeafFault(certificate) : AuthorityFault(certificate);
        if (fault is not null)
        {
            return new ClientFinding(place == 0 ? ClientFault.Usage : ClientFault.NotAuthority, fault);
        }

        // Self-issued authorities (a renewed key) do not count (RFC 5280, 4.2.1.9).
        int below = chain.Take(place).Skip(1).Count(authority => !authority.IsSelfIssued);
        if (certificate.PathLength is { } most && below > most)
        {
            return new ClientFinding(ClientFault.PathLength, $"{Shown(certificate)} may have {most} authorities below it; here there are {below}");
        }

        if (CertificateKey.Fault(certificate.Spki) is { } weak)
        {
            return new ClientFinding(ClientFault.WeakKey, $"{Shown(certificate)}: {weak}");
        }

        // A root is trusted for its key; who signed it, and how, does not matter.
        if (!root && !IsTaken(certificate.Signed.AlgorithmOid))
        {
            return new ClientFinding(ClientFault.WeakSignature, $"{Shown(certificate)} is signed with algorithm {certificate.Signed.AlgorithmOid}; ECDSA and RSA PKCS#1 with SHA-2, and Ed25519 are taken");
        }

        if (now < certificate.NotBefore)
        {
            return new ClientFinding(ClientFault.NotYetValid, $"{Shown(certificate)} is not valid before {certificate.NotBefore:u}") { IsDevices = true }; // Nobody shows such a one by chance: most often the clock was not set.
        }

        // The last second counts to its end.
        if (now >= certificate.NotAfter.AddSeconds(1))
        {
            return new ClientFinding(ClientFault.Expired, $"{Shown(certificate)} expired on {certificate.NotAfter:u}") { IsDevices = root };
        }

        return _denied.Contains(certificate.SpkiDigestHex)
            ? new ClientFinding(ClientFault.Denied, $"{Shown(certificate)} has a key of denied_keys")
            : root || lists.IsEmpty ? ClientFinding.Good : Revocation(certificate, chain[place + 1], now);
    }

    // A list that is missing or out of date refuses: whoever can keep lists from the device must not thereby turn revocation off.
    private ClientFinding Revocation(OmsCertificate certificate, OmsCertificate issuer, DateTimeOffset now)
    {
        bool any = false, current = false;
        foreach (ClientRevocationList list in lists)
        {
            if (list.IsOf(issuer))
            {
                // Also by a list that is out of date: what was revoked stays so.
                if (list.Lists(certificate))
                {
                    return new ClientFinding(ClientFault.Revoked, $"{Shown(certificate)} is revoked");
                }

                any = true;
                current |= list.IsCurrent(now);
            }
        }

        return current ? ClientFinding.Good
            : any ? new ClientFinding(ClientFault.RevocationListStale, $"the revocation list of '{Printable.Of(issuer.Subject)}' is not current; get a newer one") { IsDevices = true }
            : new ClientFinding(ClientFault.RevocationListMissing, $"client_crls has no list of '{Printable.Of(issuer.Subject)}'") { IsDevices = true };
    }

    private static string? LeafFault(OmsCertificate leaf) =>
        leaf.IsAuthority ? $"{Shown(leaf)} is an authority; clients show a certificate of their own"
        : leaf.KeyUsage is { } usage && (usage & OmsKeyUsage.DigitalSignature) == 0 ? $"keyUsage of {Shown(leaf)} lacks digitalSignature"
        : leaf.ExtendedUsages is not { } purposes ? $"{Shown(leaf)} has no extKeyUsage; clientAuth is asked for"
        : !purposes.Contains(ClientAuthentication) ? $"extKeyUsage of {Shown(leaf)} lacks clientAuth"
        : null;

    private static bool IsTaken(string algorithm) => algorithm is
        "1.2.840.10045.4.3.2" or "1.2.840.10045.4.3.3" or "1.2.840.10045.4.3.4"
        or "1.2.840.113549.1.1.11" or "1.2.840.113549.1.1.12" or "1.2.840.113549.1.1.13"
        or "1.3.101.112";

    private static string Shown(OmsCertificate certificate) => OmsCertificateRules.Shown(certificate);
}
