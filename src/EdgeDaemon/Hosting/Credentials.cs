using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using EdgeDaemon.Audit;
using EdgeDaemon.Core.Bundles.Oms;
using EdgeDaemon.Core.Configuration;
using EdgeDaemon.Core.Tls;
using EdgeDaemon.Listeners;
using EdgeDaemon.Native.Posix.Files;

namespace EdgeDaemon.Hosting;

/// <summary>
/// Reads the daemon's own keys, and what goes with them: the only file that sees a private key. Material is a file whose modes are checked on the descriptor that is
/// read, or a credential of the service, which systemd has put where nobody else looks. What is in it never stands in a message.
/// </summary>
/// <param name="directory">Where the service's credentials are; null outside of one, and in one that has none.</param>
internal sealed class Credentials(string? directory)
{
    private const int LargestPem = 256 << 10;
    private const int LargestKey = 64 << 10;
    private const string Scheme = "credential:";

    /// <summary>By <c>$CREDENTIALS_DIRECTORY</c> (systemd.exec(5)).</summary>
    public static Credentials FromEnvironment() => new(Environment.GetEnvironmentVariable("CREDENTIALS_DIRECTORY") is { Length: > 0 } set ? set : null);

    /// <summary>Whether this process can see what the listener names: the service's credentials are the service's alone.</summary>
    public bool Reaches(ListenSettings listen) =>
        directory is not null || listen.Tcp is not { } tcp || !new[] { tcp.Certificate, tcp.Key, tcp.ClientRoots }.Concat(tcp.ClientRevocationLists).Any(IsCredential);

    /// <summary>The material of every listener over TLS, by its name.</summary>
    /// <param name="settings">Their places.</param>
    /// <param name="clock">By which certificates and lists are current.</param>
    /// <param name="faults">Everything because of which there is no material, <c>file: what, and what to do</c>.</param>
    /// <param name="outdated">What time alone has made of good material: clients will not take it, or will not be taken.</param>
    /// <param name="material">Null with any fault.</param>
    public bool TryReadTls(
        EdgedSettings settings, TimeProvider clock, ICollection<string> faults, ICollection<string> outdated, [NotNullWhen(true)] out ImmutableDictionary<string, TlsMaterial>? material)
    {
        int before = faults.Count;
        ImmutableDictionary<string, TlsMaterial>.Builder read = ImmutableDictionary.CreateBuilder<string, TlsMaterial>(StringComparer.Ordinal);
        foreach (ListenSettings listen in settings.Listeners)
        {
            if (listen.Tcp is { } tcp && ReadTls(tcp, clock, faults, outdated) is { } one)
            {
                read.Add(listen.Name, one);
            }
        }

        if (faults.Count > before)
        {
            foreach (TlsMaterial unused in read.Values)
            {
                unused.Dispose();
            }

            material = null;
            return false;
        }

        material = read.ToImmutable();
        return true;
    }

    /// <summary>The keys that sign the record of decisions, which the daemon makes itself and nobody else ever needs.</summary>
    /// <param name="folder">The log's own; exists.</param>
    public static AuditKeyStore AuditKeys(string folder) => new AuditKeyFiles(folder);

    /// <summary>What records are made with besides: the key of digests, the salt of what is redacted. Random bytes, nothing around them.</summary>
    /// <param name="place">A file, or a credential of the service.</param>
    /// <param name="bytes">How many there must be.</param>
    /// <exception cref="IOException">It cannot be read, others can read it, or it has another length.</exception>
    public byte[] ReadAuditSecret(string place, int bytes)
    {
        byte[] secret = ReadSecret(place);
        return secret.Length == bytes ? secret : throw new IOException($"{place}: it has {secret.Length} bytes, not {bytes}: make it with 'head -c {bytes} /dev/urandom'");
    }

    private TlsMaterial? ReadTls(TcpSettings tcp, TimeProvider clock, ICollection<string> faults, ICollection<string> outdated)
    {
        DateTimeOffset now = clock.GetUtcNow();
        ServerCertificate? server = Read(tcp.Certificate, faults, () => ServerCertificate.FromPem(Text(ReadPublic(tcp.Certificate, LargestPem))));
        SslStreamCertificateContext? identity = server is null ? null : Read(tcp.Key, faults, () => Identity(tcp, server));
        ClientAuthorities? authorities = Read(tcp.ClientRoots, faults, () => ClientAuthorities.FromPem(Text(ReadPublic(tcp.ClientRoots, LargestPem))));
        var lists = ImmutableArray.CreateBuilder<ClientRevocationList>();
        foreach (string place in tcp.ClientRevocationLists)
        {
            if (authorities is not null && Read(place, faults, () => ClientRevocationList.Read(ReadPublic(place, 2 * OmsRevocationList.MaxBytes), authorities)) is { } list)
            {
                lists.Add(list);
                if (!list.IsCurrent(now))
                {
                    outdated.Add(list.NextUpdate is { } until
                        ? $"{place}: the revocation list of '{list.Issuer}' is good from {list.ThisUpdate:u} to {until:u}, and it is {now:u}: no client of that authority is let in. Get the newest one (edgectl pki crl)."
                        : $"{place}: the revocation list of '{list.Issuer}' does not say until when it is good, and so never is: no client of that authority is let in. Get one with nextUpdate.");
                }
            }
        }

        if (server?.TimeFault(now) is { } time)
        {
            outdated.Add($"{tcp.Certificate}: {time}, and it is {now:u}: clients will refuse it. Issue a new one (edgectl pki issue --use server), or set the clock.");
        }

        foreach (OmsCertificate root in authorities?.Roots ?? [])
        {
            if (now > root.NotAfter)
            {
                outdated.Add($"{tcp.ClientRoots}: the root '{root.Subject}' expired on {root.NotAfter:u}: none of its clients is let in. Add its successor, and take it out.");
            }
        }

        if (identity is not null && authorities is not null && lists.Count == tcp.ClientRevocationLists.Length)
        {
            return new TlsMaterial(identity, authorities, new ClientRules(lists.ToImmutable(), tcp.DeniedKeys), clock);
        }

        identity?.TargetCertificate.Dispose(); // A key that nobody will use.
        return null;
    }

    private SslStreamCertificateContext Identity(TcpSettings tcp, ServerCertificate server)
    {
        byte[] bytes = ReadSecret(tcp.Key);
        char[] text = GC.AllocateArray<char>(bytes.Length, pinned: true); // No copies left behind by the collector.
        try
        {
            Encoding.Latin1.GetChars(bytes, text);
            using X509Certificate2 leaf = X509CertificateLoader.LoadCertificate(server.Leaf.Der.Span);
            return SslStreamCertificateContext.Create(
                WithKey(leaf, server, text),
                [.. server.Chain.Skip(1).Select(certificate => X509CertificateLoader.LoadCertificate(certificate.Der.Span))],
                offline: true);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
            Array.Clear(text);
        }
    }

    private static X509Certificate2 WithKey(X509Certificate2 leaf, ServerCertificate server, ReadOnlySpan<char> pem)
    {
        if (!PemEncoding.TryFind(pem, out PemFields block))
        {
            throw new OmsException(OmsFault.KeyUnsupported, "there is no PEM block; a private key starts with '-----BEGIN PRIVATE KEY-----'");
        }

        switch (pem[block.Label])
        {
            case "ENCRYPTED PRIVATE KEY":
                throw new OmsException(OmsFault.KeyUnsupported, "the key has a passphrase, which a service cannot be asked for: take it off (openssl pkey), and let LoadCredentialEncrypted= of systemd keep it instead");
            case "PRIVATE KEY" or "EC PRIVATE KEY" or "RSA PRIVATE KEY":
                break;
            default:
                throw new OmsException(OmsFault.KeyUnsupported, "the PEM block is no private key ('-----BEGIN PRIVATE KEY-----')");
        }

        if (PemEncoding.TryFind(pem[block.Location.End..], out _))
        {
            throw new OmsException(OmsFault.KeyUnsupported, "there is more than one PEM block; give the key alone");
        }

        try
        {
            using AsymmetricAlgorithm? key = (AsymmetricAlgorithm?)leaf.GetECDsaPublicKey() ?? leaf.GetRSAPublicKey();
            switch (key)
            {
                case ECDsa elliptic:
                    elliptic.ImportFromPem(pem);
                    RequireFit(server, elliptic);
                    return leaf.CopyWithPrivateKey(elliptic);
                case RSA rsa:
                    rsa.ImportFromPem(pem);
                    RequireFit(server, rsa);
                    return leaf.CopyWithPrivateKey(rsa);
                default:
                    throw new OmsException(OmsFault.KeyUnsupported, "the certificate's key is neither elliptic nor RSA; issue one that is (edgectl pki issue --use server)");
            }
        }
        catch (Exception other) when (other is CryptographicException or ArgumentException)
        {
            throw new OmsException(OmsFault.KeyUnsupported, "it is not a private key of the kind that the certificate names, or damaged", other);
        }
    }

    private static void RequireFit(ServerCertificate server, AsymmetricAlgorithm key)
    {
        if (!server.IsKey(key.ExportSubjectPublicKeyInfo()))
        {
            throw new OmsException(OmsFault.KeyUnsupported, $"it is not the key of the certificate '{server.Leaf.Subject}': 'certificate' and 'key' must be a pair");
        }
    }

    private static T? Read<T>(string place, ICollection<string> faults, Func<T> read)
        where T : class
    {
        try
        {
            return read();
        }
        catch (OmsException wrong)
        {
            faults.Add($"{place}: {wrong.Message}.");
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException or FormatException or CryptographicException or ArgumentException)
        {
            faults.Add($"{place}: cannot be read: {unreadable.Message}");
        }

        return null;
    }

    // Whoever can write these decides who gets in: the same rule as for edged.toml.
    private byte[] ReadPublic(string place, int most)
    {
        if (IsCredential(place))
        {
            return SafeFileRead.Read(Locate(place), most);
        }

        byte[] bytes = SafeFileRead.ReadGuarded(place, most, out string? exposure);
        return exposure is null ? bytes : throw new IOException(exposure);
    }

    private byte[] ReadSecret(string place) =>
        IsCredential(place) ? SafeFileRead.Read(Locate(place), LargestKey) : SafeFileRead.Read(place, LargestKey, secret: true);

    // The name is plain letters (the configuration's own check): it cannot lead elsewhere.
    private string Locate(string place) => Path.Combine(
        directory ?? throw new IOException("the service has no credentials ($CREDENTIALS_DIRECTORY is not set): give the unit LoadCredential=, or name a file"),
        place[Scheme.Length..]);

    private static bool IsCredential(string place) => place.StartsWith(Scheme, StringComparison.Ordinal);

    private static string Text(byte[] bytes) => Encoding.Latin1.GetString(bytes);

    /// <summary>One file for each key, for the owner alone: two only while one epoch ends and the next begins.</summary>
    private sealed class AuditKeyFiles(string folder) : AuditKeyStore
    {
        private const int OwnerOnly = 0b110_000_000;
        private const int LargestAuditKey = 4096;

        public override byte[]? Read(long epoch) =>
            Path.Exists(Path.Combine(folder, Name(epoch))) ? SafeFileRead.Read(Path.Combine(folder, Name(epoch)), LargestAuditKey, secret: true) : null;

        public override void Keep(long epoch, ReadOnlySpan<byte> key) => DurableFile.Write(Path.Combine(folder, Name(epoch)), key, OwnerOnly);

        public override void Erase(long epoch)
        {
            if (Path.Exists(Path.Combine(folder, Name(epoch))))
            {
                FolderFiles.Erase(folder, Name(epoch));
            }
        }

        private static string Name(long epoch) => string.Create(CultureInfo.InvariantCulture, $"epoch-{epoch}.key");
    }
}
