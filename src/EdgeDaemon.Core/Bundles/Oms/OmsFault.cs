namespace EdgeDaemon.Core.Bundles.Oms;

/// <summary>Every reason why an OMS signature is refused, closed, in the order in which the checks run.</summary>
public enum OmsFault
{
    None = 0,

    // The bundle's JSON, and the statement's: both are held to the same strictness.
    TooLarge,
    NotUtf8,
    JsonMalformed,
    JsonTooDeep,
    JsonDuplicateName,

    // The bundle.
    BundleShape,
    MediaTypeUnknown,
    MaterialNotOne,
    MethodNotConfigured,
    PayloadTypeUnknown,
    SignatureCount,
    Base64Malformed,

    // The key and its signature.
    KeyUnsupported,
    KeyNotTrusted,
    SignatureInvalid,

    // The certificates: their bytes, the leaf, the way to a root, and what was taken back.
    CertificateMalformed,
    CertificateCount,
    CertificateUnsupported,
    CertificateUsage,
    CertificateUntrusted,
    CertificateNotAuthority,
    CertificatePathLength,
    CertificateNotYetValid,
    CertificateExpired,
    CertificateDenied,
    CertificateRevoked,
    RevocationListMalformed,
    RevocationListMissing,
    RevocationListForged,
    RevocationListStale,
    CertificateNotAllowed,

    // The statement, which is signed but not thereby sane.
    StatementShape,
    StatementTypeUnknown,
    PredicateTypeUnknown,
    SubjectCount,
    SerializationMethodUnknown,
    HashUnsupported,
    SymlinksAllowed,
    ShardSizeInvalid,
    ResourcesEmpty,
    ResourceNameInvalid,
    ResourceDuplicate,
    ResourceAlgorithm,
    ResourceDigest,
    ShardRangeInvalid,
    RootDigestMismatch,

    // The tree against the statement.
    FileMissing,
    FileDiffers,
    FileUnlisted,
    ShardsDoNotTile,
    ShardsNeedContent,

    // Signing.
    NothingToSign,
}
