using EdgeDaemon.Core.Audit;
using EdgeDaemon.Core.Audit.Tree;

namespace EdgeDaemon.Tests.Audit.Tree;

[TestClass]
public sealed class TreeTests
{
    private static readonly byte[][] Data = [.. new[] { "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f" }.Select(Convert.FromHexString)];

    // The roots that Certificate Transparency's implementations share.
    [TestMethod]
    [DataRow(0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")]
    [DataRow(1, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d")]
    [DataRow(2, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125")]
    [DataRow(3, "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77")]
    [DataRow(5, "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4")]
    [DataRow(7, "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c")]
    [DataRow(8, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328")]
    public void Published_roots_hold(int leaves, string root)
    {
        var edge = new TreeEdge();
        foreach (byte[] data in Data.Take(leaves))
        {
            edge.Append(TreeHash.Leaf(data));
        }

        Assert.AreEqual(root, Convert.ToHexStringLower(edge.Root()));
    }

    [TestMethod]
    [DataRow(TreeHasherTests.Lanes)]
    [DataRow(TreeHasherTests.Library)]
    public void Every_size_up_to130_has_the_oracles_root_and_proofs(string way)
    {
        TreeHasher hasher = TreeHasherTests.Of(way);
        List<byte[]> leaves = Leaves(130, 1);
        var edge = new TreeEdge(hasher);
        for (int size = 0; size <= leaves.Count; size++)
        {
            List<byte[]> tree = leaves.Take(size).ToList();
            byte[] root = NaiveTree.Root(tree);
            CollectionAssert.AreEqual(root, edge.Root(), $"root of {size}");
            CollectionAssert.AreEqual(root, TreeEdge.Read(edge.Size, edge.Hashes, hasher).Root(), $"edge read again at {size}");
            for (int index = 0; index < size; index += 1 + (index / 7))
            {
                List<byte[]> proof = Collect(InclusionProof.Ranges((ulong)index, (ulong)size), tree, 0, hasher);
                AreEqual(NaiveTree.Path(index, tree), proof, $"inclusion of {index} in {size}");
                Assert.IsTrue(InclusionProof.Verify((ulong)index, (ulong)size, tree[index], proof, root));
            }

            for (int old = 0; old <= size; old += 1 + (old / 7))
            {
                List<byte[]> proof = Collect(ConsistencyProof.Ranges((ulong)old, (ulong)size), tree, 0, hasher);
                AreEqual(old == 0 ? [] : NaiveTree.Proof(old, tree), proof, $"consistency of {old} and {size}");
                Assert.IsTrue(ConsistencyProof.Verify((ulong)old, (ulong)size, NaiveTree.Root(tree.Take(old).ToList()), root, proof), $"consistency of {old} and {size}");
            }

            if (size < leaves.Count)
            {
                edge.Append(leaves[size]);
            }
        }
    }

    [TestMethod]
    public void No_proof_proves_anything_else()
    {
        List<byte[]> leaves = Leaves(70, 2);
        var random = new Random(3);
        for (int round = 0; round < 300; round++)
        {
            int size = random.Next(2, leaves.Count + 1);
            int index = random.Next(size);
            List<byte[]> tree = leaves.Take(size).ToList();
            byte[] root = NaiveTree.Root(tree);
            List<byte[]> proof = NaiveTree.Path(index, tree);
            Assert.IsTrue(InclusionProof.Verify((ulong)index, (ulong)size, tree[index], proof, root), "control");
            Assert.IsFalse(InclusionProof.Verify((ulong)((index + 1 + random.Next(size - 1)) % size), (ulong)size, tree[index], proof, root), "another place");
            Assert.IsFalse(InclusionProof.Verify((ulong)index, (ulong)size, tree[(index + 1) % size], proof, root), "another leaf");
            Assert.IsFalse(InclusionProof.Verify((ulong)index, (ulong)size, tree[index], proof.Skip(1).ToList(), root), "a hash less");
            Assert.IsFalse(InclusionProof.Verify((ulong)index, (ulong)size, tree[index], [.. proof, root], root), "a hash more");
            Assert.IsFalse(InclusionProof.Verify((ulong)index, (ulong)size, tree[index], Flip(proof, random), root), "a bit flipped");
            Assert.IsFalse(InclusionProof.Verify((ulong)size, (ulong)size, tree[index], proof, root), "behind the end");

            int old = random.Next(1, size);
            byte[] oldRoot = NaiveTree.Root(tree.Take(old).ToList());
            List<byte[]> consistency = NaiveTree.Proof(old, tree);
            Assert.IsTrue(ConsistencyProof.Verify((ulong)old, (ulong)size, oldRoot, root, consistency), "control");
            Assert.IsFalse(ConsistencyProof.Verify((ulong)old, (ulong)size, root, root, consistency), "another old root");
            Assert.IsFalse(ConsistencyProof.Verify((ulong)old, (ulong)size, oldRoot, oldRoot, consistency), "another root");
            Assert.IsFalse(ConsistencyProof.Verify((ulong)old, (ulong)size, oldRoot, root, [.. consistency, root]), "a hash more");
            Assert.IsFalse(ConsistencyProof.Verify((ulong)old, (ulong)size, oldRoot, root, consistency.Take(consistency.Count - 1).ToList()), "a hash less");
            Assert.IsFalse(ConsistencyProof.Verify((ulong)old, (ulong)size, oldRoot, root, Flip(consistency, random)), "a bit flipped");
            Assert.IsFalse(ConsistencyProof.Verify((ulong)size, (ulong)old, root, oldRoot, consistency), "backwards");
        }
    }

    // immudb's GHSA-672p-m5jq-mrh8 was a part of a proof that nobody looked at: every bit of every hash counts here.
    [TestMethod]
    public void Every_bit_of_a_proof_counts()
    {
        List<byte[]> tree = Leaves(21, 4);
        byte[] root = NaiveTree.Root(tree);
        byte[] oldRoot = NaiveTree.Root(tree.Take(13).ToList());
        List<byte[]> inclusion = NaiveTree.Path(17, tree);
        List<byte[]> consistency = NaiveTree.Proof(13, tree);
        foreach (List<byte[]> proof in new[] { inclusion, consistency })
        {
            foreach (byte[] hash in proof)
            {
                for (int bit = 0; bit < 256; bit++)
                {
                    hash[bit / 8] ^= (byte)(1 << (bit % 8));
                    bool holds = proof == inclusion ? InclusionProof.Verify(17, 21, tree[17], proof, root) : ConsistencyProof.Verify(13, 21, oldRoot, root, proof);
                    Assert.IsFalse(holds);
                    hash[bit / 8] ^= (byte)(1 << (bit % 8));
                }
            }
        }

        Assert.IsTrue(InclusionProof.Verify(17, 21, tree[17], inclusion, root), "control");
        Assert.IsTrue(ConsistencyProof.Verify(13, 21, oldRoot, root, consistency), "control");
    }

    [TestMethod]
    public void A_log_without_its_beginning_proves_from_the_edge_on()
    {
        List<byte[]> tree = Leaves(90, 5);
        for (int begin = 1; begin < 90; begin++)
        {
            for (int index = begin; index < 90; index += 3)
            {
                AreEqual(NaiveTree.Path(index, tree), Collect(InclusionProof.Ranges((ulong)index, 90), tree, begin), $"{index} from {begin}");
            }

            for (int old = begin; old <= 90; old += 3)
            {
                AreEqual(NaiveTree.Proof(old, tree), Collect(ConsistencyProof.Ranges((ulong)old, 90), tree, begin), $"{old} from {begin}");
            }
        }

        Assert.ThrowsExactly<ArgumentException>(() => Collect(InclusionProof.Ranges(2, 90), tree, 8), "its sibling is gone");
    }

    [TestMethod]
    public void An_edge_of_another_size_is_refused()
    {
        Assert.ThrowsExactly<AuditFormatException>(() => TreeEdge.Read(3, new byte[32]));
        Assert.ThrowsExactly<AuditFormatException>(() => TreeEdge.Read(4, new byte[33]));
        Assert.AreEqual(4UL, TreeEdge.Read(4, new byte[32]).Size);
    }

    [TestMethod]
    public void Appending_allocates_nothing()
    {
        var edge = new TreeEdge();
        byte[] leaf = new byte[32];
        byte[] root = new byte[32];
        for (int warm = 0; warm < 2; warm++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int at = 0; at < 1000; at++)
            {
                edge.Append(leaf);
                edge.Root(root);
            }

            Assert.IsTrue(warm == 0 || GC.GetAllocatedBytesForCurrentThread() == before);
        }
    }

    // Every length around a hash's blocks, alone, in few and in many.
    [TestMethod]
    [DataRow(TreeHasherTests.Lanes)]
    [DataRow(TreeHasherTests.Library)]
    public void Leaves_in_batches_make_the_same_tree(string way)
    {
        TreeHasher hasher = TreeHasherTests.Of(way);
        var random = new Random(6);
        byte[] memory = new byte[300_000];
        random.NextBytes(memory);
        var one = new TreeEdge();
        var many = new TreeEdge(hasher);
        var batch = new LeafBatch(hasher);
        int length = 0;
        for (int round = 0; round < 120; round++)
        {
            int count = round < 40 ? round : random.Next(8) == 0 ? LeafBatch.Most : random.Next(200);
            var leaves = new List<byte[]>();
            for (int leaf = 0; leaf < count; leaf++)
            {
                int start = random.Next(memory.Length - 6000);
                int bytes = 1 + (random.Next(50) == 0 ? random.Next(6000) : length++ % 300);
                batch.Add(start, bytes);
                leaves.Add(System.Security.Cryptography.SHA256.HashData(memory.AsSpan(start, bytes)));
                one.Append(leaves[^1]);
            }

            Assert.AreEqual(count, batch.AppendTo(many, memory));
            for (int leaf = 0; leaf < count; leaf++)
            {
                CollectionAssert.AreEqual(leaves[leaf], batch.Hash(leaf).ToArray());
            }

            Assert.AreEqual(one.Size, many.Size);
            Assert.AreEqual(Convert.ToHexString(one.Hashes), Convert.ToHexString(many.Hashes), $"after {one.Size} leaves, the last {count} at once");
        }

        Assert.ThrowsExactly<InvalidOperationException>(() =>
        {
            for (int leaf = 0; leaf <= LeafBatch.Most; leaf++)
            {
                batch.Add(0, 1);
            }
        });
    }

    internal static List<byte[]> Leaves(int count, int seed)
    {
        var random = new Random(seed);
        return Enumerable.Range(0, count).Select(_ =>
        {
            byte[] hash = new byte[32];
            random.NextBytes(hash);
            return hash;
        }).ToList();
    }

    private static List<byte[]> Collect(List<LeafRange> ranges, List<byte[]> leaves, int begin, TreeHasher? hasher = null)
    {
        var before = new TreeEdge();
        foreach (byte[] leaf in leaves.Take(begin))
        {
            before.Append(leaf);
        }

        var collector = new ProofCollector(ranges, begin > 0 ? before : null, hasher);
        foreach (byte[] leaf in leaves.Skip(begin))
        {
            collector.Append(leaf);
        }

        return collector.Proof();
    }

    private static List<byte[]> Flip(List<byte[]> proof, Random random)
    {
        List<byte[]> copy = proof.Select(hash => hash.ToArray()).ToList();
        copy[random.Next(copy.Count)][random.Next(32)] ^= (byte)(1 << random.Next(8));
        return copy;
    }

    private static void AreEqual(List<byte[]> expected, List<byte[]> actual, string what) =>
        Assert.AreEqual(string.Join('\n', expected.Select(Convert.ToHexStringLower)), string.Join('\n', actual.Select(Convert.ToHexStringLower)), what);
}
