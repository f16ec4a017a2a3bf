using System.Collections.Concurrent;
using EdgeDaemon.Audit;
using EdgeDaemon.Core.Audit;
using EdgeDaemon.Core.Audit.Records;
using EdgeDaemon.Tests.Admission;

namespace EdgeDaemon.Tests.Audit;

/// <summary>What is lost is counted, and said in the log itself; what is about to be lost is said before.</summary>
[TestClass]
public sealed class SpoolLossTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    /// <summary>Refusals, alerts, failures of authentication: they go on without their record whatever the policy says of answers.</summary>
    [TestMethod]
    public void What_is_no_answer_is_counted_while_the_log_refuses_and_noted_when_it_runs_again()
    {
        using var rig = new FullLog("on_full = \"refuse\"");
        for (int i = 0; i < 7; i++)
        {
            Assert.AreEqual(AuditVerdict.Refused, rig.Spool.Append(SpoolFixture.Record(9000 + i)).Verdict);
        }

        Assert.AreEqual(AuditVerdict.Refused, rig.Spool.AppendDurably(SpoolFixture.Record(9100)).Verdict);
        Assert.AreEqual(AuditVerdict.Refused, rig.Spool.AppendStrictly(SpoolFixture.Record(9200)).Verdict);
        Assert.AreEqual(8, rig.Spool.Figures.DroppedFull, "the answer that was refused is no loss: nothing was decided");
        rig.MakeRoom();
        Assert.AreEqual(AuditVerdict.Taken, rig.Spool.AppendStrictly(SpoolFixture.Record(9300)).Verdict);
        Assert.AreEqual(8, rig.End().Dropped["full"]);
    }

    /// <summary>A day of drops: notes of them must not use up the room that is kept for what the log has to say.</summary>
    [TestMethod]
    public void Notes_of_drops_become_rarer_and_lose_none()
    {
        using var rig = new FullLog("on_full = \"drop_and_count\"\ncheckpoint_seconds = 86400\nepoch_seconds = 86400");
        long size = rig.Spool.Figures.Size;
        for (int i = 0; i < 600; i++)
        {
            Assert.AreEqual(AuditVerdict.Dropped, rig.Spool.Append(SpoolFixture.Record(9000 + i)).Verdict);
            rig.Clock.Advance(Second * 60);
            Thread.Sleep(1); // The writer may look, or not: what is judged is how often it noted anything.
        }

        Assert.IsLessThan(size + 60, rig.Spool.Figures.Size, "ten hours are a dozen notes and their checkpoints");
        rig.MakeRoom();
        Assert.AreEqual(AuditVerdict.Taken, rig.Spool.AppendStrictly(SpoolFixture.Record(9300)).Verdict);
        (Dictionary<string, long> dropped, int notes) = rig.End();
        Assert.AreEqual(rig.Spool.Figures.DroppedFull, dropped["full"]);
        Assert.IsLessThan(25, notes);
    }

    [TestMethod]
    public void What_waits_in_memory_at_a_stop_while_the_log_is_full_is_counted_and_noted()
    {
        MemoryDisk disk = SpoolFixture.NewLog();
        int taken = 0;
        long lost;
        disk.Fault = (_, what, name) => what == "create" && disk.Names().Contains("00000000.segment") ? MemoryDisk.NoSpace : null;
        using (AuditSpool spool = disk.Open(SpoolFixture.Settings("window_records = 100000\nwindow_ms = 60000")))
        {
            // Faster than the writer: most of it is in memory when the segment is full.
            while (taken < 3000 && spool.AppendAsync(new AuditWaiter(), SpoolFixture.Record(taken, 500), strict: false).AsTask() is { IsCompleted: true, Result.Verdict: AuditVerdict.Taken })
            {
                taken++;
            }

            spool.Dispose();
            lost = spool.Figures.DroppedFull;
        }

        Assert.IsGreaterThan(100, lost, "the control: not all of it had room");
        SpoolFixture.AssertSound(disk.Verify(out Dictionary<string, int> requests, out _));
        Assert.AreEqual(taken, requests.Count + lost);
        Assert.AreEqual(lost, SpoolFixture.Dropped(disk)["full"]);
    }

    /// <summary>Nothing is wrong with the disk: the next segment is only not there yet when the daemon stops. What was taken is written when it is.</summary>
    [TestMethod]
    [Timeout(120_000)]
    public async Task What_waits_in_memory_at_a_stop_for_a_segment_that_is_being_laid_out_is_written()
    {
        MemoryDisk disk = SpoolFixture.NewLog();
        using var laidOut = new ManualResetEventSlim();
        disk.Creating = () => _ = disk.Names().Contains("00000000.segment") && laidOut.Wait(TimeSpan.FromSeconds(60));
        int taken = 0;
        using AuditSpool spool = disk.Open(SpoolFixture.Settings("window_records = 100000\nwindow_ms = 60000"));
        while (taken < 3000 && spool.AppendAsync(new AuditWaiter(), SpoolFixture.Record(taken, 500), strict: false).AsTask() is { IsCompleted: true, Result.Verdict: AuditVerdict.Taken })
        {
            taken++;
        }

        Assert.IsGreaterThan(2000, taken, "three segments of them");
        var stopping = Task.Run(spool.Dispose);

        // The present segment is used up to its end at a stop. Whatever the writer does then, it has time for it.
        AuditSpoolTests.Until(() => disk.Bytes("00000000.segment").Length - disk.Bytes("00000000.segment").AsSpan().LastIndexOfAnyExcept((byte)0) < 8 << 10);
        await Task.WhenAny(stopping, Task.Delay(500));
        laidOut.Set();
        await stopping;
        SpoolFixture.AssertSound(disk.Verify(out Dictionary<string, int> requests, out _));
        Assert.AreEqual((taken, 0L), (requests.Count, spool.Figures.DroppedBehind));
        Assert.IsEmpty(SpoolFixture.Dropped(disk));
    }

    /// <summary>A disk that hangs while it lays the next segment out: the stop ends, and what it could not write is counted. By the system's clock, whose timer wakes the writer again and again.</summary>
    [TestMethod]
    [Timeout(120_000)]
    public async Task A_segment_that_never_comes_is_not_waited_for_without_end()
    {
        MemoryDisk disk = SpoolFixture.NewLog();
        using var laidOut = new ManualResetEventSlim();
        disk.Creating = () => _ = disk.Names().Contains("00000000.segment") && laidOut.Wait(TimeSpan.FromSeconds(100));
        int taken = 0;
        AuditSpool spool = disk.Open(SpoolFixture.Settings("window_records = 100000\nwindow_ms = 50"), TimeProvider.System);
        while (taken < 3000 && spool.AppendAsync(new AuditWaiter(), SpoolFixture.Record(taken, 500), strict: false).AsTask() is { IsCompleted: true, Result.Verdict: AuditVerdict.Taken })
        {
            taken++;
        }

        await Task.Run(spool.Dispose).WaitAsync(TimeSpan.FromSeconds(60));
        laidOut.Set();
        SpoolFixture.AssertSound(disk.Verify(out Dictionary<string, int> requests, out _));
        Assert.AreEqual((taken, taken - requests.Count), (3000, (int)spool.Figures.DroppedBehind));
        Assert.AreEqual(spool.Figures.DroppedBehind, SpoolFixture.Dropped(disk)["behind"], "and the log says so");
    }

    [TestMethod]
    public void What_a_full_buffer_refuses_is_counted_too()
    {
        MemoryDisk disk = SpoolFixture.NewLog();
        using var hold = new ManualResetEventSlim(initialState: true);
        disk.Syncing = () => hold.Wait(TimeSpan.FromSeconds(20));
        long lost;
        using (AuditSpool spool = disk.Open(SpoolFixture.Settings("buffer_bytes = 262144\non_behind = \"refuse\"")))
        {
            spool.AppendStrictly(SpoolFixture.Record(0));
            hold.Reset();
            while (spool.Append(SpoolFixture.Record(1, 500)).Verdict == AuditVerdict.Taken)
            {
            }

            spool.Append(SpoolFixture.Record(1, 500));
            lost = spool.Figures.DroppedBehind;
            Assert.AreEqual(2, lost);
            hold.Set();
            Assert.AreEqual(AuditVerdict.Taken, spool.AppendStrictly(SpoolFixture.Record(2)).Verdict);
        }

        Assert.AreEqual(lost, SpoolFixture.Dropped(disk)["behind"]);
    }

    [TestMethod]
    [DataRow("on_full = \"refuse\"", true)]
    [DataRow("on_full = \"rotate\"\nkeep_days = 1", true)]
    [DataRow("on_full = \"rotate\"\nkeep_days = 0", false)]
    public void Before_the_quota_closes_the_log_there_is_an_alarm(string policy, bool expected)
    {
        MemoryDisk disk = SpoolFixture.NewLog();
        var clock = new TestClock();
        var alarms = new ConcurrentQueue<(AuditAlarm Alarm, SpoolCondition Then)>();
        using AuditSpool spool = disk.Open(SpoolFixture.Settings($"max_bytes = 3145728\n{policy}"), clock); // Twelve segments.
        spool.Alarm = alarm => alarms.Enqueue((alarm, spool.State.Condition));
        int segments = expected ? 9 : 20;
        for (int i = 0; spool.Figures.Segment < segments; i++)
        {
            AuditPlace place = spool.AppendStrictly(SpoolFixture.Record(i, 500));
            Assert.AreEqual(AuditVerdict.Taken, place.Verdict);
            if (i % 100 == 0)
            {
                clock.Advance(Second * 6);
            }
        }

        if (!expected)
        {
            Assert.IsEmpty(alarms, "what may go is no reason to wake anybody");
            return;
        }

        AuditSpoolTests.Until(() => !alarms.IsEmpty);
        (AuditAlarm said, SpoolCondition then) = alarms.Single();
        Assert.AreEqual((AuditAlarmKind.QuotaNear, SpoolCondition.Running), (said.Kind, then), "before, not when");
        StringAssert.Contains(said.Text, "max_bytes", StringComparison.Ordinal);
        StringAssert.Contains(said.Text, "hours as things went so far", StringComparison.Ordinal);
        Assert.IsGreaterThanOrEqualTo(3145728 * 8 / 10, spool.Figures.KeptBytes);
    }

    [TestMethod]
    public void A_segment_that_is_given_up_is_an_alarm()
    {
        MemoryDisk disk = SpoolFixture.NewLog();
        using AuditSpool spool = disk.Open();
        spool.AppendStrictly(SpoolFixture.Record(0));
        bool failed = false;
        disk.Fault = (_, what, name) => what == "sync" && name == "00000000.segment" && !failed && (failed = true) ? MemoryDisk.InputOutput : null;
        Assert.AreEqual(AuditVerdict.Taken, spool.AppendStrictly(SpoolFixture.Record(1)).Verdict);

        // Told of although nobody listened when it happened: the first seconds of a start are like that.
        var alarms = new ConcurrentQueue<AuditAlarm>();
        spool.Alarm = alarms.Enqueue;
        AuditAlarm alarm = alarms.Single();
        Assert.AreEqual(AuditAlarmKind.SegmentAbandoned, alarm.Kind);
        StringAssert.Contains(alarm.Text, "00000000.segment", StringComparison.Ordinal);
        Assert.AreEqual(1, spool.Figures.AbandonedSegments);
    }

    /// <summary>
    /// The writer has given its segment up and has no other; the one that lays it out has no quota before the oldest is deleted, and that is to be in the log first. Each would wait for the other
    /// without end: so one file beyond the quota is laid out where the record is late.
    /// </summary>
    /// <param name="atOnce">With the first group of a new segment, before the deletion that its beginning asks for can be in the log: then what was sealed and what was given up fill the quota.</param>
    [TestMethod]
    [Timeout(60_000)]
    [DataRow(false)]
    [DataRow(true)]
    public void A_disk_error_at_a_full_quota_is_got_around(bool atOnce)
    {
        MemoryDisk disk = SpoolFixture.NewLog();
        var clock = new TestClock();
        bool noFile = false, noSync = false;
        disk.Fault = (_, what, name) =>
        {
            noSync |= what == "rename" && noFile && atOnce;
            return (what == "create" && noFile) || (what == "sync" && noSync && name.EndsWith(".segment", StringComparison.Ordinal)) ? MemoryDisk.InputOutput : null;
        };
        using AuditSpool spool = disk.Open(SpoolFixture.Settings("max_bytes = 1048576\non_full = \"rotate\"\nkeep_days = 0"), clock);
        int number = 0;
        while (spool.Figures.DeletedSegments < 2)
        {
            Assert.AreEqual(AuditVerdict.Taken, spool.AppendStrictly(SpoolFixture.Record(number++, 500)).Verdict);
        }

        noFile = true;
        long segment = spool.Figures.Segment;
        while (!noSync && spool.Figures.Segment == segment)
        {
            _ = spool.AppendStrictly(SpoolFixture.Record(number++, 500));
        }

        noSync = true;
        Assert.AreEqual(AuditVerdict.Refused, spool.AppendStrictly(SpoolFixture.Record(number++, 500)).Verdict);
        AuditSpoolTests.Until(() => spool.State.Condition == SpoolCondition.Full);
        (noFile, noSync) = (false, false);
        AuditSpoolTests.Until(() =>
        {
            clock.Advance(Second * 2);
            return spool.State.Condition == SpoolCondition.Running;
        });
        Assert.AreEqual(AuditVerdict.Taken, spool.AppendStrictly(SpoolFixture.Record(number, 500)).Verdict);
        Assert.AreEqual(1, spool.Figures.AbandonedSegments);
        spool.Dispose();
        SpoolFixture.AssertSound(disk.Verify(out _, out _));
    }

    /// <summary>The same where not the quota but the file system is full: then there is no room for the file in which the deletion could be noted first.</summary>
    [TestMethod]
    [Timeout(60_000)]
    [DataRow("rotate", true)]
    [DataRow("refuse", false)]
    public void A_disk_error_on_a_full_file_system_is_got_around_where_segments_may_go(string policy, bool comesBack)
    {
        MemoryDisk disk = SpoolFixture.NewLog();
        var clock = new TestClock();
        bool noSync = false;
        disk.Fault = (_, what, name) =>
            what == "create" && disk.Names().Count(file => SpoolLayout.TryParseSegment(file, out ulong _)) > 3 ? MemoryDisk.NoSpace
            : what == "sync" && noSync && name.EndsWith(".segment", StringComparison.Ordinal) ? MemoryDisk.InputOutput
            : null;
        using AuditSpool spool = disk.Open(SpoolFixture.Settings($"on_full = \"{policy}\"\nkeep_days = 1"), clock);
        int number = 0;
        while (spool.AppendStrictly(SpoolFixture.Record(number, 500)).Verdict == AuditVerdict.Taken)
        {
            number++;
        }

        Assert.AreEqual(SpoolCondition.Full, spool.State.Condition, "nothing is old enough to go");
        noSync = true;
        AuditSpoolTests.Until(() =>
        {
            _ = spool.Append(SpoolFixture.Record(9000)); // Its loss is to be noted, in the room that was kept.
            clock.Advance(Second * 61);
            return spool.Figures.AbandonedSegments == 1;
        });
        noSync = false;
        clock.Advance(TimeSpan.FromDays(2));
        if (!comesBack)
        {
            for (int i = 0; i < 10; i++)
            {
                clock.Advance(Second * 2);
                Thread.Sleep(300);
            }

            Assert.AreEqual((SpoolCondition.Full, 0L), (spool.State.Condition, spool.Figures.DeletedSegments), "what must not go stays, whatever it costs");
            return;
        }

        AuditSpoolTests.Until(() =>
        {
            clock.Advance(Second * 2);
            return spool.State.Condition == SpoolCondition.Running;
        });
        Assert.AreEqual(AuditVerdict.Taken, spool.AppendStrictly(SpoolFixture.Record(9300)).Verdict);
        long deleted = spool.Figures.DeletedSegments;
        spool.Dispose();
        SpoolFixture.AssertSound(disk.Verify(out _, out List<RecordKind> kinds));
        Assert.AreEqual(spool.Figures.DeletedSegments, kinds.Count(kind => kind == RecordKind.Retention), "each deletion is told, though the first came before its record");
        Assert.IsGreaterThanOrEqualTo(1, deleted);
    }

    /// <summary>A log that ended with its segment used up to the last byte and the next not begun, started again under a smaller quota: it has no place for the note that would make room.</summary>
    [TestMethod]
    [Timeout(60_000)]
    public void A_start_with_a_used_up_segment_beyond_the_quota_is_got_around()
    {
        MemoryDisk disk = SpoolFixture.NewLog();
        bool noName = false;
        disk.Fault = (_, what, name) => noName && what == "rename" ? MemoryDisk.InputOutput : null;
        using (AuditSpool spool = disk.Open())
        {
            int number = 0;
            while (spool.Figures.Segment < 6)
            {
                Assert.AreEqual(AuditVerdict.Taken, spool.AppendStrictly(SpoolFixture.Record(number++, 500)).Verdict);
            }

            noName = true;
            while (spool.AppendStrictly(SpoolFixture.Record(number++, 500)).Verdict == AuditVerdict.Taken)
            {
            }

            Assert.AreEqual(SpoolCondition.Failed, spool.State.Condition);
        }

        noName = false;
        var clock = new TestClock();
        using AuditSpool again = disk.Open(SpoolFixture.Settings("max_bytes = 1048576\non_full = \"rotate\"\nkeep_days = 0"), clock);
        AuditSpoolTests.Until(() =>
        {
            clock.Advance(Second * 2);
            return again.State.Condition == SpoolCondition.Running && again.Figures.DeletedSegments >= 3;
        });
        Assert.AreEqual(AuditVerdict.Taken, again.AppendStrictly(SpoolFixture.Record(9000)).Verdict);
        again.Dispose();
        SpoolFixture.AssertSound(disk.Verify(out _, out List<RecordKind> kinds));
        Assert.AreEqual(again.Figures.DeletedSegments, kinds.Count(kind => kind == RecordKind.Retention));
    }

    /// <summary>The way out that the message of a full log names: without a restart.</summary>
    [TestMethod]
    public void An_operator_who_removes_the_oldest_segment_opens_the_log_again()
    {
        MemoryDisk disk = SpoolFixture.NewLog();
        var clock = new TestClock();
        using AuditSpool spool = disk.Open(SpoolFixture.Settings("max_bytes = 1048576\non_full = \"refuse\""), clock);
        for (int i = 0; spool.AppendStrictly(SpoolFixture.Record(i, 500)).Verdict == AuditVerdict.Taken; i++)
        {
        }

        Assert.AreEqual(SpoolCondition.Full, spool.State.Condition);
        for (int i = 0; i < 5; i++)
        {
            clock.Advance(Second * 2);
            Thread.Sleep(5);
        }

        Assert.AreEqual(SpoolCondition.Full, spool.State.Condition, "the control: time alone makes no room");
        disk.Remove(SpoolLayout.SegmentName(0));
        AuditSpoolTests.Until(() =>
        {
            clock.Advance(Second * 2);
            return spool.State.Condition == SpoolCondition.Running;
        });
        Assert.AreEqual(AuditVerdict.Taken, spool.AppendStrictly(SpoolFixture.Record(9000)).Verdict);
    }

    /// <summary>A log with one segment, which is full.</summary>
    private sealed class FullLog : IDisposable
    {
        private readonly MemoryDisk _disk = SpoolFixture.NewLog();
        private bool _full = true;

        public FullLog(string settings)
        {
            _disk.Fault = (_, what, name) => _full && what == "create" && _disk.Names().Contains("00000000.segment") ? MemoryDisk.NoSpace : null;
            Spool = _disk.Open(SpoolFixture.Settings(settings), Clock);
            for (int i = 0; Spool.AppendStrictly(SpoolFixture.Record(i, 500)).Verdict == AuditVerdict.Taken; i++)
            {
            }

            AuditSpoolTests.Until(() => Spool.State.Condition == SpoolCondition.Full);
            Before = Spool.Figures.DroppedFull;
        }

        public TestClock Clock { get; } = new();

        public AuditSpool Spool { get; }

        public long Before { get; }

        public void MakeRoom()
        {
            _full = false;
            AuditSpoolTests.Until(() =>
            {
                Clock.Advance(Second * 2);
                return Spool.State.Condition == SpoolCondition.Running;
            });
        }

        public (Dictionary<string, long> Dropped, int Notes) End()
        {
            Spool.Dispose();
            SpoolFixture.AssertSound(_disk.Verify(out _, out List<RecordKind> kinds));
            return (SpoolFixture.Dropped(_disk), kinds.Count(kind => kind == RecordKind.Dropped));
        }

        public void Dispose() => Spool.Dispose();
    }
}
