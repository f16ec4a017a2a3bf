using System.Collections.Immutable;

namespace EdgeDaemon.Core.Bundles.Oms;

/// <summary>
/// The way from a leaf to one of the device's roots. The other certificates of the file are a pool, in any order: they may be
/// needed, they prove nothing. Roots are tried one by one, so that two of one name (a renewed root) are never mixed up; where a
/// way ends in a fault another one is tried.
/// </summary>
internal sealed class OmsChain
{
    /// <summary>Leaf included (reference 1.6).</summary>
    public const int MaxCertificates = 8;

    private readonly ImmutableArray<OmsCertificate> _certificates;
    private readonly DateTimeOffset _time;

    // A signature is checked once, however often the search comes by: made-up pools of one key cost no more than their square.
    private readonly Dictionary<(OmsCertificate Subject, OmsCertificate Issuer), bool> _signatures = [];
    private OmsException? _fault;

    private OmsChain(ImmutableArray<OmsCertificate> certificates, DateTimeOffset time)
    {
        _certificates = certificates;
        _time = time;
    }

    /// <summary>The first anchor that the leaf, first of <paramref name="certificates"/>, may sign under.</summary>
    /// <exception cref="OmsException">With the fault of the way that came furthest.</exception>
    public static OmsAnchor Trace(ImmutableArray<OmsCertificate> certificates, IReadOnlyList<OmsAnchor> anchors, DateTimeOffset time)
    {
        var chain = new OmsChain(certificates, time);
        foreach (OmsAnchor anchor in anchors)
        {
            if (chain.Reaches(anchor))
            {
                return anchor;
            }
        }

        throw chain._fault ?? new OmsException(
            OmsFault.CertificateUntrusted,
            $"{OmsCertificateRules.Shown(certificates[0])}, issued by '{Printable.Of(certificates[0].Issuer)}', does not lead to a trusted root");
    }

    private bool Reaches(OmsAnchor anchor)
    {
        OmsCertificate leaf = _certificates[0];
        var path = new List<OmsCertificate> { leaf };
        if (!Find(path, anchor))
        {
            return false;
        }

        // Last, so that a stranger's leaf is told from one that is only not on the list.
        return Holds(() =>
        {
            OmsCertificateRules.CheckLeaf(leaf, anchor.Rules.RelaxUsage);
            OmsCertificateRules.CheckTime(leaf, _time);
            if (!anchor.Rules.Allows(leaf))
            {
                throw new OmsException(OmsFault.CertificateNotAllowed, $"{OmsCertificateRules.Shown(leaf)} is not among the signers allowed under this root");
            }
        });
    }

    /// <summary>Extends the path, whose last certificate is good so far, until its issuer is the anchor.</summary>
    private bool Find(List<OmsCertificate> path, OmsAnchor anchor)
    {
        OmsCertificate last = path[^1];
        if (IsIssuer(anchor.Root, path, anchor.Rules))
        {
            return true;
        }

        foreach (OmsCertificate issuer in _certificates.Skip(1).Concat(anchor.Rules.Intermediates))
        {
            if (issuer.Is(anchor.Root) || path.Exists(issuer.Is) || !IsIssuer(issuer, path, anchor.Rules))
            {
                continue;
            }

            path.Add(issuer);
            if (Find(path, anchor))
            {
                return true;
            }

            path.RemoveAt(path.Count - 1);
        }

        return false;
    }

    private bool IsIssuer(OmsCertificate issuer, List<OmsCertificate> path, OmsAnchorRules rules)
    {
        OmsCertificate subject = path[^1];
        return subject.RawIssuer.Span.SequenceEqual(issuer.RawSubject.Span) && Holds(() =>
        {
            if (!IsSigned(subject, issuer))
            {
                // Of the name alone: another root or authority may still be the one.
                throw new OmsException(
                    OmsFault.CertificateUntrusted, $"{OmsCertificateRules.Shown(subject)} names '{Printable.Of(issuer.Subject)}' as its issuer, but is not signed by that key");
            }

            OmsCertificateRules.CheckAuthority(issuer);
            CheckPathLength(issuer, path);
            OmsCertificateRules.CheckTime(issuer, _time);
            CheckDenied(issuer, rules);
            CheckDenied(subject, rules);
            OmsRevocation.Check(subject, issuer, rules, _time);
        });
    }

    private bool IsSigned(OmsCertificate subject, OmsCertificate issuer)
    {
        if (!_signatures.TryGetValue((subject, issuer), out bool signed))
        {
            signed = subject.Signed.IsBy(issuer.Spki);
            _signatures.Add((subject, issuer), signed);
        }

        return signed;
    }

    /// <summary>Self-issued authorities (a renewed key) do not count (RFC 5280, 4.2.1.9).</summary>
    private static void CheckPathLength(OmsCertificate issuer, List<OmsCertificate> path)
    {
        int below = path.Skip(1).Count(authority => !authority.IsSelfIssued);
        if (issuer.PathLength is { } most && below > most)
        {
            throw new OmsException(
                OmsFault.CertificatePathLength, $"{OmsCertificateRules.Shown(issuer)} may have {most} authorities below it; here there are {below}");
        }
    }

    private static void CheckDenied(OmsCertificate certificate, OmsAnchorRules rules)
    {
        if (rules.Denies(certificate))
        {
            throw new OmsException(OmsFault.CertificateDenied, $"{OmsCertificateRules.Shown(certificate)} is on the deny list");
        }
    }

    /// <summary>The fault that says most is kept: that no root was found says least.</summary>
    private bool Holds(Action check)
    {
        try
        {
            check();
            return true;
        }
        catch (OmsException fault)
        {
            if (_fault is null || (_fault.Fault == OmsFault.CertificateUntrusted && fault.Fault != OmsFault.CertificateUntrusted))
            {
                _fault = fault;
            }

            return false;
        }
    }
}
