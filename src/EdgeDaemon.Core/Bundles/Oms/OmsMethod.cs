namespace EdgeDaemon.Core.Bundles.Oms;

/// <summary>How a bundle says it was signed. Which method counts is decided by the device's trust, never by this.</summary>
public enum OmsMethod
{
    /// <summary><c>verificationMaterial.publicKey</c>: a bare key pair.</summary>
    Key,

    /// <summary><c>verificationMaterial.x509CertificateChain</c>.</summary>
    Certificate,

    /// <summary><c>verificationMaterial.certificate</c>: keyless signing through Sigstore's services.</summary>
    Sigstore,
}
