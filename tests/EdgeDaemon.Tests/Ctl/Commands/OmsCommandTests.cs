using System.Security.Cryptography;
using EdgeDaemon.Tests.Bundles.Oms;
using EdgeDaemon.Tests.Posix.Files;

namespace EdgeDaemon.Tests.Ctl.Commands;

/// <summary><c>edgectl oms</c> as the conformance suite's adapters are called, and against an independent implementation.</summary>
[TestClass]
public sealed class OmsCommandTests
{
    private static readonly DateTimeOffset From = DateTimeOffset.UtcNow.AddDays(-1);
    private static readonly DateTimeOffset Until = DateTimeOffset.UtcNow.AddDays(1);

    [TestMethod]
    [DataRow("key", "p256")]
    [DataRow("key", "p384")]
    [DataRow("key", "p521")]
    [DataRow("certificate", "p256")]
    [DataRow("certificate", "p384")]
    [DataRow("certificate", "p521")]
    public void What_is_signed_here_verifies_here_and_there_until_it_changes(string method, string curve)
    {
        string tool = OmsPython.Tool();
        using TestTree tree = Model();
        using TestTree aside = Keys(curve);
        string[] sign = ["oms", "sign-model", "--method", method, "--model-path", tree.Root, "--output-bundle", tree["model.sig"], "--private-key", aside["key.pem"], "--ignore-paths", tree["cache"]];
        ToolRun.Of([.. sign, .. method == "key" ? Array.Empty<string>() : ["--signing-cert", aside["leaf.pem"], "--cert-chain", aside["int.pem"], aside["root.pem"]]]).Succeeded();
        string[] verify = ["oms", "verify-model", .. Trust(method, aside), "--model-path", tree.Root, "--bundle", tree["model.sig"]];
        string[] there = ["verify", tree.Root, "--sig", tree["model.sig"], .. method == "key" ? (string[])["--pub", aside["pub.pem"]] : ["--ca", aside["root.pem"]]];
        StringAssert.StartsWith(ToolRun.Of(verify).Succeeded().Output, "good ");
        Assert.AreEqual(0, OmsPython.Run(tool, there).Code, OmsPython.Run(tool, there).Output);

        File.WriteAllText(tree["extra"], "x");
        ToolRun.Of(verify).Failed(1, "'extra'", "not signed");
        ToolRun.Of([.. verify, "--ignore-unsigned-files"]).Succeeded();
        ToolRun.Of([.. verify, "--ignore-paths", tree["extra"]]).Succeeded();
        File.AppendAllText(tree["a/b"], "x");
        ToolRun.Of([.. verify, "--ignore-unsigned-files", "--ignore-paths", tree["a"]]).Failed(1, "'a/b'", "not what was signed");
        Assert.AreEqual(1, OmsPython.Run(tool, there).Code);
    }

    [TestMethod]
    [DataRow("key", "p256", "spec")]
    [DataRow("key", "p384", "python")]
    [DataRow("key", "p521", "go")]
    [DataRow("certificate", "p256", "spec")]
    [DataRow("certificate", "p256", "python")]
    [DataRow("certificate", "p256", "go")]
    [DataRow("certificate", "p384", "spec")]
    [DataRow("certificate", "p384", "python")]
    [DataRow("certificate", "p384", "go")]
    [DataRow("certificate", "p521", "spec")]
    [DataRow("certificate", "p521", "python")]
    [DataRow("certificate", "p521", "go")]
    public void What_is_signed_there_verifies_here_until_it_changes(string method, string curve, string dialect)
    {
        string tool = OmsPython.Tool();
        using TestTree aside = Keys(curve);
        foreach (string[] how in new string[][] { [], ["--method", "shards", "--shard-size", "7"] })
        {
            using TestTree tree = Model();
            (int code, string output) = OmsPython.Run(
                tool,
                ["sign", tree.Root, "--key", aside["key.pem"], "--out", aside["model.sig"], "--dialect", dialect,
                    .. method == "key" ? Array.Empty<string>() : ["--cert", aside["leaf.pem"], "--chain", aside["int.pem"]], .. how]);
            Assert.AreEqual(0, code, output);
            string[] verify = ["oms", "verify", .. Trust(method, aside), "--model-path", tree.Root, "--bundle", aside["model.sig"]];
            ToolRun.Of(verify).Succeeded();
            byte[] weights = File.ReadAllBytes(tree["weights.bin"]);
            weights[^1] ^= 1;
            File.WriteAllBytes(tree["weights.bin"], weights);
            ToolRun.Of(verify).Failed(1, "'weights.bin'", "not what was signed");
        }
    }

    [TestMethod]
    public void A_single_file_is_a_model()
    {
        string tool = OmsPython.Tool();
        using TestTree tree = Model();
        using TestTree aside = Keys("p256");
        ToolRun.Of("oms", "sign", "--method", "key", "--model-path", tree["weights.bin"], "--bundle", aside["s"], "--private-key", aside["key.pem"]).Succeeded();
        string[] verify = ["oms", "verify", .. Trust("key", aside), "--model-path", tree["weights.bin"], "--bundle", aside["s"]];
        ToolRun.Of(verify).Succeeded();
        Assert.AreEqual(0, OmsPython.Run(tool, "verify", tree["weights.bin"], "--sig", aside["s"], "--pub", aside["pub.pem"]).Code);
        File.AppendAllText(tree["weights.bin"], "x");
        ToolRun.Of(verify).Failed(1, "not what was signed");
    }

    [TestMethod]
    public void The_method_is_the_command_lines_and_options_go_with_it()
    {
        using TestTree tree = Model();
        using TestTree aside = Keys("p256");
        ToolRun.Of("oms", "sign", "--method", "key", "--model-path", tree.Root, "--bundle", aside["s"], "--private-key", aside["key.pem"]).Succeeded();
        string[] rest = ["--model-path", tree.Root, "--bundle", aside["s"]];
        ToolRun.Of(["oms", "verify", "--method", "certificate", "--cert-chain", aside["root.pem"], .. rest]).Failed(1, "method Key");
        ToolRun.Of(["oms", "verify", "--method", "certificate", "--public-key", aside["pub.pem"], .. rest]).Failed(2, "--cert-chain");
        ToolRun.Of(["oms", "verify", "--method", "key", .. rest]).Failed(2, "--public-key");
        ToolRun.Of(["oms", "verify", "--method", "certificate", "--cert-chain", aside["int.pem"], .. rest]).Failed(1, "no root");
    }

    [TestMethod]
    public void An_intermediate_on_the_command_line_helps_but_is_no_root()
    {
        using TestTree tree = Model();
        using TestTree aside = Keys("p256");
        ToolRun.Of("oms", "sign", "--method", "certificate", "--model-path", tree.Root, "--bundle", aside["s"],
            "--private-key", aside["key.pem"], "--signing-cert", aside["leaf.pem"]).Succeeded();
        string[] verify = ["oms", "verify", "--method", "certificate", "--model-path", tree.Root, "--bundle", aside["s"], "--cert-chain", aside["root.pem"]];
        ToolRun.Of(verify).Failed(1, "does not lead to a trusted root");
        ToolRun.Of([.. verify, aside["int.pem"]]).Succeeded();
    }

    [TestMethod]
    public void An_encrypted_key_opens_with_the_first_line_of_its_passphrase_file()
    {
        using TestTree tree = Model();
        using TestTree aside = Keys("p256");
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        Secret(aside["e.pem"], "a note before\n" + key.ExportEncryptedPkcs8PrivateKeyPem("right", new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1000)));
        Secret(aside["right"], "right\nanything\n");
        Secret(aside["wrong"], "wrong");
        string[] sign = ["oms", "sign", "--method", "key", "--model-path", tree.Root, "--bundle", aside["s"], "--private-key", aside["e.pem"]];
        ToolRun.Of(sign).Failed(1, "--passphrase-file");
        ToolRun.Of([.. sign, "--passphrase-file", aside["wrong"]]).Failed(1, "does not open");
        ToolRun.Of([.. sign, "--passphrase-file", aside["right"]]).Succeeded();
    }

    private static string[] Trust(string method, TestTree aside) => method == "key"
        ? ["--method", "key", "--public-key", aside["pub.pem"]]
        : ["--method", "certificate", "--cert-chain", aside["root.pem"]];

    private static TestTree Model()
    {
        var tree = new TestTree();
        byte[] weights = new byte[100];
        new Random(5).NextBytes(weights);
        tree.Add("weights.bin", weights);
        tree.Add("a/b", "1");
        tree.Add("a.txt", "22");
        tree.Add("z\uff5e", "bmp");
        tree.Add("z\U0001f600", "astral");
        return tree;
    }

    private static TestTree Keys(string curve)
    {
        var aside = new TestTree();
        ECDsa key = ECDsa.Create(curve switch { "p256" => ECCurve.NamedCurves.nistP256, "p384" => ECCurve.NamedCurves.nistP384, _ => ECCurve.NamedCurves.nistP521 });
        TestAuthority root = TestAuthority.Root(shape: Valid(TestAuthority.Shape.Authority));
        TestAuthority between = root.Authority(shape: Valid(TestAuthority.Shape.Authority));
        TestAuthority leaf = between.Leaf(shape: Valid(TestAuthority.Shape.Leaf), key: key);
        Secret(aside["key.pem"], key.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(aside["pub.pem"], "text that certtool writes\n" + key.ExportSubjectPublicKeyInfoPem());
        foreach ((string name, TestAuthority made) in new[] { ("root.pem", root), ("int.pem", between), ("leaf.pem", leaf) })
        {
            File.WriteAllText(aside[name], PemEncoding.WriteString("CERTIFICATE", made.Der) + "\n");
        }

        return aside;
    }

    private static TestAuthority.Shape Valid(TestAuthority.Shape shape) => shape with { NotBefore = From, NotAfter = Until };

    private static void Secret(string path, string text)
    {
        File.WriteAllText(path, text);
        TestTree.Run("chmod", "600", path);
    }
}
