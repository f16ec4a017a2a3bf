using System.Globalization;
using System.Security.Cryptography;
using EdgeDaemon.Core.Audit;
using EdgeDaemon.Core.Audit.Notes;
using EdgeDaemon.Core.Audit.Records;
using EdgeDaemon.Core.Audit.Segments;
using EdgeDaemon.Core.Audit.Tree;
using EdgeDaemon.Tests.Audit.Tree;

namespace EdgeDaemon.Tests.Audit.Segments;

[TestClass]
public sealed class SpoolVerifierTests
{
    private static readonly ECDsa[] Keys = MemorySpool.NewKeys(4);

    [TestMethod]
    [DataRow(int.MaxValue)]
    [DataRow(1000)]
    [DataRow(1)]
    public void An_untouched_log_holds(int piece)
    {
        MemorySpool spool = Whole();
        SpoolVerdict verdict = Verify(spool, spool.Read(piece));
        Assert.IsNull(verdict.Fault);
        Assert.IsTrue(verdict.IsSound);
        Assert.AreEqual((MemorySpool.Origin, spool.Segments.Count, spool.Size, 2UL, 0UL, 0L), (verdict.Origin, verdict.Segments, verdict.Size, verdict.Epoch, verdict.Unsealed, verdict.TornBytes));
        CollectionAssert.AreEqual(NaiveTree.Root(spool.Leaves), verdict.Root.ToArray());
        Assert.AreEqual((ulong)spool.Notes.Count, verdict.Checkpoints);
        Assert.AreEqual((ulong)spool.Notes.Count, verdict.Count(RecordKind.Checkpoint));
        Assert.AreEqual(2UL, verdict.Count(RecordKind.Epoch));
        CollectionAssert.AreEqual(spool.Notes[^1], verdict.LastNote.ToArray());
        Assert.IsTrue(verdict.EndsInOrder);
        Assert.IsTrue(spool.Segments.Count > 2, "control: it has segments");
    }

    [TestMethod]
    public void Records_behind_the_last_checkpoint_are_counted_as_unsealed()
    {
        MemorySpool spool = Whole().Requests(5);
        SpoolVerdict verdict = Verify(spool, spool.Read());
        Assert.IsTrue(verdict.IsSound);
        Assert.AreEqual(5UL, verdict.Unsealed);
        Assert.IsFalse(verdict.EndsInOrder);
    }

    [TestMethod]
    public void The_visitor_sees_each_frame_with_its_leaf()
    {
        MemorySpool spool = Whole();
        var seen = new List<(ulong, long, int)>();
        var verifier = new SpoolVerifier(spool.FirstKey())
        {
            Visitor = (segment, offset, frame, leaf) =>
            {
                CollectionAssert.AreEqual(spool.Leaves[seen.Count], leaf.ToArray());
                seen.Add((segment, offset, frame.Length));
            },
        };
        Assert.IsTrue(verifier.Verify(spool.Read()).IsSound);
        CollectionAssert.AreEqual(spool.Frames.Select(frame => ((ulong)frame.Segment, (long)frame.Offset, frame.Length)).ToList(), seen);
    }

    [TestMethod]
    public void Another_first_key_finds_the_first_checkpoint()
    {
        MemorySpool spool = Whole();
        using var other = NoteVerifier.Of(MemorySpool.Origin, Keys[3].ExportSubjectPublicKeyInfo());
        SpoolFault fault = new SpoolVerifier(other).Verify(spool.Read()).Fault!;
        Assert.AreEqual((SpoolFaultKind.Signature, 4096L, 0UL, "segment-0"), (fault.Kind, fault.Offset, fault.Sequence, fault.Name));
        using var otherName = NoteVerifier.Of("example.com/other", Keys[0].ExportSubjectPublicKeyInfo());
        Assert.AreEqual(SpoolFaultKind.Origin, new SpoolVerifier(otherName).Verify(spool.Read()).Fault!.Kind);
    }

    [TestMethod]
    public void No_segment_is_no_log() => Assert.AreEqual(SpoolFaultKind.Empty, Verify(Whole(), []).Fault!.Kind);

    [TestMethod]
    public void A_log_without_its_first_segments_needs_the_certificates()
    {
        MemorySpool spool = Whole();
        for (int removed = 1; removed < spool.Segments.Count; removed++)
        {
            SpoolFault fault = Verify(spool, spool.Read().Skip(removed)).Fault!;
            Assert.AreEqual(SpoolFaultKind.Beginning, fault.Kind);
            SpoolVerdict verdict = Verify(spool, spool.Read().Skip(removed), chain: [.. spool.Chain]);
            Assert.IsNull(verdict.Fault);
            Assert.AreEqual(((ulong)removed, spool.Size), (verdict.FirstSegment, verdict.Size));
            CollectionAssert.AreEqual(NaiveTree.Root(spool.Leaves), verdict.Root.ToArray(), "the root is still that of the whole log");
        }
    }

    [TestMethod]
    public void A_certificate_file_that_is_behind_the_log_is_no_fault()
    {
        MemorySpool spool = Whole();
        Assert.IsNull(Verify(spool, spool.Read(), chain: []).Fault);
        Assert.IsNull(Verify(spool, spool.Read(), chain: [.. spool.Chain]).Fault);
    }

    [TestMethod]
    public void A_log_that_ends_before_the_last_certified_epoch_was_cut()
    {
        MemorySpool spool = Whole();
        MemorySpool shorter = new MemorySpool(Keys).Requests(10).Checkpoint();
        Assert.IsNull(Verify(shorter, shorter.Read()).Fault, "control");
        Assert.AreEqual(SpoolFaultKind.CutOff, Verify(shorter, shorter.Read(), chain: [.. spool.Chain]).Fault!.Kind);
    }

    [TestMethod]
    public void Every_checkpoint_kept_elsewhere_is_found_in_the_log()
    {
        MemorySpool spool = Whole();
        foreach (byte[] note in spool.Notes)
        {
            SpoolVerdict verdict = Verify(spool, spool.Read(), since: note);
            Assert.IsNull(verdict.Fault);
            Assert.AreEqual(Checkpoint.Of(SignedNote.Parse(note)).Size, verdict.ConsistentSince);
        }
    }

    // An unsigned claim is no evidence: whoever forges a checkpoint must not be able to make a good log look bad.
    [TestMethod]
    public void A_forged_checkpoint_from_elsewhere_accuses_nobody()
    {
        MemorySpool spool = Whole();
        MemorySpool forger = Whole(MemorySpool.NewKeys(4), null, past => past.Request("another-model"));
        Assert.AreEqual(SpoolFaultKind.Signature, Verify(spool, spool.Read(), since: forger.Notes[^1]).Fault!.Kind);
        Assert.AreEqual(SpoolFaultKind.Signature, Verify(spool, spool.Read(), since: forger.Notes[3]).Fault!.Kind);
    }

    [TestMethod]
    public void A_checkpoint_of_the_removed_beginning_is_too_old()
    {
        MemorySpool spool = Whole();
        Assert.AreEqual(SpoolFaultKind.TooOld, Verify(spool, spool.Read().Skip(1), [.. spool.Chain], spool.Notes[0]).Fault!.Kind);
        Assert.IsNull(Verify(spool, spool.Read().Skip(1), [.. spool.Chain], spool.Notes[^1]).Fault, "control");
    }

    [TestMethod]
    public void A_clock_that_was_set_back_opens_an_epoch_and_is_counted()
    {
        MemorySpool spool = new MemorySpool(Keys).Requests(10);
        spool.NextEpoch(start: spool.Time - 3_600_000_000).Requests(10).Checkpoint();
        SpoolVerdict verdict = Verify(spool, spool.Read());
        Assert.IsNull(verdict.Fault);
        Assert.AreEqual(1, verdict.ClockSetBacks);
    }

    [TestMethod]
    public void An_abandoned_batch_is_passed_over_where_the_next_segment_says_so()
    {
        foreach ((SegmentReason reason, bool sound) in new[] { (SegmentReason.Abandoned, true), (SegmentReason.Recovered, true), (SegmentReason.Rotated, false) })
        {
            MemorySpool spool = new MemorySpool(Keys).Requests(20).Checkpoint();

            // A batch whose sync failed: whole frames that were never acknowledged, then half a one.
            MemorySpool twin = new MemorySpool(Keys).Requests(30);
            (int _, int offset, int length) = twin.Frames[25];
            byte[] lost = spool.Segments[0];
            uint checksum = Frame.ChecksumOf(spool.Segments[0].AsSpan(spool.Frames[^1].Offset));
            byte[] record = Frame.Record(twin.Segments[0].AsSpan(offset, length)).ToArray();
            record.CopyTo(lost, spool.At + Frame.HeaderBytes);
            Frame.Seal(lost.AsSpan(spool.At), record.Length, spool.Size, spool.Time, ref checksum);
            lost.AsSpan(spool.At + length, 100).Fill(0x77);
            spool.Rotate(reason).Requests(20).Checkpoint();

            SpoolVerdict verdict = Verify(spool, spool.Read());
            Assert.AreEqual(sound, verdict.IsSound, verdict.Fault?.ToString());
            Assert.AreEqual(sound ? length + 100 : 0, verdict.AbandonedBytes);
            Assert.IsTrue(sound || verdict.Fault!.Kind == SpoolFaultKind.Frame);
        }
    }

    [TestMethod]
    public void Proofs_made_in_the_same_pass_hold()
    {
        MemorySpool spool = Whole();
        var note = SignedNote.Parse(spool.Notes[^1]);
        var checkpoint = Checkpoint.Of(note);
        foreach (int index in new[] { 0, 7, 100, (int)checkpoint.Size - 1 })
        {
            var collector = new ProofCollector(InclusionProof.Ranges((ulong)index, checkpoint.Size));
            byte[] data = [];
            var verifier = new SpoolVerifier(spool.FirstKey())
            {
                Visitor = (_, _, frame, leaf) =>
                {
                    if (Frame.Sequence(frame) < checkpoint.Size)
                    {
                        collector.Append(leaf);
                    }

                    data = Frame.Sequence(frame) == (ulong)index ? Frame.PrefixedLeaf(frame)[1..].ToArray() : data;
                },
            };
            Assert.IsTrue(verifier.Verify(spool.Read()).IsSound);
            var proof = TlogProof.Parse(new TlogProof { Index = (ulong)index, Hashes = collector.Proof(), Extra = data, Note = note }.Write());
            Assert.IsTrue(proof.ProvesExtra());
        }
    }

    [TestMethod]
    public void A_record_that_makes_no_sense_is_found_where_records_are_read()
    {
        MemorySpool spool = new MemorySpool(Keys).Append([1, 0x78]).Checkpoint();
        Assert.IsTrue(Verify(spool, spool.Read()).IsSound, "it is sealed all the same");
        SpoolFault fault = new SpoolVerifier(spool.FirstKey()) { ChecksRecords = true }.Verify(spool.Read()).Fault!;
        Assert.AreEqual((SpoolFaultKind.Record, 1UL), (fault.Kind, fault.Sequence));
    }

    [TestMethod]
    public void A_verification_can_be_cancelled()
    {
        MemorySpool spool = Whole();
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        Assert.ThrowsExactly<OperationCanceledException>(() => new SpoolVerifier(spool.FirstKey()).Verify(spool.Read(), cancelled.Token));
    }

    /// <summary>Four segments, three epochs, checkpoints here and there, an orderly end.</summary>
    internal static MemorySpool Whole(ECDsa[]? keys = null, Func<ulong, ECDsa>? signer = null, Action<MemorySpool>? first = null)
    {
        var spool = new MemorySpool(keys ?? Keys, 16 * 1024, signer);
        spool.Record(RecordKind.Start).Requests(20);
        first?.Invoke(spool);
        spool.Checkpoint().Requests(30).NextEpoch().Requests(10).Checkpoint();
        spool.Rotate().Requests(50).Checkpoint().Requests(3).NextEpoch().Requests(40).Record(RecordKind.Heartbeat).Checkpoint();
        return spool.Requests(40).Record(RecordKind.Stop).Checkpoint();
    }

    internal static SpoolVerdict Verify(MemorySpool spool, IEnumerable<ISegmentBytes> segments, byte[]? chain = null, byte[]? since = null)
    {
        // However the tree is hashed, the same place is named.
        SpoolVerdict verdict = Verify(spool, segments, chain, since, TreeHasher.Lanes);
        SpoolVerdict other = Verify(spool, segments, chain, since, TreeHasherTests.Of(TreeHasherTests.Library));
        Assert.AreEqual(verdict.Fault, other.Fault);
        Assert.AreEqual((verdict.Size, Convert.ToHexString(verdict.Root.Span), verdict.Bytes), (other.Size, Convert.ToHexString(other.Root.Span), other.Bytes));

        // Nor is it another verdict where segments are verified at once, which needs more than one and a chain. A fault is always found by the other pass: there is nothing to compare.
        byte[] certificates = chain ?? [.. spool.Chain];
        if (spool.Segments.Count > 1 && Chain(spool, certificates) && Verify(spool, segments, certificates, since, TreeHasher.Lanes, atOnce: 3) is { IsSound: true } sound)
        {
            RequireSame(chain is null ? Verify(spool, segments, certificates, since, TreeHasher.Lanes) : verdict, sound);
        }

        return verdict;
    }

    /// <summary>Everything that two verdicts say.</summary>
    internal static void RequireSame(SpoolVerdict one, SpoolVerdict other) => Assert.AreEqual(All(one), All(other));

    private static string All(SpoolVerdict verdict) => string.Join('|', [
        $"{verdict.Fault} {verdict.TornFault}",
        string.Create(CultureInfo.InvariantCulture, $"{verdict.Origin} {verdict.Segments} {verdict.FirstSegment} {verdict.FirstSequence} {verdict.Size} {Convert.ToHexString(verdict.Root.Span)} {verdict.Epoch}"),
        string.Create(CultureInfo.InvariantCulture, $"{verdict.ClockSetBacks} {verdict.Checkpoints} {verdict.LastCheckpoint?.Size} {Convert.ToHexString(verdict.LastNote.Span)} {verdict.Unsealed} {verdict.FirstTime} {verdict.LastTime}"),
        string.Create(CultureInfo.InvariantCulture, $"{verdict.Bytes} {verdict.AbandonedBytes} {verdict.TornBytes} {verdict.EndsInOrder} {verdict.ConsistentSince}"),
        .. Enumerable.Range(0, 128).Select(kind => verdict.Count((RecordKind)kind).ToString(CultureInfo.InvariantCulture))]);

    private static bool Chain(MemorySpool spool, byte[] certificates)
    {
        try
        {
            using NoteVerifier first = spool.FirstKey();
            EpochChain.Read(first, certificates);
            return true;
        }
        catch (AuditFormatException)
        {
            return false; // A forger's.
        }
    }

    private static SpoolVerdict Verify(MemorySpool spool, IEnumerable<ISegmentBytes> segments, byte[]? chain, byte[]? since, TreeHasher hasher, int atOnce = 1)
    {
        using NoteVerifier first = spool.FirstKey();
        var verifier = new SpoolVerifier(first)
        {
            Chain = chain is null ? null : EpochChain.Read(first, chain),
            Since = since is null ? null : SignedNote.Parse(since),
            Hasher = hasher,
            AtOnce = atOnce,
        };
        return verifier.Verify(segments);
    }
}
