namespace EdgeDaemon.Core.Bundles.Oms;

/// <summary>A statement and the trusted key whose signature over it was verified.</summary>
public sealed record OmsVerified(OmsStatement Statement, OmsKey Key)
{
    /// <summary>Identity of the signer: 64 lower-case hex digits, for counting distinct keys and for the record.</summary>
    public string SignerDigest => SpkiDigest.Hex(Key.Digest.AsSpan());
}
