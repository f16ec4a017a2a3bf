using System.Runtime.Versioning;
using System.Text;
using EdgeDaemon.Native.Posix.Files;

namespace EdgeDaemon.Tests.Posix.Files;

[TestClass]
[SupportedOSPlatform("linux")]
public sealed class SafeFileReadTests
{
    [TestMethod]
    public void Reads_up_to_the_bound_and_not_beyond()
    {
        using var tree = new TestTree();
        string path = tree.Add("config", "12345");
        Assert.AreEqual("12345", Encoding.ASCII.GetString(SafeFileRead.Read(path, 5)));
        Refused("at most 4", () => SafeFileRead.Read(path, 4));
        Assert.IsEmpty(SafeFileRead.Read(tree.Add("empty", ""), 5));
    }

    [TestMethod]
    public void A_secret_is_readable_by_its_owner_alone()
    {
        using var tree = new TestTree();
        string path = tree.Add("key", "secret");
        for (int mode = 0b100_000_000; mode < 0b1000_000_000; mode++)
        {
            File.SetUnixFileMode(path, (UnixFileMode)mode);
            if ((mode & 0b111_111) == 0)
            {
                Assert.HasCount(6, SafeFileRead.Read(path, 100, secret: true));
            }
            else
            {
                Refused("chmod 600", () => SafeFileRead.Read(path, 100, secret: true));
                Assert.HasCount(6, SafeFileRead.Read(path, 100));
            }
        }
    }

    [TestMethod]
    public void Says_who_else_may_write_a_file()
    {
        using var tree = new TestTree();
        string path = tree.Add("trust.toml", "x");
        for (int mode = 0b100_000_000; mode < 0b1000_000_000; mode++)
        {
            File.SetUnixFileMode(path, (UnixFileMode)mode);
            Assert.HasCount(1, SafeFileRead.ReadGuarded(path, 100, out string? exposure));
            Assert.AreEqual((mode & 0b010_010) == 0, exposure is null, exposure);
        }
    }

    [TestMethod]
    public void Opens_regular_files_alone_and_waits_for_nobody()
    {
        using var tree = new TestTree();
        tree.Add("file", "12345");
        tree.Link("link", "file");
        TestTree.Run("mkfifo", tree["pipe"]);
        foreach (string name in (string[])["file", "link"])
        {
            using FileStream file = SafeFileRead.OpenRegular(tree[name]);
            Assert.AreEqual(5, file.Length);
            Assert.AreEqual('1', file.ReadByte());
        }

        Refused("not a regular file", () => SafeFileRead.OpenRegular(tree["pipe"]));
        Refused("not a regular file", () => SafeFileRead.OpenRegular("/dev/zero"));
        Refused("not a regular file", () => SafeFileRead.OpenRegular(tree.Root));
        Refused("No such file", () => SafeFileRead.OpenRegular(tree["missing"]));
    }

    [TestMethod]
    public void Refuses_links_pipes_folders_and_files_without_an_end()
    {
        using var tree = new TestTree();
        tree.Add("file", "x");
        tree.Link("link", "file");
        TestTree.Run("mkfifo", tree["pipe"]);
        Refused("symbolic link", () => SafeFileRead.Read(tree["link"], 100));
        Refused("not a regular file", () => SafeFileRead.Read(tree["pipe"], 100));
        Refused("not a regular file", () => SafeFileRead.Read(tree.Root, 100));
        Refused("not a regular file", () => SafeFileRead.Read("/dev/zero", 100));
        Refused("changed", () => SafeFileRead.Read("/proc/self/status", 100));
        Refused("No such file", () => SafeFileRead.Read(tree["missing"], 100));
    }

    private static void Refused(string why, Action read)
    {
        var e = Assert.Throws<IOException>(read);
        StringAssert.Contains(e.Message, why);
    }
}
