using System.Diagnostics;
using System.Security.Cryptography;
using EdgeDaemon.Core.Bundles.Oms;
using EdgeDaemon.Native.Posix.Files;
using EdgeDaemon.Tests.Posix.Files;

namespace EdgeDaemon.Tests.Bundles.Oms;

/// <summary>Both directions against an independent implementation, which needs python3 with cryptography.</summary>
[TestClass]
public sealed class PythonTests
{
    private static readonly Dictionary<string, ECCurve> Curves = new()
    {
        ["p256"] = ECCurve.NamedCurves.nistP256,
        ["p384"] = ECCurve.NamedCurves.nistP384,
        ["p521"] = ECCurve.NamedCurves.nistP521,
    };

    [TestMethod]
    [DataRow("p256")]
    [DataRow("p384")]
    [DataRow("p521")]
    public void What_is_signed_here_verifies_there_and_not_once_it_is_changed(string curve)
    {
        string tool = Tool();
        using TestTree tree = Model();
        using var aside = new TestTree();
        using ECDsa key = ECDsa.Create(Curves[curve]);
        File.WriteAllBytes(aside["model.sig"], OmsSigner.Sign("model", ContentTree.Hash(tree.Root, OmsCases.Limits), key));
        File.WriteAllText(aside["pub.pem"], key.ExportSubjectPublicKeyInfoPem());
        string[] verify = ["verify", tree.Root, "--sig", aside["model.sig"], "--pub", aside["pub.pem"]];
        (int code, string output) = Run(tool, verify);
        Assert.AreEqual(0, code, output);

        File.AppendAllText(tree["a/b"], "changed");
        (code, output) = Run(tool, verify);
        Assert.AreEqual(1, code, output);
        StringAssert.Contains(output, "changed=['a/b']");
    }

    [TestMethod]
    [DataRow("p256", "spec")]
    [DataRow("p256", "python")]
    [DataRow("p256", "go")]
    [DataRow("p384", "spec")]
    [DataRow("p384", "python")]
    [DataRow("p384", "go")]
    [DataRow("p521", "spec")]
    [DataRow("p521", "python")]
    [DataRow("p521", "go")]
    public void What_is_signed_there_in_each_dialect_verifies_here_and_not_once_it_is_changed(string curve, string dialect)
    {
        string tool = Tool();
        using var aside = new TestTree();
        Ran(tool, "keygen", "--curve", curve, "--out", aside.Root);
        OmsKey key = OmsCases.Key(aside["pub.pem"]);
        foreach (string[] method in new string[][] { [], ["--method", "shards", "--shard-size", "7"], ["--ignore", "a"] })
        {
            using TestTree tree = Model();
            Ran(tool, ["sign", tree.Root, "--key", aside["key.pem"], "--out", aside["model.sig"], "--dialect", dialect, .. method]);
            byte[] signature = File.ReadAllBytes(aside["model.sig"]);
            (OmsFault fault, string detail) = OmsCases.Judge(signature, tree.Root, [key]);
            Assert.AreEqual(OmsFault.None, fault, detail);

            byte[] content = File.ReadAllBytes(tree["weights.bin"]);
            content[^1] ^= 1;
            File.WriteAllBytes(tree["weights.bin"], content);
            Assert.AreEqual(OmsFault.FileDiffers, OmsCases.Judge(signature, tree.Root, [key]).Fault);
        }
    }

    private static TestTree Model()
    {
        var tree = new TestTree();
        byte[] weights = new byte[100];
        new Random(5).NextBytes(weights);
        tree.Add("weights.bin", weights);
        tree.Add("a/b", "1");
        tree.Add("a.txt", "22");
        tree.Add("empty", "");
        tree.Add("z\uff5e", "bmp");
        tree.Add("z\U0001f600", "astral");
        tree.Add("colon:1:2", "c");
        tree.Add(".git/HEAD", "not content");
        return tree;
    }

    private static string Tool()
    {
        string tool = Path.Combine(Conformance.Folder("oms"), "oms_make.py");
        if (!File.Exists("/usr/bin/python3") || Run("-c", "import cryptography").Code != 0)
        {
            Assert.Inconclusive("skipped: /usr/bin/python3 with its module cryptography is missing (apt install python3-cryptography)");
        }

        return tool;
    }

    private static void Ran(string tool, params string[] arguments)
    {
        (int code, string output) = Run(tool, arguments);
        Assert.AreEqual(0, code, output);
    }

    private static (int Code, string Output) Run(string script, params string[] arguments)
    {
        var start = new ProcessStartInfo("/usr/bin/python3", [script, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["PYTHONDONTWRITEBYTECODE"] = "1";
        start.Environment["PYTHONIOENCODING"] = "utf-8";
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output + errors.Result);
    }
}
