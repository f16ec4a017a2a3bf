namespace EdgeDaemon.Core.Bundles.Oms;

/// <summary>A statement and the key whose signature over it was verified.</summary>
/// <param name="Anchor">The root that vouches for the key; null for a key that is trusted itself.</param>
/// <param name="Subject">The certificate's subject, printable; null without one.</param>
public sealed record OmsVerified(OmsStatement Statement, OmsKey Key, OmsAnchor? Anchor = null, string? Subject = null)
{
    /// <summary>Identity of the signer: 64 lower-case hex digits, for counting distinct keys and for the record.</summary>
    public string SignerDigest => SpkiDigest.Hex(Key.Digest.AsSpan());
}
