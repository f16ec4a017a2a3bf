namespace EdgeDaemon.EndToEnd;

/// <summary>An authority's life with the published edgectl: made, used, interrupted, refused. The daemon believes what it vouches for, and no more.</summary>
[TestClass]
public sealed class PkiTests
{
    private const string Folder = "bench-mlp";

    [TestMethod]
    public async Task Signer_CountsOnTheDevice_AndOtherUsesOrOtherAuthoritiesDoNot()
    {
        using StateDirectory state = StateDirectory.Create("", "bench/bench-mlp");
        Command.Edgectl("pki", "init", state.At("ca"), "--name", "Example 2026").Succeeded();
        Command.Edgectl("pki", "init", state.At("other"), "--name", "Other 2026").Succeeded();
        Issue(state, "ca", "signer", "alice");
        Issue(state, "other", "signer", "mallory");
        File.AppendAllText(state.Trust, $"\n[[root]]\nname = \"fleet\"\nmodels = [\"bench-*\"]\ncertificate = '''\n{File.ReadAllText(state.At("ca/root.pem"))}'''\n");
        string signatures = Path.Combine(state.Bundle(Folder), "signatures");
        foreach ((string name, bool good) in ((string, bool)[])[("alice", true), ("mallory", false)])
        {
            Directory.Delete(signatures, recursive: true);
            Directory.CreateDirectory(signatures);
            Sign(state, name, Path.Combine(state.Bundle(Folder), "content"), Path.Combine(signatures, name + ".sig")).Succeeded();
            Command verify = Command.Edgectl("bundle", "verify", state.Bundle(Folder), "--trust", state.Trust);
            Assert.AreEqual(good ? 0 : 1, verify.ExitCode, verify.Errors);
            await using Daemon daemon = await Daemon.StartAsync(state);
            Assert.AreEqual(good, daemon.Model(Folder).GetProperty("state").GetString() == "READY", daemon.Model(Folder).ToString());
        }
    }

    [TestMethod]
    public void RevokedCertificate_IsRefusedWithTheList_AndGoodWithoutIt()
    {
        using StateDirectory state = StateDirectory.Create();
        Directory.CreateDirectory(state.At("model"));
        File.WriteAllText(state.At("model/weights.bin"), "1");
        Command.Edgectl("pki", "init", state.At("ca"), "--name", "Example 2026").Succeeded();
        Issue(state, "ca", "signer", "alice");
        Issue(state, "ca", "client", "camera", "--san", "uri:spiffe://example.com/camera");
        Issue(state, "ca", "server", "edge", "--san", "dns:edge.example.com");
        Sign(state, "alice", state.At("model"), state.At("sig")).Succeeded();
        foreach (string tls in (string[])["camera", "edge"])
        {
            Refused(Sign(state, tls, state.At("model"), state.At("no")), 1, "lacks codeSigning");
        }

        string[] verify = ["oms", "verify", "--method", "certificate", "--model-path", state.At("model"), "--bundle", state.At("sig"), "--cert-chain", state.At("ca/root.pem")];
        Command.Edgectl("pki", "crl", state.At("ca"), "--out", state.At("1.crl")).Succeeded();
        Command.Edgectl([.. verify, "--crl", state.At("1.crl")]).Succeeded();
        Command.Edgectl("pki", "revoke", state.At("ca"), state.At("alice.pem")).Succeeded();
        Command.Edgectl("pki", "crl", state.At("ca"), "--out", state.At("2.crl")).Succeeded();
        Refused(Command.Edgectl([.. verify, "--crl", state.At("2.crl")]), 1, "CN=alice", "is revoked");
        Command.Edgectl(verify).Succeeded();

        Refused(Command.Edgectl("pki", "revoke", state.At("ca"), "1234"), 1, "issued no certificate with the serial number 1234");
        Refused(Command.Edgectl("pki", "issue", state.At("ca"), "--use", "server", "--name", "x", "--out", state.At("x")), 2, "--san");
        Refused(Command.Edgectl("pki", "list", state.Root), 1, "is no authority");
        File.SetUnixFileMode(state.At("ca/root.key"), UnixFileMode.UserRead | UnixFileMode.GroupRead);
        Refused(Command.Edgectl("pki", "crl", state.At("ca"), "--out", state.At("3.crl")), 1, "root.key", "chmod 600");
        File.AppendAllText(state.At("ca/index.toml"), "x");
        Refused(Command.Edgectl("pki", "list", state.At("ca")), 1, state.At("ca/index.toml") + ":");
    }

    [TestMethod]
    public void ExpiredCertificate_IsRefused_AndGoodBeside()
    {
        // edgectl issues from now on only: openssl backdates, with the authority's own key.
        using StateDirectory state = StateDirectory.Create();
        Directory.CreateDirectory(state.At("model"));
        File.WriteAllText(state.At("model/weights.bin"), "1");
        Shell(state,
            """
            openssl ecparam -name secp384r1 -genkey -noout | openssl pkcs8 -topk8 -nocrypt -out root.key
            mkdir db && touch db/index.txt
            printf '[ca]\ndefault_ca=d\n[d]\ndatabase=db/index.txt\nnew_certs_dir=db\nrand_serial=yes\ndefault_md=sha384\npolicy=p\nunique_subject=no\n[p]\ncommonName=supplied\n[root]\nbasicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n[leaf]\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=codeSigning\n' > ca.cnf
            openssl req -new -key root.key -subj /CN=old -out root.csr
            openssl ca -batch -config ca.cnf -selfsign -keyfile root.key -in root.csr -startdate 20200101000000Z -enddate 20990101000000Z -extensions root -notext -out root.pem
            openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout leaf.key -subj /CN=alice -out leaf.csr
            openssl ca -batch -config ca.cnf -keyfile root.key -cert root.pem -in leaf.csr -startdate 20200101000000Z -enddate 20210101000000Z -extensions leaf -notext -out expired.pem
            openssl ca -batch -config ca.cnf -keyfile root.key -cert root.pem -in leaf.csr -startdate 20200101000000Z -enddate 20990101000000Z -extensions leaf -notext -out good.pem
            """);
        string[] sign = ["oms", "sign", "--method", "certificate", "--model-path", state.At("model"), "--bundle", state.At("sig"), "--private-key", state.At("leaf.key"), "--signing-cert"];
        Refused(Command.Edgectl([.. sign, state.At("expired.pem")]), 1, "expired on 2021-01-01");
        Command.Edgectl([.. sign, state.At("good.pem")]).Succeeded();
        string[] verify = ["oms", "verify", "--method", "certificate", "--model-path", state.At("model"), "--cert-chain", state.At("root.pem"), "--bundle"];
        Command.Edgectl([.. verify, state.At("sig")]).Succeeded();

        // The same key's signature with the expired certificate beside it instead.
        string der = Convert.ToBase64String(Der(state.At("expired.pem")));
        string good = Convert.ToBase64String(Der(state.At("good.pem")));
        string signature = File.ReadAllText(state.At("sig"));
        StringAssert.Contains(signature, good, StringComparison.Ordinal);
        File.WriteAllText(state.At("old.sig"), signature.Replace(good, der, StringComparison.Ordinal));
        Refused(Command.Edgectl([.. verify, state.At("old.sig")]), 1, "expired on 2021-01-01");
    }

    [TestMethod]
    [DataRow("fsync:signal=KILL:when=1", DisplayName = "killed before the new index is on the disk")]
    [DataRow("renameat:signal=KILL:when=1", DisplayName = "killed before it takes the old one's place")]
    [DataRow("renameat:error=EIO:when=1", DisplayName = "the disk refuses")]
    public void IndexIsOldOrNew_WhateverHappensBetween(string fault)
    {
        using StateDirectory state = StateDirectory.Create();
        Command.Edgectl("pki", "init", state.At("ca"), "--name", "Example 2026").Succeeded();
        Issue(state, "ca", "signer", "alice");
        byte[] index = File.ReadAllBytes(state.At("ca/index.toml"));
        Command possible = Command.Run("/bin/sh", "-c", "strace -qq -o /dev/null true");
        if (possible.ExitCode != 0)
        {
            Assert.Inconclusive($"skipped: strace is missing or may not trace here: {possible.Errors}");
        }

        Command broken = Command.Run("strace", "-f", "-qq", "-o", state.At("strace.log"), "-e", "trace=fsync,renameat", "-e", "inject=" + fault,
            Installation.Edgectl, "pki", "revoke", state.At("ca"), state.At("alice.pem"));
        string trace = File.ReadAllText(state.At("strace.log"));
        Assert.IsTrue(trace.Contains(fault.Split(':')[0], StringComparison.Ordinal), $"the call that was to fail was not made: {trace}");
        Assert.AreNotEqual(0, broken.ExitCode, trace);
        CollectionAssert.AreEqual(index, File.ReadAllBytes(state.At("ca/index.toml")));
        StringAssert.Contains(Command.Edgectl("pki", "list", state.At("ca")).Succeeded().Output, "  good\n", StringComparison.Ordinal);

        // Nothing that the dead one held is in the way.
        Command.Edgectl("pki", "revoke", state.At("ca"), state.At("alice.pem")).Succeeded();
        StringAssert.Contains(Command.Edgectl("pki", "list", state.At("ca")).Succeeded().Output, " revoked ", StringComparison.Ordinal);
    }

    [TestMethod]
    public void ManyIssuesAtOnce_LoseNone()
    {
        using StateDirectory state = StateDirectory.Create();
        Command.Edgectl("pki", "init", state.At("ca"), "--name", "Example 2026").Succeeded();
        int issued = 0;
        Parallel.For(0, 12, new ParallelOptions { MaxDegreeOfParallelism = 4 }, i =>
        {
            Command run = Command.Edgectl("pki", "issue", state.At("ca"), "--use", "signer", "--name", $"s{i}", "--out", state.At($"s{i}"));
            if (run.ExitCode == 0)
            {
                Interlocked.Increment(ref issued);
            }
            else
            {
                Refused(run, 1, "another 'edgectl pki' is changing");
            }
        });
        Assert.IsGreaterThan(0, issued);
        Assert.AreEqual(issued, Command.Edgectl("pki", "list", state.At("ca")).Succeeded().Output.Split(" signer ").Length - 1);
        Assert.HasCount(issued, Directory.GetFiles(state.Root, "s*.pem"));
    }

    private static void Issue(StateDirectory state, string authority, string use, string name, params string[] more) =>
        Command.Edgectl(["pki", "issue", state.At(authority), "--use", use, "--name", name, "--out", state.At(name), .. more]).Succeeded();

    private static Command Sign(StateDirectory state, string name, string model, string signature) => Command.Edgectl(
        "oms", "sign", "--method", "certificate", "--model-path", model, "--bundle", signature, "--private-key", state.At(name + ".key"), "--signing-cert", state.At(name + ".pem"));

    private static void Refused(Command run, int code, params string[] words)
    {
        Assert.AreEqual(code, run.ExitCode, run.Output + run.Errors);
        Assert.AreEqual(1, run.Errors.TrimEnd('\n').Split('\n').Length, run.Errors);
        foreach (string word in words)
        {
            StringAssert.Contains(run.Errors, word, StringComparison.Ordinal);
        }
    }

    private static void Shell(StateDirectory state, string script) => Command.Run("/bin/sh", "-ec", $"cd '{state.Root}'; umask 077\n{script}").Succeeded();

    private static byte[] Der(string pem) => Convert.FromBase64String(string.Concat(File.ReadAllLines(pem).Where(line => !line.StartsWith('-'))));
}
