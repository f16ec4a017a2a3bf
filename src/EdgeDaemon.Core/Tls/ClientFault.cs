namespace EdgeDaemon.Core.Tls;

/// <summary>Every reason why a client's certificate is turned away, closed, in the order in which the checks run.</summary>
public enum ClientFault
{
    None = 0,

    /// <summary>No certificate, or one that is not X.509 version 3 in DER.</summary>
    Malformed,

    /// <summary>No way to one of the roots, or a signature on the way that is not its issuer's.</summary>
    Untrusted,

    /// <summary>A critical extension that is not understood, or name constraints.</summary>
    Unsupported,

    /// <summary>An authority where a client belongs, or a client without the right purpose.</summary>
    Usage,

    /// <summary>An issuer that is no authority, or none for clients.</summary>
    NotAuthority,

    /// <summary>More authorities below one than it allows.</summary>
    PathLength,

    /// <summary>A key that is too small, of another kind, or in an odd form.</summary>
    WeakKey,

    /// <summary>A signature by a hash or method that is not taken.</summary>
    WeakSignature,

    NotYetValid,
    Expired,

    /// <summary>One of denied_keys.</summary>
    Denied,
    Revoked,
    RevocationListMissing,
    RevocationListStale,
}
