using System.Collections.Concurrent;
using EdgeDaemon.Audit;
using EdgeDaemon.Core.Audit;
using EdgeDaemon.Core.Audit.Records;
using EdgeDaemon.Core.Audit.Segments;
using EdgeDaemon.Tests.Admission;

namespace EdgeDaemon.Tests.Audit;

/// <summary>
/// Faults at every call. One law in all of them: a record whose caller was told "taken" after a wait is in the log, once; the log verifies from its first key; and nobody waits for ever.
/// </summary>
[TestClass]
public sealed class SpoolFaultTests
{
    // Some 60 records over two segments with a change of key in between: every kind of call occurs.
    private const int Records = 60;
    private const string Busy = "epoch_seconds = 10\ncheckpoint_seconds = 5\ncheckpoint_records = 16";

    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    [DataRow(3)]
    public void A_power_cut_at_any_call_loses_nothing_that_was_acknowledged(int seed)
    {
        MemoryDisk disk = SpoolFixture.NewLog();
        var acknowledged = new ConcurrentQueue<string>();
        var images = new List<(int Call, MemoryDisk Disk, string[] Acknowledged)>();
        var random = new Random(seed);
        disk.Before = call => images.Add((call, disk.Cut(call % 4 == 0 ? null : random), [.. acknowledged]));
        Load(disk, acknowledged);
        disk.Before = null;
        Assert.IsGreaterThan(100, images.Count);
        Assert.AreEqual(Records, acknowledged.Count);
        int torn = 0;
        foreach ((int call, MemoryDisk image, string[] sure) in images)
        {
            using (AuditSpool spool = image.Open())
            {
                AuditPlace place = spool.AppendStrictly(SpoolFixture.Record(1_000_000));
                Assert.AreEqual(AuditVerdict.Taken, place.Verdict, $"call {call}");
            }

            SpoolVerdict verdict = image.Verify(out Dictionary<string, int> requests, out List<RecordKind> kinds);
            Assert.IsTrue(verdict.IsSound, $"call {call}: {verdict.Fault}");
            foreach (string id in sure)
            {
                Assert.AreEqual(1, requests.GetValueOrDefault(id), $"call {call}: {id}");
            }

            Assert.IsTrue(requests.Values.All(count => count == 1), $"call {call}");
            Assert.HasCount(1, image.KeyNames().ToArray(), $"call {call}");
            Assert.IsEmpty(image.Quarantined);
            torn += kinds.Contains(RecordKind.Recovery) ? 1 : 0;
        }

        Assert.IsGreaterThan(2, torn); // The control: cuts did tear writes.
    }

    [TestMethod]
    [DataRow(MemoryDisk.InputOutput)]
    [DataRow(MemoryDisk.NoSpace)]
    public void An_error_at_any_call_is_got_around_or_said(int errno)
    {
        int calls = SpoolFixture.NewLog().Calls + CallsOf(null);
        int survived = 0;
        for (int at = 1; at <= calls; at++)
        {
            MemoryDisk disk = SpoolFixture.NewLog();
            int begin = disk.Calls;
            int fail = at;
            disk.Fault = (call, what, _) => call == begin + fail ? errno : null;
            var acknowledged = new ConcurrentQueue<string>();
            try
            {
                Load(disk, acknowledged);
            }
            catch (IOException)
            {
                // The start itself met it, and said so.
                disk.Fault = (_, _, _) => null;
                Load(disk, acknowledged);
            }

            disk.Fault = (_, _, _) => null;
            CheckAll(disk, acknowledged, $"call {at}");
            survived += acknowledged.Count == Records ? 1 : 0;
        }

        Assert.IsGreaterThan(calls * 9 / 10, survived); // One error is got around nearly everywhere.
    }

    [TestMethod]
    public void Errors_from_some_sync_on_fail_the_log_and_nobody_is_told_otherwise()
    {
        for (int from = 1; from < 40; from += 3)
        {
            MemoryDisk disk = SpoolFixture.NewLog();
            int syncs = 0;
            int limit = from;
            disk.Fault = (_, what, _) => what == "sync" && ++syncs > limit ? MemoryDisk.InputOutput : null;
            var acknowledged = new ConcurrentQueue<string>();
            var states = new List<SpoolState>();
            Load(disk, acknowledged, states);
            Assert.IsLessThan(Records, acknowledged.Count);
            SpoolState failed = states.Last(state => state.Condition == SpoolCondition.Failed);
            Assert.IsFalse(failed.Accepts);
            StringAssert.Contains(failed.Reason, "cannot be written", StringComparison.Ordinal);
            disk.Fault = (_, _, _) => null;
            CheckAll(disk, acknowledged, $"sync {from}");
        }
    }

    [TestMethod]
    public void A_sync_that_failed_is_never_asked_again_in_that_file()
    {
        MemoryDisk disk = SpoolFixture.NewLog();
        string? failed = null;
        int syncs = 0;
        bool again = false;
        disk.Fault = (_, what, name) =>
        {
            if (what is not ("sync" or "write") || name == SpoolLayout.Epochs)
            {
                return null;
            }

            again |= name == failed;
            return what == "sync" && ++syncs == 4 && (failed = name) is not null ? MemoryDisk.InputOutput : null;
        };
        var acknowledged = new ConcurrentQueue<string>();
        Load(disk, acknowledged);
        Assert.IsNotNull(failed);
        Assert.IsFalse(again);
        Assert.AreEqual(Records, acknowledged.Count);
        SpoolVerdict verdict = disk.Verify(out _, out List<RecordKind> kinds);
        SpoolFixture.AssertSound(verdict);
        CollectionAssert.Contains(kinds, RecordKind.SpoolFailure);
        Assert.IsGreaterThan(0, verdict.AbandonedBytes);
    }

    [TestMethod]
    [DataRow("refuse", AuditVerdict.Refused)]
    [DataRow("drop_and_count", AuditVerdict.Dropped)]
    public void A_failed_log_answers_by_its_policy(string policy, object verdict)
    {
        MemoryDisk disk = SpoolFixture.NewLog();
        using AuditSpool spool = disk.Open(SpoolFixture.Settings($"on_error = \"{policy}\""));
        spool.AppendStrictly(SpoolFixture.Record(0));
        disk.Fault = (_, what, _) => what == "sync" ? MemoryDisk.InputOutput : null;
        Assert.AreEqual((AuditVerdict)verdict, spool.AppendStrictly(SpoolFixture.Record(1)).Verdict);
        AuditSpoolTests.Until(() => spool.State.Condition == SpoolCondition.Failed);
        Assert.AreEqual((AuditVerdict)verdict == AuditVerdict.Dropped, spool.State.Accepts);
        AuditPlace place = spool.Append(SpoolFixture.Record(2));
        Assert.AreEqual(((AuditVerdict)verdict, AuditCause.Failed), (place.Verdict, place.Cause));
        Assert.AreEqual(2, spool.Figures.DroppedFailed, "the second one's matter goes on whatever the policy is");
    }

    [TestMethod]
    [DataRow("refuse", AuditVerdict.Refused)]
    [DataRow("drop_and_count", AuditVerdict.Dropped)]
    public void A_full_log_says_so_in_its_own_reserve_and_goes_on_when_there_is_room(string policy, object verdict)
    {
        MemoryDisk disk = SpoolFixture.NewLog();
        var clock = new TestClock();
        bool full = true;
        disk.Fault = (_, what, name) => full && what == "create" && name == SpoolLayout.Next && disk.Names().Any(other => other.StartsWith("00000001", StringComparison.Ordinal)) ? MemoryDisk.NoSpace : null;
        int taken = 0, turned = 0;
        using (AuditSpool spool = disk.Open(SpoolFixture.Settings($"on_full = \"{policy}\""), clock))
        {
            AuditPlace place;
            do
            {
                place = spool.AppendStrictly(SpoolFixture.Record(taken, 500));
                taken += place.Verdict == AuditVerdict.Taken ? 1 : 0;
            }
            while (place.Verdict == AuditVerdict.Taken && taken < 5000);
            Assert.AreEqual(((AuditVerdict)verdict, AuditCause.Full), (place.Verdict, place.Cause));
            AuditSpoolTests.Until(() => spool.State.Condition == SpoolCondition.Full);
            StringAssert.Contains(spool.State.Reason, "Make room", StringComparison.Ordinal);
            AuditSpoolTests.Until(() => spool.LastCheckpoint!.Size > taken);
            for (; turned < 5; turned++)
            {
                Assert.AreEqual((AuditVerdict)verdict, spool.Append(SpoolFixture.Record(9000 + turned)).Verdict);
            }

            full = false;
            AuditSpoolTests.Until(() =>
            {
                clock.Advance(TimeSpan.FromSeconds(2));
                return spool.State.Condition == SpoolCondition.Running;
            });
            Assert.AreEqual(AuditVerdict.Taken, spool.AppendStrictly(SpoolFixture.Record(8000)).Verdict);
        }

        SpoolVerdict found = disk.Verify(out Dictionary<string, int> requests, out List<RecordKind> kinds);
        SpoolFixture.AssertSound(found);
        Assert.IsGreaterThanOrEqualTo(taken + 1, requests.Count);
        CollectionAssert.Contains(kinds, RecordKind.SpoolFull);
        CollectionAssert.Contains(kinds, RecordKind.Dropped); // Append is for what goes on without its record: it is lost by either policy.
    }

    [TestMethod]
    public void A_log_that_may_rotate_deletes_its_oldest_segments_and_notes_each()
    {
        MemoryDisk disk = SpoolFixture.NewLog();
        var clock = new TestClock();
        using (AuditSpool spool = disk.Open(SpoolFixture.Settings("max_bytes = 1310720\non_full = \"rotate\"\nkeep_days = 0\nepoch_seconds = 10\ncheckpoint_seconds = 5"), clock))
        {
            for (int i = 0; i < 4000; i++)
            {
                Assert.AreEqual(AuditVerdict.Taken, spool.AppendStrictly(SpoolFixture.Record(i, 500)).Verdict, $"{i}: {spool.State}");
                if (i % 500 == 0)
                {
                    clock.Advance(TimeSpan.FromSeconds(11));
                }
            }

            Assert.IsGreaterThan(2, spool.Figures.DeletedSegments);
            Assert.IsLessThanOrEqualTo(1310720L, spool.Figures.DiskBytes);
        }

        SpoolVerdict verdict = disk.Verify(out Dictionary<string, int> requests, out List<RecordKind> kinds);
        SpoolFixture.AssertSound(verdict);
        Assert.IsGreaterThan(0UL, verdict.FirstSegment);
        CollectionAssert.Contains(kinds, RecordKind.Retention);
        Assert.AreEqual(1, requests["r3999"]);
        using AuditSpool again = disk.Open(clock: clock);
        Assert.AreEqual(AuditVerdict.Taken, again.AppendStrictly(SpoolFixture.Record(5000)).Verdict);
    }

    [TestMethod]
    public void What_is_to_be_kept_is_not_deleted_and_the_log_is_full()
    {
        MemoryDisk disk = SpoolFixture.NewLog();
        var clock = new TestClock();
        using AuditSpool spool = disk.Open(SpoolFixture.Settings("max_bytes = 1048576\non_full = \"rotate\"\nkeep_days = 1"), clock);
        AuditPlace place;
        int taken = 0;
        do
        {
            place = spool.AppendStrictly(SpoolFixture.Record(taken++, 500));
        }
        while (place.Verdict == AuditVerdict.Taken && taken < 5000);
        Assert.AreEqual((AuditVerdict.Refused, AuditCause.Full), (place.Verdict, place.Cause));
        StringAssert.Contains(spool.State.Reason, "max_bytes", StringComparison.Ordinal);

        AuditSpoolTests.Until(() =>
        {
            clock.Advance(TimeSpan.FromHours(13));
            return spool.State.Condition == SpoolCondition.Running;
        });
        Assert.AreEqual(AuditVerdict.Taken, spool.AppendStrictly(SpoolFixture.Record(8000)).Verdict);
        Assert.IsGreaterThan(0, spool.Figures.DeletedSegments);
    }

    [TestMethod]
    [DataRow("refuse", AuditVerdict.Refused, false)]
    [DataRow("drop_and_count", AuditVerdict.Dropped, true)]
    [DataRow("rotate", AuditVerdict.Taken, true)]
    public void Low_space_is_said_and_answered_by_its_policy(string policy, object verdict, bool accepts)
    {
        MemoryDisk disk = SpoolFixture.NewLog();
        var clock = new TestClock();
        using AuditSpool spool = disk.Open(SpoolFixture.Settings().With(policy), clock);
        Assert.AreEqual(AuditVerdict.Taken, spool.AppendStrictly(SpoolFixture.Record(0)).Verdict);
        disk.Free = 1000;
        AuditSpoolTests.Until(() =>
        {
            clock.Advance(TimeSpan.FromSeconds(6));
            return spool.State.Condition == SpoolCondition.LowSpace;
        });
        Assert.AreEqual(accepts, spool.State.Accepts);
        Assert.AreEqual((AuditVerdict)verdict, spool.AppendStrictly(SpoolFixture.Record(1)).Verdict);
        disk.Free = 1L << 40;
        AuditSpoolTests.Until(() =>
        {
            clock.Advance(TimeSpan.FromSeconds(6));
            return spool.State.Condition == SpoolCondition.Running;
        });
        Assert.AreEqual(AuditVerdict.Taken, spool.AppendStrictly(SpoolFixture.Record(2)).Verdict);
        spool.Dispose();
        SpoolFixture.AssertSound(disk.Verify(out _, out List<RecordKind> kinds));
        Assert.AreEqual(2, kinds.Count(kind => kind == RecordKind.SpoolFull));
    }

    [TestMethod]
    public void Nobody_waits_for_ever_when_the_log_ends_under_load()
    {
        MemoryDisk disk = SpoolFixture.NewLog();
        AuditSpool spool = disk.Open(SpoolFixture.Settings("window_records = 8"), TimeProvider.System);
        using var stop = new CancellationTokenSource();
        Task<int>[] callers = [.. Enumerable.Range(0, 8).Select(thread => Task.Run(async () =>
        {
            var waiter = new AuditWaiter();
            for (int i = 0; ; i++)
            {
                if ((await spool.AppendAsync(waiter, SpoolFixture.Record((thread * 100_000) + i), strict: thread % 2 == 0)).Verdict != AuditVerdict.Taken)
                {
                    return i;
                }
            }
        }))];
        AuditSpoolTests.Until(() => spool.Figures.Records > 500);
        spool.Dispose();
        Assert.IsTrue(Task.WaitAll(callers, TimeSpan.FromSeconds(30)));
        SpoolFixture.AssertSound(disk.Verify(out Dictionary<string, int> requests, out _));
        Assert.AreEqual(callers.Sum(caller => caller.Result), requests.Count);
    }

    /// <summary>More at once than one group holds: the next is built while one is synced, and a cut or an error finds both on their way.</summary>
    [TestMethod]
    [DataRow(0)]
    [DataRow(4)]
    [DataRow(9)]
    public void Groups_that_are_built_ahead_keep_the_law(int failingSync)
    {
        MemoryDisk disk = SpoolFixture.NewLog();
        var acknowledged = new ConcurrentQueue<string>();
        var images = new List<(MemoryDisk Disk, string[] Acknowledged)>();
        var random = new Random(failingSync);
        int syncs = 0, large = 0;
        disk.Before = call =>
        {
            if (images.Count < 24)
            {
                images.Add((disk.Cut(random), [.. acknowledged]));
            }
        };
        disk.Fault = (_, what, name) => what == "sync" && name != SpoolLayout.Next && ++syncs == failingSync ? MemoryDisk.InputOutput : null;
        disk.Wrote = bytes => large = Math.Max(large, bytes);
        disk.Syncing = () => Thread.Sleep(2); // So that the callers come back meanwhile.
        using (AuditSpool spool = disk.Open(SpoolFixture.Settings().Larger(), TimeProvider.System))
        {
            Task[] callers = [.. Enumerable.Range(0, 96).Select(caller => Task.Run(async () =>
            {
                var waiter = new AuditWaiter();
                for (int i = 0; i < 6; i++)
                {
                    int number = (caller * 100) + i;
                    if ((await spool.AppendAsync(waiter, Large(number), strict: true)).Verdict == AuditVerdict.Taken)
                    {
                        acknowledged.Enqueue($"r{number}");
                    }
                }
            }))];
            Assert.IsTrue(Task.WaitAll(callers, TimeSpan.FromSeconds(60)));
        }

        disk.Before = null;
        disk.Syncing = null;
        Assert.AreEqual(96 * 6, acknowledged.Count);
        Assert.IsGreaterThan(Frame.LargestBatch * 3 / 4, large); // The control: groups were as large as they get.
        CheckAll(disk, acknowledged, "the end");
        foreach ((MemoryDisk image, string[] sure) in images)
        {
            CheckAll(image, new ConcurrentQueue<string>(sure), "a cut");
        }
    }

    private static int CallsOf(Func<int, string, string, int?>? fault)
    {
        MemoryDisk disk = SpoolFixture.NewLog();
        int begin = disk.Calls;
        disk.Fault = fault ?? disk.Fault;
        Load(disk, new ConcurrentQueue<string>());
        return disk.Calls - begin;
    }

    private static void CheckAll(MemoryDisk disk, ConcurrentQueue<string> acknowledged, string when)
    {
        using (AuditSpool spool = disk.Open())
        {
            Assert.AreEqual(AuditVerdict.Taken, spool.AppendStrictly(SpoolFixture.Record(1_000_000)).Verdict, when);
        }

        SpoolVerdict verdict = disk.Verify(out Dictionary<string, int> requests, out _);
        Assert.IsTrue(verdict.IsSound, $"{when}: {verdict.Fault}");
        foreach (string id in acknowledged)
        {
            Assert.AreEqual(1, requests.GetValueOrDefault(id), $"{when}: {id}");
        }

        Assert.IsTrue(requests.Values.All(count => count == 1), when);
    }

    // One caller after the other, each strict, so that the order of calls hardly varies; large records fill the segment.
    private static void Load(MemoryDisk disk, ConcurrentQueue<string> acknowledged, List<SpoolState>? states = null)
    {
        var clock = new TestClock();
        using AuditSpool spool = disk.Open(SpoolFixture.Settings(Busy), clock);
        spool.Changed = state =>
        {
            lock (acknowledged)
            {
                states?.Add(state);
            }
        };
        for (int i = acknowledged.Count; i < Records; i++)
        {
            byte[] record = SpoolFixture.Record(i, 500);
            Task<AuditPlace> other = i % 3 == 0 ? spool.AppendAsync(new AuditWaiter(), Large(i + 100_000), strict: true).AsTask() : Task.FromResult<AuditPlace>(default);
            if (spool.AppendStrictly(record).Verdict == AuditVerdict.Taken)
            {
                acknowledged.Enqueue($"r{i}");
            }

            Assert.IsTrue(other.Wait(TimeSpan.FromSeconds(30)));
            if (i % 12 == 0)
            {
                clock.Advance(TimeSpan.FromSeconds(11));
            }
        }
    }

    private static byte[] Large(int number)
    {
        byte[] small = SpoolFixture.Record(number, 500);

        // A field that no reader knows, to make it long: 28 KiB, so that ten fill a segment.
        byte[] large = new byte[28 << 10];
        small.CopyTo(large, 0);
        int at = small.Length;
        large[at] = 0xE2; // Number 124 as bytes: 124 * 8 + 2 = 994 = 0xE2 0x07.
        large[at + 1] = 0x07;
        int length = large.Length - at - 5;
        large[at + 2] = (byte)(length | 0x80);
        large[at + 3] = (byte)((length >> 7) | 0x80);
        large[at + 4] = (byte)(length >> 14);
        return large;
    }
}
