using System.Runtime.Versioning;
using EdgeDaemon.Native.Posix;
using EdgeDaemon.Native.Posix.Files;

namespace EdgeDaemon.Tests.Posix.Files;

[TestClass]
[SupportedOSPlatform("linux")]
public sealed class LaidOutFileTests
{
    private readonly string _folder = Directory.CreateTempSubdirectory("edged-laid-").FullName;

    [TestCleanup]
    public void Remove() => Directory.Delete(_folder, recursive: true);

    [TestMethod]
    public void It_is_zero_as_long_as_asked_and_its_owners_alone_from_the_start()
    {
        using LaidOutFile file = LaidOutFile.Create(_folder, "a", 300_001);
        byte[] bytes = File.ReadAllBytes(Path.Combine(_folder, "a"));
        Assert.HasCount(300_001, bytes);
        Assert.AreEqual(-1, bytes.AsSpan().IndexOfAnyExcept((byte)0));
        Assert.AreEqual(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(_folder, "a")));
        CollectionAssert.AreEqual(new[] { "a" }, Directory.GetFiles(_folder).Select(Path.GetFileName).ToArray());
    }

    [TestMethod]
    public void What_is_written_is_read_also_by_who_opens_it_again()
    {
        using (LaidOutFile file = LaidOutFile.Create(_folder, "a", 8192))
        {
            file.WriteAt("hello"u8, 4000);
            file.Sync();
        }

        using LaidOutFile again = LaidOutFile.Open(_folder, "a");
        byte[] read = new byte[5];
        Assert.AreEqual(5, again.ReadAt(read, 4000));
        CollectionAssert.AreEqual("hello"u8.ToArray(), read);
        Assert.AreEqual(0, again.ReadAt(read, 8192));
        Assert.AreEqual(8192, again.Length);
    }

    [TestMethod]
    public void Nothing_is_written_behind_its_end() =>
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() =>
        {
            using LaidOutFile file = LaidOutFile.Create(_folder, "a", 4096);
            file.WriteAt(new byte[2], 4095);
        });

    [TestMethod]
    public void A_name_that_is_taken_keeps_its_file_and_nothing_is_left_behind()
    {
        File.WriteAllText(Path.Combine(_folder, "a"), "mine");
        Assert.ThrowsExactly<PosixException>(() => LaidOutFile.Create(_folder, "a", 4096));
        Assert.AreEqual("mine", File.ReadAllText(Path.Combine(_folder, "a")));
        Assert.HasCount(1, Directory.GetFiles(_folder));
    }

    [TestMethod]
    public void A_link_is_not_followed()
    {
        File.WriteAllText(Path.Combine(_folder, "a"), "mine");
        File.CreateSymbolicLink(Path.Combine(_folder, "b"), Path.Combine(_folder, "a"));
        Assert.ThrowsExactly<PosixException>(() => LaidOutFile.Open(_folder, "b"));
        Assert.ThrowsExactly<PosixException>(() => FolderFiles.Erase(_folder, "b"));
        Assert.AreEqual("mine", File.ReadAllText(Path.Combine(_folder, "a")));
    }

    [TestMethod]
    public void A_secret_is_written_over_before_its_name_goes()
    {
        string path = Path.Combine(_folder, "secret");
        File.WriteAllText(path, "the key");
        using FileStream open = File.OpenRead(path); // The blocks stay while somebody has them open: what is in them is seen.
        FolderFiles.Erase(_folder, "secret");
        Assert.IsFalse(File.Exists(path));
        byte[] left = new byte[7];
        open.ReadExactly(left);
        Assert.AreEqual(-1, left.AsSpan().IndexOfAnyExcept((byte)0));
    }

    [TestMethod]
    public void Renaming_replaces_and_removing_forgives()
    {
        File.WriteAllText(Path.Combine(_folder, "a"), "new");
        File.WriteAllText(Path.Combine(_folder, "b"), "old");
        FolderFiles.Rename(_folder, "a", "b");
        Assert.AreEqual("new", File.ReadAllText(Path.Combine(_folder, "b")));
        FolderFiles.Remove(_folder, "b");
        FolderFiles.Remove(_folder, "b");
        Assert.IsEmpty(Directory.GetFiles(_folder));
    }
}
