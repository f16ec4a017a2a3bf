using System.Collections.Concurrent;
using EdgeDaemon.Audit;
using EdgeDaemon.Core.Audit.Records;
using EdgeDaemon.Tests.Admission;

namespace EdgeDaemon.Tests.Audit;

/// <summary>A disk that gives no answer, neither data nor error: nobody waits for it without end, and it is said.</summary>
[TestClass]
public sealed class SpoolStallTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [TestMethod]
    [DataRow("refuse", AuditVerdict.Refused)]
    [DataRow("drop_and_count", AuditVerdict.Dropped)]
    public void A_sync_that_does_not_return_turns_callers_away_at_the_bound_and_not_before(string policy, object verdict)
    {
        using var rig = new HeldDisk();
        var alarms = new ConcurrentQueue<AuditAlarm>();
        using (AuditSpool spool = rig.Open($"stall_seconds = 5\non_error = \"{policy}\""))
        {
            spool.Alarm = alarms.Enqueue;
            Task turned = spool.Turned;
            Task<AuditPlace> waiting = rig.HoldAt(spool, 1);
            rig.Clock.Advance(TimeSpan.FromSeconds(1));
            rig.Clock.Advance(TimeSpan.FromSeconds(3.9));
            Assert.IsFalse(waiting.IsCompleted, "the control: a slow disk is waited for");
            Assert.AreEqual(SpoolCondition.Running, spool.State.Condition);
            Assert.IsInRange(4.8, 5.0, spool.Figures.CallSeconds);

            rig.Clock.Advance(TimeSpan.FromSeconds(0.2));
            Assert.IsTrue(waiting.Wait(Patience));
            Assert.AreEqual(((AuditVerdict)verdict, AuditCause.Stalled), (waiting.Result.Verdict, waiting.Result.Cause));
            bool accepts = (AuditVerdict)verdict == AuditVerdict.Dropped;
            Assert.AreEqual((SpoolCondition.Stalled, accepts), (spool.State.Condition, spool.State.Accepts));
            Assert.AreEqual(!accepts, turned.Wait(accepts ? TimeSpan.Zero : Patience), "who watches whether requests go on is told");
            StringAssert.Contains(spool.State.Reason, "has not answered", StringComparison.Ordinal);
            Assert.AreEqual(AuditCause.Stalled, spool.AppendStrictly(SpoolFixture.Record(2)).Cause);
            Assert.AreEqual(AuditCause.Stalled, spool.Append(SpoolFixture.Record(3)).Cause);

            // It is looked at again, and is stalled since then.
            SpoolState then = spool.State;
            rig.Clock.Advance(TimeSpan.FromSeconds(2));
            Assert.AreEqual((SpoolCondition.Stalled, then.Since), (spool.State.Condition, spool.State.Since));
            turned = spool.Turned;
            rig.Release();
            AuditSpoolTests.Until(() => spool.State.Condition == SpoolCondition.Running);
            Assert.AreEqual(!accepts, turned.Wait(accepts ? TimeSpan.Zero : Patience));
            Assert.AreEqual(AuditVerdict.Taken, spool.AppendStrictly(SpoolFixture.Record(4)).Verdict);
            Assert.AreEqual(0.0, spool.Figures.CallSeconds);
            Assert.AreEqual(accepts ? 2L : 1L, spool.Figures.DroppedStalled);
        }

        Assert.ContainsSingle(alarm => alarm.Kind == AuditAlarmKind.DiskStalled, alarms);
        SpoolFixture.AssertSound(rig.Disk.Verify(out Dictionary<string, int> requests, out List<RecordKind> kinds));
        CollectionAssert.Contains(kinds, RecordKind.SpoolFailure);
        CollectionAssert.Contains(kinds, RecordKind.Dropped);
        CollectionAssert.AreEquivalent(new[] { "r0", "r1", "r4" }, requests.Keys.ToArray(), "what was taken before is in the log all the same");
    }

    [TestMethod]
    public void Who_comes_while_it_stalls_does_not_wait_either()
    {
        using var rig = new HeldDisk();
        using AuditSpool spool = rig.Open("stall_seconds = 5\nwindow_records = 1");
        Task<AuditPlace> waiting = rig.HoldAt(spool, 1);
        Task<AuditPlace> roomless = spool.AppendAsync(new AuditWaiter(), SpoolFixture.Record(2), strict: false).AsTask();
        rig.Clock.Advance(TimeSpan.FromSeconds(1));
        rig.Clock.Advance(TimeSpan.FromSeconds(5));
        Assert.IsTrue(Task.WaitAll([waiting, roomless], Patience));
        Assert.AreEqual(AuditCause.Stalled, roomless.Result.Cause);
        rig.Release();
        AuditSpoolTests.Until(() => spool.State.Condition == SpoolCondition.Running);
    }

    /// <summary>Who does not want to wait that long is not made to: for the disk, and for room. Its record is what it was: in the log, where it was taken; and its waiter is free for the next request.</summary>
    [TestMethod]
    public void A_caller_is_refused_at_its_own_deadline_and_not_before()
    {
        using var rig = new HeldDisk();
        using (AuditSpool spool = rig.Open("stall_seconds = 30\nwindow_ms = 100\nwindow_records = 2"))
        {
            Task<AuditPlace> patient = rig.HoldAt(spool, 1);
            long deadline = rig.Clock.GetTimestamp() + (2 * rig.Clock.TimestampFrequency);
            var waiter = new AuditWaiter();
            Task<AuditPlace> strict = spool.AppendAsync(waiter, SpoolFixture.Record(2), strict: true, deadline: deadline).AsTask();
            Task<AuditPlace> roomless = spool.AppendAsync(new AuditWaiter(), SpoolFixture.Record(3), strict: false, deadline: deadline).AsTask();
            Task<AuditPlace> later = spool.AppendAsync(new AuditWaiter(), SpoolFixture.Record(4), strict: true, deadline: deadline * 9).AsTask();
            rig.Clock.Advance(TimeSpan.FromSeconds(1));
            rig.Clock.Advance(TimeSpan.FromSeconds(0.9));
            Assert.IsFalse(strict.IsCompleted || roomless.IsCompleted, "the control: before its time nobody is turned away");
            rig.Clock.Advance(TimeSpan.FromSeconds(0.2));
            Assert.IsTrue(Task.WaitAll([strict, roomless], Patience));
            Assert.AreEqual((AuditVerdict.Refused, AuditCause.Late), (strict.Result.Verdict, strict.Result.Cause));
            Assert.AreEqual((AuditVerdict.Refused, AuditCause.Late), (roomless.Result.Verdict, roomless.Result.Cause));
            Assert.AreEqual(SpoolCondition.Running, spool.State.Condition, "a caller's haste is no fault of the disk");
            Assert.IsFalse(patient.IsCompleted || later.IsCompleted);

            Task<AuditPlace> again = spool.AppendAsync(waiter, SpoolFixture.Record(5), strict: true).AsTask();
            rig.Release();
            Assert.IsTrue(Task.WaitAll([patient, later, again], Patience));
            Assert.IsTrue(new[] { patient, later, again }.All(task => task.Result is { Verdict: AuditVerdict.Taken, Sequence: > 0 }));
            Assert.HasCount(3, new[] { patient, later, again }.Select(task => task.Result.Sequence).Distinct().ToArray());
            Assert.AreEqual(0L, spool.Figures.DroppedStalled + spool.Figures.DroppedBehind, "an answer that is refused is no loss");
        }

        SpoolFixture.AssertSound(rig.Disk.Verify(out Dictionary<string, int> requests, out _));
        CollectionAssert.AreEquivalent(new[] { "r0", "r1", "r2", "r4", "r5" }, requests.Keys.ToArray());
    }

    /// <summary>No call to the disk is under way: what is missing is a file.</summary>
    [TestMethod]
    public void A_deadline_holds_while_the_next_file_is_waited_for()
    {
        using var rig = new HeldDisk();
        using AuditSpool spool = rig.Open("stall_seconds = 3600");
        using var hold = new ManualResetEventSlim(initialState: false);
        rig.Disk.Creating = () => hold.Wait(Patience);
        Task<AuditPlace> waiting = Task.FromResult(default(AuditPlace));
        for (int i = 0; waiting.IsCompleted && i < 4000; i++)
        {
            long deadline = rig.Clock.GetTimestamp() + (60 * rig.Clock.TimestampFrequency);
            waiting = spool.AppendAsync(new AuditWaiter(), SpoolFixture.Record(i, 500), strict: true, deadline: deadline).AsTask();
            waiting.Wait(TimeSpan.FromSeconds(5)); // Long: a machine that is busy must not look like a file that is missing.
        }

        Assert.IsFalse(waiting.IsCompleted);
        for (int i = 0; i < 20; i++)
        {
            rig.Clock.Advance(TimeSpan.FromSeconds(2));
            Thread.Sleep(5);
        }

        Assert.IsFalse(waiting.IsCompleted, "the control: forty seconds of sixty");
        AuditSpoolTests.Until(() =>
        {
            rig.Clock.Advance(TimeSpan.FromSeconds(2));
            return waiting.IsCompleted;
        });
        Assert.AreEqual((AuditVerdict.Refused, AuditCause.Late), (waiting.Result.Verdict, waiting.Result.Cause));
        hold.Set();
        Assert.AreEqual(AuditVerdict.Taken, spool.AppendStrictly(SpoolFixture.Record(9000)).Verdict);
    }

    /// <summary>The file that comes next is laid out by another thread: one that hangs there is no error, and no file either.</summary>
    [TestMethod]
    public void A_next_file_that_never_comes_is_a_stall_too()
    {
        using var rig = new HeldDisk();
        using AuditSpool spool = rig.Open("stall_seconds = 5");
        using var hold = new ManualResetEventSlim(initialState: false);
        rig.Disk.Creating = () => hold.Wait(TimeSpan.FromSeconds(60)); // Longer than any wait below, on a busy machine as well.
        Task<AuditPlace> waiting = Task.FromResult(default(AuditPlace));
        for (int i = 0; waiting.IsCompleted && i < 4000; i++)
        {
            waiting = spool.AppendAsync(new AuditWaiter(), SpoolFixture.Record(i, 500), strict: true).AsTask();
            waiting.Wait(TimeSpan.FromSeconds(5)); // Long: a machine that is busy must not look like a file that is missing.
        }

        Assert.IsFalse(waiting.IsCompleted);
        AuditSpoolTests.Until(() =>
        {
            rig.Clock.Advance(TimeSpan.FromSeconds(2));
            return waiting.IsCompleted;
        });
        Assert.AreEqual((AuditVerdict.Refused, AuditCause.Stalled), (waiting.Result.Verdict, waiting.Result.Cause));
        Assert.AreEqual(SpoolCondition.Stalled, spool.State.Condition);
        hold.Set();
        AuditSpoolTests.Until(() =>
        {
            rig.Clock.Advance(TimeSpan.FromSeconds(2));
            return spool.State.Condition == SpoolCondition.Running;
        });
        Assert.AreEqual(AuditVerdict.Taken, spool.AppendStrictly(SpoolFixture.Record(9000)).Verdict);
    }

    [TestMethod]
    [Timeout(60_000)]
    public void An_end_of_the_daemon_is_not_held_up_for_ever()
    {
        using var rig = new HeldDisk();
        AuditSpool spool = rig.Open("stall_seconds = 1");
        Task<AuditPlace> waiting = rig.HoldAt(spool, 1);
        Task ending = Task.Run(spool.Dispose);
        rig.Clock.Advance(TimeSpan.FromSeconds(0.9));
        Assert.IsFalse(ending.Wait(TimeSpan.FromMilliseconds(300)), "the control: a disk that is slow is waited for");
        rig.Clock.Advance(TimeSpan.FromSeconds(3));
        Assert.IsTrue(ending.Wait(Patience));
        Assert.IsFalse(spool.HasEnded, "the thread is in the kernel still: the log's lock is not given up");
        Assert.IsTrue(waiting.Wait(Patience));
        Assert.AreEqual(AuditVerdict.Refused, spool.AppendStrictly(SpoolFixture.Record(2)).Verdict);
        rig.Release();
    }

    /// <summary>Not a group's sync but the file of certificates hangs: nothing would be due for a minute when it ends, and until then nothing would be taken.</summary>
    [TestMethod]
    public void A_call_that_was_no_groups_opens_the_log_again_when_it_ends()
    {
        using var rig = new HeldDisk();
        using var hold = new ManualResetEventSlim(initialState: true);
        using var held = new ManualResetEventSlim(initialState: false);
        using AuditSpool spool = rig.Disk.Open(SpoolFixture.Settings("stall_seconds = 5\ncheckpoint_seconds = 3600\nepoch_seconds = 3600"), rig.Clock);
        Assert.AreEqual(AuditVerdict.Taken, spool.AppendStrictly(SpoolFixture.Record(0)).Verdict);
        hold.Reset();
        rig.Disk.Appending = () =>
        {
            held.Set();
            hold.Wait(Patience);
        };
        AuditSpoolTests.Until(() =>
        {
            rig.Clock.Advance(TimeSpan.FromSeconds(held.IsSet ? 2 : 3601));
            return spool.State.Condition == SpoolCondition.Stalled;
        });
        hold.Set();
        AuditSpoolTests.Until(() => spool.State.Condition == SpoolCondition.Running);
        Assert.AreEqual(AuditVerdict.Taken, spool.AppendStrictly(SpoolFixture.Record(1)).Verdict);
    }

    /// <summary>The timer that makes batched callers wait runs before the first sync already: without that a disk that is slow from the start takes records until the window is full.</summary>
    [TestMethod]
    public void Batched_answers_stop_leaving_when_a_sync_takes_longer_than_the_window()
    {
        using var rig = new HeldDisk();
        using AuditSpool spool = rig.Open("window_ms = 100\nwindow_records = 1000");
        Task<AuditPlace> strict = rig.HoldAt(spool, 1);
        Task<AuditPlace> early = spool.AppendAsync(new AuditWaiter(), SpoolFixture.Record(2), strict: false).AsTask();
        Assert.IsTrue(early.IsCompleted, "the control: within the window nobody waits");
        rig.Clock.Advance(TimeSpan.FromMilliseconds(101));
        Task<AuditPlace> late = spool.AppendAsync(new AuditWaiter(), SpoolFixture.Record(3), strict: false).AsTask();
        Assert.IsFalse(late.IsCompleted);
        rig.Release();
        Assert.IsTrue(Task.WaitAll([strict, late], Patience));
        Assert.AreEqual(AuditVerdict.Taken, late.Result.Verdict);
    }

    /// <summary>A disk whose syncs can be held, and a clock that goes on when it is told to.</summary>
    private sealed class HeldDisk : IDisposable
    {
        private readonly ManualResetEventSlim _hold = new(initialState: true);
        private readonly ManualResetEventSlim _held = new(initialState: false);

        public HeldDisk()
        {
            Disk.Syncing = () =>
            {
                if (!_hold.IsSet)
                {
                    _held.Set();
                    _hold.Wait(TimeSpan.FromSeconds(40));
                }
            };
        }

        public MemoryDisk Disk { get; } = SpoolFixture.NewLog();

        public TestClock Clock { get; } = new();

        public AuditSpool Open(string settings) => Disk.Open(SpoolFixture.Settings(settings + "\ncheckpoint_seconds = 3600\nepoch_seconds = 3600"), Clock);

        /// <summary>A strict record's sync is under way, and stays so.</summary>
        public Task<AuditPlace> HoldAt(AuditSpool spool, int number)
        {
            Assert.AreEqual(AuditVerdict.Taken, spool.AppendStrictly(SpoolFixture.Record(0)).Verdict);
            _hold.Reset();
            Task<AuditPlace> waiting = spool.AppendAsync(new AuditWaiter(), SpoolFixture.Record(number), strict: true).AsTask();
            Assert.IsTrue(_held.Wait(Patience));
            return waiting;
        }

        public void Release() => _hold.Set();

        public void Dispose()
        {
            _hold.Set();
            _held.Dispose();
        }
    }
}
