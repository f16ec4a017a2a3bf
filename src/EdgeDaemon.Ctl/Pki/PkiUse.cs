namespace EdgeDaemon.Ctl.Pki;

/// <summary>What a certificate is for; each has one purpose and no other.</summary>
internal enum PkiUse
{
    /// <summary>Signs models (OpenSSF Model Signing by certificate): codeSigning.</summary>
    Signer,

    /// <summary>Calls a daemon over TLS: clientAuth.</summary>
    Client,

    /// <summary>Is a daemon that is called over TLS: serverAuth.</summary>
    Server,
}
