using System.Security.Cryptography;
using EdgeDaemon.Core.Audit.Segments;

namespace EdgeDaemon.Tests.Audit.Segments;

/// <summary>What a power cut leaves is told from everything else: sectors of the last, unsynced writes are old or new, in any mixture.</summary>
[TestClass]
public sealed class TornTailTests
{
    private static readonly ECDsa[] Keys = MemorySpool.NewKeys(1);

    [TestMethod]
    public void Any_mixture_of_old_and_new_sectors_is_torn_and_keeps_what_was_synced()
    {
        var random = new Random(21);
        MemorySpool spool = new MemorySpool(Keys).Requests(20).Checkpoint();
        byte[] synced = spool.Segments[0].ToArray();
        ulong size = spool.Size;
        int end = spool.At;
        spool.Requests(60);
        byte[] written = spool.Segments[0];
        int sectors = (spool.At + 511) / 512;
        int torn = 0;
        for (int round = 0; round < 2000; round++)
        {
            byte[] crashed = synced.ToArray();
            for (int sector = end / 512; sector < sectors; sector++)
            {
                if (random.Next(4) != 0)
                {
                    written.AsSpan(sector * 512, 512).CopyTo(crashed.AsSpan(sector * 512));
                }
            }

            SpoolVerdict verdict = SpoolVerifierTests.Verify(spool, MemorySpool.Read([crashed]));
            Assert.IsNull(verdict.Fault, verdict.Fault?.ToString());
            Assert.IsTrue(verdict.Size >= size && verdict.Size <= spool.Size);
            torn += verdict.TornBytes > 0 ? 1 : 0;

            // Recovery: cut at the first bad frame, and what is left is a whole log.
            var walk = new SegmentWalk(new MemorySegment("last", crashed));
            while (walk.Next())
            {
            }

            Assert.AreEqual((verdict.Size, verdict.TornBytes), (walk.Sequence, walk.TailBytes));
            crashed.AsSpan((int)walk.Offset).Clear();
            SpoolVerdict cut = SpoolVerifierTests.Verify(spool, MemorySpool.Read([crashed]));
            Assert.IsTrue(cut.IsSound && cut.TornBytes == 0 && cut.Size == walk.Sequence);
        }

        Assert.IsTrue(torn > 1000, $"control: {torn} were torn");
    }

    [TestMethod]
    public void A_torn_tail_in_another_segment_than_the_last_is_a_fault()
    {
        MemorySpool spool = new MemorySpool(Keys).Requests(20).Checkpoint().Requests(10);
        byte[] bytes = spool.Segments[0];
        int at = (spool.Frames[^1].Offset & -512) - 512;
        bytes.AsSpan(at, 512).Clear();
        Assert.IsTrue(SpoolVerifierTests.Verify(spool, spool.Read()).TornBytes > 0, "control: at the end of all it is a torn tail");
        spool.Rotate().Requests(3).Checkpoint();
        SpoolFault fault = SpoolVerifierTests.Verify(spool, spool.Read()).Fault!;
        Assert.AreEqual("segment-0", fault.Name);
        Assert.AreEqual(SpoolFaultKind.Checksum, fault.Kind);
    }

    [TestMethod]
    public void A_damaged_frame_without_a_hole_is_not_torn()
    {
        MemorySpool spool = new MemorySpool(Keys).Requests(20).Checkpoint().Requests(10);
        (int _, int offset, int length) = spool.Frames[^1];
        byte[] bytes = spool.Segments[0];
        for (int at = offset; at < offset + length; at++)
        {
            bytes[at] ^= 0x10;
            SpoolFault? fault = SpoolVerifierTests.Verify(spool, spool.Read()).Fault;
            Assert.IsNotNull(fault, $"byte {at}");
            Assert.AreEqual((offset, spool.Size - 1), ((int)fault.Offset, fault.Sequence));
            bytes[at] ^= 0x10;
        }
    }

    [TestMethod]
    public void A_hole_farther_back_than_the_largest_batch_is_not_torn()
    {
        MemorySpool spool = new MemorySpool(Keys, 4 << 20).Requests(20).Checkpoint();
        int hole = (spool.At + 1023) & -512;
        while (spool.At < hole + Frame.LargestBatch + 8192)
        {
            spool.Requests(1);
        }

        byte[] bytes = spool.Segments[0];
        bytes.AsSpan(hole, 512).Clear();
        Assert.IsNotNull(SpoolVerifierTests.Verify(spool, spool.Read()).Fault, "what was synced long ago is not torn");
        bytes.AsSpan(hole + Frame.LargestBatch - 4096).Clear();
        SpoolVerdict verdict = SpoolVerifierTests.Verify(spool, spool.Read());
        Assert.IsTrue(verdict.IsSound && verdict.TornBytes > 0, "control");
    }

    /// <summary>A hole of a terabyte at a segment's end costs nothing to make, and hours to read as zeros.</summary>
    [TestMethod]
    public void A_file_that_is_longer_than_any_segment_is_refused_unread()
    {
        MemorySpool spool = new MemorySpool(Keys).Requests(5).Checkpoint();
        SpoolVerdict whole = SpoolVerifierTests.Verify(spool, [new Stretched(spool.Segments[0], SegmentHeader.LongestSegment)]);
        Assert.IsTrue(whole.IsSound, whole.Fault?.ToString());
        SpoolVerdict verdict = SpoolVerifierTests.Verify(spool, [new Stretched(spool.Segments[0], SegmentHeader.LongestSegment + 1)]);
        Assert.AreEqual(SpoolFaultKind.Header, verdict.Fault!.Kind);
        StringAssert.Contains(verdict.Fault.What, "1073741825", StringComparison.Ordinal);
    }

    // Zeros behind a segment's bytes; longer than any segment, it may not be read at all.
    private sealed class Stretched(byte[] bytes, long length) : ISegmentBytes
    {
        public string Name => "stretched";

        public long Length => length;

        public int Read(long offset, Span<byte> into)
        {
            Assert.IsLessThanOrEqualTo(SegmentHeader.LongestSegment, length);
            into.Clear();
            if (offset < bytes.Length)
            {
                bytes.AsSpan((int)offset, (int)Math.Min(into.Length, bytes.Length - offset)).CopyTo(into);
            }

            return into.Length;
        }
    }

    [TestMethod]
    public void A_segment_that_was_begun_and_not_filled_is_no_fault()
    {
        MemorySpool spool = new MemorySpool(Keys).Requests(20).Checkpoint().Rotate();
        Assert.IsTrue(SpoolVerifierTests.Verify(spool, spool.Read()).IsSound);
        spool.Segments[1].AsSpan(SegmentHeader.Length).Clear();
        Assert.IsTrue(SpoolVerifierTests.Verify(spool, spool.Read()).IsSound, "its first frame was not written yet");
    }
}
