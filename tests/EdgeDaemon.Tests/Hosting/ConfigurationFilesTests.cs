using System.Runtime.Versioning;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Core.Configuration;
using EdgeDaemon.Hosting;
using EdgeDaemon.Tests.Posix.Files;

namespace EdgeDaemon.Tests.Hosting;

[TestClass]
[SupportedOSPlatform("linux")]
public sealed class ConfigurationFilesTests
{
    private const string Trust = "format = 1\nversion = 1\nexpires = 2099-01-01T00:00:00Z\n";

    [TestMethod]
    [DataRow("644", true)]
    [DataRow("640", true)]
    [DataRow("600", true)]
    [DataRow("755", true)]
    [DataRow("666", false)]
    [DataRow("646", false)]
    [DataRow("664", false)]
    [DataRow("660", false)]
    [DataRow("622", false)]
    [DataRow("777", false)]
    public void A_file_that_others_may_write_is_refused(string mode, bool good)
    {
        using var tree = new TestTree();
        tree.Add("trust.toml", Trust);
        tree.Add("edged.toml", "format = 1\n");
        TestTree.Run("chmod", mode, tree["trust.toml"], tree["edged.toml"]);
        foreach (string file in (string[])["trust.toml", "edged.toml"])
        {
            (bool read, string errors) = Read(tree[file]);
            Assert.AreEqual(good, read, errors);
            Assert.AreEqual(good ? "" : $"{tree[file]}: has mode 0{mode}, so that others than its owner may write it: take that from them (chmod go-w).\n", errors);
        }
    }

    [TestMethod]
    public void A_writable_file_is_not_even_parsed()
    {
        using var tree = new TestTree();
        tree.Add("edged.toml", "no TOML");
        TestTree.Run("chmod", "666", tree["edged.toml"]);
        StringAssert.Contains(Read(tree["edged.toml"]).Errors, "chmod go-w");
    }

    [TestMethod]
    public void A_strangers_file_is_refused()
    {
        if (!Environment.IsPrivilegedProcess)
        {
            Assert.Inconclusive("skipped: only root can give files away");
        }

        using var tree = new TestTree();
        tree.Add("trust.toml", Trust);
        TestTree.Run("chmod", "644", tree["trust.toml"]);
        Assert.AreEqual((true, ""), Read(tree["trust.toml"]), "the control");
        TestTree.Run("chown", "12345", tree["trust.toml"]);
        (bool read, string errors) = Read(tree["trust.toml"]);
        Assert.IsFalse(read);
        StringAssert.Contains(errors, "belongs to user 12345, neither to root nor to the user of this process (0): make it root's (chown root).");
    }

    [TestMethod]
    public void Links_missing_files_folders_and_files_without_an_end_are_refused_in_one_line()
    {
        using var tree = new TestTree();
        tree.Add("trust.toml", Trust);
        TestTree.Run("chmod", "644", tree["trust.toml"]);
        tree.Link("link.toml", "trust.toml");
        tree.Add("long.toml", new string('#', (1 << 20) + 1));
        TestTree.Run("chmod", "644", tree["long.toml"]);
        TestTree.Run("mkfifo", tree["pipe.toml"]);
        foreach ((string file, string why) in ((string, string)[])[
            ("link.toml", "symbolic link"), ("missing.toml", "no such file"), ("long.toml", "at most 1048576"), ("pipe.toml", "not a regular file"), (".", "not a regular file")])
        {
            (bool read, string errors) = Read(tree[file]);
            Assert.IsFalse(read, file);
            StringAssert.Contains(errors, why);
            Assert.AreEqual(errors.Length - 1, errors.IndexOf('\n'), errors);
        }
    }

    private static (bool Read, string Errors) Read(string file)
    {
        var errors = new StringWriter();
        bool read = Path.GetFileName(file) == "edged.toml"
            ? ConfigurationFiles.TryReadSettings(file, errors, out EdgedSettings? _)
            : ConfigurationFiles.TryReadTrust(file, errors, out TrustPolicy? _);
        return (read, errors.ToString());
    }
}
