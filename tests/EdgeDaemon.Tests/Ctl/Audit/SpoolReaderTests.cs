using EdgeDaemon.Core.Audit.Segments;
using EdgeDaemon.Ctl;
using EdgeDaemon.Ctl.Audit;

namespace EdgeDaemon.Tests.Ctl.Audit;

/// <summary>The reader beside a writer: what is whole is read once and in order, what is not whole yet is waited for, what is damaged is named.</summary>
[TestClass]
public sealed class SpoolReaderTests
{
    [TestMethod]
    public void It_reads_every_record_of_every_segment()
    {
        using SpoolOnDisk spool = SpoolOnDisk.Usual();
        using SpoolReader reader = Reader(spool);
        CollectionAssert.AreEqual(Numbers(0, (long)spool.Log.Size), Rest(reader));
        Assert.IsNull(reader.Unfinished);
    }

    [TestMethod]
    public void It_goes_to_any_record()
    {
        using SpoolOnDisk spool = SpoolOnDisk.Usual();
        using SpoolReader reader = Reader(spool);
        for (long from = 0; from <= (long)spool.Log.Size; from++)
        {
            reader.Seek(from);
            CollectionAssert.AreEqual(Numbers(from, (long)spool.Log.Size), Rest(reader), $"{from}");
        }
    }

    [TestMethod]
    public void What_is_appended_and_rotated_later_is_read_later()
    {
        using SpoolOnDisk spool = SpoolOnDisk.Usual();
        using SpoolReader reader = Reader(spool);
        Rest(reader);
        for (int round = 0; round < 4; round++)
        {
            long before = (long)spool.Log.Size;
            spool.Log.Requests(3);
            if (round % 2 == 1)
            {
                spool.Log.Checkpoint().Rotate().Requests(2);
            }

            spool.Save();
            CollectionAssert.AreEqual(Numbers(before, (long)spool.Log.Size), Rest(reader), $"{round}");
        }
    }

    [TestMethod]
    public void A_batch_that_is_half_there_is_no_error_and_is_read_once_it_is_whole()
    {
        // A write that a reader sees in pieces: every length of it, and the last byte first.
        using SpoolOnDisk spool = SpoolOnDisk.Usual();
        int segment = spool.Log.Segments.Count - 1;
        byte[] before = File.ReadAllBytes(spool.Segment(segment));
        long size = (long)spool.Log.Size;
        int from = spool.Log.At;
        spool.Log.Requests(2);
        byte[] whole = [.. spool.Log.Segments[segment]];
        int end = spool.Log.At;
        for (int there = from; there <= end; there += 3)
        {
            byte[] half = [.. before];
            whole.AsSpan(from, there - from).CopyTo(half.AsSpan(from));
            if (there % 2 == 0)
            {
                half[end - 8] = whole[end - 8];
            }

            File.WriteAllBytes(spool.Segment(segment), half);
            using SpoolReader reader = Reader(spool);
            reader.Seek(size);
            List<long> first = Rest(reader);
            Assert.IsTrue(there == from || first.Count == 2 || reader.Unfinished is not null || there - from < 24 || first.Count == 1, $"{there}");
            using (FileStream file = File.Open(spool.Segment(segment), FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
            {
                file.Write(whole);
            }

            first.AddRange(Rest(reader));
            CollectionAssert.AreEqual(Numbers(size, size + 2), first, $"{there}");
            Assert.IsNull(reader.Unfinished);
        }
    }

    [TestMethod]
    public void A_batch_that_was_given_up_comes_again()
    {
        using SpoolOnDisk spool = SpoolOnDisk.Usual();
        var warned = new List<string>();
        int segment = spool.Log.Segments.Count - 1;
        long size = (long)spool.Log.Size;
        byte[] before = [.. spool.Log.Segments[segment]];

        // The reader saw the batch; then its segment was given up, and the next one begins where the batch began.
        using SpoolReader reader = new(new SpoolFolder(spool.Folder), goOn: false, warned.Add);
        Rest(reader);
        SpoolOnDisk.AppendHeartbeats(before, spool.Log.At, size, 2);
        File.WriteAllBytes(spool.Segment(segment), before);
        CollectionAssert.AreEqual(Numbers(size, size + 2), Rest(reader));
        spool.Log.Rotate(SegmentReason.Abandoned).Requests(2);
        File.WriteAllBytes(spool.Segment(segment + 1), spool.Log.Segments[^1]);
        CollectionAssert.AreEqual(Numbers(size, size + 3), Rest(reader));
        Assert.HasCount(1, warned);
        StringAssert.Contains(warned[0], "its last 2 records were given up", StringComparison.Ordinal);

        // Who comes later sees the given-up batch not at all.
        using SpoolReader later = Reader(spool);
        CollectionAssert.AreEqual(Numbers(0, size + 3), Rest(later));
    }

    [TestMethod]
    public void Damage_in_the_middle_is_named_or_passed_over()
    {
        using SpoolOnDisk spool = SpoolOnDisk.Usual();
        (int segment, int offset, _) = spool.Log.Frames.First(frame => frame.Segment == 1 && frame.Offset > 6000);
        long damaged = spool.Log.Frames.FindIndex(frame => frame.Segment == segment && frame.Offset == offset);
        long next = spool.Log.Frames.FindIndex(frame => frame.Segment == 2);
        spool.Edit(segment, bytes => bytes[offset + 30] ^= 1);

        using SpoolReader strict = Reader(spool);
        CtlException refused = Assert.ThrowsExactly<CtlException>(() => Rest(strict));
        StringAssert.Contains(refused.Message, $"{spool.Segment(segment)}:{offset}: is damaged: records {damaged} to {next - 1} cannot be read", StringComparison.Ordinal);

        var warned = new List<string>();
        using var tolerant = new SpoolReader(new SpoolFolder(spool.Folder), goOn: true, warned.Add);
        CollectionAssert.AreEqual((List<long>)[.. Numbers(0, damaged), .. Numbers(next, (long)spool.Log.Size)], Rest(tolerant));
        Assert.HasCount(1, warned);
    }

    [TestMethod]
    public void A_newest_segment_without_its_header_is_not_there_yet()
    {
        using SpoolOnDisk spool = SpoolOnDisk.Usual();
        using SpoolReader reader = Reader(spool);
        Rest(reader);
        long size = (long)spool.Log.Size;
        string next = spool.Segment(spool.Log.Segments.Count);
        File.WriteAllBytes(next, []);
        CollectionAssert.AreEqual(new List<long>(), Rest(reader));
        File.WriteAllBytes(next, new byte[8192]);
        CollectionAssert.AreEqual(new List<long>(), Rest(reader));
        using SpoolReader other = Reader(spool);
        CollectionAssert.AreEqual(Numbers(0, size), Rest(other));
        other.Seek(size - 1);
        CollectionAssert.AreEqual(Numbers(size - 1, size), Rest(other));
        spool.Log.Rotate().Requests(1);
        spool.Save();
        CollectionAssert.AreEqual(Numbers(size, size + 2), Rest(reader));
    }

    [TestMethod]
    public void A_segment_without_its_header_in_the_middle_is_named_or_passed_over()
    {
        using SpoolOnDisk spool = SpoolOnDisk.Usual();
        spool.Edit(1, bytes => bytes[20] ^= 1);
        using SpoolReader strict = Reader(spool);
        StringAssert.Contains(Assert.ThrowsExactly<CtlException>(() => Rest(strict)).Message, $"{spool.Segment(1)}:0: ", StringComparison.Ordinal);
        var warned = new List<string>();
        using var tolerant = new SpoolReader(new SpoolFolder(spool.Folder), goOn: true, warned.Add);
        long first = spool.Log.Frames.FindIndex(frame => frame.Segment == 1);
        long next = spool.Log.Frames.FindIndex(frame => frame.Segment == 2);
        CollectionAssert.AreEqual((List<long>)[.. Numbers(0, first), .. Numbers(next, (long)spool.Log.Size)], Rest(tolerant));
        Assert.HasCount(2, warned, "the segment, and the gap");
    }

    [TestMethod]
    public void A_missing_segment_is_named()
    {
        using SpoolOnDisk spool = SpoolOnDisk.Usual();
        File.Delete(spool.Segment(1));
        using SpoolReader reader = Reader(spool);
        StringAssert.Contains(Assert.ThrowsExactly<CtlException>(() => Rest(reader)).Message, "what is between is missing", StringComparison.Ordinal);
    }

    [TestMethod]
    public void Removed_segments_are_seen_at_the_start()
    {
        using SpoolOnDisk spool = SpoolOnDisk.Usual();
        long first = spool.Log.Frames.FindIndex(frame => frame.Segment == 1);
        File.Delete(spool.Segment(0));
        using SpoolReader reader = Reader(spool);
        Assert.AreEqual(first, reader.Seek(0));
        CollectionAssert.AreEqual(Numbers(first, (long)spool.Log.Size), Rest(reader));
    }

    [TestMethod]
    public void Other_folders_are_refused()
    {
        using SpoolOnDisk spool = SpoolOnDisk.Usual();
        Directory.CreateDirectory(spool["empty"]);
        StringAssert.Contains(Assert.ThrowsExactly<CtlException>(() => new SpoolFolder(spool["empty"])).Message, "holds no segment", StringComparison.Ordinal);
        StringAssert.Contains(Assert.ThrowsExactly<CtlException>(() => new SpoolFolder(spool["none"])).Message, "no such folder", StringComparison.Ordinal);
    }

    private static SpoolReader Reader(SpoolOnDisk spool) => new(new SpoolFolder(spool.Folder), goOn: false, text => Assert.Fail(text));

    private static List<long> Rest(SpoolReader reader)
    {
        var numbers = new List<long>();
        while (reader.Read())
        {
            numbers.Add(reader.Sequence);
        }

        return numbers;
    }

    private static List<long> Numbers(long from, long end) => [.. Enumerable.Range(0, (int)(end - from)).Select(at => from + at)];
}
