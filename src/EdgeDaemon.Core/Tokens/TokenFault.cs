namespace EdgeDaemon.Core.Tokens;

/// <summary>Every reason why a token proves nothing, closed. For the operator's log: whoever shows the token learns only that it is not valid.</summary>
public enum TokenFault
{
    TooLong,
    NotCompact,
    NotBase64Url,
    JsonMalformed,
    DuplicateMember,
    HeaderUnexpected,
    AlgorithmRefused,
    KeyIdMissing,
    ClaimMissing,
    ClaimWrongType,
    SignatureLength,
    KeyUnknown,
    SignatureInvalid,
    AudienceOther,
    IssuerOther,
    Expired,
    NotYetValid,
    LifeTooLong,
    SubjectOther,
    CertificateUnbound,
    CertificateOther,
}
