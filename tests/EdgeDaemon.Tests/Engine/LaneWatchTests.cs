using EdgeDaemon.Engine;
using EdgeDaemon.Tests.Admission;
using Microsoft.Extensions.Logging.Abstractions;

namespace EdgeDaemon.Tests.Engine;

/// <summary>The watch on a clock that the test moves, over runs that are nothing but what is done to them.</summary>
[TestClass]
public sealed class LaneWatchTests
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    private readonly TestClock _clock = new();

    [TestMethod]
    public void Run_that_ends_in_time_is_left_alone()
    {
        LaneWatch watch = Make(out Acts acts, out WatchedRun run);
        watch.Begin(run, After(3));
        _clock.Advance(TimeSpan.FromSeconds(2));
        Assert.AreEqual(After(1), watch.Look(), "the watch knows when to look again");
        Assert.AreEqual(RunEnd.InTime, run.End());
        _clock.Advance(TimeSpan.FromSeconds(20));
        Assert.AreEqual(long.MaxValue, watch.Look());
        Assert.AreEqual((0, 0), (acts.Stops, acts.Losses));
    }

    [TestMethod]
    public void Run_past_its_deadline_is_told_once_and_the_next_one_is_not()
    {
        LaneWatch watch = Make(out Acts acts, out WatchedRun run);
        watch.Begin(run, After(3));
        _clock.Advance(TimeSpan.FromSeconds(3));
        watch.Look();
        watch.Look();
        Assert.AreEqual(1, acts.Stops);
        Assert.AreEqual(RunEnd.Stopped, run.End());
        watch.Begin(run, After(3));
        watch.Look();
        Assert.AreEqual(RunEnd.InTime, run.End());
        Assert.AreEqual((1, 0), (acts.Stops, acts.Losses));
    }

    [TestMethod]
    public void Run_that_does_not_come_back_is_given_up_after_the_grace_and_not_before()
    {
        LaneWatch watch = Make(out Acts acts, out WatchedRun run);
        watch.Begin(run, After(0));
        Assert.AreEqual(After(5), watch.Look());
        _clock.Advance(Grace - TimeSpan.FromMilliseconds(1));
        watch.Look();
        Assert.AreEqual((1, 0), (acts.Stops, acts.Losses));
        Assert.IsFalse(run.IsLost);
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        watch.Look();
        watch.Look();
        Assert.AreEqual((1, 1), (acts.Stops, acts.Losses));
        Assert.IsTrue(acts.SeenLost, "whoever is told of it must already see it");
        Assert.AreEqual(RunEnd.Lost, run.End());
    }

    [TestMethod]
    public void Run_without_a_deadline_may_go_on()
    {
        LaneWatch watch = Make(out Acts acts, out WatchedRun run);
        watch.Begin(run, long.MaxValue);
        _clock.Advance(TimeSpan.FromDays(1000));
        Assert.AreEqual(long.MaxValue, watch.Look());
        Assert.AreEqual((0, 0), (acts.Stops, acts.Losses));
    }

    [TestMethod]
    public void Run_that_breaks_the_watch_does_not_keep_it_from_the_others()
    {
        using var watch = new LaneWatch(Grace, _clock, NullLogger.Instance);
        var acts = new Acts();
        var broken = new WatchedRun(() => throw new InvalidOperationException(), () => throw new InvalidOperationException());
        var run = new WatchedRun(() => acts.Stops++, () => acts.Losses++);
        watch.Add(broken);
        watch.Add(run);
        watch.Begin(broken, After(0));
        watch.Begin(run, After(0));
        watch.Look();
        _clock.Advance(Grace);
        watch.Look();
        Assert.AreEqual((1, 1), (acts.Stops, acts.Losses));
        Assert.AreEqual(RunEnd.Lost, broken.End(), "whoever runs there does not wait for ever");
    }

    [TestMethod]
    public void Run_that_left_is_not_looked_at()
    {
        LaneWatch watch = Make(out Acts acts, out WatchedRun run);
        watch.Remove(run);
        watch.Begin(run, After(0));
        Assert.AreEqual(long.MaxValue, watch.Look());
        Assert.AreEqual(0, acts.Stops);
    }

    /// <summary>Ends and stops race for the same runs: a run is told to stop only while it is that run, and every stop is seen by its run.</summary>
    [TestMethod]
    public void Stops_and_ends_that_race_never_reach_the_next_run()
    {
        using var watch = new LaneWatch(Grace, TimeProvider.System, NullLogger.Instance);
        int told = 0, seen = 0;
        bool inside = false, outside = false;
        var run = new WatchedRun(
            () =>
            {
                outside |= !Volatile.Read(ref inside);
                told++;
            },
            () => { });
        watch.Add(run);
        bool ended = false;
        var looks = new Thread(() =>
        {
            while (!Volatile.Read(ref ended))
            {
                watch.Look();
            }
        });
        looks.IsBackground = true;
        looks.Start();
        var waited = System.Diagnostics.Stopwatch.StartNew();
        for (int i = 0; i < 5_000 || seen < 50; i++)
        {
            // On a busy machine the two meet seldom.
            Assert.IsLessThan(TimeSpan.FromMinutes(1), waited.Elapsed, $"{seen} of {i} runs were stopped");
            if (i % 1000 == 0)
            {
                Thread.Yield();
            }

            Volatile.Write(ref inside, true);
            watch.Begin(run, i % 2 == 0 ? long.MaxValue : watch.Now + (i % 50));
            Thread.SpinWait(i % 20);
            RunEnd end = run.End();
            Volatile.Write(ref inside, false);
            Assert.IsTrue(end == RunEnd.InTime || i % 2 == 1, "it had no deadline");
            seen += end == RunEnd.Stopped ? 1 : 0;
        }

        Volatile.Write(ref ended, true);
        looks.Join();
        Assert.IsFalse(outside, "stopped while nothing ran");
        Assert.AreEqual(told, seen);
    }

    [TestMethod]
    public void Thread_of_the_watch_wakes_for_a_run_after_a_long_sleep()
    {
        using var watch = new LaneWatch(Grace, TimeProvider.System, NullLogger.Instance);
        using var stopped = new ManualResetEventSlim();
        var run = new WatchedRun(stopped.Set, () => { });
        watch.Add(run);
        watch.Start();
        Assert.IsTrue(SpinWait.SpinUntil(() => watch.Sleeps, TimeSpan.FromSeconds(30)), "with nothing to look at");
        watch.Begin(run, watch.Now);
        Assert.IsTrue(stopped.Wait(TimeSpan.FromSeconds(30)));
        Assert.AreEqual(RunEnd.Stopped, run.End());
    }

    private LaneWatch Make(out Acts acts, out WatchedRun run)
    {
        var watch = new LaneWatch(Grace, _clock, NullLogger.Instance);
        Acts done = acts = new Acts();
        WatchedRun made = null!;
        made = run = new WatchedRun(
            () => done.Stops++,
            () =>
            {
                done.Losses++;
                done.SeenLost = made.IsLost;
            });
        watch.Add(run);
        return watch;
    }

    private long After(double seconds) => _clock.GetTimestamp() + (long)(seconds * _clock.TimestampFrequency);

    private sealed class Acts
    {
        public int Stops { get; set; }

        public int Losses { get; set; }

        public bool SeenLost { get; set; }
    }
}
