namespace EdgeDaemon.Core.Bundles.Oms;

/// <summary>
/// One step of a chain against the operator's revocation lists. A list that is there but cannot be used refuses: an attacker who
/// can make lists unusable must not thereby turn revocation off.
/// </summary>
internal static class OmsRevocation
{
    public static void Check(OmsCertificate subject, OmsCertificate issuer, OmsAnchorRules rules, DateTimeOffset time)
    {
        OmsRevocationList[] named = [.. rules.RevocationLists.Where(list => list.IsNamedAfter(issuer))];
        if (named.Length == 0)
        {
            if (rules.RequireRevocationLists)
            {
                throw new OmsException(OmsFault.RevocationListMissing, $"no revocation list is by the issuer '{Printable.Of(issuer.Subject)}'");
            }

            return;
        }

        // Two authorities of one name have a list each: the key tells which is whose.
        OmsRevocationList[] own = [.. named.Where(list => list.IsBy(issuer))];
        if (own.Length == 0)
        {
            throw new OmsException(OmsFault.RevocationListForged, $"the revocation list of '{Printable.Of(issuer.Subject)}' is not signed by it");
        }

        // Also by a list that is out of date: what was revoked stays so.
        if (own.Any(list => list.Lists(subject)))
        {
            throw new OmsException(OmsFault.CertificateRevoked, $"{OmsCertificateRules.Shown(subject)} is revoked");
        }

        if (!own.Any(list => list.IsCurrent(time)))
        {
            throw new OmsException(OmsFault.RevocationListStale, $"the revocation list of '{Printable.Of(issuer.Subject)}' is not current; get a newer one");
        }
    }
}
