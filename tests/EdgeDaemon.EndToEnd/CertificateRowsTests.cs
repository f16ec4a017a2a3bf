using System.Text.RegularExpressions;

namespace EdgeDaemon.EndToEnd;

/// <summary>
/// Certificates of every bad kind, made and shown by the openssl command line to the published daemon. Each differs from a good one in the one thing that it is turned away
/// for, and the log names that thing: a row that were refused for another reason would show nothing.
/// </summary>
[TestClass]
public sealed partial class CertificateRowsTests
{
    private const string Script =
        """
        mkdir -p db && touch db/index.txt && umask 077
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
        [authority]
        basicConstraints=critical,CA:TRUE
        keyUsage=critical,keyCertSign,cRLSign
        [last]
        basicConstraints=critical,CA:TRUE,pathlen:0
        keyUsage=critical,keyCertSign,cRLSign
        [forservers]
        basicConstraints=critical,CA:TRUE
        keyUsage=critical,keyCertSign
        extendedKeyUsage=serverAuth
        [listsonly]
        basicConstraints=critical,CA:TRUE
        keyUsage=critical,cRLSign
        [within]
        basicConstraints=critical,CA:TRUE
        keyUsage=critical,keyCertSign
        nameConstraints=permitted;URI:.example.com,permitted;URI:example.com
        [withincritical]
        basicConstraints=critical,CA:TRUE
        keyUsage=critical,keyCertSign
        nameConstraints=critical,permitted;URI:.plant.invalid
        [client]
        basicConstraints=critical,CA:FALSE
        keyUsage=critical,digitalSignature
        extendedKeyUsage=clientAuth
        subjectAltName=URI:spiffe://example.com/camera
        [server]
        keyUsage=critical,digitalSignature
        extendedKeyUsage=serverAuth
        subjectAltName=URI:spiffe://example.com/camera
        [any]
        keyUsage=critical,digitalSignature
        extendedKeyUsage=anyExtendedKeyUsage
        subjectAltName=URI:spiffe://example.com/camera
        [nopurpose]
        keyUsage=critical,digitalSignature
        subjectAltName=URI:spiffe://example.com/camera
        [agreement]
        keyUsage=critical,keyAgreement
        extendedKeyUsage=clientAuth
        subjectAltName=URI:spiffe://example.com/camera
        [critical]
        extendedKeyUsage=clientAuth
        subjectAltName=URI:spiffe://example.com/camera
        1.2.3.4=critical,ASN1:NULL
        [caclient]
        basicConstraints=critical,CA:TRUE
        keyUsage=critical,digitalSignature,keyCertSign
        extendedKeyUsage=clientAuth
        subjectAltName=URI:spiffe://example.com/camera
        [twouris]
        extendedKeyUsage=clientAuth
        subjectAltName=URI:spiffe://example.com/camera,URI:spiffe://example.com/other
        [email]
        extendedKeyUsage=clientAuth
        subjectAltName=email:camera@example.com,IP:127.0.0.1
        [onedns]
        extendedKeyUsage=clientAuth
        subjectAltName=DNS:camera-1.example.com
        [twodns]
        extendedKeyUsage=clientAuth
        subjectAltName=DNS:camera-1.example.com,DNS:camera-2.example.com
        [urianddns]
        extendedKeyUsage=clientAuth
        subjectAltName=DNS:another.example.com,URI:spiffe://example.com/camera
        [noname]
        extendedKeyUsage=clientAuth
        END
        ec='-newkey ec -pkeyopt ec_paramgen_curve:P-256'
        request() { openssl req -new $2 -nodes -keyout $1.key -subj /CN=$1 -out $1.csr; }
        sign() { openssl ca -batch -config ca.cnf -keyfile $2.key -cert $2.pem -in $1.csr -extensions $3 -notext -out $1.pem ${4:--startdate 20200101000000Z -enddate 20990101000000Z} ${5:-}; }
        root() { request $1 "$ec"; openssl ca -batch -config ca.cnf -selfsign -keyfile $1.key -in $1.csr -startdate 20200101000000Z -enddate 20990101000000Z -extensions authority -notext -out $1.pem; }
        leaf() { request $1 "${4:-$ec}"; sign $1 $2 $3 "${5:-}" "${6:-}"; }
        root top; root foreign
        leaf inner top last; leaf deep inner last; leaf forservers top forservers; leaf listsonly top listsonly; leaf within top within; leaf withincritical top withincritical; leaf notca top client; leaf unseen top authority
        leaf good top client; leaf viainner inner client; leaf rsa2048 top client '-newkey rsa:2048'; leaf p384 top client '-newkey ec -pkeyopt ec_paramgen_curve:P-384'; leaf ed25519 top client '-newkey ed25519'
        leaf expired top client '' '-startdate 20200101000000Z -enddate 20210101000000Z'
        leaf early top client '' '-startdate 20980101000000Z -enddate 20990101000000Z'
        leaf stranger foreign client; leaf viadeep deep client; leaf viaunseen unseen client; leaf viaforservers forservers client; leaf vialistsonly listsonly client; leaf viawithin within client; leaf viawithincritical withincritical client; leaf vianotca notca client
        for one in server any nopurpose agreement critical caclient twouris email onedns twodns urianddns noname; do leaf $one top $one; done
        leaf sha1 top client '' '' '-md sha1'
        leaf rsa1024 top client '-newkey rsa:1024'; leaf explicit top client '-newkey ec -pkeyopt ec_paramgen_curve:P-256 -pkeyopt ec_param_enc:explicit'
        openssl req -x509 $ec -nodes -keyout selfsigned.key -subj /CN=selfsigned -days 3000 -out selfsigned.pem -config ca.cnf -extensions client
        leaf revoked top client; leaf denied top client
        openssl ca -config ca.cnf -gencrl -keyfile top.key -cert top.pem -crldays 30 -out before.crl
        openssl ca -config ca.cnf -keyfile top.key -cert top.pem -revoke revoked.pem
        openssl ca -config ca.cnf -gencrl -keyfile top.key -cert top.pem -crldays 30 -out top.crl

        # One bit of the signature.
        openssl x509 -in good.pem -outform DER -out forged.der
        python3 -c 'b = bytearray(open("forged.der", "rb").read()); b[-1] ^= 1; open("forged.der", "wb").write(b)'
        openssl x509 -inform DER -in forged.der -out forged.pem && cp good.key forged.key
        """;

    private static TlsDaemon _daemon = null!;
    private static TlsDaemon _listed = null!;

    [ClassInitialize]
    public static async Task StartAsync(TestContext _)
    {
        _daemon = await TlsDaemon.StartAsync(before: state => Prepare(state, ""), limits: "source_handshakes_per_second = 1000");
        string made = Path.Combine(_daemon.State.Root, "rows");
        _listed = await TlsDaemon.StartAsync(before: state =>
        {
            Command.Run("cp", "-a", made, state.At("rows")).Succeeded();
            Use(state, $"client_crls = [\"{state.At("rows/top.crl")}\"]\ndenied_keys = [\"{KeyDigest(state, "denied")}\"]");
        });
    }

    [ClassCleanup]
    public static async Task StopAsync()
    {
        await _daemon.DisposeAsync();
        await _listed.DisposeAsync();
    }

    [TestMethod]
    [DataRow("good", "", 200)]
    [DataRow("viainner", "inner", 200)]
    [DataRow("rsa2048", "", 200)]
    [DataRow("p384", "", 200)]
    [DataRow("ed25519", "", 200)]
    [DataRow("revoked", "", 200, DisplayName = "revoked, and nobody gave the list: the control of the revoked one")]
    [DataRow("denied", "", 200, DisplayName = "denied, where nothing is denied: the control of the denied one")]
    [DataRow("urianddns", "", 200, DisplayName = "a URI and a DNS name: the URI is its name")]
    [DataRow("onedns", "", 200, DisplayName = "one DNS name, another tenant's")]
    [DataRow("twouris", "", 403, DisplayName = "two URIs, one of them the tenant's: neither is its name")]
    [DataRow("twodns", "", 403, DisplayName = "two DNS names, one of them the tenant's: neither is its name")]
    [DataRow("email", "", 403, DisplayName = "a mail address and an IP address are no names")]
    [DataRow("noname", "", 403, DisplayName = "a common name is no name")]
    public void GoodOnes_GetIn_UnderTheNameThatTheyProve(string leaf, string above, int status)
    {
        string answer = Call(_daemon, leaf, above);
        Assert.AreEqual($"HTTP/1.1 {status}", Status().Match(answer).Value, answer);
    }

    [TestMethod]
    [DataRow("expired", "", "Expired: .*CN=expired.* expired on 2021-01-01")]
    [DataRow("early", "", "NotYetValid: .*CN=early.* is not valid before 2098-01-01")]
    [DataRow("server", "", "Usage: extKeyUsage of .*CN=server.* lacks clientAuth")]
    [DataRow("any", "", "Usage: extKeyUsage of .*CN=any.* lacks clientAuth")]
    [DataRow("nopurpose", "", "Usage: .*CN=nopurpose.* has no extKeyUsage")]
    [DataRow("agreement", "", "Usage: keyUsage of .*CN=agreement.* lacks digitalSignature")]
    [DataRow("caclient", "", "Usage: .*CN=caclient.* is an authority")]
    [DataRow("critical", "", "Unsupported: .*CN=critical.* has the extension 1.2.3.4")]
    [DataRow("stranger", "", "Untrusted: .*CN=stranger.* does not lead to a root")]
    [DataRow("stranger", "foreign", "Untrusted: .*CN=stranger.* does not lead to a root", DisplayName = "an authority that nobody knows, brought along")]
    [DataRow("selfsigned", "", "Untrusted: .*CN=selfsigned")]
    [DataRow("forged", "", "Untrusted: .*CN=good.* does not lead to a root", DisplayName = "one bit of the signature")]
    [DataRow("viaunseen", "", "Untrusted: .*CN=viaunseen.*PartialChain", DisplayName = "without the authority in between, which nobody has shown")]
    [DataRow("viadeep", "deep inner", "PathLength: .*CN=inner.* may have 0 authorities below it")]
    [DataRow("viaforservers", "forservers", "NotAuthority: extKeyUsage of .*CN=forservers.* lacks clientAuth")]
    [DataRow("vialistsonly", "listsonly", "NotAuthority: keyUsage of .*CN=listsonly.* lacks keyCertSign")]
    [DataRow("vianotca", "notca", "NotAuthority: .*CN=notca.* is no authority")]
    [DataRow("viawithin", "within", "Unsupported: .*CN=within.* has the extension 2.5.29.30", DisplayName = "name constraints that hold, not critical")]
    [DataRow("viawithincritical", "withincritical", "(Unsupported|Untrusted): .*2.5.29.30", DisplayName = "name constraints that forbid it")]
    [DataRow("sha1", "", "WeakSignature: .*CN=sha1.* 1.2.840.10045.4.1;")]
    [DataRow("rsa1024", "", "WeakKey: .*CN=rsa1024.* 1024 bits")]
    [DataRow("explicit", "", "(WeakKey: .*CN=explicit|Untrusted: .*CN=explicit|Malformed: (?!no certificate))", DisplayName = "a curve written out")]
    public async Task BadOnes_AreTurnedAway_ForTheirOneFault(string leaf, string above, string reason) => await TurnedAwayAsync(_daemon, leaf, above, reason);

    [TestMethod]
    public async Task RevokedAndDeniedOnes_AreTurnedAway()
    {
        StringAssert.Contains(Call(_listed, "good"), "HTTP/1.1 200", StringComparison.Ordinal);
        await TurnedAwayAsync(_listed, "revoked", "", "Revoked: .*CN=revoked.* is revoked");
        await TurnedAwayAsync(_listed, "denied", "", "Denied: .*CN=denied.* has a key of denied_keys");
        await TurnedAwayAsync(_listed, "viainner", "inner", "RevocationListMissing: client_crls has no list of 'CN=inner'");
        StringAssert.Contains(Call(_listed, "good"), "HTTP/1.1 200", StringComparison.Ordinal);
    }

    private static async Task TurnedAwayAsync(TlsDaemon daemon, string leaf, string above, string reason)
    {
        int before = daemon.Daemon.Errors.Length;
        string answer = Call(daemon, leaf, above);
        Assert.DoesNotContain("HTTP/1.1", answer);
        StringAssert.Contains(answer, "SSL alert number 42", StringComparison.Ordinal); // bad_certificate, whatever is wrong.
        var wanted = new Regex($"turned away: CertificateRefused: {reason}");
        await Waiting.UntilAsync(() => wanted.IsMatch(daemon.Daemon.Errors[before..]));
    }

    /// <summary>One question over TLS by s_client: the answer, and what it says of the handshake. Its own rules about weak keys are off, or it would not show them.</summary>
    private static string Call(TlsDaemon daemon, string leaf, string above = "")
    {
        string rows = daemon.At("rows");
        string chain = string.Concat(above.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(name => File.ReadAllText(Path.Combine(rows, name + ".pem"))));
        string chained = "";
        if (chain.Length > 0)
        {
            string file = Path.Combine(rows, $"{leaf}-above.pem");
            File.WriteAllText(file, chain);
            chained = $"-cert_chain '{file}'";
        }

        Command asked = Command.Run("/bin/bash", "-c", $"""
            printf 'GET /v2/models/digits HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n' | timeout 30 openssl s_client -quiet -connect localhost:{daemon.Port} -CAfile '{daemon.At("ca/root.pem")}' \
              -cert '{rows}/{leaf}.pem' -key '{rows}/{leaf}.key' {chained} -cipher DEFAULT@SECLEVEL=0 2>&1
            """);
        return asked.Output;
    }

    private static void Prepare(StateDirectory state, string more)
    {
        Directory.CreateDirectory(state.At("rows"));
        Command.Run("/bin/bash", "-ec", $"cd '{state.At("rows")}'\n{Script}").Succeeded();
        Use(state, more);
    }

    private static void Use(StateDirectory state, string more) => StateDirectory.Write(state.Config, File.ReadAllText(state.Config)
        .Replace($"client_roots = \"{state.At("ca/root.pem")}\"", $"client_roots = \"{state.At("rows/top.pem")}\"\n{more}", StringComparison.Ordinal)
        .Replace("\"cert:spiffe://example.com/camera\"", "\"cert:spiffe://example.com/camera\", \"cert:dns:camera-1.example.com\"", StringComparison.Ordinal));

    // As openssl and coreutils see it.
    private static string KeyDigest(StateDirectory state, string name) =>
        Command.Run("/bin/bash", "-c", $"openssl x509 -in '{state.At($"rows/{name}.pem")}' -pubkey -noout | openssl pkey -pubin -outform DER | sha256sum").Succeeded().Output[..64];

    [GeneratedRegex("HTTP/1.1 [0-9]{3}")]
    private static partial Regex Status();
}
