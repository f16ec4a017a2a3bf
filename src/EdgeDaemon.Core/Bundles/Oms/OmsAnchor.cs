namespace EdgeDaemon.Core.Bundles.Oms;

/// <summary>
/// A root that the device trusts for the certificate method, with the rules for signers below it. It comes from the device's trust
/// alone: never from a signature file, never from a store of the system.
/// </summary>
public sealed class OmsAnchor
{
    /// <param name="root">An authority: its own issuer or not, the operator's word makes it a root.</param>
    /// <param name="rules">Null for <see cref="OmsAnchorRules.Strict"/>.</param>
    /// <exception cref="OmsException">The certificate is no authority: a leaf as its own root is a key, and belongs among the keys.</exception>
    public OmsAnchor(OmsCertificate root, OmsAnchorRules? rules = null)
    {
        OmsCertificateRules.CheckAuthority(root);
        Root = root;
        Rules = rules ?? OmsAnchorRules.Strict;
    }

    public OmsCertificate Root { get; }

    public OmsAnchorRules Rules { get; }

    /// <summary>The one certificate of a PEM text as a root.</summary>
    /// <exception cref="OmsException">Not one certificate, or no authority.</exception>
    public static OmsAnchor FromPem(ReadOnlySpan<char> pem, OmsAnchorRules? rules = null)
    {
        var read = OmsCertificate.FromPem(pem);
        return read.Length == 1
            ? new OmsAnchor(read[0], rules)
            : throw new OmsException(OmsFault.CertificateMalformed, $"there are {read.Length} certificates; give one root");
    }
}
