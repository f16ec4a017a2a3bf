namespace EdgeDaemon.Core.Bundles.Oms;

/// <summary>
/// Verifies OMS signature files, in the order of reference 1.5: bound and parse the bundle, settle the method from local trust,
/// verify the signature over the decoded payload, and only then parse that very payload.
/// </summary>
public static class OmsVerifier
{
    /// <summary>By the key method alone.</summary>
    /// <param name="json">The signature file.</param>
    /// <param name="keys">The keys that the device trusts for this; nothing in the file adds to them.</param>
    /// <exception cref="OmsException">Whatever is wrong.</exception>
    public static OmsVerified Verify(ReadOnlyMemory<byte> json, IReadOnlyList<OmsKey> keys) => Verify(json, keys, [], default);

    /// <param name="json">The signature file.</param>
    /// <param name="keys">The trusted keys. With none, but an anchor, files signed by a key are of a method that is not configured.</param>
    /// <param name="anchors">The trusted roots. With none, files signed by a certificate are of a method that is not configured.</param>
    /// <param name="time">The time that certificates and revocation lists are judged at: the device's trusted time, not below its floor.</param>
    /// <exception cref="OmsException">Whatever is wrong.</exception>
    public static OmsVerified Verify(
        ReadOnlyMemory<byte> json, IReadOnlyList<OmsKey> keys, IReadOnlyList<OmsAnchor> anchors, DateTimeOffset time)
    {
        OmsSignature signature = OmsSignature.Parse(json);

        // The method comes from trust: a bundle of another kind is not looked into.
        switch (signature.Method)
        {
            case OmsMethod.Key when keys.Count > 0 || anchors.Count == 0:
                OmsKey signer = ByKey(signature, keys);
                return new OmsVerified(OmsStatement.Parse(signature.Payload), signer);
            case OmsMethod.Certificate when anchors.Count > 0:
                (OmsKey key, OmsAnchor anchor, OmsCertificate leaf) = ByCertificate(signature, anchors, time);
                return new OmsVerified(OmsStatement.Parse(signature.Payload), key, anchor, leaf);
            default:
                string trusted = anchors.Count == 0 ? "only public keys are" : keys.Count == 0 ? "only certificates are" : "public keys and certificates are";
                throw new OmsException(OmsFault.MethodNotConfigured, $"the file is signed by method {signature.Method}; {trusted} trusted here");
        }
    }

    private static OmsKey ByKey(OmsSignature signature, IReadOnlyList<OmsKey> keys)
    {
        bool tried = false;
        foreach (OmsKey key in keys)
        {
            if (signature.Hint is not null && signature.Hint != key.Hint)
            {
                continue;
            }

            tried = true;
            if (key.Verifies(signature.Payload.Span, signature.Signature.Span))
            {
                return key;
            }
        }

        // Without a hint every key was tried, and which one was meant is not known.
        throw tried && signature.Hint is not null
            ? new OmsException(OmsFault.SignatureInvalid, "the signature is not the trusted key's over this statement")
            : signature.Hint is not null
                ? new OmsException(OmsFault.KeyNotTrusted, $"the file names the key with hint {Printable.Of(signature.Hint)}, which is not trusted")
                : new OmsException(OmsFault.SignatureInvalid, $"none of the {keys.Count} trusted keys made the signature");
    }

    private static (OmsKey Key, OmsAnchor Anchor, OmsCertificate Leaf) ByCertificate(
        OmsSignature signature, IReadOnlyList<OmsAnchor> anchors, DateTimeOffset time)
    {
        var certificates = signature.ReadCertificates();
        OmsCertificate leaf = certificates[0];

        // A curve that OMS does not sign with says nothing about trust: its own fault, before the chain.
        OmsKey key = OmsKey.FromSpki(leaf.Spki.Span);
        key.CheckPlain(leaf.Spki.Span);
        OmsAnchor anchor = OmsChain.Trace(certificates, anchors, time);
        return key.Verifies(signature.Payload.Span, signature.Signature.Span)
            ? (key, anchor, leaf)
            : throw new OmsException(OmsFault.SignatureInvalid, "the signature is not the certificate's key's over this statement");
    }
}
