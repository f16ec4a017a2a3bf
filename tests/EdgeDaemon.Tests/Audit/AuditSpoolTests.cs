using EdgeDaemon.Audit;
using EdgeDaemon.Core.Audit.Records;
using EdgeDaemon.Core.Audit.Segments;
using EdgeDaemon.Tests.Admission;

namespace EdgeDaemon.Tests.Audit;

[TestClass]
public sealed class AuditSpoolTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    [TestMethod]
    public void A_strict_record_is_on_the_disk_when_its_caller_is_told()
    {
        MemoryDisk disk = SpoolFixture.NewLog();
        using AuditSpool spool = disk.Open();
        AuditPlace place = spool.AppendStrictly(SpoolFixture.Record(1));
        Assert.AreEqual(AuditVerdict.Taken, place.Verdict);
        MemoryDisk cut = disk.Cut(new Random(1));
        using AuditSpool again = cut.Open();
        again.Dispose();
        SpoolFixture.AssertSound(cut.Verify(out Dictionary<string, int> requests, out _));
        Assert.AreEqual(1, requests["r1"]);
    }

    [TestMethod]
    public void An_empty_log_begins_with_a_checkpoint_and_ends_with_one()
    {
        MemoryDisk disk = SpoolFixture.NewLog();
        CheckpointMade? last;
        using (AuditSpool spool = disk.Open())
        {
            Assert.IsTrue(spool.AppendStrictly(SpoolFixture.Record(1)).Permits);
            spool.Dispose();
            last = spool.LastCheckpoint;
            Assert.AreEqual(SpoolCondition.Stopped, spool.State.Condition);
            Assert.AreEqual(AuditCause.Stopped, spool.Append(SpoolFixture.Record(2)).Cause);
        }

        SpoolVerdict verdict = disk.Verify(out _, out List<RecordKind> kinds);
        SpoolFixture.AssertSound(verdict);
        CollectionAssert.AreEqual(new[] { RecordKind.Checkpoint, RecordKind.Request, RecordKind.Checkpoint }, kinds);
        Assert.AreEqual(0UL, verdict.Unsealed);
        Assert.AreEqual((long)verdict.LastCheckpoint!.Size, last!.Size);
        CollectionAssert.AreEqual(verdict.LastCheckpoint.Root.ToArray(), last.Root.ToArray());
    }

    [TestMethod]
    public void Many_threads_get_their_records_in_once_each_over_many_segments()
    {
        MemoryDisk disk = SpoolFixture.NewLog();
        using (AuditSpool spool = disk.Open())
        {
            Parallel.For(0, 8, new ParallelOptions { MaxDegreeOfParallelism = 8 }, thread =>
            {
                for (int i = 0; i < 500; i++)
                {
                    bool strict = i % 7 == 0;
                    AuditPlace place = spool.AppendAsync(new AuditWaiter(), SpoolFixture.Record((thread * 1000) + i, 400), strict).AsTask().GetAwaiter().GetResult();
                    Assert.AreEqual(AuditVerdict.Taken, place.Verdict);
                    Assert.AreEqual(strict, place.Sequence >= 0);
                }
            });
        }

        SpoolVerdict verdict = disk.Verify(out Dictionary<string, int> requests, out _);
        SpoolFixture.AssertSound(verdict);
        Assert.AreEqual(4000, requests.Count);
        Assert.IsTrue(requests.Values.All(count => count == 1));
        Assert.IsGreaterThan(4, verdict.Segments);
    }

    /// <summary>More at once than a group holds: the next one is built while one is synced.</summary>
    [TestMethod]
    public void A_flood_of_batched_records_is_in_the_log_to_the_last()
    {
        const int Each = 6000;
        MemoryDisk disk = SpoolFixture.NewLog();
        int large = 0;
        disk.Wrote = bytes => large = Math.Max(large, bytes);
        using (AuditSpool spool = disk.Open(SpoolFixture.Settings("window_records = 100000\nbuffer_bytes = 16777216").Larger(), TimeProvider.System))
        {
            Parallel.For(0, 3, thread =>
            {
                var waiter = new AuditWaiter();
                for (int i = 0; i < Each; i++)
                {
                    byte[] record = SpoolFixture.Record((thread * 10_000) + i, 500);
                    Assert.AreEqual(AuditVerdict.Taken, spool.AppendAsync(waiter, record, strict: false).AsTask().GetAwaiter().GetResult().Verdict);
                }
            });
            Assert.AreEqual(AuditVerdict.Taken, spool.AppendStrictly(SpoolFixture.Record(999_999)).Verdict);
            Assert.IsGreaterThanOrEqualTo((3 * Each) + 1, spool.Figures.Records);
        }

        SpoolFixture.AssertSound(disk.Verify(out Dictionary<string, int> requests, out _));
        Assert.AreEqual((3 * Each) + 1, requests.Count);
        Assert.IsTrue(requests.Values.All(count => count == 1));
        Assert.IsGreaterThan(900_000, large);
    }

    [TestMethod]
    public void A_strict_caller_is_told_the_sequence_of_its_own_record()
    {
        MemoryDisk disk = SpoolFixture.NewLog();
        var places = new Dictionary<string, long>();
        using (AuditSpool spool = disk.Open())
        {
            for (int i = 0; i < 20; i++)
            {
                places[$"r{i}"] = spool.AppendStrictly(SpoolFixture.Record(i)).Sequence;
            }
        }

        disk.Verify(out Dictionary<string, int> requests, out List<RecordKind> kinds);
        Assert.AreEqual(20, requests.Count);
        foreach (long sequence in places.Values)
        {
            Assert.AreEqual(RecordKind.Request, kinds[(int)sequence]);
        }

        Assert.AreEqual(20, places.Values.Distinct().Count());
    }

    [TestMethod]
    public void Batched_records_are_written_once_the_window_has_passed_and_not_before()
    {
        MemoryDisk disk = SpoolFixture.NewLog();
        var clock = new TestClock();
        using AuditSpool spool = disk.Open(SpoolFixture.Settings("window_ms = 100\ncheckpoint_seconds = 3600\nepoch_seconds = 3600"), clock);
        spool.AppendStrictly(SpoolFixture.Record(0));
        long before = spool.Figures.Syncs;
        Assert.AreEqual(AuditVerdict.Taken, spool.Append(SpoolFixture.Record(1)).Verdict);
        Thread.Sleep(20); // Nothing to wait for: that nothing happens is what is seen, as far as it can be.
        Assert.AreEqual((before, 1L), (spool.Figures.Syncs, spool.Figures.Pending));
        Until(() =>
        {
            clock.Advance(TimeSpan.FromMilliseconds(101));
            return spool.Figures.Pending == 0;
        });
        Assert.AreEqual(before + 1, spool.Figures.Syncs);
    }

    [TestMethod]
    public void With_the_window_full_a_batched_caller_waits_for_the_disk()
    {
        MemoryDisk disk = SpoolFixture.NewLog();
        using var hold = new ManualResetEventSlim(initialState: true);
        disk.Syncing = () => hold.Wait(Patience);
        using AuditSpool spool = disk.Open(SpoolFixture.Settings("window_records = 4"));
        spool.AppendStrictly(SpoolFixture.Record(0));
        hold.Reset();
        var waiting = new List<Task<AuditPlace>>();
        for (int i = 1; i <= 6; i++)
        {
            waiting.Add(spool.AppendAsync(new AuditWaiter(), SpoolFixture.Record(i), strict: false).AsTask());
        }

        Assert.IsTrue(waiting.Take(4).All(task => task.IsCompleted));
        Assert.IsFalse(waiting[5].IsCompleted);
        hold.Set();
        Assert.IsTrue(Task.WaitAll([.. waiting], Patience));
        spool.Dispose();
        disk.Verify(out Dictionary<string, int> requests, out _);
        Assert.AreEqual(7, requests.Count);
    }

    [TestMethod]
    [DataRow("refuse", AuditVerdict.Refused)]
    [DataRow("drop_and_count", AuditVerdict.Dropped)]
    public void With_the_window_full_the_policy_can_be_another(string policy, object verdict)
    {
        MemoryDisk disk = SpoolFixture.NewLog();
        using var hold = new ManualResetEventSlim(initialState: true);
        disk.Syncing = () => hold.Wait(Patience);
        using AuditSpool spool = disk.Open(SpoolFixture.Settings($"window_records = 2\non_behind = \"{policy}\""), new TestClock()); // By the real one the sync that is held would soon be late as well.
        spool.AppendStrictly(SpoolFixture.Record(0));
        Until(() => spool.Figures.Pending == 0); // Its caller is told before its place in the window is given back.
        hold.Reset();
        AuditPlace place = default;
        for (int i = 1; i <= 3; i++)
        {
            place = spool.AppendAsync(new AuditWaiter(), SpoolFixture.Record(i), strict: false).AsTask().GetAwaiter().GetResult();
        }

        Assert.AreEqual((AuditVerdict)verdict, place.Verdict);
        Assert.AreEqual(AuditCause.Behind, place.Cause);
        hold.Set();
        spool.AppendStrictly(SpoolFixture.Record(4));
        spool.Dispose();
        disk.Verify(out Dictionary<string, int> requests, out List<RecordKind> kinds);
        Assert.AreEqual(4, requests.Count);
        Assert.AreEqual((AuditVerdict)verdict == AuditVerdict.Dropped, kinds.Contains(RecordKind.Dropped));
    }

    [TestMethod]
    public void Silence_is_sealed_too()
    {
        MemoryDisk disk = SpoolFixture.NewLog();
        var clock = new TestClock();
        using (AuditSpool spool = disk.Open(SpoolFixture.Settings("checkpoint_seconds = 60"), clock))
        {
            spool.AppendStrictly(SpoolFixture.Record(0));
            long before = spool.Figures.Checkpoints;
            Until(() =>
            {
                clock.Advance(TimeSpan.FromSeconds(61));
                return spool.Figures.Checkpoints >= before + 3;
            });
        }

        SpoolFixture.AssertSound(disk.Verify(out _, out List<RecordKind> kinds));
        Assert.IsGreaterThanOrEqualTo(2, kinds.Count(kind => kind == RecordKind.Heartbeat));
    }

    [TestMethod]
    public void Keys_change_and_the_old_one_is_gone()
    {
        MemoryDisk disk = SpoolFixture.NewLog();
        var clock = new TestClock();
        using (AuditSpool spool = disk.Open(SpoolFixture.Settings("epoch_seconds = 60\ncheckpoint_seconds = 30"), clock))
        {
            for (int i = 0; i < 5; i++)
            {
                spool.AppendStrictly(SpoolFixture.Record(i));
                long epoch = spool.Figures.Epoch;
                Until(() =>
                {
                    clock.Advance(TimeSpan.FromSeconds(61));
                    return spool.Figures.Epoch > epoch;
                });
            }

            spool.AppendStrictly(SpoolFixture.Record(9));
        }

        SpoolVerdict verdict = disk.Verify(out _, out List<RecordKind> kinds);
        SpoolFixture.AssertSound(verdict);
        Assert.IsGreaterThanOrEqualTo(5UL, verdict.Epoch);
        CollectionAssert.AreEqual(new[] { $"epoch-{verdict.Epoch}.key" }, disk.KeyNames().ToArray());
        Assert.AreEqual((int)verdict.Epoch, kinds.Count(kind => kind == RecordKind.Epoch));

        // And the log goes on from there.
        using (AuditSpool spool = disk.Open(clock: clock))
        {
            spool.AppendStrictly(SpoolFixture.Record(10));
        }

        SpoolFixture.AssertSound(disk.Verify(out Dictionary<string, int> requests, out _));
        Assert.AreEqual(7, requests.Count);
    }

    [TestMethod]
    [DataRow(-3, false)]
    [DataRow(-3600, true)]
    [DataRow(3600, true)]
    public void A_clock_that_is_set_leaves_the_logs_time_in_order_and_a_record(int seconds, bool noted)
    {
        MemoryDisk disk = SpoolFixture.NewLog();
        var clock = new JumpingClock();
        using (AuditSpool spool = disk.Open(SpoolFixture.Settings("epoch_seconds = 86400"), clock))
        {
            spool.AppendStrictly(SpoolFixture.Record(0));
            clock.Jump(TimeSpan.FromSeconds(seconds));
            for (int i = 1; i < 4; i++)
            {
                spool.AppendStrictly(SpoolFixture.Record(i));
            }
        }

        SpoolVerdict verdict = disk.Verify(out Dictionary<string, int> requests, out List<RecordKind> kinds);
        SpoolFixture.AssertSound(verdict);
        Assert.AreEqual(4, requests.Count);
        Assert.AreEqual(noted, kinds.Contains(RecordKind.ClockChange));
        Assert.AreEqual(seconds == -3600 ? 1UL : 0UL, verdict.Epoch);
    }

    [TestMethod]
    public void A_start_with_a_clock_that_lies_far_back_begins_an_epoch()
    {
        MemoryDisk disk = SpoolFixture.NewLog();
        var clock = new JumpingClock();
        using (AuditSpool spool = disk.Open(clock: clock))
        {
            spool.AppendStrictly(SpoolFixture.Record(0));
        }

        clock.Jump(TimeSpan.FromDays(-30));
        using (AuditSpool spool = disk.Open(clock: clock))
        {
            spool.AppendStrictly(SpoolFixture.Record(1));
        }

        SpoolVerdict verdict = disk.Verify(out _, out _);
        SpoolFixture.AssertSound(verdict);
        Assert.AreEqual(1, verdict.ClockSetBacks);
    }

    [TestMethod]
    public void A_record_that_is_too_long_or_empty_is_refused()
    {
        using AuditSpool spool = SpoolFixture.NewLog().Open();
        Assert.AreEqual(AuditCause.TooLarge, spool.Append(new byte[AuditSpool.LargestRecord + 1]).Cause);
        Assert.AreEqual(AuditVerdict.Refused, spool.Append([]).Verdict);
        Assert.AreEqual(AuditVerdict.Taken, spool.AppendStrictly(SpoolFixture.Record(1)).Verdict);
    }

    [TestMethod]
    public void The_log_that_is_taken_for_another_is_refused()
    {
        MemoryDisk disk = SpoolFixture.NewLog();
        var wrong = Assert.ThrowsExactly<AuditSpoolException>(() => disk.Open(SpoolFixture.Settings("origin = \"other.example\"")));
        StringAssert.Contains(wrong.Message, "example.com/edge", StringComparison.Ordinal);
        Assert.ThrowsExactly<AuditSpoolException>(() => SpoolRecovery.Initialise(disk, disk.Keys, "again"));
        StringAssert.Contains(Assert.ThrowsExactly<AuditSpoolException>(() => new MemoryDisk().Open()).Message, "edged init", StringComparison.Ordinal);
    }

    internal static void Until(Func<bool> condition)
    {
        var began = System.Diagnostics.Stopwatch.StartNew();
        while (!condition())
        {
            Assert.IsLessThan(Patience, began.Elapsed);
            Thread.Sleep(1);
        }
    }

    /// <summary>The system's clock, but for what it was set by.</summary>
    internal sealed class JumpingClock : TimeProvider
    {
        private long _offset;

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + TimeSpan.FromTicks(Interlocked.Read(ref _offset));

        public void Jump(TimeSpan by) => Interlocked.Add(ref _offset, by.Ticks);
    }
}
