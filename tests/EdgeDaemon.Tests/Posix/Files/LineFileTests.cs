using System.Runtime.Versioning;
using System.Text;
using EdgeDaemon.Native.Posix.Files;

namespace EdgeDaemon.Tests.Posix.Files;

/// <summary>Lines that are added to a file: whole ones stay, half ones never get another glued to them.</summary>
[TestClass]
[SupportedOSPlatform("linux")]
public sealed class LineFileTests
{
    [TestMethod]
    public void What_a_crash_left_of_a_line_is_cut_off()
    {
        const string Whole = "one\ntwo\nthree\n";
        for (int length = 0; length <= Whole.Length; length++)
        {
            using var tree = new TestTree();
            string path = tree.Add("lines", Whole[..length]);
            Add(path, "next\n");
            string kept = Whole[..(Whole[..length].LastIndexOf('\n') + 1)];
            Assert.AreEqual(kept + "next\n", File.ReadAllText(path), $"{length}");
        }
    }

    [TestMethod]
    public void Also_where_the_half_line_is_longer_than_what_is_read_at_once()
    {
        using var tree = new TestTree();
        foreach (int length in (int[])[65_535, 65_536, 65_537, 200_000])
        {
            string path = tree.Add($"lines{length}", "one\n" + new string('x', length));
            Add(path, "next\n");
            Assert.AreEqual("one\nnext\n", File.ReadAllText(path));
            path = tree.Add($"half{length}", new string('x', length));
            Add(path, "next\n");
            Assert.AreEqual("next\n", File.ReadAllText(path));
        }
    }

    [TestMethod]
    public void A_new_file_is_not_for_everybody()
    {
        using var tree = new TestTree();
        Add(tree["new"], "one\n");
        Add(tree["new"], "two\n");
        Assert.AreEqual("one\ntwo\n", File.ReadAllText(tree["new"]));
        Assert.AreEqual(UnixFileMode.None, File.GetUnixFileMode(tree["new"]) & (UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.GroupWrite));
    }

    [TestMethod]
    public void Nothing_else_takes_lines()
    {
        using var tree = new TestTree();
        Directory.CreateDirectory(tree["folder"]);
        Assert.Throws<Exception>(() => LineFile.Open(tree["folder"]).Dispose());
        Assert.Throws<IOException>(() => LineFile.Open(tree["none/lines"]).Dispose());
        TestTree.Run("mkfifo", tree["pipe"]);
        Assert.Throws<IOException>(() => LineFile.Open(tree["pipe"]).Dispose());
    }

    private static void Add(string path, string line)
    {
        using LineFile file = LineFile.Open(path);
        file.Write(Encoding.UTF8.GetBytes(line));
        file.Sync();
    }
}
