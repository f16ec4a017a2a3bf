using System.Security.Cryptography;
using EdgeDaemon.Core.Bundles;
using EdgeDaemon.Native.Posix.Files;

namespace EdgeDaemon.Tests.Posix.Files;

/// <summary>The tree of digests against the tree in memory, which has its own reader.</summary>
[TestClass]
public sealed class HashedTreeTests
{
    private static readonly ContentTreeLimits Limits = new();

    [TestMethod]
    public void Digests_and_ranges_are_those_of_the_bytes()
    {
        using var tree = new TestTree();
        byte[] large = new byte[(1 << 18) * 2 + 17];
        new Random(1).NextBytes(large);
        tree.Add("large", large);
        tree.Add("empty", "");
        tree.Add("a/b", "1");
        using HashedTree hashed = HashedTree.Read(tree.Root, Limits);
        using ContentTree inMemory = ContentTree.Read(tree.Root, Limits);
        CollectionAssert.AreEqual(
            inMemory.Entries.Select(file => (file.Name, file.Size, Convert.ToHexString(file.Sha256.AsSpan()))).ToArray(),
            hashed.Entries.Select(file => (file.Name, file.Size, Convert.ToHexString(file.Sha256.AsSpan()))).ToArray());
        CollectionAssert.AreEqual(SHA256.HashData(large.AsSpan(5..(large.Length - 1))), hashed.RangeDigest("large", 5, large.Length - 1));
        using HashedTree part = HashedTree.Read(tree.Root, Limits, name => ResourceName.IsAtOrUnder(name, "a"));
        CollectionAssert.AreEqual(new[] { "empty", "large" }, part.Entries.Select(file => file.Name).ToArray());
    }

    [TestMethod]
    public void What_changed_since_is_refused()
    {
        using var tree = new TestTree();
        tree.Add("f", "0123456789");
        using HashedTree hashed = HashedTree.Read(tree.Root, Limits);
        using HashedTree single = HashedTree.ReadFile(tree["f"]);
        File.AppendAllText(tree["f"], "x");
        Assert.ThrowsExactly<ContentTreeException>(() => hashed.RangeDigest("f", 0, 5));
        Assert.ThrowsExactly<ContentTreeException>(() => single.RangeDigest("f", 0, 5));
    }

    [TestMethod]
    public void A_single_file_is_no_link_and_no_pipe()
    {
        using var tree = new TestTree();
        tree.Add("f", "1");
        TestTree.Run("ln", "-s", "f", tree["link"]);
        TestTree.Run("mkfifo", tree["pipe"]);
        using HashedTree single = HashedTree.ReadFile(tree["f"]);
        Assert.AreEqual("f", single.Entries.Single().Name);
        Assert.AreEqual(ContentTreeFault.SymbolicLink, Assert.ThrowsExactly<ContentTreeException>(() => HashedTree.ReadFile(tree["link"])).Fault);
        Assert.AreEqual(ContentTreeFault.SpecialFile, Assert.ThrowsExactly<ContentTreeException>(() => HashedTree.ReadFile(tree["pipe"])).Fault);
    }
}
