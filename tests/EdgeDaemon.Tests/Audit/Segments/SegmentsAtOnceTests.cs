using System.Security.Cryptography;
using EdgeDaemon.Core.Audit.Notes;
using EdgeDaemon.Core.Audit.Records;
using EdgeDaemon.Core.Audit.Segments;

namespace EdgeDaemon.Tests.Audit.Segments;

/// <summary>That segments verified at once give the verdict of one after the other, every test of the verifier and every tampering shows; here, that they are, and what makes the other pass judge.</summary>
[TestClass]
public sealed class SegmentsAtOnceTests
{
    private static readonly ECDsa[] Keys = MemorySpool.NewKeys(4);

    [TestMethod]
    [DataRow(2)]
    [DataRow(3)]
    [DataRow(64)]
    public void A_log_that_holds_is_read_once(int atOnce)
    {
        MemorySpool spool = Log();
        CountedSegment[] segments = Counted(spool.Segments);
        SpoolVerdict verdict = Verify(spool, segments, atOnce);
        Assert.IsNull(verdict.Fault, verdict.Fault?.ToString());
        Assert.IsTrue(spool.Segments.Count > 40, "control: more segments than wait for two workers to be joined");
        Assert.IsTrue(segments.All(segment => segment.Whole == 1), "each frame is read once: no other pass was needed");
        Assert.IsTrue(segments.All(segment => segment.Closed > 0 && segment.Overlapping == 0), "one thread at a time, and closed");
        SpoolVerifierTests.RequireSame(Verify(spool, Counted(spool.Segments), 1), verdict);
    }

    [TestMethod]
    public void A_checkpoint_kept_elsewhere_is_met_in_any_segment()
    {
        MemorySpool spool = Log();
        foreach (byte[] note in spool.Notes)
        {
            CountedSegment[] segments = Counted(spool.Segments);
            SpoolVerdict verdict = Verify(spool, segments, 3, note);
            Assert.IsNull(verdict.Fault, verdict.Fault?.ToString());
            Assert.AreEqual(Checkpoint.Of(SignedNote.Parse(note)).Size, verdict.ConsistentSince);
            Assert.IsTrue(segments.All(segment => segment.Whole == 1));
        }
    }

    [TestMethod]
    public void A_log_whose_first_segments_are_gone_holds_from_any_segment_on()
    {
        MemorySpool spool = Log();
        for (int first = 0; first < spool.Segments.Count - 1; first++)
        {
            CountedSegment[] segments = Counted(spool.Segments[first..]);
            SpoolVerdict verdict = Verify(spool, segments, 3);
            Assert.IsNull(verdict.Fault, verdict.Fault?.ToString());
            Assert.AreEqual((ulong)first, verdict.FirstSegment);
            Assert.IsTrue(segments.All(segment => segment.Whole == 1));
        }
    }

    /// <summary>Each segment of these holds by itself; only where they meet do they not.</summary>
    [TestMethod]
    [DataRow("left out")]
    [DataRow("twice")]
    [DataRow("changed places")]
    [DataRow("of another log by the same keys")]
    [DataRow("later than its next")]
    [DataRow("numbered after a gap")]
    [DataRow("of an epoch that the log did not enter")]
    public void Segments_that_hold_but_do_not_follow_each_other_are_no_log(string what)
    {
        const int place = 22;
        MemorySpool spool = what switch
        {
            // By whoever has the keys: the same tree, signed at a later time, so that the next segment goes back; a number left out; the next key, without a word of it in the log.
            "later than its next" => Log(lateIn: place),
            "numbered after a gap" => Log(gapBefore: place),
            "of an epoch that the log did not enter" => Log(unrecordedIn: place),
            _ => Log(),
        };
        List<byte[]> segments = [.. spool.Segments];
        switch (what)
        {
            case "left out":
                segments.RemoveAt(place);
                break;
            case "twice":
                segments.Insert(place, segments[place]);
                break;
            case "changed places":
                (segments[place], segments[place + 1]) = (segments[place + 1], segments[place]);
                break;
            case "of another log by the same keys":
                segments[place] = Log("other").Segments[place];
                break;
        }

        SpoolVerdict one = Verify(spool, Counted(segments), 1);
        Assert.IsNotNull(one.Fault);
        SpoolVerifierTests.RequireSame(one, Verify(spool, Counted(segments), 3));
    }

    [TestMethod]
    public void An_epoch_that_the_chain_does_not_know_is_judged_one_after_the_other()
    {
        // The file of certificates is written after the log.
        MemorySpool spool = Log();
        CountedSegment[] segments = Counted(spool.Segments);
        SpoolVerdict verdict = Verify(spool, segments, 3, chain: []);
        Assert.IsNull(verdict.Fault, verdict.Fault?.ToString());
        Assert.AreEqual(2UL, verdict.Epoch);
        Assert.IsTrue(segments[0].Whole == 2, "control: the first pass began, and gave up");
    }

    /// <summary>Who verifies is told what failed, and not that several things did on several threads.</summary>
    [TestMethod]
    public void A_segment_that_cannot_be_read_ends_it_with_its_own_error()
    {
        MemorySpool spool = Log();
        ISegmentBytes[] segments = [.. spool.Read()];
        segments[7] = new Forbidden();
        using NoteVerifier first = spool.FirstKey();
        Assert.ThrowsExactly<UnauthorizedAccessException>(() => new SpoolVerifier(first) { Chain = EpochChain.Read(first, [.. spool.Chain]), AtOnce = 3 }.Verify(segments));
    }

    [TestMethod]
    public void A_verification_at_once_can_be_cancelled()
    {
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        MemorySpool spool = Log();
        Assert.ThrowsExactly<OperationCanceledException>(() => new SpoolVerifier(spool.FirstKey()) { Chain = EpochChain.Read(spool.FirstKey(), [.. spool.Chain]), AtOnce = 3 }.Verify(spool.Read(), cancelled.Token));
    }

    private static MemorySpool Log(string model = "digits", int lateIn = -1, int gapBefore = -1, int unrecordedIn = -1)
    {
        var spool = new MemorySpool(Keys, 16 * 1024);
        for (int segment = 0; segment < 45; segment++)
        {
            if (segment > 0)
            {
                spool.Rotate(step: segment == gapBefore ? 2UL : 1);
            }

            if (segment is 10 or 30)
            {
                spool.NextEpoch();
            }

            spool.Requests(5 + (segment % 3)).Request(model).Checkpoint();
            if (segment == unrecordedIn)
            {
                spool.NextEpoch(recorded: false).Requests(1);
            }

            if (segment == lateIn)
            {
                spool.Time += 60_000_000;
                spool.Request(model).Checkpoint();
                spool.Time -= 60_000_000;
            }
        }

        return spool.Record(RecordKind.Stop).Checkpoint();
    }

    private static CountedSegment[] Counted(IEnumerable<byte[]> segments) => [.. segments.Select((bytes, number) => new CountedSegment(new MemorySegment($"segment-{number}", bytes)))];

    private static SpoolVerdict Verify(MemorySpool spool, CountedSegment[] segments, int atOnce, byte[]? since = null, byte[]? chain = null)
    {
        using NoteVerifier first = spool.FirstKey();
        return new SpoolVerifier(first)
        {
            Chain = EpochChain.Read(first, chain ?? [.. spool.Chain]),
            Since = since is null ? null : SignedNote.Parse(since),
            ChecksRecords = true,
            AtOnce = atOnce,
        }.Verify(segments);
    }

    private sealed class Forbidden : ISegmentBytes
    {
        public string Name => "forbidden";

        public long Length => 16 * 1024;

        public int Read(long offset, Span<byte> into) => throw new UnauthorizedAccessException("Access is denied.");
    }

    /// <summary>Counts who reads it, and how often to its end.</summary>
    private sealed class CountedSegment(ISegmentBytes bytes) : ISegmentBytes
    {
        private int _reading;
        private int _overlapping;
        private int _closed;
        private int _whole;

        public string Name => bytes.Name;

        public long Length => bytes.Length;

        public int Whole => _whole;

        public int Closed => _closed;

        public int Overlapping => _overlapping;

        public int Read(long offset, Span<byte> into)
        {
            if (Interlocked.Increment(ref _reading) > 1)
            {
                Interlocked.Increment(ref _overlapping);
            }

            if (offset == 0 && into.Length > SegmentHeader.Length)
            {
                Interlocked.Increment(ref _whole);
            }

            int read = bytes.Read(offset, into);
            Interlocked.Decrement(ref _reading);
            return read;
        }

        public void Close() => Interlocked.Increment(ref _closed);
    }
}
