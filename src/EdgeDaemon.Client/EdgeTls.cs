using System.Security.Cryptography.X509Certificates;

namespace EdgeDaemon.Client;

/// <summary>
/// TLS 1.3 to a daemon: its chain must end at one of <see cref="Roots"/> (the machine's own roots do not count), be made for servers, be
/// valid now, and bear the expected name. Nothing switches any of this off. Certificates stay the caller's to dispose, after the client.
/// </summary>
/// <param name="Roots">At least one.</param>
public sealed record EdgeTls(X509Certificate2Collection Roots)
{
    /// <summary>Who this client is, with its private key. The daemon demands one; null only for a server that does not.</summary>
    public X509Certificate2? Certificate { get; init; }

    /// <summary>Certificates between <see cref="Certificate"/> and its root, sent along with it. Nothing is ever fetched.</summary>
    public X509Certificate2Collection Intermediates { get; init; } = [];

    /// <summary>The name (or IP address) that the daemon's certificate must have; null for the address's host.</summary>
    public string? ServerName { get; init; }

    /// <summary>
    /// Whether revocation is asked for. Default NoCheck: a device's own authority seldom has a responder that can be reached. With Online
    /// or Offline an answer that cannot be had refuses the daemon.
    /// </summary>
    public X509RevocationMode Revocation { get; init; } = X509RevocationMode.NoCheck;
}
