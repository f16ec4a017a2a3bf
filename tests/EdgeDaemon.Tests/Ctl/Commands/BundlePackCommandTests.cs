using System.Formats.Tar;
using System.Runtime.Versioning;
using System.Text;
using EdgeDaemon.Tests.Posix.Files;

namespace EdgeDaemon.Tests.Ctl.Commands;

[TestClass]
[SupportedOSPlatform("linux")]
public sealed class BundlePackCommandTests
{
    [TestMethod]
    public void The_same_bundle_gives_the_same_bytes_and_comes_back_whole()
    {
        using var bundle = new BundleTree();
        using var tree = new TestTree();
        ToolRun.Of("bundle", "pack", bundle.Bundle, "-o", tree["one.tar"]).Succeeded();
        foreach (string file in Directory.GetFiles(bundle.Bundle, "*", SearchOption.AllDirectories))
        {
            System.IO.File.SetLastWriteTimeUtc(file, new DateTime(2001, 2, 3, 0, 0, 0, DateTimeKind.Utc));
            System.IO.File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        ToolRun.Of("bundle", "pack", bundle.Bundle, "-o", tree["two.tar"]).Succeeded();
        CollectionAssert.AreEqual(System.IO.File.ReadAllBytes(tree["one.tar"]), System.IO.File.ReadAllBytes(tree["two.tar"]));
        ToolRun.Of("bundle", "unpack", tree["one.tar"], tree["back"]).Succeeded();
        ToolRun.Of("bundle", "verify", tree["back"], "--trust", bundle.Trust).Succeeded();
        ToolRun.Of("bundle", "pack", tree["back"], "-o", tree["three.tar"]).Succeeded();
        CollectionAssert.AreEqual(System.IO.File.ReadAllBytes(tree["one.tar"]), System.IO.File.ReadAllBytes(tree["three.tar"]));

        // Another implementation reads it, signatures first.
        TestTree.Run("/usr/bin/python3", "-c", $"import tarfile; n = tarfile.open('{tree["one.tar"]}').getnames(); assert n[0] == 'signatures' and n[2] == 'content' and n[3:] == sorted(n[3:]), n");
        ToolRun.Of("bundle", "pack", bundle.Bundle, "-o", tree["one.tar"]).Failed(1, "exists");
        ToolRun.Of("bundle", "unpack", tree["one.tar"], tree["back"]).Failed(1, "exists");
    }

    [TestMethod]
    [DataRow("../escape")]
    [DataRow("content/../../escape")]
    [DataRow("/tmp/escape")]
    [DataRow("content//x")]
    [DataRow("content/./x")]
    [DataRow("content/a\\b")]
    [DataRow("content/.git/config")]
    [DataRow("other/x")]
    [DataRow("x")]
    public void A_name_that_is_not_canonical_below_content_is_refused(string name) =>
        Refused(writer => File(writer, name, "x"), "is no canonical name below content/");

    [TestMethod]
    public void Links_devices_doubles_and_other_orders_are_refused()
    {
        Refused(writer => writer.WriteEntry(new UstarTarEntry(TarEntryType.SymbolicLink, "content/l") { LinkName = "/etc" }), "neither a file nor a folder");
        Refused(writer => writer.WriteEntry(new UstarTarEntry(TarEntryType.HardLink, "content/l") { LinkName = "content/a" }), "neither a file nor a folder");
        Refused(writer => writer.WriteEntry(new UstarTarEntry(TarEntryType.Fifo, "content/f")), "neither a file nor a folder");
        Refused(writer => writer.WriteEntry(new UstarTarEntry(TarEntryType.Directory, "content/sub/")), "is not one of signatures/ and content/");
        Refused(writer => File(writer, "content/a", "again"), "stands there twice");
        Refused(writer => File(writer, "signatures/late.sig", "x"), "is no canonical name below content/");
        Refused(_ => { }, "stands before signatures/", folders: false);
        Refused(_ => { }, "bytes follow its end", tail: "x"u8.ToArray());
        Refused(_ => { }, null, tail: new byte[4096]);
    }

    [TestMethod]
    public void A_cut_or_changed_archive_leaves_nothing_behind()
    {
        using var bundle = new BundleTree();
        using var tree = new TestTree();
        ToolRun.Of("bundle", "pack", bundle.Bundle, "-o", tree["good.tar"]).Succeeded();
        byte[] good = System.IO.File.ReadAllBytes(tree["good.tar"]);
        var random = new Random(5);
        for (int i = 0; i < 400; i++)
        {
            byte[] bad = [.. good];
            if (i % 2 == 0)
            {
                bad = bad[..random.Next(bad.Length)];
            }
            else
            {
                bad[random.Next(bad.Length)] ^= (byte)(1 << random.Next(8));
            }

            System.IO.File.WriteAllBytes(tree["bad.tar"], bad);
            ToolRun run = ToolRun.Of("bundle", "unpack", tree["bad.tar"], tree["out"]);
            if (run.Code == 0)
            {
                Directory.Delete(tree["out"], recursive: true);
            }
            else
            {
                run.Failed(1);
            }

            Assert.AreEqual(2, Directory.GetFileSystemEntries(tree.Root).Length, $"case {i}: {string.Join(' ', Directory.GetFileSystemEntries(tree.Root))}");
        }
    }

    [TestMethod]
    public void An_archive_is_not_written_into_the_bundle_that_it_packs()
    {
        using var bundle = new BundleTree();
        foreach (string inside in (string[])["tiny/m.tar", "tiny/content/m.tar", "tiny/signatures/m.tar", "tiny/content/../m.tar"])
        {
            ToolRun.Of("bundle", "pack", bundle.Bundle, "--out", bundle[inside]).Failed(1, "would lie in", "--out");
            Assert.IsFalse(Path.Exists(bundle[inside]));
        }

        bundle.Verify().Succeeded();
        ToolRun.Of("bundle", "pack", bundle.Bundle, "--out", bundle["tiny.tar"]).Succeeded();
    }

    [TestMethod]
    [Timeout(30_000)]
    public void What_has_no_end_is_no_archive()
    {
        using var tree = new TestTree();
        TestTree.Run("mkfifo", tree["pipe"]);
        foreach (string file in (string[])["/dev/zero", tree["pipe"], tree.Root])
        {
            ToolRun.Of("bundle", "unpack", file, tree["out"]).Failed(1, file, "not a regular file");
            Assert.IsFalse(Path.Exists(tree["out"]));
        }
    }

    private static void Refused(Action<TarWriter> more, string? message, bool folders = true, byte[]? tail = null)
    {
        using var tree = new TestTree();
        using (FileStream file = System.IO.File.Create(tree["a.tar"]))
        {
            using (var writer = new TarWriter(file, TarEntryFormat.Ustar, leaveOpen: true))
            {
                if (folders)
                {
                    writer.WriteEntry(new UstarTarEntry(TarEntryType.Directory, "signatures/"));
                    File(writer, "signatures/s.sig", "s");
                    writer.WriteEntry(new UstarTarEntry(TarEntryType.Directory, "content/"));
                }

                File(writer, "content/a", "a");
                more(writer);
            }

            file.Write(tail ?? []);
        }

        ToolRun run = ToolRun.Of("bundle", "unpack", tree["a.tar"], tree["out"]);
        if (message is null)
        {
            run.Succeeded();
            return;
        }

        run.Failed(1, message);
        Assert.AreEqual(1, Directory.GetFileSystemEntries(tree.Root).Length, "something was left behind");
    }

    private static void File(TarWriter writer, string name, string content) =>
        writer.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(Encoding.UTF8.GetBytes(content)) });
}
