using EdgeDaemon.Audit;
using EdgeDaemon.Tests.Admission;

namespace EdgeDaemon.Tests.Audit;

/// <summary>When the writer sleeps, and what wakes it.</summary>
[TestClass]
public sealed class SpoolGateTests
{
    /// <summary>
    /// A caller gets in line before its record is there. The writer that looks in between finds somebody who waits and nothing to write: it must not sleep as if there were no file,
    /// for the record that comes then would wake nobody, and its caller would wait for the next timer.
    /// </summary>
    [TestMethod]
    [DataRow(false, true)]
    [DataRow(true, false, DisplayName = "the control: without a file nothing that comes wakes it")]
    public void A_turn_that_found_nothing_sleeps_as_one_that_any_record_wakes(bool blocked, bool wakes)
    {
        using var rig = new Rig();
        Task sleeping = Task.Run(() => rig.Gate.Sleep(blocked, isDue: null));
        AuditSpoolTests.Until(() =>
        {
            rig.Gate.Wake(waits: true); // Wakes nobody as long as nobody sleeps.
            return sleeping.IsCompleted || (!wakes && rig.Asleep(sleeping));
        });
        Assert.AreEqual(wakes, sleeping.IsCompleted);
        rig.Gate.WakeNow();
        Assert.IsTrue(sleeping.Wait(TimeSpan.FromSeconds(20)), "what it is blocked by does");
    }

    /// <summary>The record came between the writer's turn and its sleep: nobody will wake it for that.</summary>
    [TestMethod]
    public void A_record_that_is_there_already_lets_nobody_sleep()
    {
        using var rig = new Rig();
        rig.Append();
        Task awake = Task.Run(() => rig.Gate.Sleep(blocked: false, isDue: null));
        Assert.IsTrue(awake.Wait(TimeSpan.FromSeconds(20)));

        Task asleep = Task.Run(() => rig.Gate.Sleep(blocked: true, isDue: null));
        AuditSpoolTests.Until(() => rig.Asleep(asleep));
        rig.Gate.WakeNow();
        Assert.IsTrue(asleep.Wait(TimeSpan.FromSeconds(20)));
    }

    private sealed class Rig : IDisposable
    {
        private readonly DiskWatch _disk;
        private readonly RecordRing _ring = new(1 << 16);
        private int _looks;

        public Rig()
        {
            var clock = new TestClock();
            _disk = new DiskWatch(clock, TimeSpan.FromSeconds(5));
            Gate = new SpoolGate(SpoolFixture.Settings(), _ring, _disk, clock);
        }

        public SpoolGate Gate { get; }

        public void Append() => Assert.AreEqual(RecordRing.Attempt.Taken, _ring.TryAppend(SpoolFixture.Record(0), 1, int.MaxValue, null, null));

        /// <summary>It has had a hundred chances to end, and has not.</summary>
        public bool Asleep(Task task) => !task.IsCompleted && ++_looks > 100;

        public void Dispose()
        {
            Gate.Dispose();
            _disk.Dispose();
        }
    }
}
