using EdgeDaemon.Engine;

namespace EdgeDaemon.Tests.Engine;

/// <summary>A lane that came back and waits for a preferred size: for how long, and for whom not.</summary>
[TestClass]
public sealed class LaneHoldTests
{
    private static readonly TimeSpan Delay = TimeSpan.FromMilliseconds(50);

    [TestMethod]
    public async Task It_waits_until_the_size_is_there()
    {
        using var runs = new SharedRuns(SharedRuns.Rule(8, [4], Delay));
        runs.GiveBack(Queue(runs, 2, out List<Task<float[]>> asked));
        Assert.IsEmpty(runs.Runs);
        asked.Add(runs.AskAsync(0, [8]));
        runs.Pump();
        Assert.IsEmpty(runs.Runs);
        asked.Add(runs.AskAsync(0, [9]));
        runs.Pump();
        await Task.WhenAll(asked);
        Assert.AreEqual(4, runs.Runs.Single().Length);
        Assert.AreEqual(0, runs.Pool.Busy);
    }

    [TestMethod]
    public async Task It_waits_no_longer_than_the_delay_of_who_waits_longest()
    {
        using var runs = new SharedRuns(SharedRuns.Rule(8, [4], Delay));
        LaneTurn lane = Queue(runs, 2, out List<Task<float[]>> asked);
        runs.Clock.Advance(Delay / 2);
        runs.GiveBack(lane);
        Assert.IsEmpty(runs.Runs);
        runs.Clock.Advance((Delay / 2) + TimeSpan.FromMilliseconds(2));
        runs.Pump();
        await Task.WhenAll(asked);
        Assert.AreEqual(2, runs.Runs.Single().Length);
    }

    [TestMethod]
    public async Task It_does_not_wait_when_another_waits_whose_run_it_is_not()
    {
        using var runs = new SharedRuns(SharedRuns.Rule(8, [4], Delay));
        runs.GiveBack(Queue(runs, 2, out List<Task<float[]>> asked));
        Assert.IsEmpty(runs.Runs, "the control: it waits");
        asked.Add(runs.AskAsync(1, [3]));
        runs.Pump();
        Assert.AreEqual(2, runs.Runs.Single().Length, "at once");

        // Now the other one is alone, and waits for company of its own.
        runs.Clock.Advance(Delay + TimeSpan.FromMilliseconds(2));
        runs.Pump();
        await Task.WhenAll(asked).WaitAsync(TimeSpan.FromSeconds(30));
        Assert.AreEqual("2 1", string.Join(' ', runs.Runs.Select(run => run.Length)));
        Assert.AreEqual(0, runs.Pool.Busy);
    }

    [TestMethod]
    public async Task It_is_free_when_those_for_whom_it_waited_have_gone()
    {
        using var runs = new SharedRuns(SharedRuns.Rule(8, [4], Delay), lanes: 2);
        LaneTurn one = runs.TakeLane(), other = runs.TakeLane();
        using var cancel = new CancellationTokenSource();
        Task<float[]> gone = runs.AskAsync(0, [1], cancel: cancel.Token);
        runs.GiveBack(one);
        runs.GiveBack(other);
        Assert.AreEqual(2, runs.Pool.Busy, "both wait");
        await cancel.CancelAsync();
        runs.Pump();
        await Assert.ThrowsExactlyAsync<OperationCanceledException>(() => gone);
        Assert.AreEqual((0, 0), (runs.Pool.Busy, runs.Pool.Waiting));

        Task<float[]> late = Late(runs);
        await Assert.ThrowsExactlyAsync<Core.Protocol.RefusedException>(() => late);
        Assert.AreEqual((0, 0), (runs.Pool.Busy, runs.Pool.Waiting));
    }

    [TestMethod]
    public async Task A_free_lane_takes_whoever_comes_at_once()
    {
        using var runs = new SharedRuns(SharedRuns.Rule(8, [4], Delay));
        Task<float[]> asked = runs.AskAsync(0, [1]);
        Assert.IsTrue(asked.IsCompleted);
        Assert.AreEqual(SharedRuns.Entry(1), (await asked).Single());
    }

    [TestMethod]
    public async Task Nobody_waits_for_a_size_that_is_not_faster()
    {
        using var runs = new SharedRuns(SharedRuns.Rule(8, [4], Delay, null, (2, 0.5), (4, 1.1)));
        runs.GiveBack(Queue(runs, 2, out List<Task<float[]>> asked));
        await Task.WhenAll(asked);
        Assert.AreEqual(2, runs.Runs.Single().Length);
    }

    private static Task<float[]> Late(SharedRuns runs)
    {
        LaneTurn one = runs.TakeLane(), other = runs.TakeLane();
        Task<float[]> late = runs.AskAsync(0, [1], deadline: runs.Clock.GetTimestamp() + 1_000_000);
        runs.GiveBack(one);
        runs.GiveBack(other);
        runs.Clock.Advance(TimeSpan.FromMilliseconds(3));
        runs.Pump();
        return late;
    }

    private static LaneTurn Queue(SharedRuns runs, int count, out List<Task<float[]>> asked)
    {
        LaneTurn lane = runs.TakeLane();
        asked = [.. Enumerable.Range(1, count).Select(i => runs.AskAsync(0, [i]))];
        return lane;
    }
}
