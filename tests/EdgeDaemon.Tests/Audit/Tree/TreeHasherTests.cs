using System.Security.Cryptography;
using EdgeDaemon.Core.Audit.Tree;
using EdgeDaemon.Native.OpenSsl;

namespace EdgeDaemon.Tests.Audit.Tree;

/// <summary>Every way to make a tree's hashes gives the framework's SHA-256.</summary>
[TestClass]
public sealed class TreeHasherTests
{
    internal const string Lanes = "lanes", Library = "library";

    [TestMethod]
    [DataRow(Lanes)]
    [DataRow(Library)]
    public void Every_length_has_its_hash_alone_and_among_others(string way)
    {
        TreeHasher hasher = Of(way);
        byte[] memory = Bytes(70_000, 1);
        int[] lengths = [.. Enumerable.Range(0, 1025), 2047, 2048, 2049, 4095, 65_521, 65_536];
        HashedRange[] ranges = [.. lengths.Select(length => new HashedRange(length % 97, length))];
        byte[] expected = [.. ranges.SelectMany(range => SHA256.HashData(memory.AsSpan(range.Start, range.Length)))];
        byte[] digests = new byte[expected.Length];
        hasher.Hash(memory, ranges, digests);
        CollectionAssert.AreEqual(expected, digests);

        for (int at = 0; at < ranges.Length; at++)
        {
            byte[] digest = new byte[TreeHash.Length + 1];
            hasher.Hash(memory.AsSpan(ranges[at].Start, ranges[at].Length), digest);
            Assert.AreEqual(Convert.ToHexString(expected.AsSpan(at * TreeHash.Length, TreeHash.Length)) + "00", Convert.ToHexString(digest), $"{lengths[at]} bytes");
        }
    }

    [TestMethod]
    [DataRow(Lanes)]
    [DataRow(Library)]
    public void Any_batch_has_the_hashes_of_its_messages_and_touches_nothing_behind_them(string way)
    {
        TreeHasher hasher = Of(way);
        var random = new Random(2);
        byte[] memory = Bytes(200_000, 3);
        for (int round = 0; round < 200; round++)
        {
            int count = round < 30 ? round : random.Next(1, 1100);
            HashedRange[] ranges = [.. Enumerable.Range(0, count).Select(_ => new HashedRange(random.Next(memory.Length - 8000), random.Next(random.Next(20) == 0 ? 8000 : 400)))];
            byte[] expected = [.. ranges.SelectMany(range => SHA256.HashData(memory.AsSpan(range.Start, range.Length))), 0xEE, 0xEE];
            byte[] digests = new byte[expected.Length];
            digests.AsSpan().Fill(0xEE);
            hasher.Hash(memory, ranges, digests);
            CollectionAssert.AreEqual(expected, digests, $"{count} messages");
        }
    }

    [TestMethod]
    [DataRow(Lanes)]
    [DataRow(Library)]
    public void Pairs_become_nodes(string way)
    {
        TreeHasher hasher = Of(way);
        byte[] pairs = Bytes(64 * 1030, 4);
        foreach (int count in Enumerable.Range(0, 140).Append(512).Append(1030))
        {
            byte[] expected = new byte[(count * TreeHash.Length) + 1];
            for (int pair = 0; pair < count; pair++)
            {
                TreeHash.Node(pairs.AsSpan(pair * 64, 32), pairs.AsSpan((pair * 64) + 32, 32), expected.AsSpan(pair * 32));
            }

            byte[] nodes = new byte[expected.Length];
            hasher.Nodes(pairs.AsSpan(0, count * 64), nodes);
            CollectionAssert.AreEqual(expected, nodes, $"{count} pairs");
        }

        foreach (int place in new[] { 0, 32 })
        {
            byte[] pair = pairs[..64];
            byte[] node = new byte[32];
            TreeHash.Node(pair.AsSpan(0, 32), pair.AsSpan(32), node);
            hasher.Nodes(pair, pair.AsSpan(place, 32));
            CollectionAssert.AreEqual(node, pair[place..(place + 32)], $"in its own place {place}");
        }
    }

    // Unsafe code lies behind one of them: what the caller got wrong must not become a read or a write beyond the memory.
    [TestMethod]
    [DataRow(Lanes)]
    [DataRow(Library)]
    public void What_lies_outside_is_refused(string way)
    {
        TreeHasher hasher = Of(way);
        byte[] memory = new byte[1000];
        byte[] digests = new byte[32 * 300];
        foreach (HashedRange wrong in new[] { new HashedRange(-1, 10), new HashedRange(0, -1), new HashedRange(991, 10), new HashedRange(1001, 0), new HashedRange(int.MaxValue, int.MaxValue) })
        {
            HashedRange[] ranges = [.. Enumerable.Repeat(new HashedRange(0, 10), 299), wrong];
            Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => hasher.Hash(memory, ranges, digests), $"{wrong}");
            Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => hasher.Hash(memory, [wrong], digests), $"{wrong} alone");
        }

        HashedRange[] right = [.. Enumerable.Repeat(new HashedRange(0, 10), 300)];
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => hasher.Hash(memory, right, digests.AsSpan(0, (300 * 32) - 1)));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => hasher.Nodes(new byte[300 * 64], digests.AsSpan(0, (300 * 32) - 1)));
        hasher.Hash(memory, right, digests);
        CollectionAssert.AreEqual(SHA256.HashData(memory.AsSpan(0, 10)), digests[(299 * 32)..], "control");
    }

    [TestMethod]
    [DataRow(Lanes)]
    [DataRow(Library)]
    public void Hashing_allocates_nothing(string way)
    {
        TreeHasher hasher = Of(way);
        byte[] memory = new byte[1000];
        byte[] digests = new byte[32 * 300];
        HashedRange[] ranges = [.. Enumerable.Repeat(new HashedRange(0, 300), 300)];
        for (int warm = 0; warm < 2; warm++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int round = 0; round < 20; round++)
            {
                hasher.Hash(memory, ranges, digests);
                hasher.Nodes(digests.AsSpan(0, 64 * 100), digests.AsSpan(32 * 200));
            }

            Assert.IsTrue(warm == 0 || GC.GetAllocatedBytesForCurrentThread() == before);
        }
    }

    // Its calls make no transition: memory that a collection moves, or a thread that it cannot stop, would show.
    [TestMethod]
    [DataRow(Library)]
    public void Collections_beside_it_change_nothing(string way)
    {
        using var end = new CancellationTokenSource();
        Task[] threads = [.. Enumerable.Range(0, 3).Select(thread => Task.Run(() =>
        {
            TreeHasher hasher = Of(way);
            var random = new Random(thread);
            for (int round = 0; round < 20 || !end.IsCancellationRequested; round++)
            {
                byte[] memory = new byte[random.Next(10_000, 70_000)];
                random.NextBytes(memory);
                HashedRange[] ranges = [.. Enumerable.Range(0, 300).Select(at => new HashedRange(at * 30, round % 9 == 0 ? memory.Length - 10_000 : 350))];
                byte[] digests = new byte[300 * 32];
                hasher.Hash(memory, ranges, digests);
                int one = random.Next(300);
                CollectionAssert.AreEqual(SHA256.HashData(memory.AsSpan(ranges[one].Start, ranges[one].Length)), digests[(one * 32)..((one + 1) * 32)]);
            }
        }))];
        for (int collection = 0; collection < 60; collection++)
        {
            GC.Collect(collection % 3, GCCollectionMode.Forced, blocking: true, compacting: true);
        }

        end.Cancel();
        Task.WaitAll(threads);
    }

    internal static TreeHasher Of(string way) =>
        way == Lanes ? TreeHasher.Lanes : HasherChoice.OfLibcrypto(HasherChoice.Export) ?? throw new AssertFailedException("libcrypto's functions are not here");

    private static byte[] Bytes(int count, int seed)
    {
        byte[] bytes = new byte[count];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }
}
