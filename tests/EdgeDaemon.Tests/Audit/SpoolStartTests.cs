using EdgeDaemon.Audit;
using EdgeDaemon.Core.Audit;
using EdgeDaemon.Core.Audit.Records;
using EdgeDaemon.Core.Audit.Segments;
using EdgeDaemon.Tests.Admission;

namespace EdgeDaemon.Tests.Audit;

/// <summary>A start reads what the page cache holds, which is not what the disk holds: what it goes on behind must be on the disk first.</summary>
[TestClass]
public sealed class SpoolStartTests
{
    private const string Segment = "00000000.segment";

    /// <summary>The worst case: a sync that failed, and a kill before the log went on elsewhere. The frames can be read, their pages count as clean, and no sync ever brings them to the disk.</summary>
    [TestMethod]
    public void A_start_writes_again_what_a_killed_process_may_have_left_in_memory_alone()
    {
        MemoryDisk killed = KilledBehindAFailedSync();

        // The control: they are in memory, and not on the disk.
        Count(killed.Cut(null), out int read);
        Count(killed.Lost(), out int durable);
        Assert.IsGreaterThan(durable, read);

        using (AuditSpool spool = killed.Open())
        {
            Assert.AreEqual(AuditVerdict.Taken, spool.AppendStrictly(SpoolFixture.Record(100)).Verdict);
            MemoryDisk cut = killed.Lost();
            Count(cut, out int after);
            Assert.AreEqual(read + 1, after, "what stood before the start is there, with what came after it");
        }
    }

    [TestMethod]
    public void Nothing_changes_before_the_end_of_the_log_is_on_the_disk()
    {
        MemoryDisk killed = KilledBehindAFailedSync();
        var calls = new List<string>();
        killed.Fault = (_, what, name) =>
        {
            calls.Add($"{what} {name}");
            return null;
        };
        using (killed.Open())
        {
            int sync = calls.IndexOf($"sync {Segment}");
            Assert.IsGreaterThan(0, sync);
            string[] before = [.. calls.Take(sync).Distinct()];
            CollectionAssert.AreEqual(new[] { $"remove {SpoolLayout.Next}", $"write {Segment}" }, before);
        }
    }

    [TestMethod]
    [DataRow("write")]
    [DataRow("sync")]
    public void A_start_that_cannot_bring_the_end_to_the_disk_is_refused_and_has_appended_nothing(string failing)
    {
        MemoryDisk killed = KilledBehindAFailedSync();
        byte[] before = [.. killed.Bytes(Segment)];
        killed.Fault = (_, what, name) => what == failing && name == Segment ? MemoryDisk.InputOutput : null;
        AuditSpoolException refusal = Assert.ThrowsExactly<AuditSpoolException>(() => killed.Open());
        StringAssert.Contains(refusal.Message, Segment, StringComparison.Ordinal);
        StringAssert.Contains(refusal.Message, "cannot be brought to the disk", StringComparison.Ordinal);
        CollectionAssert.AreEqual(before, killed.Bytes(Segment));
    }

    /// <summary>At every call of a start, and then of what it goes on with: a kill, a start, a power cut with any sectors lost, a start.</summary>
    [TestMethod]
    public void A_kill_and_then_a_power_cut_lose_nothing_that_was_acknowledged()
    {
        var random = new Random(7);
        MemoryDisk disk = SpoolFixture.NewLog();
        var kills = new List<MemoryDisk>();
        disk.Before = _ => kills.Add(disk.Killed());
        using (AuditSpool spool = disk.Open(SpoolFixture.Settings("epoch_seconds = 10\ncheckpoint_seconds = 5"), new TestClock()))
        {
            for (int i = 0; i < 6; i++)
            {
                spool.AppendStrictly(SpoolFixture.Record(i, 500));
            }
        }

        int cuts = 0;
        foreach (MemoryDisk killed in kills)
        {
            var images = new List<(MemoryDisk Disk, bool Acknowledged)>();
            bool acknowledged = false;
            killed.Before = _ => images.Add((killed.Cut(random), acknowledged));
            using (AuditSpool spool = killed.Open())
            {
                acknowledged = spool.AppendStrictly(SpoolFixture.Record(100)).Verdict == AuditVerdict.Taken;
            }

            foreach ((MemoryDisk image, bool told) in images)
            {
                using (AuditSpool spool = image.Open())
                {
                    spool.AppendStrictly(SpoolFixture.Record(200));
                }

                SpoolFixture.AssertSound(image.Verify(out Dictionary<string, int> requests, out _));
                Assert.IsTrue(!told || requests.ContainsKey("r100"));
                cuts++;
            }
        }

        Assert.IsGreaterThan(100, cuts);
    }

    /// <summary>A certificate that a power cut tore off is taken from the log, and what is behind the whole ones is written over.</summary>
    [TestMethod]
    public void A_file_of_certificates_with_a_torn_end_is_mended_from_the_log()
    {
        MemoryDisk sound = SpoolFixture.NewLog();
        var clock = new TestClock();
        using (AuditSpool spool = sound.Open(SpoolFixture.Settings("epoch_seconds = 60\ncheckpoint_seconds = 30"), clock))
        {
            for (int i = 0; i < 3; i++)
            {
                spool.AppendStrictly(SpoolFixture.Record(i));
                long epoch = spool.Figures.Epoch;
                AuditSpoolTests.Until(() =>
                {
                    clock.Advance(TimeSpan.FromSeconds(61));
                    return spool.Figures.Epoch > epoch;
                });
            }
        }

        byte[] notes = [.. sound.Bytes(SpoolLayout.Epochs)];
        int last = notes.AsSpan().LastIndexOf("\nedgedaemon-epoch/v1\n"u8) + 1;
        for (int length = last; length < notes.Length; length += 29)
        {
            MemoryDisk disk = sound.Cut(null);
            disk.Put(SpoolLayout.Epochs, notes[..length]);
            using (AuditSpool spool = disk.Open(clock: clock))
            {
                spool.AppendStrictly(SpoolFixture.Record(50));
            }

            CollectionAssert.AreEqual(notes, disk.Bytes(SpoolLayout.Epochs), $"{length}");
            SpoolFixture.AssertSound(disk.Verify(out _, out _));
        }

        // What no power cut leaves is no torn end.
        MemoryDisk changed = sound.Cut(null);
        changed.Put(SpoolLayout.Epochs, [.. notes, .. "and more\n"u8]);
        StringAssert.Contains(Assert.ThrowsExactly<AuditSpoolException>(() => changed.Open(clock: clock)).Message, SpoolLayout.Epochs, StringComparison.Ordinal);
    }

    [TestMethod]
    public void A_certificate_costs_what_it_is_long_however_many_there_are()
    {
        MemoryDisk disk = SpoolFixture.NewLog();
        var clock = new TestClock();
        int replaced = 0;
        disk.Fault = (_, what, name) =>
        {
            replaced += what == "replace" && name == SpoolLayout.Epochs ? 1 : 0;
            return null;
        };
        using (AuditSpool spool = disk.Open(SpoolFixture.Settings("epoch_seconds = 60\ncheckpoint_seconds = 30"), clock))
        {
            AuditSpoolTests.Until(() =>
            {
                clock.Advance(TimeSpan.FromSeconds(61));
                return spool.Figures.Epoch >= 40;
            });
        }

        Assert.AreEqual(0, replaced);
        Assert.IsGreaterThan(40 * 300, disk.Bytes(SpoolLayout.Epochs).Length);
        SpoolFixture.AssertSound(disk.Verify(out _, out _));
        using AuditSpool again = disk.Open(clock: clock);
        Assert.IsGreaterThanOrEqualTo(40L, again.Figures.Epoch);
    }

    // Some records are acknowledged; the group of another was written, its sync failed, and that was the process's end.
    private static MemoryDisk KilledBehindAFailedSync()
    {
        MemoryDisk disk = SpoolFixture.NewLog();
        MemoryDisk? killed = null;
        bool failed = false;
        disk.Fault = (_, what, name) =>
        {
            if (failed || what != "sync" || name != Segment || disk.Bytes(Segment).AsSpan().IndexOf("r5"u8) < 0)
            {
                return null;
            }

            failed = true;
            return MemoryDisk.InputOutput;
        };
        disk.Before = _ => killed ??= failed ? disk.Killed() : null;
        using (AuditSpool spool = disk.Open())
        {
            for (int i = 0; i < 6; i++)
            {
                spool.AppendStrictly(SpoolFixture.Record(i, 500));
            }
        }

        Assert.IsNotNull(killed);
        killed.Fault = (_, _, _) => null;
        return killed;
    }

    private static void Count(MemoryDisk disk, out int requests)
    {
        SpoolVerdict verdict = disk.Verify(out Dictionary<string, int> found, out List<RecordKind> _);
        SpoolFixture.AssertSound(verdict);
        requests = found.Count;
    }
}
