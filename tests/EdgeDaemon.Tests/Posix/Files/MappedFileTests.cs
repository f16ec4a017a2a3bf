using EdgeDaemon.Native.Posix.Files;

namespace EdgeDaemon.Tests.Posix.Files;

[TestClass]
public sealed class MappedFileTests
{
    [TestMethod]
    public void Shows_the_file_and_reads_of_it_only_what_is_looked_at()
    {
        string path = Path.GetTempFileName();
        try
        {
            using (FileStream file = File.OpenWrite(path))
            {
                // Sparse: a hole of a gigabyte with a word at either end.
                file.Write("first"u8);
                file.Position = (1 << 30) - 4;
                file.Write("last"u8);
            }

            long before = Resident();
            var mapped = new MappedFile(File.OpenRead(path));
            Assert.AreEqual(1 << 30, mapped.Memory.Length);
            Assert.IsTrue(mapped.Memory.Span.StartsWith("first"u8));
            Assert.IsTrue(mapped.Memory.Span.EndsWith("last"u8));
            Assert.IsLessThan(256L << 20, Resident() - before);
            ((IDisposable)mapped).Dispose();
            Assert.AreEqual(0, mapped.GetSpan().Length, "nothing is left to look at");
        }
        finally
        {
            File.Delete(path);
        }
    }

    [TestMethod]
    public void An_empty_file_is_empty_and_one_of_2_GiB_is_refused()
    {
        string path = Path.GetTempFileName();
        try
        {
            using (var mapped = (IDisposable)new MappedFile(File.OpenRead(path)))
            {
                Assert.AreEqual(0, ((MappedFile)mapped).Memory.Length);
            }

            using (FileStream file = File.OpenWrite(path))
            {
                file.SetLength(1L << 31);
            }

            ContentTreeException refused = Assert.ThrowsExactly<ContentTreeException>(() => new MappedFile(File.OpenRead(path)));
            Assert.AreEqual(ContentTreeFault.FileTooLarge, refused.Fault);
            StringAssert.Contains(refused.Message, "at most 2147483647", StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static long Resident() => long.Parse(File.ReadAllLines("/proc/self/status").Single(line => line.StartsWith("VmRSS:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]) * 1024;
}
