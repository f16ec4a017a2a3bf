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
}
