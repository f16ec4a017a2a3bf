using System.Runtime.Versioning;
using EdgeDaemon.Native.Posix;
using EdgeDaemon.Native.Posix.Files;

namespace EdgeDaemon.Tests.Posix.Files;

[TestClass]
[SupportedOSPlatform("linux")]
public sealed class DurableFileTests
{
    [TestMethod]
    public void Replaces_the_file_whole_with_the_mode_asked_and_leaves_nothing_behind()
    {
        using var tree = new TestTree();
        DurableFile.Write(tree["state"], "one"u8, 0b110_000_000);
        Assert.AreEqual(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(tree["state"]));
        DurableFile.Write(tree["state"], new byte[3_000_000], 0b110_100_100);
        Assert.AreEqual(3_000_000, new FileInfo(tree["state"]).Length);
        DurableFile.Write(tree["state"], "two"u8, 0b110_100_100);
        Assert.AreEqual("two", File.ReadAllText(tree["state"]));
        Assert.AreEqual((UnixFileMode)0b110_100_100, File.GetUnixFileMode(tree["state"]));
        Assert.HasCount(1, Directory.GetFileSystemEntries(tree.Root));
    }

    [TestMethod]
    public void Replaces_a_link_and_never_writes_through_it()
    {
        using var tree = new TestTree();
        tree.Add("precious", "kept");
        tree.Link("state", "precious");
        DurableFile.Write(tree["state"], "new"u8, 0b110_000_000);
        Assert.AreEqual("kept", File.ReadAllText(tree["precious"]));
        Assert.AreEqual("new", File.ReadAllText(tree["state"]));
    }

    [TestMethod]
    public void Failure_names_path_and_cause_and_leaves_the_old_file_alone()
    {
        using var tree = new TestTree();
        tree.Add("folder/inner", "kept");
        var e = Assert.ThrowsExactly<PosixException>(() => DurableFile.Write(tree["folder"], "x"u8, 0b110_000_000));
        StringAssert.Contains(e.Message, tree["folder"]);
        Assert.HasCount(1, Directory.GetFileSystemEntries(tree.Root));
        Assert.AreEqual("kept", File.ReadAllText(tree["folder/inner"]));

        e = Assert.ThrowsExactly<PosixException>(() => DurableFile.Write(tree["missing/state"], "x"u8, 0b110_000_000));
        StringAssert.Contains(e.Message, "No such file or directory");
    }

    [TestMethod]
    public void Create_makes_a_new_file_and_never_touches_one_that_is_there()
    {
        using var tree = new TestTree();
        DurableFile.Create(tree["new"], "one"u8, 0b110_000_000);
        Assert.AreEqual("one", File.ReadAllText(tree["new"]));
        Assert.AreEqual(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(tree["new"]));
        tree.Link("dangling", "nowhere");
        Directory.CreateDirectory(tree["folder"]);
        foreach (string taken in (string[])["new", "dangling", "folder"])
        {
            StringAssert.Contains(Assert.Throws<IOException>(() => DurableFile.Create(tree[taken], "two"u8, 0b110_000_000)).Message, "is not overwritten");
        }

        Assert.AreEqual("one", File.ReadAllText(tree["new"]));
        Assert.HasCount(3, Directory.GetFileSystemEntries(tree.Root));
    }

    [TestMethod]
    public void Create_lets_one_of_many_win()
    {
        using var tree = new TestTree();
        int made = 0;
        Parallel.For(0, 16, i =>
        {
            try
            {
                DurableFile.Create(tree["one"], [(byte)i], 0b110_000_000);
                Interlocked.Increment(ref made);
            }
            catch (IOException)
            {
                // Somebody else was first.
            }
        });
        Assert.AreEqual(1, made);
        Assert.HasCount(1, Directory.GetFileSystemEntries(tree.Root));
    }
}
