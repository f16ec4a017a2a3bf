using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using EdgeDaemon.Client;
using EdgeDaemon.Native.Posix.Files;

namespace EdgeDaemon.Ctl.Keys;

/// <summary>What TLS to a daemon needs, read from the operator's PEM files: this client's certificate with its key, and the roots that it trusts.</summary>
internal sealed class ClientIdentity : IDisposable
{
    private const int MaxBytes = 1 << 20;

    private readonly List<X509Certificate2> _owned = [];

    private ClientIdentity(X509Certificate2Collection roots)
    {
        Tls = new EdgeTls(roots);
        _owned.AddRange(roots);
    }

    public EdgeTls Tls { get; private set; }

    /// <param name="certificate">Null for a daemon that asks for none.</param>
    /// <param name="key">The certificate's key.</param>
    /// <param name="passphrase">Of an encrypted key.</param>
    /// <param name="authorities">The roots.</param>
    /// <param name="serverName">Null for the address's host.</param>
    /// <exception cref="CtlException">A file is not what it should be; the message names it.</exception>
    public static ClientIdentity Read(string? certificate, string? key, string? passphrase, string authorities, string? serverName)
    {
        var identity = new ClientIdentity(Certificates(authorities));
        identity.Tls = identity.Tls with { ServerName = serverName };
        if (certificate is not null && key is not null)
        {
            identity.Add(certificate, key, passphrase);
        }

        return identity;
    }

    public void Dispose()
    {
        foreach (X509Certificate2 certificate in _owned)
        {
            certificate.Dispose();
        }
    }

    private static X509Certificate2Collection Certificates(string path)
    {
        var certificates = new X509Certificate2Collection();
        try
        {
            certificates.ImportFromPem(Encoding.Latin1.GetString(SafeFileRead.Read(path, MaxBytes)));
        }
        catch (CryptographicException error)
        {
            throw new CtlException($"{path}: a certificate in it cannot be read", error);
        }

        return certificates.Count > 0 ? certificates : throw new CtlException($"{path} holds no certificate in PEM");
    }

    private void Add(string certificate, string key, string? passphrase)
    {
        X509Certificate2Collection chain = Certificates(certificate);
        _owned.AddRange(chain);
        using ECDsa signer = PrivateKeyFile.Read(key, passphrase);
        try
        {
            X509Certificate2 own = chain[0].CopyWithPrivateKey(signer);
            _owned.Add(own);
            Tls = Tls with { Certificate = own, Intermediates = [.. chain.Skip(1)] };
        }
        catch (Exception error) when (error is ArgumentException or InvalidOperationException)
        {
            throw new CtlException($"{key} is not the key of the first certificate in {certificate}", error);
        }
    }
}
