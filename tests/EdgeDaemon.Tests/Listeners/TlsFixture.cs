using System.Diagnostics;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using EdgeDaemon.Core.Bundles.Oms;
using EdgeDaemon.Core.Configuration;
using EdgeDaemon.Core.Tls;
using EdgeDaemon.Hosting;
using EdgeDaemon.Listeners;

namespace EdgeDaemon.Tests.Listeners;

/// <summary>Authorities, certificates and lists of every good and bad kind, made by the openssl command line, which shares no code with what judges them.</summary>
internal static class TlsFixture
{
    // Names say what is wrong with them; each is good but for that.
    private const string Script =
        """
        mkdir db && touch db/index.txt && umask 077
        cat > ca.cnf <<'END'
        [ca]
        default_ca=d
        [d]
        database=db/index.txt
        new_certs_dir=db
        rand_serial=yes
        default_md=sha256
        policy=p
        unique_subject=no
        [p]
        commonName=supplied
        [root]
        basicConstraints=critical,CA:TRUE
        keyUsage=critical,keyCertSign,cRLSign
        [inner]
        basicConstraints=critical,CA:TRUE,pathlen:0
        keyUsage=critical,keyCertSign,cRLSign
        [innerserver]
        basicConstraints=critical,CA:TRUE
        keyUsage=critical,keyCertSign,cRLSign
        extendedKeyUsage=serverAuth
        [client]
        keyUsage=critical,digitalSignature
        extendedKeyUsage=clientAuth
        subjectAltName=URI:spiffe://plant.example/camera/1
        [server]
        keyUsage=critical,digitalSignature
        extendedKeyUsage=serverAuth
        subjectAltName=DNS:localhost,IP:127.0.0.1
        [nopurpose]
        keyUsage=critical,digitalSignature
        [nosignature]
        keyUsage=critical,keyAgreement
        extendedKeyUsage=clientAuth
        [critical]
        extendedKeyUsage=clientAuth
        1.2.3.4=critical,ASN1:NULL
        [noca]
        keyUsage=critical,digitalSignature
        extendedKeyUsage=clientAuth
        basicConstraints=critical,CA:FALSE
        [twouris]
        extendedKeyUsage=clientAuth
        subjectAltName=URI:spiffe://a.example/1,URI:spiffe://a.example/2,DNS:one.example
        [many]
        extendedKeyUsage=clientAuth
        subjectAltName=URI:spiffe://a.example/1,URI:spiffe://a.example/2,DNS:one.example,DNS:two.example,email:a@b.example,IP:10.0.0.1
        [caclient]
        basicConstraints=critical,CA:TRUE
        keyUsage=critical,digitalSignature,keyCertSign
        extendedKeyUsage=clientAuth
        END
        ec='-newkey ec -pkeyopt ec_paramgen_curve:P-256'
        request() { openssl req -new $2 -nodes -keyout $1.key -subj /CN=$1 -out $1.csr; }
        sign() { openssl ca -batch -config ca.cnf -keyfile $2.key -cert $2.pem -in $1.csr -extensions $3 -notext -out $1.pem ${4:--startdate 20200101000000Z -enddate 20990101000000Z} ${5:-}; }
        root() { request $1 "${2:-$ec}"; openssl ca -batch -config ca.cnf -selfsign -keyfile $1.key -in $1.csr -startdate 20200101000000Z -enddate 20990101000000Z -extensions root -notext -out $1.pem; }
        leaf() { request $1 "${4:-$ec}"; sign $1 $2 $3 "${5:-}" "${6:-}"; }
        list() { openssl ca -config ca.cnf -gencrl -keyfile $2.key -cert $2.pem -out $1.crl ${3:--crldays 30}; }
        root root; root other
        leaf inner root inner; leaf innerserver root innerserver; leaf deep inner inner
        leaf good root client; leaf viainner inner client; leaf viadeep deep client; leaf viaserver innerserver client; leaf stranger other client
        leaf expired root client '' '-startdate 20200101000000Z -enddate 20210101000000Z'
        leaf early root client '' '-startdate 20980101000000Z -enddate 20990101000000Z'
        leaf server root server; leaf server2 root server; leaf nopurpose root nopurpose; leaf nosignature root nosignature; leaf critical root critical; leaf caclient root caclient
        leaf notca root noca; leaf vianotca notca client
        leaf sha1 root client '' '' '-md sha1'
        leaf rsa1024 root client '-newkey rsa:1024'; leaf rsa2048 root client '-newkey rsa:2048'; leaf p521 root client '-newkey ec -pkeyopt ec_paramgen_curve:P-521'
        leaf brainpool root client '-newkey ec -pkeyopt ec_paramgen_curve:brainpoolP256r1'; leaf ed25519 root client '-newkey ed25519'
        leaf twouris root twouris; leaf many root many; leaf plain root noca
        list root-empty root; list inner-empty inner; list other-empty other
        list root-stale root '-crl_lastupdate 20200101000000Z -crl_nextupdate 20210101000000Z'
        leaf revoked root client; leaf revokedinner root inner; leaf viarevoked revokedinner client
        openssl ca -config ca.cnf -keyfile root.key -cert root.pem -revoke revoked.pem
        openssl ca -config ca.cnf -keyfile root.key -cert root.pem -revoke revokedinner.pem
        list root root; list root-stale-revoking root '-crl_lastupdate 20200101000000Z -crl_nextupdate 20210101000000Z'; list revokedinner revokedinner
        openssl crl -in root.crl -outform DER -out root-der.crl
        leaf oldserver root server '' '-startdate 20200101000000Z -enddate 20210101000000Z'
        cat viainner.pem inner.pem > chain.pem; cat inner.pem root.pem > both.pem
        openssl pkcs8 -topk8 -in server.key -passout pass:x -out locked.key
        cp server.key open.key && chmod 640 open.key
        openssl dgst -sha256 -sign root.key -out /dev/null ca.cnf
        """;

    private static readonly Lazy<string> Made = new(Make);

    public static string Folder => Made.Value;

    public static string At(string name) => Path.Combine(Folder, name);

    public static ReadOnlyMemory<byte> Der(string name) => OmsCertificate.FromPem(File.ReadAllText(At(name + ".pem")))[0].Der;

    /// <summary>SHA-256 of the public key, as openssl computes it.</summary>
    public static string KeyDigest(string name)
    {
        using var shell = Process.Start(new ProcessStartInfo("/bin/bash", ["-c", $"openssl x509 -in '{At(name)}.pem' -pubkey -noout | openssl pkey -pubin -outform DER | sha256sum"]) { RedirectStandardOutput = true })!;
        return shell.StandardOutput.ReadToEnd()[..64];
    }

    /// <summary>edged.toml with one listener over TLS; <paramref name="certificate"/> and the others name files here.</summary>
    public static EdgedSettings Settings(string certificate = "server.pem", string key = "server.key", string roots = "root.pem", string more = "", string limits = "") => EdgedSettings.Parse(
        Encoding.UTF8.GetBytes($"""
            format = 1
            [limits]
            {limits}
            [[listen]]
            name = "remote"
            tcp = "127.0.0.1:1"
            certificate = "{Place(certificate)}"
            key = "{Place(key)}"
            client_roots = "{Place(roots)}"
            exposes = ["inference"]
            {more}
            """),
        "edged.toml");

    public static string Place(string name) => name.StartsWith("credential:", StringComparison.Ordinal) ? name : At(name);

    public static string Lists(params string[] names) => $"client_crls = [{string.Join(", ", names.Select(name => $"\"{At(name)}\""))}]";

    /// <summary>Its material; every fault fails the test.</summary>
    public static TlsMaterial Material(EdgedSettings settings, TimeProvider? clock = null)
    {
        List<string> faults = [];
        Assert.IsTrue(new Credentials(null).TryReadTls(settings, clock ?? TimeProvider.System, faults, [], out var material), string.Join('\n', faults));
        return material["remote"];
    }

    /// <summary>What the material says of a client that shows this certificate, with these intermediates.</summary>
    public static ClientFinding Judge(TlsMaterial material, string leaf, params string[] intermediates) => material.JudgeAgain(new TlsClient(
        EdgeDaemon.Identity.Caller.OfUser(0, []), Der(leaf), [.. intermediates.Select(name => OmsCertificate.FromDer(Der(name).Span))]));

    /// <summary>How a client of the framework's own calls: it insists on the server's certificate, shows this one, and speaks TLS 1.3.</summary>
    public static SslClientAuthenticationOptions Caller(string? leaf, SslProtocols protocols = SslProtocols.Tls13)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.Add(X509CertificateLoader.LoadCertificate(Der("root").Span));
        return new SslClientAuthenticationOptions
        {
            TargetHost = "localhost",
            EnabledSslProtocols = protocols,
            CertificateChainPolicy = policy,
            ClientCertificateContext = leaf is null ? null : SslStreamCertificateContext.Create(
                X509Certificate2.CreateFromPemFile(At(leaf + ".pem"), At(leaf + ".key")),
                leaf == "viainner" ? [X509CertificateLoader.LoadCertificate(Der("inner").Span)] : null,
                offline: true),
        };
    }

    private static string Make()
    {
        string folder = Directory.CreateTempSubdirectory("tls-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, recursive: true);
        using var shell = Process.Start(new ProcessStartInfo("/bin/bash", ["-ec", Script]) { WorkingDirectory = folder, RedirectStandardError = true, RedirectStandardOutput = true })!;
        Task<string> errors = shell.StandardError.ReadToEndAsync();
        string output = shell.StandardOutput.ReadToEnd();
        shell.WaitForExit();
        Assert.AreEqual(0, shell.ExitCode, output + errors.Result);
        return folder;
    }
}
