using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Native.Posix.Files;

namespace EdgeDaemon.Tests.Posix.Files;

[TestClass]
public sealed class ContentTreeTests
{
    private static readonly ContentTreeLimits Limits = new();

    [TestMethod]
    public void Holds_every_file_with_its_bytes_and_digest_in_byte_order_of_names()
    {
        using var directory = new TestTree();
        var random = new Random(11);
        var expected = new SortedDictionary<string, byte[]>(Utf8Order.Instance);
        foreach ((string name, int size) in new[] { ("a/b", 0), ("a.txt", 1), ("z\uff5e", 63), ("z\U0001f600", 64), ("big.bin", 3_000_001), (".hidden/x", 5), ("sub/.git/c", 4) })
        {
            byte[] content = new byte[size];
            random.NextBytes(content);
            expected[name] = content;
            directory.Add(name, content);
        }

        directory.Add(".git/config", "never content");
        directory.Add(".gitignore", "never content");
        directory.Link(".github", "/etc");
        Directory.CreateDirectory(directory["empty folder/in another"]);

        using ContentTree tree = ContentTree.Read(directory.Root, Limits);
        CollectionAssert.AreEqual(expected.Keys, tree.Files.Select(file => file.Name).ToArray());
        foreach (ContentFile file in tree.Files)
        {
            Assert.IsTrue(file.Bytes.Span.SequenceEqual(expected[file.Name]), file.Name);
            Assert.AreEqual(file.Bytes.Length, file.Entry.Size);
            Assert.IsTrue(file.Entry.Sha256.AsSpan().SequenceEqual(SHA256.HashData(expected[file.Name])), file.Name);
        }

        CollectionAssert.AreEqual(Describe(tree.Entries), Describe(ContentTree.Hash(directory.Root, Limits)));
        Assert.IsNull(tree.Find(".gitignore"));
        Assert.AreSame(tree.Files[0], tree.Find(tree.Files[0].Name));
        Assert.IsTrue(tree.RangeDigest("big.bin", 1000, 2000).AsSpan().SequenceEqual(SHA256.HashData(expected["big.bin"].AsSpan(1000, 1000))));
    }

    [TestMethod]
    public void Refuses_links_to_files_and_to_folders_even_within_the_tree()
    {
        Refused(ContentTreeFault.SymbolicLink, tree => tree.Link("link", tree["a.txt"]));
        Refused(ContentTreeFault.SymbolicLink, tree => tree.Link("link", "a.txt"));
        Refused(ContentTreeFault.SymbolicLink, tree => tree.Link("link", "sub"));
        Refused(ContentTreeFault.SymbolicLink, tree => tree.Link("link", "nowhere"));
        Refused(ContentTreeFault.SymbolicLink, tree => tree.Link("sub/link", "/etc/passwd"));
    }

    [TestMethod]
    public void Refuses_hard_links_inside_and_outside_the_tree()
    {
        Refused(ContentTreeFault.HardLink, tree => TestTree.Run("ln", tree["a.txt"], tree["b.txt"]));
        using var outside = new TestTree();
        string other = outside.Add("other", "x");
        Refused(ContentTreeFault.HardLink, tree => TestTree.Run("ln", other, tree["other"]));
    }

    [TestMethod]
    public void Refuses_pipes_and_sockets()
    {
        Refused(ContentTreeFault.SpecialFile, tree => TestTree.Run("mkfifo", tree["pipe"]));
        Refused(ContentTreeFault.SpecialFile, tree =>
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            socket.Bind(new UnixDomainSocketEndPoint(tree["socket"]));
            TestTree.Run("cp", "-a", tree["socket"], tree["kept"]); // closing removes the bound name only
        });
    }

    [TestMethod]
    public void Refuses_names_that_are_not_UTF8_or_not_canonical()
    {
        foreach (string bytes in new[] { @"bad-\377", @"\300\257", @"\355\240\200", @"\200" })
        {
            Refused(ContentTreeFault.NameNotUtf8, tree => TestTree.Run("sh", "-c", $"touch \"$0/$(printf '{bytes}')\"", tree.Root));
        }

        foreach (string name in new[] { "new\nline", "tab\t", "del\u007f", "c1\u0085", "back\\slash", "replaced\ufffd" })
        {
            Refused(ContentTreeFault.NameNotCanonical, tree => tree.Add(name, ""));
        }
    }

    [TestMethod]
    public void Refuses_what_exceeds_each_bound_and_admits_what_meets_it()
    {
        using var directory = new TestTree();
        directory.Add("a/b/c", "12345");
        directory.Add("d", "67890");
        ContentTreeLimits exact = new() { MaxDepth = 2, MaxEntries = 4, MaxTotalBytes = 10 };
        using (ContentTree tree = ContentTree.Read(directory.Root, exact))
        {
            Assert.HasCount(2, tree.Files);
        }

        Refused(ContentTreeFault.TooDeep, directory.Root, exact with { MaxDepth = 1 });
        Refused(ContentTreeFault.TooManyEntries, directory.Root, exact with { MaxEntries = 3 });
        Refused(ContentTreeFault.TooManyBytes, directory.Root, exact with { MaxTotalBytes = 9 });
        for (int i = 0; i < 3000; i++)
        {
            Directory.CreateDirectory(directory[$"empty{i}"]);
        }

        Refused(ContentTreeFault.TooManyEntries, directory.Root, exact with { MaxEntries = 3003 });
        using (ContentTree.Read(directory.Root, exact with { MaxEntries = 3004 }))
        {
        }
    }

    [TestMethod]
    public void Refuses_deep_nesting_by_its_bound()
    {
        using var directory = new TestTree();
        directory.Add(string.Concat(Enumerable.Repeat("d/", 200)) + "f", "x");
        Refused(ContentTreeFault.TooDeep, directory.Root, Limits);
        using ContentTree tree = ContentTree.Read(directory.Root, Limits with { MaxDepth = 200 });
        Assert.HasCount(1, tree.Files);
    }

    [TestMethod]
    public void Refuses_one_file_beyond_a_block_of_memory_before_taking_any()
    {
        using var directory = new TestTree();
        string path = directory.Add("sparse", "");
        using (FileStream file = File.OpenWrite(path))
        {
            file.SetLength(int.MaxValue + 1L);
        }

        Refused(ContentTreeFault.FileTooLarge, directory.Root, Limits);
    }

    [TestMethod]
    public void Refuses_a_root_that_is_a_link_a_file_or_missing()
    {
        using var directory = new TestTree();
        directory.Add("tree/a", "x");
        directory.Link("link", "tree");
        Refused(ContentTreeFault.RootInvalid, directory["link"], Limits);
        Refused(ContentTreeFault.RootInvalid, directory["tree/a"], Limits);
        Refused(ContentTreeFault.RootInvalid, directory["missing"], Limits);
        using ContentTree tree = ContentTree.Read(directory["tree"], Limits);
        Assert.HasCount(1, tree.Files);
    }

    [TestMethod]
    public void Refuses_whatever_changed_between_listing_and_reading()
    {
        Changed(_ => { }, ContentTreeFault.None);
        Changed(tree => File.AppendAllText(tree["a.txt"], "more"));
        Changed(tree => File.WriteAllText(tree["a.txt"], ""));
        Changed(tree => File.Delete(tree["a.txt"]));
        Changed(tree =>
        {
            // The same size and bytes, but another file.
            File.Copy(tree["a.txt"], tree["copy"]);
            File.Move(tree["copy"], tree["a.txt"], overwrite: true);
        });
        Changed(tree =>
        {
            File.Delete(tree["a.txt"]);
            tree.Link("a.txt", "/etc/hostname");
        });
        Changed(tree =>
        {
            File.Delete(tree["a.txt"]);
            TestTree.Run("mkfifo", tree["a.txt"]);
        });
        Changed(tree => TestTree.Run("ln", tree["a.txt"], tree["b.txt"]));
        Changed(tree =>
        {
            // The folder on the way becomes a link to a twin.
            Directory.Move(tree["sub"], tree["twin"]);
            tree.Link("sub", "twin");
        });
    }

    [TestMethod]
    public void Keeps_the_bytes_that_were_hashed_whatever_happens_to_the_directory()
    {
        using var directory = new TestTree();
        directory.Add("a.txt", "signed bytes");
        using ContentTree tree = ContentTree.Read(directory.Root, Limits);
        File.WriteAllText(directory["a.txt"], "other bytes!");
        Assert.AreEqual("signed bytes", Encoding.UTF8.GetString(tree.Files[0].Bytes.Span));
    }

    [TestMethod]
    public void Refuses_files_that_lie_about_their_size()
    {
        // procfs says 0 bytes and gives more; sysfs says 4096 and gives fewer.
        if (!Directory.Exists("/proc/sys/kernel/random") || !Directory.Exists("/sys/module/printk/parameters"))
        {
            Assert.Inconclusive("skipped: no procfs or sysfs");
        }

        Refused(ContentTreeFault.Changed, "/proc/sys/kernel/random", Limits);
        Refused(ContentTreeFault.Changed, "/sys/module/printk/parameters", Limits);
    }

    [TestMethod]
    public void Never_yields_a_mixture_while_files_are_swapped_grown_and_linked()
    {
        using var directory = new TestTree();
        byte[] one = [.. Enumerable.Repeat((byte)1, 200_000)];
        byte[] two = [.. Enumerable.Repeat((byte)2, 200_000)];
        directory.Add("f", one);
        using var aside = new TestTree();
        aside.Add("secret", two[..100]);
        using var stop = new CancellationTokenSource();
        var attacker = Task.Run(() =>
        {
            for (int turn = 0; !stop.IsCancellationRequested; turn++)
            {
                string next = aside[$"next{turn}"];
                switch (turn % 3)
                {
                    case 0:
                        File.WriteAllBytes(next, two);
                        break;
                    case 1:
                        File.CreateSymbolicLink(next, aside["secret"]);
                        break;
                    default:
                        File.WriteAllBytes(next, one);
                        break;
                }

                File.Move(next, directory["f"], overwrite: true);
                if (turn % 3 == 2)
                {
                    using FileStream file = File.Open(directory["f"], FileMode.Append);
                    file.WriteByte(9);
                }
            }
        });

        int read = 0;
        int refused = 0;
        for (int round = 0; round < 20_000 && (round < 2_000 || read < 50 || refused < 50); round++)
        {
            try
            {
                using ContentTree tree = ContentTree.Read(directory.Root, Limits);
                ContentFile file = tree.Files.Single();
                Assert.IsTrue(file.Entry.Sha256.AsSpan().SequenceEqual(SHA256.HashData(file.Bytes.Span)));
                Assert.IsGreaterThan(100, file.Bytes.Length, "the link's target was read");
                read++;
            }
            catch (ContentTreeException e) when (e.Fault is ContentTreeFault.Changed or ContentTreeFault.SymbolicLink or ContentTreeFault.HardLink)
            {
                refused++;
            }
            catch (InvalidOperationException)
            {
                // Single(): the name was missing for a moment.
            }
        }

        stop.Cancel();
        attacker.Wait();
        Assert.IsTrue(read > 0 && refused > 0, $"both must have been seen: {read} read, {refused} refused");
    }

    private static void Refused(ContentTreeFault fault, Action<TestTree> spoil)
    {
        using var directory = new TestTree();
        directory.Add("a.txt", "content");
        directory.Add("sub/b", "content");

        // The control: unspoilt, the tree is read.
        using (ContentTree tree = ContentTree.Read(directory.Root, Limits))
        {
            Assert.HasCount(2, tree.Files);
        }

        spoil(directory);
        Refused(fault, directory.Root, Limits);
    }

    private static void Refused(ContentTreeFault fault, string root, ContentTreeLimits limits)
    {
        var e = Assert.ThrowsExactly<ContentTreeException>(() => ContentTree.Read(root, limits).Dispose());
        Assert.AreEqual(fault, e.Fault, e.Message);
        Assert.DoesNotContain("\n", e.Message);
        if (fault != ContentTreeFault.FileTooLarge)
        {
            e = Assert.ThrowsExactly<ContentTreeException>(() => ContentTree.Hash(root, limits));
            Assert.AreEqual(fault, e.Fault, e.Message);
        }
    }

    private static void Changed(Action<TestTree> spoil, ContentTreeFault fault = ContentTreeFault.Changed)
    {
        using var directory = new TestTree();
        directory.Add("a.txt", "content");
        directory.Add("sub/b", "content");
        using TreeListing listing = TreeListing.Open(directory.Root, Limits);
        spoil(directory);
        if (fault == ContentTreeFault.None)
        {
            using ContentTree tree = ContentTree.Read(listing);
            Assert.HasCount(2, tree.Files);
            return;
        }

        var e = Assert.ThrowsExactly<ContentTreeException>(() => ContentTree.Read(listing).Dispose());
        Assert.AreEqual(fault, e.Fault, e.Message);
    }

    private static string[] Describe(IEnumerable<TreeFile> files) =>
        [.. files.Select(file => $"{file.Name} {file.Size} {Convert.ToHexStringLower(file.Sha256.AsSpan())}")];
}
