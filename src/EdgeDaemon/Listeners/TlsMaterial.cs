using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EdgeDaemon.Core.Bundles.Oms;
using EdgeDaemon.Core.Tls;
using EdgeDaemon.Identity;
using EdgeDaemon.Native.Tls;

namespace EdgeDaemon.Listeners;

/// <summary>
/// What one listener proves itself by and whom it believes: its certificate and key, the authorities that name clients, revocation lists, denied keys. A reload makes
/// a new one beside it and puts it in its place whole. Session tickets belong to it: with it they end.
/// </summary>
internal sealed class TlsMaterial : IDisposable
{
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";
    private const int MostLearned = 32;
    private const int MostProven = 4096; // some 3 KB each

    private readonly ClientRules _rules;
    private readonly TimeProvider _clock;
    private readonly Lock _learning = new();
    private readonly ConcurrentDictionary<string, ProvenClient> _proven = new(StringComparer.Ordinal); // by the SHA-256 of the client's certificate
    private ImmutableArray<OmsCertificate> _authorities;
    private int _learned;
    private volatile X509ChainPolicy _policy;

    /// <param name="server">The certificate with its private key, and those between it and its root.</param>
    /// <param name="authorities">Those that name clients.</param>
    /// <param name="rules">What clients' chains must be besides.</param>
    /// <param name="clock">What the time is.</param>
    public TlsMaterial(SslStreamCertificateContext server, ClientAuthorities authorities, ClientRules rules, TimeProvider clock)
    {
        Server = server;
        Context = ContextOf(server);
        _rules = rules;
        _clock = clock;
        _authorities = [.. authorities.Roots, .. authorities.Intermediates];
        _policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck, // Lists are files here: no connection is opened for a stranger's certificate.
            DisableCertificateDownloads = true,
        };
        _policy.ApplicationPolicy.Add(new Oid(ClientAuthentication));
        foreach (OmsCertificate root in authorities.Roots)
        {
            _policy.CustomTrustStore.Add(X509CertificateLoader.LoadCertificate(root.Der.Span));
        }

        foreach (OmsCertificate intermediate in authorities.Intermediates)
        {
            _policy.ExtraStore.Add(X509CertificateLoader.LoadCertificate(intermediate.Der.Span));
        }
    }

    public SslStreamCertificateContext Server { get; }

    /// <summary>What connections are made of; its tickets end with it.</summary>
    public SslContext Context { get; }

    /// <summary>How the platform's engine is to look for a client's way to a root.</summary>
    public X509ChainPolicy Policy => _policy;

    // The chain is the one that the platform's engine found.
    private ClientFinding Judge(X509Chain chain, out TlsClient? client)
    {
        client = null;
        var read = ImmutableArray.CreateBuilder<OmsCertificate>(chain.ChainElements.Count);
        try
        {
            foreach (X509ChainElement element in chain.ChainElements)
            {
                read.Add((read.Count > 0 ? Known(element.Certificate.RawDataMemory.Span) : null) ?? OmsCertificate.FromDer(element.Certificate.RawDataMemory.Span));
            }
        }
        catch (OmsException malformed)
        {
            return new ClientFinding(ClientFault.Malformed, malformed.Message);
        }

        ImmutableArray<OmsCertificate> certificates = read.ToImmutable();
        if (certificates.IsEmpty)
        {
            return new ClientFinding(ClientFault.Malformed, "no certificate was shown");
        }

        ClientFinding finding = _rules.Judge(certificates, _clock.GetUtcNow());
        string engine = string.Join(", ", chain.ChainStatus.Select(status => status.Status));
        if (engine.Length > 0 && finding.Fault is ClientFault.None or ClientFault.Untrusted)
        {
            finding = new ClientFinding(ClientFault.Untrusted, $"{Shown(certificates[0])} does not lead to a root of client_roots ({engine})");
        }

        if (!finding.IsGood)
        {
            return finding;
        }

        Learn(certificates);
        OmsCertificate leaf = certificates[0];
        byte[] digest = SHA256.HashData(leaf.Der.Span);
        ClientNames names = ClientNames.Of(leaf);
        DateTimeOffset expires = certificates.Min(certificate => certificate.NotAfter).AddSeconds(1); // The last second counts to its end.
        client = new TlsClient(
            Caller.OfCertificate(names.Uri, names.Dns, leaf.SpkiDigestHex, digest, expires), leaf.Der, certificates.RemoveAt(0));
        Remember(digest, new ProvenClient(client, certificates));
        return ClientFinding.Good;
    }

    /// <summary>
    /// Judges what a client shows: the platform's engine looks for its way to a root, then all of our own rules. The way to a root of a certificate that was found
    /// good is not looked for twice, which is most of what a handshake costs: signatures do not change, and all that does (time, lists, denied keys) is in our rules.
    /// </summary>
    /// <param name="shown">DER, the client's own certificate first, then in any order what it has sent along.</param>
    /// <param name="client">Null unless the finding is good.</param>
    public ClientFinding Judge(ImmutableArray<byte[]> shown, out TlsClient? client)
    {
        if (TryRecall(shown, out client))
        {
            return ClientFinding.Good;
        }

        var loaded = new List<X509Certificate2>();
        using var chain = new X509Chain { ChainPolicy = _policy.Clone() };
        try
        {
            foreach (byte[] der in shown)
            {
                loaded.Add(X509CertificateLoader.LoadCertificate(der));
            }

            if (loaded.Count == 0)
            {
                return new ClientFinding(ClientFault.Malformed, "no certificate was shown");
            }

            loaded.Skip(1).ToList().ForEach(authority => chain.ChainPolicy.ExtraStore.Add(authority));
            bool built = chain.Build(loaded[0]);
            ClientFinding finding = Judge(chain, out client);

            // Both judges must be content; the engine's errors are in its chain's status, and anything else that it says refuses, too.
            if (finding.IsGood && !built)
            {
                client = null;
                finding = new ClientFinding(ClientFault.Untrusted, "the chain engine refused it without a reason");
            }

            return finding;
        }
        catch (CryptographicException odd)
        {
            return new ClientFinding(ClientFault.Malformed, odd.Message);
        }
        finally
        {
            foreach (X509ChainElement element in chain.ChainElements)
            {
                element.Certificate.Dispose();
            }

            loaded.ForEach(certificate => certificate.Dispose());
        }
    }

    // Only what led to a root is remembered: nobody fills this with certificates of his own.
    private void Remember(byte[] digest, ProvenClient client)
    {
        if (_proven.Count >= MostProven)
        {
            _proven.Clear(); // More clients than that come back one by one.
        }

        _proven[Convert.ToHexString(digest)] = client;
    }

    private bool TryRecall(ImmutableArray<byte[]> shown, out TlsClient? client)
    {
        client = null;
        if (!shown.IsEmpty && _proven.TryGetValue(Convert.ToHexString(SHA256.HashData(shown[0])), out ProvenClient proven) && _rules.Judge(proven.Chain, _clock.GetUtcNow()).IsGood)
        {
            client = proven.Client;
        }

        return client is not null;
    }

    /// <summary>Judges one who is connected already, as if he came now.</summary>
    public ClientFinding JudgeAgain(TlsClient client) =>
        Judge([client.Certificate.ToArray(), .. client.Authorities.Select(authority => authority.Der.ToArray())], out _);

    /// <summary>Gives up the key and the certificates at once: for material that was read and put nowhere. What was in use is the collector's: handshakes may still work with it.</summary>
    public void Dispose()
    {
        Context.Dispose();
        Server.TargetCertificate.Dispose();
        foreach (X509Certificate2 certificate in Server.IntermediateCertificates.Concat(_policy.CustomTrustStore).Concat(_policy.ExtraStore))
        {
            certificate.Dispose();
        }
    }

    // The key never leaves OpenSSL: this is one more reference to it.
    private static SslContext ContextOf(SslStreamCertificateContext server)
    {
        using AsymmetricAlgorithm? key = (AsymmetricAlgorithm?)server.TargetCertificate.GetECDsaPrivateKey() ?? server.TargetCertificate.GetRSAPrivateKey();
        using SafeEvpPKeyHandle handle = key switch
        {
            ECDsaOpenSsl elliptic => elliptic.DuplicateKeyHandle(),
            RSAOpenSsl rsa => rsa.DuplicateKeyHandle(),
            _ => throw new CryptographicException("the private key is not OpenSSL's"),
        };
        return SslContext.Create(server.TargetCertificate.RawDataMemory.Span, [.. server.IntermediateCertificates.Select(certificate => certificate.RawData)], handle);
    }

    private static string Shown(OmsCertificate certificate) =>
        $"certificate '{Core.Bundles.Printable.Of(certificate.Subject)}' (serial {certificate.Serial}), issued by '{Core.Bundles.Printable.Of(certificate.Issuer)}',";

    private OmsCertificate? Known(ReadOnlySpan<byte> der)
    {
        foreach (OmsCertificate authority in _authorities)
        {
            if (authority.Der.Span.SequenceEqual(der))
            {
                return authority;
            }
        }

        return null;
    }

    // A resumed session remembers the client's certificate alone (its ticket holds no more): the authorities above it, which came with the first handshake, are kept
    // here. Only those of good chains: nobody can fill this with his own.
    private void Learn(ImmutableArray<OmsCertificate> chain)
    {
        for (int i = 1; i < chain.Length - 1; i++)
        {
            if (Known(chain[i].Der.Span) is not null)
            {
                continue;
            }

            lock (_learning)
            {
                if (Known(chain[i].Der.Span) is null && _learned < MostLearned)
                {
                    _learned++;
                    X509ChainPolicy next = _policy.Clone();
                    next.ExtraStore.Add(X509CertificateLoader.LoadCertificate(chain[i].Der.Span));
                    _authorities = _authorities.Add(chain[i]);
                    _policy = next;
                }
            }
        }
    }

    /// <param name="Client">As he is told to the rest of the daemon.</param>
    /// <param name="Chain">The way to a root that the platform's engine found, leaf first.</param>
    private readonly record struct ProvenClient(TlsClient Client, ImmutableArray<OmsCertificate> Chain);
}
