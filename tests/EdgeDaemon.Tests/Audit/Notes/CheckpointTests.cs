using System.Security.Cryptography;
using System.Text;
using EdgeDaemon.Core.Audit;
using EdgeDaemon.Core.Audit.Notes;
using EdgeDaemon.Core.Audit.Tree;

namespace EdgeDaemon.Tests.Audit.Notes;

[TestClass]
public sealed class CheckpointTests
{
    private const string Text = "example.com/log\n17\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\nepoch 2\nplace 3 4096\ntime 1767225600000000\n";

    [TestMethod]
    public void The_text_is_as_the_readme_has_it()
    {
        var checkpoint = new Checkpoint { Origin = "example.com/log", Size = 17, Root = TreeHash.Empty.ToArray(), Epoch = 2, Segment = 3, Offset = 4096, Time = 1767225600000000 };
        Assert.AreEqual(Text, Encoding.UTF8.GetString(checkpoint.Text()));
        var read = Checkpoint.Parse(Encoding.UTF8.GetBytes(Text + "header 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"));
        Assert.AreEqual((17UL, 2UL, 3UL, 4096UL, 1767225600000000, 32), (read.Size, read.Epoch, read.Segment, read.Offset, read.Time, read.Header.Length));
    }

    [TestMethod]
    [DataRow("17", "017")]
    [DataRow("17", "-17")]
    [DataRow("17", "+17")]
    [DataRow("17", "18446744073709551616")]
    [DataRow("17", " 17")]
    [DataRow("47DE", "47D")]
    [DataRow("SuFU=", "SuFV=")]
    [DataRow("epoch 2", "epoch")]
    [DataRow("epoch 2", "Epoch 2")]
    [DataRow("place 3 4096", "place 3")]
    [DataRow("place 3 4096", "place 3  4096")]
    [DataRow("time 1767225600000000", "time 253402300800000000")]
    [DataRow("000\n", "000\nmore\n")]
    [DataRow("000\n", "000")]
    [DataRow("example.com/log", "example com/log")]
    [DataRow("example.com/log", "example.com/l\u00f6g")]
    [DataRow("example.com/log", "edgedaemon-epoch/v1")]
    public void Any_other_form_is_refused(string part, string by)
    {
        StringAssert.Contains(Text, part);
        Assert.ThrowsExactly<AuditFormatException>(() => Checkpoint.Parse(Encoding.UTF8.GetBytes(Text.Replace(part, by, StringComparison.Ordinal))));
    }

    [TestMethod]
    public void A_chain_is_read_from_the_first_key_on()
    {
        ECDsa[] keys = [.. Enumerable.Range(0, 4).Select(_ => ECDsa.Create(ECCurve.NamedCurves.nistP256))];
        byte[][] notes = [.. Enumerable.Range(1, 3).Select(epoch => Certificate(keys, epoch).Sign(new NoteSigner("example.com/log", keys[epoch - 1])))];
        using var first = NoteVerifier.Of("example.com/log", keys[0].ExportSubjectPublicKeyInfo());
        var chain = EpochChain.Read(first, [.. notes[0], .. notes[1], .. notes[2]]);
        Assert.AreEqual(3UL, chain.Last);
        CollectionAssert.AreEqual(keys[3].ExportSubjectPublicKeyInfo(), chain.Key(3).Spki.ToArray());
        Assert.AreSame(first, chain.Key(0));
        Assert.AreEqual(20UL, chain.Certificate(2).Size);
        Assert.AreEqual(0UL, EpochChain.Read(first, []).Last);

        Assert.ThrowsExactly<AuditFormatException>(() => EpochChain.Read(first, [.. notes[0], .. notes[2]]), "one is missing");
        Assert.ThrowsExactly<AuditFormatException>(() => EpochChain.Read(first, [.. notes[1], .. notes[0]]), "out of turn");
        Assert.ThrowsExactly<AuditFormatException>(() => EpochChain.Read(first, [.. notes[0], .. notes[0]]), "twice");
        Assert.ThrowsExactly<AuditFormatException>(() => EpochChain.Read(first, notes[0].AsSpan(0, notes[0].Length - 5)), "cut");
        byte[] forged = Certificate(keys, 2).Sign(new NoteSigner("example.com/log", keys[3]));
        Assert.ThrowsExactly<AuditFormatException>(() => EpochChain.Read(first, [.. notes[0], .. forged]), "signed by a later key");
    }

    internal static EpochCertificate Certificate(ECDsa[] keys, int epoch) => new()
    {
        Origin = "example.com/log",
        Epoch = (ulong)epoch,
        Size = (ulong)epoch * 10,
        Root = TreeHash.Empty.ToArray(),
        Closed = 1000 * epoch,
        Start = (1000 * epoch) + 1,
        Key = keys[epoch].ExportSubjectPublicKeyInfo(),
    };
}
