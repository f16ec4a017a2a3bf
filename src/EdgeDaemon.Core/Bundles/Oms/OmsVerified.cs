namespace EdgeDaemon.Core.Bundles.Oms;

/// <summary>A statement and who signed it, proven by the device's trust.</summary>
/// <param name="Key">The key that made the signature: by the key method the trusted one itself (same object), else the leaf's.</param>
/// <param name="Anchor">By the certificate method, the root that the leaf was traced to (same object); else null.</param>
/// <param name="Leaf">By the certificate method, the signer's certificate; else null.</param>
public sealed record OmsVerified(OmsStatement Statement, OmsKey Key, OmsAnchor? Anchor = null, OmsCertificate? Leaf = null)
{
    public OmsMethod Method => Anchor is null ? OmsMethod.Key : OmsMethod.Certificate;

    /// <summary>
    /// Identity of the signer by either method: the key's SPKI digest, 64 lower-case hex digits. One key counts once, whatever
    /// certificates it has.
    /// </summary>
    public string SignerDigest => SpkiDigest.Hex(Key.Digest.AsSpan());
}
