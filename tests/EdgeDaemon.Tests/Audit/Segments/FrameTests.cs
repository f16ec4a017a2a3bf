using System.Buffers.Binary;
using System.Security.Cryptography;
using EdgeDaemon.Core.Audit;
using EdgeDaemon.Core.Audit.Segments;
using EdgeDaemon.Core.Audit.Tree;
using EdgeDaemon.Tests.Audit.Tree;

namespace EdgeDaemon.Tests.Audit.Segments;

[TestClass]
public sealed class FrameTests
{
    // RFC 3720, appendix B.4, and the check value of every catalogue of CRCs.
    [TestMethod]
    public void The_checksum_is_crc32_c()
    {
        Assert.AreEqual(0xE3069283u, Checksum.Append(0, "123456789"u8));
        Assert.AreEqual(0x8A9136AAu, Checksum.Append(0, new byte[32]));
        Assert.AreEqual(0x46DD794Eu, Checksum.Append(0, Enumerable.Range(0, 32).Select(n => (byte)n).ToArray()));
        Assert.AreEqual(0xE3069283u, Checksum.Append(Checksum.Append(0, "1234"u8), "56789"u8), "it rolls");
    }

    [TestMethod]
    public void A_frame_lies_as_the_readme_says()
    {
        for (int record = 1; record < 40; record++)
        {
            byte[] frame = new byte[Frame.TotalBytes(record) + 8];
            frame.AsSpan(Frame.HeaderBytes).Fill(0xAB);
            uint checksum = 77;
            int length = Frame.Seal(frame, record, 0x0102030405060708, 0x1112131415161718, ref checksum);
            Assert.AreEqual((24 + record + 7) / 8 * 8, length);
            Assert.AreEqual(record, BinaryPrimitives.ReadUInt16LittleEndian(frame.AsSpan(4)));
            Assert.AreEqual((byte)(record ^ 0xA5), frame[6]);
            Assert.AreEqual(0, frame[7]);
            Assert.AreEqual("0807060504030201" + "1817161514131211", Convert.ToHexString(frame, 8, 16));
            Assert.AreEqual(-1, frame.AsSpan(24, record).IndexOfAnyExcept((byte)0xAB));
            Assert.AreEqual(-1, frame.AsSpan(24 + record, length - 24 - record).IndexOfAnyExcept((byte)0));
            Assert.AreEqual(Checksum.Append(77, frame.AsSpan(4, length - 4)), checksum);
            Assert.AreEqual(checksum, BinaryPrimitives.ReadUInt32LittleEndian(frame));
            byte[] leaf = new byte[32];
            Frame.Leaf(frame.AsSpan(0, length), leaf);
            CollectionAssert.AreEqual(NaiveTree.LeafHash(frame[8..(24 + record)]), leaf, "an RFC 6962 leaf of sequence, time and record");
        }
    }

    [TestMethod]
    public void The_longest_record_fits_an_entry_of_tiles()
    {
        byte[] frame = new byte[Frame.TotalBytes(Frame.LongestRecord)];
        uint checksum = 0;
        Assert.AreEqual(frame.Length, Frame.Seal(frame, Frame.LongestRecord, 1, 2, ref checksum));
        Assert.IsTrue(Frame.BeginsWell(frame));
        Assert.IsTrue(Frame.PrefixedLeaf(frame).Length - 1 <= 65535);
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => Frame.Seal(new byte[70000], Frame.LongestRecord + 1, 1, 2, ref checksum));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => Frame.Seal(new byte[70000], 0, 1, 2, ref checksum));
    }

    [TestMethod]
    public void Every_flipped_bit_of_a_length_is_seen()
    {
        byte[] frame = new byte[Frame.TotalBytes(300)];
        uint checksum = 0;
        Frame.Seal(frame, 300, 1, 2, ref checksum);
        for (int bit = 0; bit < 32; bit++)
        {
            frame[4 + (bit / 8)] ^= (byte)(1 << (bit % 8));
            Assert.IsFalse(Frame.BeginsWell(frame), $"bit {bit}");
            frame[4 + (bit / 8)] ^= (byte)(1 << (bit % 8));
        }

        Assert.IsTrue(Frame.BeginsWell(frame), "control");
    }

    [TestMethod]
    public void A_header_is_read_as_it_was_written()
    {
        var edge = new TreeEdge();
        for (int leaves = 0; leaves < 20; leaves++)
        {
            byte[] bytes = new byte[SegmentHeader.Length];
            new SegmentHeader { Origin = "example.com/x", Segment = 9, Reason = SegmentReason.Abandoned, Time = 123, Edge = edge }.Write(bytes);
            var header = SegmentHeader.Read(bytes);
            Assert.AreEqual(("example.com/x", 9UL, SegmentReason.Abandoned, 123L, (ulong)leaves), (header.Origin, header.Segment, header.Reason, header.Time, header.FirstSequence));
            CollectionAssert.AreEqual(edge.Root(), header.Edge.Root());
            CollectionAssert.AreEqual(SHA256.HashData(bytes), SegmentHeader.Digest(bytes));
            edge.Append(new byte[32]);
        }
    }

    [TestMethod]
    public void A_header_has_one_form_only()
    {
        var edge = new TreeEdge();
        edge.Append(new byte[32]);
        edge.Append(new byte[32]);
        edge.Append(new byte[32]);
        byte[] bytes = new byte[SegmentHeader.Length];
        new SegmentHeader { Origin = "example.com/x", Segment = 9, Reason = SegmentReason.Rotated, Time = 123, Edge = edge }.Write(bytes);
        int accepted = 0;
        for (int at = 0; at < bytes.Length; at++)
        {
            bytes[at] ^= 0x40;
            Assert.ThrowsExactly<AuditFormatException>(() => SegmentHeader.Read(bytes), $"byte {at}");

            // A forger computes the checksum anew. What he may then say is sealed by the first frame: number, time, origin and hashes of the edge with their root.
            byte[] forged = bytes.ToArray();
            BinaryPrimitives.WriteUInt32LittleEndian(forged.AsSpan(8), Checksum.Append(0, forged.AsSpan(12)));
            try
            {
                SegmentHeader.Read(forged);
                accepted++;
                Assert.IsTrue(at is (>= 8 and < 12) or (>= 16 and < 24) or (>= 32 and < 40) or (>= 80 and < 93), $"byte {at}");
            }
            catch (AuditFormatException)
            {
            }

            bytes[at] ^= 0x40;
        }

        Assert.IsTrue(accepted > 8, "control");
    }
}
