using System.Text;
using EdgeDaemon.Audit;
using EdgeDaemon.Core.Audit;
using EdgeDaemon.Core.Audit.Records;
using EdgeDaemon.Tests.Admission;

namespace EdgeDaemon.Tests.Audit;

/// <summary>What a start makes of a log that somebody, or a power cut, has had its hands on.</summary>
[TestClass]
public sealed class SpoolRecoveryTests
{
    private const string Segment = "00000000.segment";

    /// <summary>Every bit position of every byte would take hours; a byte in each stretch of 37 hits headers, payloads, checksums and padding alike.</summary>
    [TestMethod]
    public void A_flip_anywhere_before_the_end_refuses_the_start_and_keeps_a_copy()
    {
        MemoryDisk sound = Sound(out long end, out _);
        int refused = 0;
        for (int at = 0; at < end; at += 37)
        {
            MemoryDisk disk = sound.Cut(null);
            disk.Bytes(Segment)[at] ^= (byte)(1 << (at % 8));
            byte[] changed = [.. disk.Bytes(Segment)];
            try
            {
                using AuditSpool spool = disk.Open();
                spool.Dispose();

                // Only what may have been the last write can look torn: a sector within it is zero. A flip makes none.
                Assert.Fail($"a flip at {at} was gone on with");
            }
            catch (AuditSpoolException refusal)
            {
                StringAssert.Contains(refusal.Message, Segment, StringComparison.Ordinal);
                StringAssert.Contains(refusal.Message, "edgectl audit verify", StringComparison.Ordinal);
                CollectionAssert.AreEqual(changed, disk.Quarantined[Segment]);
                CollectionAssert.AreEqual(changed, disk.Bytes(Segment));
                refused++;
            }
        }

        Assert.IsGreaterThan(100, refused);
        using AuditSpool control = sound.Cut(null).Open();
        Assert.AreEqual(AuditVerdict.Taken, control.AppendStrictly(SpoolFixture.Record(1)).Verdict);
    }

    [TestMethod]
    public void An_end_cut_at_any_sector_is_repaired_said_and_verifies()
    {
        MemoryDisk sound = Sound(out long end, out long lastBatch);
        for (long at = (lastBatch + 511) / 512 * 512; at < end; at += 512)
        {
            MemoryDisk disk = sound.Cut(null);
            disk.Bytes(Segment).AsSpan((int)at).Clear();
            using (AuditSpool spool = disk.Open())
            {
                Assert.AreEqual(AuditVerdict.Taken, spool.AppendStrictly(SpoolFixture.Record(999)).Verdict);
            }

            SpoolFixture.AssertSound(disk.Verify(out Dictionary<string, int> requests, out List<RecordKind> kinds));
            Assert.AreEqual(1, requests["r999"]);
            Assert.AreEqual(1, kinds.Count(kind => kind == RecordKind.Recovery), $"{at}");
        }
    }

    [TestMethod]
    public void What_is_missing_or_another_is_named()
    {
        MemoryDisk sound = SpoolFixture.NewLog();
        var clock = new TestClock();
        using (AuditSpool spool = sound.Open(SpoolFixture.Settings("epoch_seconds = 60"), clock))
        {
            for (int i = 0; i < 1500; i++)
            {
                spool.AppendStrictly(SpoolFixture.Record(i, 500));
            }

            AuditSpoolTests.Until(() =>
            {
                clock.Advance(TimeSpan.FromSeconds(61));
                return spool.Figures.Epoch > 0;
            });
        }

        string key = sound.KeyNames().Single();
        Refused(disk => disk.Lose("00000001.segment"), "00000001.segment");
        Refused(disk => disk.Lose(key), "key of epoch");
        Refused(disk => disk.Lose(SpoolLayout.FirstKey), "edged init");
        Refused(disk => disk.Put(SpoolLayout.FirstKey, "x+y+z"u8.ToArray()), SpoolLayout.FirstKey);
        Refused(disk => disk.Put(SpoolLayout.Epochs, "nonsense\n"u8.ToArray()), SpoolLayout.Epochs);
        Refused(disk => disk.Put(key, [1, 2, 3]), "no private key");
        Refused(disk => disk.Put("00000000.segment", new byte[262144]), "00000000.segment");
        Refused(disk => disk.Put("00000001.segment", disk.Bytes("00000000.segment")), "00000001.segment");
        Refused(
            disk =>
            {
                foreach (string name in disk.Names().Where(name => name.EndsWith(".segment", StringComparison.Ordinal)))
                {
                    disk.Lose(name);
                }
            },
            "every other segment");

        // Another device's key: the log certifies its own.
        MemoryDisk other = SpoolFixture.NewLog();
        Refused(disk => disk.Put(key, other.Bytes("epoch-0.key")), "not the one that the log certifies");

        void Refused(Action<MemoryDisk> change, string named)
        {
            MemoryDisk disk = sound.Cut(null);
            change(disk);
            StringAssert.Contains(Assert.ThrowsExactly<AuditSpoolException>(() => disk.Open()).Message, named, StringComparison.Ordinal);
        }
    }

    /// <summary>The newest records with the epoch's begin cut off: its key is not the one that the shorter log ends in.</summary>
    [TestMethod]
    public void A_tail_that_is_cut_back_into_an_earlier_epoch_is_found_at_start()
    {
        MemoryDisk disk = SpoolFixture.NewLog();
        var clock = new TestClock();
        MemoryDisk before;
        using (AuditSpool spool = disk.Open(SpoolFixture.Settings("epoch_seconds = 60"), clock))
        {
            spool.AppendStrictly(SpoolFixture.Record(0));
            before = disk.Cut(null);
            AuditSpoolTests.Until(() =>
            {
                clock.Advance(TimeSpan.FromSeconds(61));
                return spool.Figures.Epoch > 0;
            });
            spool.AppendStrictly(SpoolFixture.Record(1));
        }

        disk.Put(Segment, before.Bytes(Segment));
        AuditSpoolException found = Assert.ThrowsExactly<AuditSpoolException>(() => disk.Open());
        StringAssert.Contains(found.Message, "cut off", StringComparison.Ordinal);

        // With the ledger taken back as well, the key is what tells.
        disk.Put(SpoolLayout.Epochs, []);
        found = Assert.ThrowsExactly<AuditSpoolException>(() => disk.Open());
        StringAssert.Contains(found.Message, "key of epoch 0", StringComparison.Ordinal);
    }

    [TestMethod]
    [Timeout(60_000)]
    public void A_start_with_little_room_waits_for_no_writer_that_is_not_there_yet()
    {
        MemoryDisk disk = SpoolFixture.NewLog();
        using (AuditSpool spool = disk.Open(SpoolFixture.Settings("keep_days = 0")))
        {
            for (int i = 0; i < 1200; i++)
            {
                spool.AppendStrictly(SpoolFixture.Record(i, 500));
            }
        }

        string oldest = SpoolLayout.SegmentName(0);
        CollectionAssert.Contains(disk.Names().ToArray(), oldest);
        disk.Free = 1000;
        using AuditSpool again = disk.Open(SpoolFixture.Settings("keep_days = 0").With("rotate"));
        AuditSpoolTests.Until(() => !disk.Names().Contains(oldest));
        Assert.AreEqual(AuditVerdict.Taken, again.AppendStrictly(SpoolFixture.Record(5000)).Verdict);
    }

    [TestMethod]
    public void What_was_laid_out_ahead_and_keys_that_never_began_go_away()
    {
        MemoryDisk disk = Sound(out _, out _);
        disk.Put(SpoolLayout.Next, Encoding.ASCII.GetBytes("half of a header"));
        disk.Put("epoch-1.key", [1, 2, 3]);
        using AuditSpool spool = disk.Open();
        Assert.AreEqual(AuditVerdict.Taken, spool.AppendStrictly(SpoolFixture.Record(5)).Verdict);
        CollectionAssert.AreEqual(new[] { "epoch-0.key" }, disk.KeyNames().ToArray());
    }

    // One segment; its last write is one group of a few records.
    private static MemoryDisk Sound(out long end, out long lastBatch)
    {
        MemoryDisk disk = SpoolFixture.NewLog();
        using (AuditSpool spool = disk.Open(SpoolFixture.Settings("window_ms = 60000")))
        {
            for (int i = 0; i < 12; i++)
            {
                spool.AppendStrictly(SpoolFixture.Record(i, 400));
            }
        }

        end = disk.Bytes(Segment).AsSpan().LastIndexOfAnyExcept((byte)0) + 1;
        lastBatch = end - 400; // The last checkpoint.
        return disk;
    }
}
