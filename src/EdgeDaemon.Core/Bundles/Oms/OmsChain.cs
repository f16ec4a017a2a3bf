namespace EdgeDaemon.Core.Bundles.Oms;

/// <summary>
/// From a leaf to a root that the device trusts, along the certificates of the bundle in their order (RFC 5280 section 6, without
/// policies and name constraints, which refuse when they are critical). A root inside the bundle is never trust.
/// </summary>
internal static class OmsChain
{
    public const int MostCertificates = 8;

    /// <param name="chain">Leaf first, then its issuers; a trusted root may stand at the end.</param>
    /// <param name="anchors">The device's.</param>
    /// <param name="revoked">Keys that no longer count, wherever they stand in the chain.</param>
    /// <param name="now">Trusted time.</param>
    /// <returns>The root that vouches for the leaf.</returns>
    /// <exception cref="OmsException">Nobody does; the reason.</exception>
    public static OmsAnchor Build(IReadOnlyList<OmsCertificate> chain, IReadOnlyList<OmsAnchor> anchors, Func<string, bool> revoked, DateTimeOffset now)
    {
        if (chain.Count is 0 or > MostCertificates)
        {
            throw new OmsException(OmsFault.CertificateChain, $"the chain has {chain.Count} certificates, not 1 to {MostCertificates}");
        }

        for (int at = 0; at < chain.Count; at++)
        {
            OmsCertificate current = chain[at];
            Check(current, revoked, now);
            if (at > 0 && current.IssuerFault(at - 1) is { } unfit && !IsAnchor(current, anchors))
            {
                throw new OmsException(OmsFault.CertificateUsage, unfit);
            }

            // Two roots may have one name: the one whose key signed is the one.
            OmsAnchor? anchor = at > 0 ? anchors.FirstOrDefault(root => root.Certificate.Der.SequenceEqual(current.Der)) : null;
            bool listed = anchor is not null;
            anchor ??= anchors.FirstOrDefault(root => current.IsIssuedInTheNameOf(root.Certificate) && current.IsSignedBy(root.Certificate));
            if (anchor is not null)
            {
                Finish(chain, at, listed, anchor, revoked, now);
                return anchor;
            }

            if (at + 1 < chain.Count && !(current.IsIssuedInTheNameOf(chain[at + 1]) && current.IsSignedBy(chain[at + 1])))
            {
                throw new OmsException(OmsFault.CertificateChain, $"'{current.Subject}' is not signed by the next certificate of the chain, '{chain[at + 1].Subject}'");
            }
        }

        throw new OmsException(OmsFault.CertificateChain, $"'{chain[^1].Subject}' is not issued by a root that is trusted here");
    }

    private static void Finish(IReadOnlyList<OmsCertificate> chain, int last, bool listed, OmsAnchor anchor, Func<string, bool> revoked, DateTimeOffset now)
    {
        Check(anchor.Certificate, revoked, now);
        if (anchor.Certificate.IssuerFault(listed ? last - 1 : last) is { } unfit)
        {
            throw new OmsException(OmsFault.CertificateUsage, unfit);
        }

        // Behind the trusted end only that root itself may stand: what nobody needs, somebody else may read.
        bool rootFollows = !listed && last + 2 == chain.Count && chain[last + 1].Der.SequenceEqual(anchor.Certificate.Der);
        if (last + 1 != chain.Count && !rootFollows)
        {
            throw new OmsException(OmsFault.CertificateChain, "certificates follow the trusted end of the chain");
        }

        if (chain[0].SignerFault(anchor.WithoutExtendedUsage) is { } wrong)
        {
            throw new OmsException(OmsFault.CertificateUsage, wrong);
        }

        if (anchor.Signers is { } signers && !chain[0].Identities.Any(signers.Contains))
        {
            throw new OmsException(OmsFault.SignerNotAllowed, $"'{chain[0].Subject}' is not among the signers that this root may vouch for");
        }
    }

    private static void Check(OmsCertificate certificate, Func<string, bool> revoked, DateTimeOffset now)
    {
        if (certificate.TimeFault(now) is { } time)
        {
            throw new OmsException(OmsFault.CertificateTime, time);
        }

        if (revoked(certificate.SpkiDigestHex))
        {
            throw new OmsException(OmsFault.CertificateRevoked, $"the key of '{certificate.Subject}' is revoked");
        }
    }

    private static bool IsAnchor(OmsCertificate certificate, IReadOnlyList<OmsAnchor> anchors) =>
        anchors.Any(root => root.Certificate.Der.SequenceEqual(certificate.Der));
}
