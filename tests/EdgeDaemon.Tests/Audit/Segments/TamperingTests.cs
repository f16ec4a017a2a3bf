using System.Buffers.Binary;
using System.Security.Cryptography;
using EdgeDaemon.Core.Audit.Records;
using EdgeDaemon.Core.Audit.Segments;

namespace EdgeDaemon.Tests.Audit.Segments;

/// <summary>What is done to a log is found; each with the untouched log, which holds.</summary>
[TestClass]
public sealed class TamperingTests
{
    private static readonly ECDsa[] Keys = MemorySpool.NewKeys(4);

    // Several bytes of each frame in turn, so that all places of a frame are hit; all bits of the smallest log are below.
    [TestMethod]
    public void A_flipped_byte_is_found_everywhere_in_a_whole_log()
    {
        MemorySpool spool = SpoolVerifierTests.Whole(Keys);
        RequireSound(spool);
        int last = spool.Segments.Count - 1;
        for (int segment = 0; segment <= last; segment++)
        {
            byte[] bytes = spool.Segments[segment];
            for (int at = segment * 7; at < bytes.Length; at += 61)
            {
                bytes[at] ^= (byte)(1 << (at % 8));
                RequireFound(spool, $"segment {segment}, byte {at}");
                bytes[at] ^= (byte)(1 << (at % 8));
            }
        }

        RequireSound(spool);
    }

    [TestMethod]
    public void A_flipped_byte_is_found_at_every_place_of_a_small_log()
    {
        MemorySpool spool = Small();
        RequireSound(spool);
        byte[] bytes = spool.Segments[0];
        for (int at = 0; at < bytes.Length; at++)
        {
            bytes[at] ^= (byte)(1 << (at % 8));
            RequireFound(spool, $"byte {at}");
            bytes[at] ^= (byte)(1 << (at % 8));
        }

        RequireSound(spool);
    }

    // The attacker of the brief: he changes what he likes and computes every checksum (and so every leaf) anew. Only signatures stop him.
    [TestMethod]
    public void A_flipped_byte_is_found_at_every_place_although_all_checksums_are_computed_anew()
    {
        MemorySpool spool = Small();
        byte[] original = spool.Segments[0].ToArray();
        for (int at = 0; at < spool.At; at++)
        {
            original.CopyTo(spool.Segments[0], 0);
            spool.Segments[0][at] ^= (byte)(1 << (at % 8));
            RepairChecksums(spool.Segments[0]);
            if (spool.Segments[0].AsSpan().SequenceEqual(original))
            {
                continue; // The byte was part of a checksum.
            }

            RequireFound(spool, $"byte {at}");
        }

        original.CopyTo(spool.Segments[0], 0);
        RepairChecksums(spool.Segments[0]);
        CollectionAssert.AreEqual(original, spool.Segments[0], "control: the forger computes checksums as the spool does");
        RequireSound(spool);
    }

    [TestMethod]
    public void A_frame_taken_out_or_put_in_or_moved_is_found_although_all_checksums_and_sequences_are_computed_anew()
    {
        MemorySpool spool = SpoolVerifierTests.Whole(Keys);
        for (int segment = 0; segment < spool.Segments.Count; segment++)
        {
            List<byte[]> frames = [.. spool.Frames.Where(frame => frame.Segment == segment).Select(frame => spool.Segments[segment].AsSpan(frame.Offset, frame.Length).ToArray())];
            for (int number = 0; number < frames.Count; number++)
            {
                RequireFound(spool, segment, [.. frames.Take(number), .. frames.Skip(number + 1)], $"segment {segment}, frame {number} taken out");
                RequireFound(spool, segment, [.. frames.Take(number), frames[number], .. frames.Skip(number)], $"segment {segment}, frame {number} twice");
                if (number > 0)
                {
                    RequireFound(spool, segment, [.. frames.Take(number - 1), frames[number], frames[number - 1], .. frames.Skip(number + 1)], $"segment {segment}, frame {number} moved");
                }
            }

            Replace(spool, segment, frames, out byte[] same);
            CollectionAssert.AreEqual(spool.Segments[segment], same, "control: the forger builds segments as the spool does");
        }
    }

    [TestMethod]
    public void Segments_swapped_or_removed_or_repeated_are_found()
    {
        MemorySpool spool = SpoolVerifierTests.Whole(Keys);
        int count = spool.Segments.Count;
        for (int one = 0; one < count; one++)
        {
            for (int two = 0; two < one; two++)
            {
                byte[][] swapped = [.. spool.Segments];
                (swapped[one], swapped[two]) = (swapped[two], swapped[one]);
                RequireFound(spool, MemorySpool.Read(swapped), $"{one} and {two} swapped");
            }

            if (one < count - 1)
            {
                RequireFound(spool, MemorySpool.Read(spool.Segments.Where((_, number) => number != one)), $"{one} removed");
            }

            RequireFound(spool, MemorySpool.Read(spool.Segments.Take(one + 1).Concat(spool.Segments.Skip(one))), $"{one} twice");
        }

        MemorySpool other = SpoolVerifierTests.Whole(Keys);
        for (int segment = 0; segment < count; segment++)
        {
            byte[][] mixed = [.. spool.Segments];
            mixed[segment] = SpoolVerifierTests.Whole(MemorySpool.NewKeys(4)).Segments[segment];
            RequireFound(spool, MemorySpool.Read(mixed), $"{segment} of another log of this name");
        }

        Assert.AreEqual(count, other.Segments.Count);
        RequireSound(spool);
    }

    [TestMethod]
    public void A_tail_cut_within_the_log_is_found_by_the_next_segment_and_at_its_end_by_a_checkpoint_kept_elsewhere()
    {
        MemorySpool spool = SpoolVerifierTests.Whole(Keys);
        byte[] kept = spool.Notes[^1];
        int last = spool.Segments.Count - 1;
        foreach ((int segment, int offset, int _) in spool.Frames.SkipLast(1))
        {
            byte[] cut = spool.Segments[segment].ToArray();
            cut.AsSpan(offset).Clear();
            byte[][] segments = [.. spool.Segments];
            segments[segment] = cut;
            if (segment < last)
            {
                RequireFound(spool, MemorySpool.Read(segments), $"segment {segment} cut at {offset}");
                segments = [.. segments.Take(segment + 1)];
            }

            SpoolVerdict alone = SpoolVerifierTests.Verify(spool, MemorySpool.Read(segments));
            Assert.AreEqual(offset > SegmentHeader.Length || segment > 0, alone.IsSound, "the limit that the README states: a cut at a frame's boundary shows to nobody who kept nothing");
            SpoolVerdict compared = SpoolVerifierTests.Verify(spool, MemorySpool.Read(segments), since: kept);
            Assert.IsTrue(compared.Fault!.Kind is SpoolFaultKind.CutOff or SpoolFaultKind.Opening, $"segment {segment} cut at {offset}");
        }
    }

    [TestMethod]
    public void A_tail_cut_within_a_frame_is_found()
    {
        MemorySpool spool = Small();
        (int _, int offset, int length) = spool.Frames[^1];
        for (int at = offset + 1; at < offset + length; at++)
        {
            byte[] cut = spool.Segments[0].ToArray();
            cut.AsSpan(at).Clear();
            SpoolVerdict verdict = SpoolVerifierTests.Verify(spool, MemorySpool.Read([cut]));
            bool torn = verdict.TornBytes > 0;
            Assert.IsTrue(!verdict.IsSound || torn || cut.AsSpan().SequenceEqual(spool.Segments[0]), $"cut at {at}");
            SpoolVerdict file = SpoolVerifierTests.Verify(spool, MemorySpool.Read([spool.Segments[0][..at]]));
            Assert.IsTrue(!file.IsSound || file.TornBytes > 0 || spool.Segments[0].AsSpan(at).IndexOfAnyExcept((byte)0) < 0, $"file ends at {at}");
        }
    }

    // He has taken the host over in epoch 2, and has its key; those of epochs 0 and 1 are erased.
    [TestMethod]
    public void A_past_written_anew_and_signed_with_a_later_key_is_found()
    {
        MemorySpool spool = SpoolVerifierTests.Whole(Keys);
        RequireSound(spool);
        MemorySpool forged = SpoolVerifierTests.Whole(Keys, _ => Keys[2], past => past.Request("another-model"));
        SpoolFault fault = SpoolVerifierTests.Verify(spool, forged.Read()).Fault!;
        Assert.AreEqual(SpoolFaultKind.Signature, fault.Kind);
        Assert.AreEqual(0UL, fault.Sequence);

        // The genuine notes of epoch 0 put into the forged log: they sign another tree, or lie elsewhere.
        MemorySpool half = SpoolVerifierTests.Whole(Keys, epoch => epoch < 2 ? Keys[epoch] : Keys[2], past => past.Request("another-model"));
        RequireFound(spool, Mix(half, spool, 5), "the genuine first checkpoints, and forged records behind them");

        // And the same attacker in his own epoch: only what was kept elsewhere tells, as the README states.
        SpoolVerdict open = SpoolVerifierTests.Verify(spool, OpenEpochAnew().Read());
        Assert.IsTrue(open.IsSound, open.Fault?.ToString());
        SpoolVerdict compared = SpoolVerifierTests.Verify(spool, OpenEpochAnew().Read(), since: OpenEpoch().Notes[^1]);
        Assert.AreEqual(SpoolFaultKind.Inconsistent, compared.Fault!.Kind);

        static MemorySpool OpenEpoch() => new MemorySpool(Keys).Requests(9).Checkpoint();
        static MemorySpool OpenEpochAnew() => new MemorySpool(Keys).Requests(3).Request("another-model").Requests(5).Checkpoint();
    }

    [TestMethod]
    public void A_later_key_that_names_the_old_epoch_is_found_and_named()
    {
        // Everything genuine but the last checkpoint of epoch 0, which the key of epoch 1 signed.
        bool past = false;
        MemorySpool spool = new(Keys, signer: epoch => past ? Keys[1] : Keys[epoch]);
        spool.Requests(5);
        past = true;
        spool.Checkpoint();
        past = false;
        spool.Requests(3).NextEpoch().Requests(3).Checkpoint();
        SpoolFault fault = SpoolVerifierTests.Verify(spool, spool.Read(), chain: [.. spool.Chain]).Fault!;
        Assert.AreEqual((SpoolFaultKind.Signature, 6UL), (fault.Kind, fault.Sequence));
        StringAssert.Contains(fault.What, "by that of epoch 1");
    }

    [TestMethod]
    public void An_earlier_key_in_a_later_epoch_is_found()
    {
        MemorySpool spool = new(Keys, signer: _ => Keys[0]);
        spool.Requests(5).NextEpoch().Requests(3).Checkpoint();
        SpoolFault fault = SpoolVerifierTests.Verify(spool, spool.Read()).Fault!;
        Assert.AreEqual((SpoolFaultKind.Signature, 7UL), (fault.Kind, fault.Sequence));
    }

    [TestMethod]
    public void Time_and_epoch_must_agree()
    {
        MemorySpool spool = new MemorySpool(Keys).Requests(5);
        spool.NextEpoch();
        long start = spool.Time;
        spool.Requests(2);
        spool.Time = start - 1;
        spool.Request().Checkpoint();
        SpoolFault fault = SpoolVerifierTests.Verify(spool, spool.Read()).Fault!;
        Assert.AreEqual((SpoolFaultKind.Time, 10UL), (fault.Kind, fault.Sequence), "a record older than the epoch that it stands in");

        MemorySpool back = new MemorySpool(Keys).Requests(5);
        back.Time -= 1;
        back.Request().Checkpoint();
        Assert.AreEqual(SpoolFaultKind.Time, SpoolVerifierTests.Verify(back, back.Read()).Fault!.Kind, "time goes back within an epoch");

        MemorySpool lied = new MemorySpool(Keys).Requests(5);
        lied.NextEpoch(closed: lied.Time - 1);
        Assert.AreEqual(SpoolFaultKind.Time, SpoolVerifierTests.Verify(lied, lied.Read()).Fault!.Kind, "the certificate says that the epoch ended earlier");
    }

    [TestMethod]
    public void A_checkpoint_of_another_place_or_size_or_time_is_found()
    {
        (Func<MemorySpool, EdgeDaemon.Core.Audit.Notes.Checkpoint> Make, SpoolFaultKind Kind)[] cases =
        [
            (spool => Changed(spool, segment: 1), SpoolFaultKind.Place),
            (spool => Changed(spool, offset: 8), SpoolFaultKind.Place),
            (spool => Changed(spool, time: 1), SpoolFaultKind.Place),
            (spool => Changed(spool, size: 1), SpoolFaultKind.Root),
            (spool => Changed(spool, epoch: 1), SpoolFaultKind.Epoch),
            (spool => Changed(spool, origin: "example.com/other"), SpoolFaultKind.Origin),
            (spool => spool.MakeCheckpoint(opening: true), SpoolFaultKind.Opening),
        ];
        foreach ((Func<MemorySpool, EdgeDaemon.Core.Audit.Notes.Checkpoint> make, SpoolFaultKind kind) in cases)
        {
            MemorySpool spool = new MemorySpool(Keys).Requests(5);
            byte[] note = make(spool).Sign(new EdgeDaemon.Core.Audit.Notes.NoteSigner(MemorySpool.Origin, Keys[0]));
            byte[] buffer = new byte[2048];
            var writer = new RecordWriter(buffer, RecordKind.Checkpoint);
            writer.Text(RecordField.Note, note);
            spool.Append(buffer.AsSpan(0, writer.Finish()));
            Assert.AreEqual(kind, SpoolVerifierTests.Verify(spool, spool.Read()).Fault!.Kind);
        }

        static EdgeDaemon.Core.Audit.Notes.Checkpoint Changed(MemorySpool spool, ulong segment = 0, ulong offset = 0, long time = 0, ulong size = 0, ulong epoch = 0, string origin = MemorySpool.Origin)
        {
            EdgeDaemon.Core.Audit.Notes.Checkpoint good = spool.MakeCheckpoint(opening: false);
            return new() { Origin = origin, Size = good.Size + size, Root = good.Root, Epoch = good.Epoch + epoch, Segment = good.Segment + segment, Offset = good.Offset + offset, Time = good.Time + time };
        }
    }

    [TestMethod]
    public void What_is_beside_the_note_in_a_checkpoint_is_found()
    {
        MemorySpool spool = new MemorySpool(Keys).Requests(2);
        byte[] note = spool.MakeCheckpoint(opening: false).Sign(new EdgeDaemon.Core.Audit.Notes.NoteSigner(MemorySpool.Origin, Keys[0]));
        byte[] buffer = new byte[2048];
        var writer = new RecordWriter(buffer, RecordKind.Checkpoint);
        writer.Text(RecordField.Note, note);
        writer.Text(RecordField.Tenant, "x");
        spool.Append(buffer.AsSpan(0, writer.Finish()));
        Assert.AreEqual(SpoolFaultKind.Note, SpoolVerifierTests.Verify(spool, spool.Read()).Fault!.Kind);
    }

    private static MemorySpool Small() => new MemorySpool(Keys, 8192).Requests(3).Checkpoint().NextEpoch().Requests(2).Checkpoint();

    private static void RequireSound(MemorySpool spool)
    {
        SpoolVerdict verdict = SpoolVerifierTests.Verify(spool, spool.Read());
        Assert.IsNull(verdict.Fault, verdict.Fault?.ToString());
        Assert.AreEqual((0L, 0UL), (verdict.TornBytes, verdict.Unsealed));
    }

    private static void RequireFound(MemorySpool spool, string what) => RequireFound(spool, spool.Read(), what);

    private static void RequireFound(MemorySpool spool, IEnumerable<ISegmentBytes> segments, string what)
    {
        // Without a certificate file, and without anything kept elsewhere: what the segments alone show.
        SpoolVerdict verdict = SpoolVerifierTests.Verify(spool, segments);
        // A checkpoint at the very end that was made another record leaves what it sealed unsealed: that is said, and no log that ended in order has it.
        Assert.IsTrue(!verdict.IsSound || verdict.TornBytes > 0 || verdict.Unsealed > 0, $"{what}: not found");
    }

    private static void RequireFound(MemorySpool spool, int segment, List<byte[]> frames, string what)
    {
        Replace(spool, segment, frames, out byte[] forged);
        if (forged.AsSpan().SequenceEqual(spool.Segments[segment]))
        {
            return; // Two frames of the same bytes changed places.
        }

        byte[][] segments = [.. spool.Segments];
        segments[segment] = forged;

        // The newest frames of all may be cut off unseen, and what lies behind the last checkpoint is not sealed: both are stated limits.
        bool isEnd = segment == spool.Segments.Count - 1 && frames.Count < spool.Frames.Count(frame => frame.Segment == segment) && forged.AsSpan(0, spool.Frames[^1].Offset).SequenceEqual(spool.Segments[segment].AsSpan(0, spool.Frames[^1].Offset));
        if (!isEnd)
        {
            RequireFound(spool, MemorySpool.Read(segments), what);
        }
    }

    // A segment of these frames, each with the sequence and checksum that it needs there.
    private static void Replace(MemorySpool spool, int segment, List<byte[]> frames, out byte[] forged)
    {
        byte[] original = spool.Segments[segment];
        forged = new byte[original.Length + 4096];
        original.AsSpan(0, SegmentHeader.Length).CopyTo(forged);
        ulong sequence = SegmentHeader.Read(original).FirstSequence;
        int at = SegmentHeader.Length;
        foreach (byte[] frame in frames)
        {
            frame.CopyTo(forged, at);
            BinaryPrimitives.WriteUInt64LittleEndian(forged.AsSpan(at + 8), sequence++);
            at += frame.Length;
        }

        forged = at <= original.Length ? forged[..original.Length] : forged;
        RepairChecksums(forged);
    }

    private static IEnumerable<ISegmentBytes> Mix(MemorySpool forged, MemorySpool genuine, int frames)
    {
        byte[] mixed = forged.Segments[0].ToArray();
        genuine.Segments[0].AsSpan(0, genuine.Frames[frames].Offset).CopyTo(mixed);
        RepairChecksums(mixed);
        return MemorySpool.Read([mixed, .. forged.Segments.Skip(1)]);
    }

    /// <summary>Computes header's and frames' checksums anew with a table: shares no code with the spool's.</summary>
    internal static void RepairChecksums(byte[] segment)
    {
        uint checksum = TableCrc(0, segment.AsSpan(12, 4096 - 12));
        BinaryPrimitives.WriteUInt32LittleEndian(segment.AsSpan(8), checksum);
        for (int at = 4096; at + 24 <= segment.Length;)
        {
            int length = BinaryPrimitives.ReadUInt16LittleEndian(segment.AsSpan(at + 4));
            int total = (24 + length + 7) / 8 * 8;
            if (length == 0 || at + total > segment.Length)
            {
                return;
            }

            checksum = TableCrc(checksum, segment.AsSpan(at + 4, total - 4));
            BinaryPrimitives.WriteUInt32LittleEndian(segment.AsSpan(at), checksum);
            at += total;
        }
    }

    private static readonly uint[] Table = [.. Enumerable.Range(0, 256).Select(number =>
    {
        uint value = (uint)number;
        for (int bit = 0; bit < 8; bit++)
        {
            value = (value >> 1) ^ ((value & 1) != 0 ? 0x82F63B78u : 0);
        }

        return value;
    })];

    private static uint TableCrc(uint checksum, ReadOnlySpan<byte> bytes)
    {
        checksum = ~checksum;
        foreach (byte value in bytes)
        {
            checksum = Table[(checksum ^ value) & 0xFF] ^ (checksum >> 8);
        }

        return ~checksum;
    }
}
