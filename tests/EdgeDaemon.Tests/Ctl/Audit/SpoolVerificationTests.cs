using EdgeDaemon.Core.Audit.Notes;
using EdgeDaemon.Core.Audit.Segments;
using EdgeDaemon.Ctl.Answers;
using EdgeDaemon.Ctl.Audit;

namespace EdgeDaemon.Tests.Ctl.Audit;

/// <summary>Verifying beside a writer: what is half written is no false alarm, and what stays broken is an alarm.</summary>
[TestClass]
public sealed class SpoolVerificationTests
{
    [TestMethod]
    public void A_batch_that_becomes_whole_meanwhile_is_verified_again()
    {
        using SpoolOnDisk spool = SpoolOnDisk.Usual();
        (int segment, int offset, _) = spool.Log.Frames[^1];
        spool.Edit(segment, bytes => bytes[offset + 40] ^= 0x55);
        int begun = 0;
        SpoolVerdict verdict = Verify(spool, () => begun++, sequence =>
        {
            // The verifier has read the last segment, with the frame that is not whole, when it shows the one before.
            if (begun == 1 && sequence == (long)spool.Log.Size - 2)
            {
                spool.Save();
            }
        });
        Assert.IsNull(verdict.Fault);
        Assert.AreEqual(spool.Log.Size, verdict.Size);
        Assert.AreEqual(2, begun);
    }

    [TestMethod]
    public void One_that_stays_broken_is_found()
    {
        using SpoolOnDisk spool = SpoolOnDisk.Usual();
        (int segment, int offset, _) = spool.Log.Frames[^1];
        spool.Edit(segment, bytes => bytes[offset + 40] ^= 0x55);
        int begun = 0;
        SpoolVerdict verdict = Verify(spool, () => begun++);
        Assert.AreEqual((spool.Segment(segment), (long)offset), (verdict.Fault!.Name, verdict.Fault.Offset));
        Assert.AreEqual(1, begun);
    }

    /// <summary>How far the log is good is counted from the newest checkpoint before the bad place: the first one seals nothing yet.</summary>
    [TestMethod]
    public void What_holds_before_the_bad_place_is_said_rightly_also_where_it_is_nothing()
    {
        using SpoolOnDisk spool = SpoolOnDisk.Usual();
        (int segment, int offset, _) = spool.Log.Frames[1];
        spool.Edit(segment, bytes => bytes[offset + 30] ^= 1);
        StringAssert.Contains(VerdictText.Fault(Verify(spool, () => { })), "(before it only the checkpoint holds with which the log begins)", StringComparison.Ordinal);
        spool.Save();
        (segment, offset, _) = spool.Log.Frames[^1];
        spool.Edit(segment, bytes => bytes[offset + 30] ^= 1);
        SpoolVerdict verdict = Verify(spool, () => { });
        StringAssert.Contains(VerdictText.Fault(verdict), $"(records up to {verdict.LastCheckpoint!.Size - 1} are sealed by a checkpoint before it, and hold)", StringComparison.Ordinal);
    }

    /// <summary>A folder of links, as an auditor makes one to put a log together: what they lead to counts, not how long the link is.</summary>
    [TestMethod]
    public void A_link_to_a_segment_is_followed()
    {
        using SpoolOnDisk spool = SpoolOnDisk.Usual();
        string moved = spool.Segment(0) + ".moved";
        File.Move(spool.Segment(0), moved);
        File.CreateSymbolicLink(spool.Segment(0), moved);
        SpoolVerdict verdict = Verify(spool, () => { });
        Assert.IsNull(verdict.Fault, verdict.Fault?.ToString());
        Assert.AreEqual(spool.Log.Size, verdict.Size);
    }

    [TestMethod]
    public void A_segment_that_is_removed_meanwhile_is_not_asked_for_again()
    {
        using SpoolOnDisk spool = SpoolOnDisk.Usual();
        int begun = 0;
        SpoolVerdict verdict = Verify(spool, () =>
        {
            if (begun++ == 0)
            {
                File.Delete(spool.Segment(0));
            }
        });
        Assert.IsNull(verdict.Fault);
        Assert.AreEqual(1UL, verdict.FirstSegment);
    }

    /// <summary>Without a checkpoint of one's own: the certificates beside the log say that it went on.</summary>
    [TestMethod]
    public void A_log_that_ends_before_its_last_epoch_is_found_although_nothing_was_removed_by_rule()
    {
        using SpoolOnDisk spool = SpoolOnDisk.Usual();
        spool.Verify().Succeeded();
        File.Delete(spool.Segment(2));
        File.Delete(spool.Segment(1));
        spool.Verify().Failed(1, "epochs were certified");

        // The control: nothing but the certificates tells.
        File.Delete(Path.Combine(spool.Folder, Core.Audit.SpoolLayout.Epochs));
        spool.Verify().Succeeded();
    }

    /// <summary>Retention's removals are still to be allowed by whoever verifies, and certificates that somebody changed are no certificates.</summary>
    [TestMethod]
    public void The_certificates_allow_no_removal_by_themselves_and_must_hold()
    {
        using SpoolOnDisk spool = SpoolOnDisk.Usual();
        string notes = Path.Combine(spool.Folder, Core.Audit.SpoolLayout.Epochs);
        byte[] good = File.ReadAllBytes(notes);
        byte[] changed = [.. good];
        changed[good.AsSpan().IndexOf("size "u8) + 5] ^= 1;
        File.WriteAllBytes(notes, changed);
        spool.Verify().Failed(1, "epochs.notes");
        File.WriteAllBytes(notes, [.. good, .. good.AsSpan(0, 100)]);
        spool.Verify().Succeeded(); // A torn last one: the log has it.
        File.WriteAllBytes(notes, good);
        File.Delete(spool.Segment(0));
        spool.Verify().Failed(1, "the log begins with segment 1");
        spool.Verify("--allow-removed").Succeeded();
    }

    private static SpoolVerdict Verify(SpoolOnDisk spool, Action begins, Action<long>? visit = null)
    {
        using NoteVerifier key = spool.Log.FirstKey();
        using var progress = new ProgressLine(TextWriter.Null, watched: false);
        return new SpoolVerification(new SpoolFolder(spool.Folder), key)
        {
            AllowsRemoved = true,
            Begins = begins,
            Visitor = visit is null ? null : (_, _, frame, _) => visit((long)Frame.Sequence(frame)),
        }.Verify(progress, CancellationToken.None);
    }
}
