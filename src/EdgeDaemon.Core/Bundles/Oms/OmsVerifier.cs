namespace EdgeDaemon.Core.Bundles.Oms;

/// <summary>
/// Verifies OMS signature files by the key method, in the order of reference 1.5: bound and parse the bundle, settle the method
/// from local trust, verify the signature over the decoded payload, and only then parse that very payload.
/// </summary>
public static class OmsVerifier
{
    /// <param name="json">The signature file.</param>
    /// <param name="keys">The keys that the device trusts for this; nothing in the file adds to them.</param>
    /// <exception cref="OmsException">Whatever is wrong.</exception>
    public static OmsVerified Verify(ReadOnlyMemory<byte> json, IReadOnlyList<OmsKey> keys)
    {
        OmsSignature signature = OmsSignature.Parse(json);
        OmsKey signer = VerifySignature(signature, keys);
        return new OmsVerified(OmsStatement.Parse(signature.Payload), signer);
    }

    private static OmsKey VerifySignature(OmsSignature signature, IReadOnlyList<OmsKey> keys)
    {
        // The method comes from trust: a bundle of another kind is not looked into.
        if (signature.Method != OmsMethod.Key)
        {
            throw new OmsException(
                OmsFault.MethodNotConfigured, $"the file is signed by method {signature.Method}; only public keys are trusted here");
        }

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
