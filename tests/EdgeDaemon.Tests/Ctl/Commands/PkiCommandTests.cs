using System.Runtime.Versioning;
using System.Text.Json;
using System.Text.RegularExpressions;
using EdgeDaemon.Core.Bundles.Oms;
using EdgeDaemon.Tests.Posix.Files;

namespace EdgeDaemon.Tests.Ctl.Commands;

/// <summary><c>edgectl pki</c>: everything it makes is judged by the openssl command line and used by <c>edgectl oms</c>.</summary>
[TestClass]
[SupportedOSPlatform("linux")]
public sealed class PkiCommandTests
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    [TestMethod]
    [DataRow("p256", "ecdsa-with-SHA256")]
    [DataRow("p384", "ecdsa-with-SHA384")]
    [DataRow("p521", "ecdsa-with-SHA512")]
    public void The_root_is_an_authority_for_leaves_alone(string curve, string algorithm)
    {
        using var tree = new TestTree();
        ToolRun run = ToolRun.Of("pki", "init", tree["ca"], "--name", "Example 2026", "--curve", curve, "--days", "30").Succeeded();
        Assert.AreEqual(OwnerOnly | UnixFileMode.UserExecute, File.GetUnixFileMode(tree["ca"]));
        Assert.AreEqual(OwnerOnly, File.GetUnixFileMode(tree["ca/root.key"]));
        Assert.IsFalse(run.Output.Contains("PRIVATE KEY", StringComparison.Ordinal));
        string text = Text(tree["ca/root.pem"]);
        Matches(text, $"Signature Algorithm: {algorithm}", "Issuer: CN = Example 2026", "Subject: CN = Example 2026", @"Basic Constraints: critical\s+CA:TRUE, pathlen:0\s",
            @"Key Usage: critical\s+Certificate Sign, CRL Sign\s", @"Subject Key Identifier: \s+[0-9A-F:]{59}\s", @"Authority Key Identifier: \s+[0-9A-F:]{59}\s");
        Assert.IsFalse(text.Contains("Extended Key Usage", StringComparison.Ordinal));
        Openssl.Succeeded("verify", "-x509_strict", "-check_ss_sig", "-CAfile", tree["ca/root.pem"], tree["ca/root.pem"]);
        Assert.AreEqual(Openssl.Succeeded("x509", "-in", tree["ca/root.pem"], "-noout", "-pubkey"), Openssl.Succeeded("pkey", "-in", tree["ca/root.key"], "-pubout"));
        Assert.AreEqual(30, Days(tree["ca/root.pem"]));
    }

    [TestMethod]
    [DataRow("signer", "Code Signing", "email:alice@example.com", "email:alice@example.com")]
    [DataRow("client", "TLS Web Client Authentication", "uri:spiffe://example.com/a", "URI:spiffe://example.com/a")]
    [DataRow("server", "TLS Web Server Authentication", "ip:2001:db8::1", "IP Address:2001:DB8:0:0:0:0:0:1")]
    public void A_leaf_is_for_one_use(string use, string purpose, string san, string shown)
    {
        using TestTree tree = Authority();
        ToolRun run = Issue(tree, use, "leaf", "--san", san, "--san", "dns:a.example.com", "--days", "7").Succeeded();
        Assert.AreEqual(OwnerOnly, File.GetUnixFileMode(tree["leaf.key"]));
        string text = Text(tree["leaf.pem"]);
        Matches(text, "Issuer: CN = test", "Subject: CN = leaf", @"Basic Constraints: critical\s+CA:FALSE\s", @"Key Usage: critical\s+Digital Signature\s", $@"Extended Key Usage: \s+{purpose}\s",
            $@"Subject Alternative Name: \s+{Regex.Escape(shown)}, DNS:a\.example\.com\s", "Subject Key Identifier", "Authority Key Identifier");
        Assert.AreEqual(7, Days(tree["leaf.pem"]));
        Assert.AreEqual(Openssl.Succeeded("x509", "-in", tree["leaf.pem"], "-noout", "-pubkey"), Openssl.Succeeded("pkey", "-in", tree["leaf.key"], "-pubout"));
        string serial = Openssl.Succeeded("x509", "-in", tree["leaf.pem"], "-noout", "-serial").Trim()["serial=".Length..].ToLowerInvariant().TrimStart('0');
        StringAssert.Contains(run.Output, $"serial       {serial}\n");

        ToolRun.Of("pki", "crl", tree["ca"], "--out", tree["crl"]).Succeeded();
        Openssl.Succeeded("verify", "-x509_strict", "-crl_check", "-CRLfile", tree["crl"], "-CAfile", tree["ca/root.pem"], tree["leaf.pem"]);

        // Both purposes that this openssl can judge: each accepts its own use and no other.
        foreach ((string asked, string good) in (ReadOnlySpan<(string, string)>)[("sslclient", "client"), ("sslserver", "server")])
        {
            (int code, string output) = Openssl.Run("verify", "-x509_strict", "-purpose", asked, "-CAfile", tree["ca/root.pem"], tree["leaf.pem"]);
            Assert.AreEqual(use == good, code == 0, output);
        }
    }

    [TestMethod]
    public void A_signer_signs_until_it_is_revoked_and_others_never_do()
    {
        using TestTree tree = Authority();
        tree.Add("model/weights.bin", "1");
        Issue(tree, "signer", "alice").Succeeded();
        string[] Verify(params string[] lists) =>
            ["oms", "verify", "--method", "certificate", "--model-path", tree["model"], "--bundle", tree["sig"], "--cert-chain", tree["ca/root.pem"], .. lists.SelectMany(list => (string[])["--crl", tree[list]])];
        Sign(tree, "alice").Succeeded();
        StringAssert.Contains(ToolRun.Of(Verify()).Succeeded().Output, "CN=alice");
        ToolRun.Of("pki", "crl", tree["ca"], "--out", tree["before.crl"]).Succeeded();
        Assert.IsFalse(ToolRun.Of(Verify("before.crl")).Succeeded().Output.Contains("revocation", StringComparison.Ordinal));

        ToolRun.Of("pki", "revoke", tree["ca"], tree["alice.pem"], "--reason", "key-compromise").Succeeded();
        ToolRun.Of("pki", "crl", tree["ca"], "--out", tree["after.crl"]).Succeeded();
        ToolRun.Of(Verify("after.crl")).Failed(1, "CN=alice", "is revoked");
        StringAssert.Contains(ToolRun.Of(Verify()).Succeeded().Output, "revocation not checked", "without a list nobody knows, and that is said");
        (int code, string output) = Openssl.Run("verify", "-crl_check", "-CRLfile", tree["after.crl"], "-CAfile", tree["ca/root.pem"], tree["alice.pem"]);
        Assert.AreNotEqual(0, code);
        StringAssert.Contains(output, "certificate revoked");

        // The list alone refuses: without it, and for another signer with it, all is well.
        ToolRun.Of(Verify()).Succeeded();
        Issue(tree, "signer", "bob").Succeeded();
        Sign(tree, "bob").Succeeded();
        ToolRun.Of(Verify("after.crl")).Succeeded();

        // Another authority's list of the same name is not this one's.
        ToolRun.Of("pki", "init", tree["other"], "--name", "test").Succeeded();
        ToolRun.Of("pki", "crl", tree["other"], "--out", tree["other.crl"]).Succeeded();
        ToolRun.Of(Verify("other.crl")).Failed(1, "not signed by it");

        // Certificates for other uses sign nothing, and nothing that they might have signed verifies.
        Issue(tree, "client", "client", "--san", "dns:c.example.com").Succeeded();
        Issue(tree, "server", "server", "--san", "dns:s.example.com").Succeeded();
        Sign(tree, "client").Failed(1, "lacks codeSigning");
        Sign(tree, "server").Failed(1, "lacks codeSigning");
    }

    [TestMethod]
    public void Lists_grow_in_number_and_are_written_in_both_forms()
    {
        using TestTree tree = Authority();
        Issue(tree, "signer", "alice").Succeeded();
        Issue(tree, "signer", "bob").Succeeded();
        ToolRun.Of("pki", "crl", tree["ca"], "--out", tree["1"], "--days", "3").Succeeded();
        ToolRun.Of("pki", "revoke", tree["ca"], tree["alice.pem"]).Succeeded();
        ToolRun.Of("pki", "revoke", tree["ca"], tree["bob.pem"], "--reason", "superseded").Succeeded();
        ToolRun.Of("pki", "crl", tree["ca"], "--out", tree["2"], "--der").Succeeded();
        ToolRun.Of("pki", "crl", tree["ca"], "--out", tree["2"]).Failed(1, "exists", "--force");
        ToolRun.Of("pki", "crl", tree["ca"], "--out", tree["1"], "--force").Succeeded();
        string first = Openssl.Succeeded("crl", "-in", tree["1"], "-noout", "-text", "-CAfile", tree["ca/root.pem"]);
        string second = Openssl.Succeeded("crl", "-in", tree["2"], "-inform", "DER", "-noout", "-text", "-CAfile", tree["ca/root.pem"]);
        Matches(second, "verify OK", "Version 2", "Issuer: CN = test", @"CRL Number: \s+2\s", "Superseded", "Authority Key Identifier");
        Matches(first, "verify OK", @"CRL Number: \s+3\s");
        Assert.AreEqual(2, Regex.Count(second, "Serial Number: "));
        Assert.AreEqual(1, Regex.Count(second, "CRL Reason Code"), "an unspecified reason is left out");
        Assert.AreEqual(2, OmsRevocationList.FromDer(File.ReadAllBytes(tree["2"])).Count);
        StringAssert.StartsWith(File.ReadAllText(tree["1"]), "-----BEGIN X509 CRL-----\n");
    }

    [TestMethod]
    public void Revoking_names_one_certificate_once()
    {
        using TestTree tree = Authority();
        Issue(tree, "signer", "alice").Succeeded();
        Issue(tree, "signer", "bob").Succeeded();
        string serial = Openssl.Succeeded("x509", "-in", tree["alice.pem"], "-noout", "-serial").Trim()["serial=".Length..];
        string colons = string.Join(':', serial.Chunk(2).Select(pair => new string(pair)));
        ToolRun.Of("pki", "revoke", tree["ca"], colons).Succeeded();
        ToolRun.Of("pki", "revoke", tree["ca"], serial).Failed(1, "is revoked already", "alice");
        ToolRun.Of("pki", "revoke", tree["ca"], tree["alice.pem"]).Failed(1, "is revoked already");
        ToolRun.Of("pki", "revoke", tree["ca"], "abcdef").Failed(1, "issued no certificate with the serial number abcdef", "pki list");
        ToolRun.Of("pki", "revoke", tree["ca"], "alice").Failed(1, "neither a certificate's file nor a serial number");
        ToolRun.Of("pki", "revoke", tree["ca"], "0").Failed(1, "neither");
        ToolRun.Of("pki", "revoke", tree["ca"], new string('a', 100)).Failed(1, "neither");
        ToolRun.Of("pki", "revoke", tree["ca"], tree["alice.key"]).Failed(1, "PRIVATE KEY");
        ToolRun.Of("pki", "revoke", tree["ca"], tree["ca/root.pem"]).Failed(1, "was not issued by");
        ToolRun.Of("pki", "init", tree["other"], "--name", "test").Succeeded();
        ToolRun.Of("pki", "revoke", tree["other"], tree["bob.pem"]).Failed(1, "was not issued by");
        ToolRun.Of("pki", "revoke", tree["ca"], tree["bob.pem"], "--reason", "whim").Failed(2, "whim");
        StringAssert.Contains(ToolRun.Of("pki", "list", tree["ca"]).Succeeded().Output, "bob    ");
    }

    [TestMethod]
    public void The_list_of_what_was_issued_is_for_people_and_for_programs()
    {
        using TestTree tree = Authority();
        StringAssert.Contains(ToolRun.Of("pki", "list", tree["ca"]).Succeeded().Output, "nothing yet");
        Issue(tree, "signer", "alice").Succeeded();
        Issue(tree, "server", "edge", "--san", "dns:edge.example.com", "--san", "ip:10.0.0.7").Succeeded();
        ToolRun.Of("pki", "revoke", tree["ca"], tree["alice.pem"], "--reason", "superseded").Succeeded();
        string table = ToolRun.Of("pki", "list", tree["ca"]).Succeeded().Output;
        Matches(table, "authority  CN=test, until ", @"signer +alice +\d{4}-\d\d-\d\d +revoked .*\(superseded\)", "server +edge .* good +dns:edge.example.com ip:10.0.0.7");
        using var json = JsonDocument.Parse(ToolRun.Of("pki", "list", tree["ca"], "--json").Succeeded().Output);
        JsonElement[] issued = [.. json.RootElement.GetProperty("certificates").EnumerateArray()];
        Assert.AreEqual(("revoked", "superseded"), (issued[0].GetProperty("state").GetString(), issued[0].GetProperty("reason").GetString()));
        Assert.AreEqual(("good", "dns:edge.example.com"), (issued[1].GetProperty("state").GetString(), issued[1].GetProperty("names")[0].GetString()));
        Assert.AreEqual("0x" + Openssl.Succeeded("x509", "-in", tree["edge.pem"], "-noout", "-serial").Trim()["serial=".Length..].ToLowerInvariant().TrimStart('0'), "0x" + issued[1].GetProperty("serial").GetString());
    }

    [TestMethod]
    public void A_request_gives_its_key_and_nothing_else()
    {
        using TestTree tree = Authority();
        Openssl.Succeeded("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384", "-nodes", "-keyout", tree["far.key"], "-out", tree["far.csr"], "-subj", "/CN=evil/O=Root",
            "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "subjectAltName=DNS:bank.example", "-addext", "extendedKeyUsage=codeSigning");
        ToolRun.Of("pki", "issue", tree["ca"], "--use", "server", "--name", "edge", "--san", "dns:edge.example.com", "--request", tree["far.csr"], "--out", tree["edge"]).Succeeded();
        Assert.IsFalse(Path.Exists(tree["edge.key"]));
        string text = Text(tree["edge.pem"]);
        Matches(text, "Subject: CN = edge\n", "CA:FALSE", @"Extended Key Usage: \s+TLS Web Server Authentication\s", @"Alternative Name: \s+DNS:edge\.example\.com\s");
        Assert.AreEqual(Openssl.Succeeded("pkey", "-in", tree["far.key"], "-pubout"), Openssl.Succeeded("x509", "-in", tree["edge.pem"], "-noout", "-pubkey"));
        Openssl.Succeeded("verify", "-x509_strict", "-purpose", "sslserver", "-verify_hostname", "edge.example.com", "-CAfile", tree["ca/root.pem"], tree["edge.pem"]);

        string[] issue = ["pki", "issue", tree["ca"], "--use", "signer", "--name", "x", "--out", tree["x"], "--request"];
        Openssl.Succeeded("req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", tree["rsa.key"], "-out", tree["rsa.csr"], "-subj", "/CN=x");
        ToolRun.Of([.. issue, tree["rsa.csr"]]).Failed(1, "rsa.csr", "P-256");
        Openssl.Succeeded("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:brainpoolP256r1", "-nodes", "-keyout", tree["bp.key"], "-out", tree["bp.csr"], "-subj", "/CN=x");
        ToolRun.Of([.. issue, tree["bp.csr"]]).Failed(1, "bp.csr", "P-256");
        ToolRun.Of([.. issue, tree["ca/root.pem"]]).Failed(1, "no certificate request");
        Openssl.Succeeded("req", "-new", "-key", tree["ca/root.key"], "-out", tree["own.csr"], "-subj", "/CN=x");
        ToolRun.Of([.. issue, tree["own.csr"]]).Failed(1, "the authority's own key");
        ToolRun.Of([.. issue, tree["missing"]]).Failed(1, tree["missing"]);
        ToolRun.Of([.. issue, tree["far.csr"], "--curve", "p256"]).Failed(2, "--curve");

        // Somebody's public key in a request that he did not sign.
        byte[] der = Convert.FromBase64String(string.Concat(File.ReadAllLines(tree["far.csr"]).Where(line => !line.StartsWith('-'))));
        der[^1] ^= 1;
        tree.Add("forged.csr", System.Security.Cryptography.PemEncoding.WriteString("CERTIFICATE REQUEST", der) + "\n");
        ToolRun.Of([.. issue, tree["forged.csr"]]).Failed(1, "its own", "has signed");
        Assert.IsFalse(Path.Exists(tree["x.pem"]));
        ToolRun.Of([.. issue, tree["far.csr"]]).Succeeded();
    }

    [TestMethod]
    public void An_authoritys_key_may_be_encrypted_or_elsewhere()
    {
        using var tree = new TestTree();
        Secret(tree, "p", "secret\n");
        Secret(tree, "wrong", "Secret\n");
        ToolRun.Of("pki", "init", tree["ca"], "--name", "test", "--passphrase-file", tree["p"]).Succeeded();
        StringAssert.StartsWith(File.ReadAllText(tree["ca/root.key"]), "-----BEGIN ENCRYPTED PRIVATE KEY-----\n");
        Issue(tree, "signer", "a").Failed(1, "is encrypted", "--passphrase-file");
        Issue(tree, "signer", "a", "--passphrase-file", tree["wrong"]).Failed(1, "does not open");
        ToolRun.Of("pki", "crl", tree["ca"], "--out", tree["crl"], "--passphrase-file", tree["wrong"]).Failed(1, "does not open");
        Assert.IsFalse(Path.Exists(tree["a.pem"]) || Path.Exists(tree["a.key"]) || Path.Exists(tree["crl"]));
        Issue(tree, "signer", "a", "--passphrase-file", tree["p"], "--new-passphrase-file", tree["wrong"]).Succeeded();
        StringAssert.StartsWith(File.ReadAllText(tree["a.key"]), "-----BEGIN ENCRYPTED PRIVATE KEY-----\n");
        Openssl.Succeeded("pkey", "-in", tree["a.key"], "-passin", "file:" + tree["wrong"], "-noout");

        ToolRun.Of("keygen", "--out", tree["k"]).Succeeded();
        ToolRun.Of("pki", "init", tree["ca2"], "--name", "test 2", "--key", tree["k"], "--curve", "p256").Failed(2, "--curve");
        ToolRun.Of("pki", "init", tree["ca2"], "--name", "test 2", "--key", tree["k"]).Succeeded();
        Assert.IsFalse(Path.Exists(tree["ca2/root.key"]));
        ToolRun.Of("pki", "crl", tree["ca2"], "--out", tree["crl"]).Failed(1, "no root.key", "--key");
        ToolRun.Of("pki", "crl", tree["ca2"], "--out", tree["crl"], "--key", tree["k"]).Succeeded();
        ToolRun.Of("pki", "crl", tree["ca"], "--out", tree["crl2"], "--key", tree["k"]).Failed(1, "is not the key of", "root.pem");
    }

    [TestMethod]
    public void Files_that_are_there_stay_as_they_are()
    {
        using TestTree tree = Authority();
        string index = File.ReadAllText(tree["ca/index.toml"]);
        ToolRun.Of("pki", "init", tree["ca"], "--name", "again").Failed(1, tree["ca"] + " exists");
        foreach (string there in (string[])["alice.pem", "alice.key"])
        {
            tree.Add(there, "mine");
            Issue(tree, "signer", "alice").Failed(1, tree[there] + " exists");
            Assert.AreEqual("mine", File.ReadAllText(tree[there]));
            File.Delete(tree[there]);
        }

        Issue(tree, "signer", "no/alice").Failed(1, tree["no"]);
        Assert.AreEqual(index, File.ReadAllText(tree["ca/index.toml"]), "nothing was issued");
        Issue(tree, "signer", "alice").Succeeded();
    }

    [TestMethod]
    public void An_authority_whose_files_are_wrong_does_nothing()
    {
        using TestTree tree = Authority();
        Issue(tree, "signer", "alice").Succeeded();
        ToolRun.Of("pki", "list", tree["nothing"]).Failed(1, "is no authority", "pki init");

        File.SetUnixFileMode(tree["ca/root.key"], OwnerOnly | UnixFileMode.GroupRead);
        Issue(tree, "signer", "bob").Failed(1, "root.key", "chmod 600");
        File.SetUnixFileMode(tree["ca/root.key"], OwnerOnly);

        string index = File.ReadAllText(tree["ca/index.toml"]);
        File.WriteAllText(tree["ca/index.toml"], index[..^10]);
        foreach (string[] command in (string[][])[["list", tree["ca"]], ["revoke", tree["ca"], tree["alice.pem"]], ["crl", tree["ca"], "--out", tree["crl"]]])
        {
            ToolRun.Of(["pki", .. command]).Failed(1, tree["ca/index.toml"] + ":", "torn or was edited");
        }

        Issue(tree, "signer", "bob").Failed(1, "torn or was edited");
        File.WriteAllText(tree["ca/index.toml"], index);

        string root = File.ReadAllText(tree["ca/root.pem"]);
        File.WriteAllText(tree["ca/root.pem"], File.ReadAllText(tree["alice.pem"]));
        Issue(tree, "signer", "bob").Failed(1, "root.pem", "no authority");
        ToolRun.Of("pki", "init", tree["other"], "--name", "test").Succeeded();
        File.Copy(tree["other/root.pem"], tree["ca/root.pem"], overwrite: true);
        Issue(tree, "signer", "bob").Failed(1, "is not the key of");
        File.WriteAllText(tree["ca/root.pem"], root);
        Assert.IsFalse(Path.Exists(tree["bob.pem"]) || Path.Exists(tree["bob.key"]) || Path.Exists(tree["crl"]));
        Issue(tree, "signer", "bob").Succeeded();
    }

    [TestMethod]
    public void Two_changes_at_once_are_not_made()
    {
        using TestTree tree = Authority();
        using (new FileStream(tree["ca/lock"], FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None))
        {
            Issue(tree, "signer", "alice").Failed(1, "another 'edgectl pki' is changing", "try again");
            ToolRun.Of("pki", "list", tree["ca"]).Succeeded();
        }

        Assert.IsFalse(Path.Exists(tree["alice.key"]));
        Issue(tree, "signer", "alice").Succeeded();
    }

    [TestMethod]
    public void The_longest_names_fit_the_index()
    {
        using TestTree tree = Authority();
        string label = new('a', 63);
        string host = $"{label}.{label}.{label}.{label[..61]}";
        string name = new('\u00fc', 64);
        ToolRun.Of("pki", "issue", tree["ca"], "--use", "server", "--name", name, "--san", $"dns:{host}", "--san", $"uri:https://{host[..245]}", "--san", $"email:a@{host[..251]}", "--out", tree["x"]).Succeeded();
        using var json = JsonDocument.Parse(ToolRun.Of("pki", "list", tree["ca"], "--json").Succeeded().Output);
        Assert.AreEqual(name, json.RootElement.GetProperty("certificates")[0].GetProperty("name").GetString());
        Openssl.Succeeded("verify", "-x509_strict", "-verify_hostname", host, "-CAfile", tree["ca/root.pem"], tree["x.pem"]);
    }

    [TestMethod]
    public void No_leaf_outlives_its_root()
    {
        using var tree = new TestTree();
        ToolRun.Of("pki", "init", tree["ca"], "--name", "test", "--days", "10").Succeeded();
        Issue(tree, "signer", "a", "--days", "11").Failed(1, "ends on", "--days");
        Issue(tree, "signer", "a", "--days", "9").Succeeded();
    }

    [TestMethod]
    [DataRow("issue ca --use signer --name x", "--out")]
    [DataRow("issue ca --use both --name x --out x", "both")]
    [DataRow("issue ca --use signer --name x --out x --days 0", "--days")]
    [DataRow("issue ca --use signer --name x --out x --days 1e9", "--days")]
    [DataRow("issue ca --use signer --name x --out x --curve p224", "p224")]
    [DataRow("issue ca --use signer --name x --out x --san example.com", "--san 'example.com'")]
    [DataRow("issue ca --use signer --name x --out x --san ip:10.0.0.1", "for servers")]
    [DataRow("issue ca --use client --name x --out x", "--san uri:")]
    [DataRow("issue ca --use client --name x --out x --san email:a@b", "--san uri:")]
    [DataRow("issue ca --use client --name x --out x --san dns:*.a.b", "for servers")]
    [DataRow("issue ca --use server --name x --out x", "--san dns:")]
    [DataRow("issue ca --use server --name x --out x --san uri:spiffe://a/b", "--san dns:")]
    [DataRow("issue ca --use signer --name x --out x --request r --new-passphrase-file p", "--new-passphrase-file")]
    [DataRow("init x", "--name")]
    [DataRow("crl ca", "--out")]
    [DataRow("revoke ca", "<certificate>")]
    [DataRow("list", "<dir>")]
    public void Nonsense_is_a_usage_error(string line, string what) => ToolRun.Of(["pki", .. line.Split(' ')]).Failed(2, what);

    [TestMethod]
    [DataRow("")]
    [DataRow(" x")]
    [DataRow("a\nb")]
    [DataRow("a\u202eb")]
    [DataRow("0123456789012345678901234567890123456789012345678901234567890123x")]
    public void Names_that_could_not_be_shown_are_refused(string name)
    {
        using TestTree tree = Authority();
        ToolRun.Of("pki", "issue", tree["ca"], "--use", "signer", "--name", name, "--out", tree["x"]).Failed(2, "--name must have 1 to 64 letters");
        ToolRun.Of("pki", "init", tree["ca2"], "--name", name).Failed(2, "--name must have");
        Issue(tree, "signer", "x").Succeeded();
    }

    private static TestTree Authority()
    {
        var tree = new TestTree();
        ToolRun.Of("pki", "init", tree["ca"], "--name", "test").Succeeded();
        return tree;
    }

    private static ToolRun Issue(TestTree tree, string use, string name, params string[] more) =>
        ToolRun.Of(["pki", "issue", tree["ca"], "--use", use, "--name", name, "--out", tree[name], .. more]);

    private static ToolRun Sign(TestTree tree, string name) => ToolRun.Of(
        "oms", "sign", "--method", "certificate", "--model-path", tree["model"], "--bundle", tree["sig"], "--private-key", tree[name + ".key"], "--signing-cert", tree[name + ".pem"], "--cert-chain", tree["ca/root.pem"]);

    private static string Text(string certificate) => Openssl.Succeeded("x509", "-in", certificate, "-noout", "-text");

    private static int Days(string certificate)
    {
        string[] dates = [.. Openssl.Succeeded("x509", "-in", certificate, "-noout", "-startdate", "-enddate", "-dateopt", "iso_8601").Trim().Split('\n').Select(line => line.Split('=')[1])];
        return (int)(DateTimeOffset.Parse(dates[1], null) - DateTimeOffset.Parse(dates[0], null)).TotalDays;
    }

    private static void Matches(string text, params string[] patterns)
    {
        foreach (string pattern in patterns)
        {
            StringAssert.Matches(text, new Regex(pattern));
        }
    }

    private static void Secret(TestTree tree, string name, string text)
    {
        tree.Add(name, text);
        File.SetUnixFileMode(tree[name], OwnerOnly);
    }
}
