namespace EdgeDaemon.Native.Tls;

/// <summary>TLS cannot go on: the other side broke its rules, or was refused. The connection is of no more use.</summary>
public sealed class SslFailedException(string message, bool withoutCertificate = false) : IOException(message)
{
    /// <summary>The client showed no certificate.</summary>
    public bool WithoutCertificate => withoutCertificate;
}
