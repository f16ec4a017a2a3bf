using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using EdgeDaemon.Core.Audit;
using EdgeDaemon.Core.Audit.Notes;
using EdgeDaemon.Tests.Audit.Tree;

namespace EdgeDaemon.Tests.Audit.Notes;

[TestClass]
public sealed class TlogProofTests
{
    private static readonly byte[][] Data = [.. Enumerable.Range(0, 11).Select(Leaf)];
    private static readonly List<byte[]> Hashes = [.. Data.Select(NaiveTree.LeafHash)];

    [TestMethod]
    public void A_proof_goes_through_its_bytes_and_holds()
    {
        for (int index = 0; index < Data.Length; index++)
        {
            byte[] bytes = Make(index).Write();
            var proof = TlogProof.Parse(bytes);
            CollectionAssert.AreEqual(bytes, proof.Write());
            Assert.IsTrue(proof.ProvesExtra());
            Assert.IsTrue(proof.Proves(Hashes[index]));
            Assert.IsFalse(proof.Proves(Hashes[(index + 1) % Data.Length]));
        }
    }

    [TestMethod]
    public void Extra_counts_only_as_the_leaf_it_hashes_to()
    {
        TlogProof other = Make(3);
        var changed = new TlogProof { Index = 3, Hashes = other.Hashes, Extra = Data[4], Note = other.Note };
        Assert.IsFalse(changed.ProvesExtra());
        var moved = new TlogProof { Index = 4, Hashes = other.Hashes, Extra = other.Extra, Note = other.Note };
        Assert.IsFalse(moved.ProvesExtra());
        Assert.IsFalse(new TlogProof { Index = 3, Hashes = other.Hashes, Note = other.Note }.ProvesExtra(), "without a record nothing of one is proven");
    }

    [TestMethod]
    public void The_lines_are_the_specifications()
    {
        string[] lines = Encoding.UTF8.GetString(Make(0).Write()).Split('\n');
        Assert.AreEqual("c2sp.org/tlog-proof@v1", lines[0]);
        Assert.AreEqual($"extra {Convert.ToBase64String(Data[0])}", lines[1]);
        Assert.AreEqual("index 0", lines[2]);
        Assert.AreEqual(Convert.ToBase64String(Hashes[1]), lines[3], "the leaf's sibling comes first");
        Assert.AreEqual("", lines[7]);
        Assert.AreEqual("example.com/log", lines[8]);
    }

    [TestMethod]
    [DataRow("@v1", "@v2")]
    [DataRow("index 0", "index 00")]
    [DataRow("index 0\n", "")]
    [DataRow("extra ", "extra  ")]
    [DataRow("c2sp", "C2SP")]
    public void Any_other_form_is_refused(string part, string by)
    {
        string text = Encoding.UTF8.GetString(Make(0).Write());
        Assert.ThrowsExactly<AuditFormatException>(() => TlogProof.Parse(Encoding.UTF8.GetBytes(text.Replace(part, by, StringComparison.Ordinal))));
    }

    private static byte[] Leaf(int index)
    {
        byte[] data = new byte[24];
        BinaryPrimitives.WriteInt64LittleEndian(data, index);
        return data;
    }

    private static TlogProof Make(int index)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var checkpoint = new Checkpoint { Origin = "example.com/log", Size = (ulong)Data.Length, Root = NaiveTree.Root(Hashes), Epoch = 0, Segment = 0, Offset = 8192, Time = 5 };
        return new TlogProof
        {
            Index = (ulong)index,
            Hashes = NaiveTree.Path(index, Hashes),
            Extra = Data[index],
            Note = SignedNote.Parse(checkpoint.Sign(new NoteSigner("example.com/log", key))),
        };
    }
}
