namespace EdgeDaemon.Core.Bundles.Oms;

/// <summary>
/// Verifies OMS signature files by the key and the certificate method, in the order of reference 1.5: bound and parse the bundle, settle the
/// method from local trust, verify the signature over the decoded payload, and only then parse that very payload.
/// </summary>
public static class OmsVerifier
{
    /// <summary>By the key method alone.</summary>
    /// <param name="json">The signature file.</param>
    /// <param name="keys">The keys that the device trusts for this; nothing in the file adds to them.</param>
    /// <exception cref="OmsException">Whatever is wrong.</exception>
    public static OmsVerified Verify(ReadOnlyMemory<byte> json, IReadOnlyList<OmsKey> keys) => Verify(json, new OmsTrust { Keys = keys });

    /// <param name="json">The signature file.</param>
    /// <param name="trust">Keys and roots; nothing in the file adds to them.</param>
    /// <exception cref="OmsException">Whatever is wrong.</exception>
    public static OmsVerified Verify(ReadOnlyMemory<byte> json, OmsTrust trust)
    {
        OmsSignature signature = OmsSignature.Parse(json);
        return signature.Method switch
        {
            // Without anchors the key method is what is left; then a bundle without a trusted key is named as such.
            OmsMethod.Key when trust.Keys.Count > 0 || trust.Anchors.Count == 0 =>
                VerifiedBy(signature, VerifyKey(signature, trust.Keys)),
            OmsMethod.Certificate when trust.Anchors.Count > 0 => VerifyCertificate(signature, trust),
            _ => throw new OmsException(
                OmsFault.MethodNotConfigured, $"the file is signed by method {signature.Method}, and nothing of that method is trusted here"),
        };
    }

    // Only now is the payload parsed: the signer is known to have written it.
    private static OmsVerified VerifiedBy(OmsSignature signature, OmsKey key, OmsAnchor? anchor = null, string? subject = null) =>
        new(OmsStatement.Parse(signature.Payload), key, anchor, subject);

    private static OmsVerified VerifyCertificate(OmsSignature signature, OmsTrust trust)
    {
        var chain = new List<OmsCertificate>();
        try
        {
            foreach (byte[] der in signature.Certificates)
            {
                chain.Add(OmsCertificate.Parse(der));
            }

            OmsAnchor anchor = OmsChain.Build(chain, trust.Anchors, trust.IsRevoked, trust.Now);
            OmsKey key = chain[0].Key();
            return key.Verifies(signature.Payload.Span, signature.Signature.Span)
                ? VerifiedBy(signature, key, anchor, chain[0].Subject)
                : throw new OmsException(OmsFault.SignatureInvalid, $"the signature is not that of '{chain[0].Subject}' over this statement");
        }
        finally
        {
            chain.ForEach(certificate => certificate.Dispose());
        }
    }

    private static OmsKey VerifyKey(OmsSignature signature, IReadOnlyList<OmsKey> keys)
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
}
