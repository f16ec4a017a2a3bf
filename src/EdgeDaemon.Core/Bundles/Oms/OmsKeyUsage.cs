namespace EdgeDaemon.Core.Bundles.Oms;

/// <summary>keyUsage's bits that matter here, numbered as in RFC 5280, 4.2.1.3.</summary>
[Flags]
internal enum OmsKeyUsage
{
    None = 0,
    DigitalSignature = 1 << 0,
    KeyCertSign = 1 << 5,
    CrlSign = 1 << 6,
}
