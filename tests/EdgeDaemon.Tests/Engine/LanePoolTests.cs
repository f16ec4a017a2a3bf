using EdgeDaemon.Core.Protocol;
using EdgeDaemon.Engine;
using EdgeDaemon.Native.Onnx;
using EdgeDaemon.Tests.Admission;

namespace EdgeDaemon.Tests.Engine;

[TestClass]
public sealed class LanePoolTests
{
    [TestMethod]
    public void Every_lane_is_given_once_and_then_none()
    {
        using LanePool pool = Make(3, 0);
        var taken = new HashSet<int>();
        for (int i = 0; i < 3; i++)
        {
            Assert.IsTrue(pool.TryTake(out Lane lane));
            Assert.IsTrue(taken.Add(lane.Index));
        }

        Assert.IsFalse(pool.TryTake(out _));
    }

    [TestMethod]
    public async Task Who_waits_is_served_in_the_order_of_asking_and_a_full_queue_says_so()
    {
        using LanePool pool = Make(1, 2);
        Assert.IsTrue(pool.TryTake(out Lane lane));
        Task<Lane?> first = WaitAsync(pool, Request());
        Task<Lane?> second = WaitAsync(pool, Request());
        Assert.IsNull(await WaitAsync(pool, Request()), "the queue holds two");
        pool.Leave(new LaneTurn(lane));
        Assert.AreSame(lane, await first);
        Assert.IsFalse(second.IsCompleted);
        Assert.IsFalse(pool.TryTake(out _), "nobody overtakes the queue");
        pool.Leave(new LaneTurn(lane));
        Assert.AreSame(lane, await second);
        pool.Leave(new LaneTurn(lane));
        Assert.IsTrue(pool.TryTake(out _));
    }

    [TestMethod]
    public async Task Who_gives_up_leaves_the_queue_and_takes_no_lane_with_him()
    {
        using LanePool pool = Make(1, 1);
        Assert.IsTrue(pool.TryTake(out Lane lane));
        using var cancel = new CancellationTokenSource();
        Task<Lane?> waiting = WaitAsync(pool, Request(), cancel.Token);
        await cancel.CancelAsync();
        await Assert.ThrowsExactlyAsync<OperationCanceledException>(() => waiting);
        Task<Lane?> next = WaitAsync(pool, Request());
        Assert.IsFalse(next.IsCompleted, "his place is free for another");
        pool.Leave(new LaneTurn(lane));
        Assert.AreSame(lane, await next);
    }

    [TestMethod]
    public async Task Under_load_no_lane_is_with_two_and_none_is_lost()
    {
        const int Lanes = 3;
        using LanePool pool = Make(Lanes, 10_000);
        int[] holders = new int[Lanes];
        int served = 0;
        async Task CallAsync(int seed)
        {
            var random = new Random(seed);
            for (int i = 0; i < 2_000; i++)
            {
                using var cancel = new CancellationTokenSource();
                Lane? lane;
                try
                {
                    if (!pool.TryTake(out Lane free))
                    {
                        Task<Lane?> waiting = WaitAsync(pool, Request(), cancel.Token);
                        if (random.Next(4) == 0)
                        {
                            await cancel.CancelAsync();
                        }

                        lane = await waiting;
                    }
                    else
                    {
                        lane = free;
                    }
                }
                catch (OperationCanceledException)
                {
                    continue;
                }

                Assert.IsNotNull(lane);
                Assert.AreEqual(1, Interlocked.Increment(ref holders[lane.Index]), "a lane with two holders");
                if (random.Next(8) == 0)
                {
                    await Task.Yield();
                }

                Interlocked.Increment(ref served);
                Interlocked.Decrement(ref holders[lane.Index]);
                pool.Leave(new LaneTurn(lane));
            }
        }

        await Task.WhenAll(Enumerable.Range(0, 12).Select(seed => Task.Run(() => CallAsync(seed)))).WaitAsync(TimeSpan.FromSeconds(60));
        Assert.IsGreaterThan(0, served);
        for (int i = 0; i < Lanes; i++)
        {
            Assert.IsTrue(pool.TryTake(out _), $"{Lanes - i} lanes are lost");
        }
    }

    [TestMethod]
    public async Task Whose_time_is_over_is_told_so_and_gets_no_lane_even_if_one_is_free_in_the_same_moment()
    {
        var clock = new TestClock();
        using LanePool pool = Make(1, 3, clock);
        Assert.IsTrue(pool.TryTake(out Lane lane));
        Task<Lane?> hasty = WaitAsync(pool, Request(deadline: clock.GetTimestamp() + 1_000_000_000));
        Task<Lane?> patient = WaitAsync(pool, Request(deadline: clock.GetTimestamp() + 5_000_000_000));
        Task<Lane?> endless = WaitAsync(pool, Request());
        clock.Advance(TimeSpan.FromSeconds(0.9));
        Assert.IsFalse(hasty.IsCompleted);
        clock.Advance(TimeSpan.FromSeconds(0.2));
        Assert.AreEqual(Refusal.AdmissionDeadline, (await Assert.ThrowsExactlyAsync<RefusedException>(() => hasty)).Refusal);
        Assert.IsFalse(patient.IsCompleted);
        clock.AdvanceSilently(TimeSpan.FromSeconds(5));
        pool.Leave(new LaneTurn(lane));
        Assert.AreSame(lane, await endless, "the next whose time is not over");
        Assert.AreEqual(Refusal.AdmissionDeadline, (await Assert.ThrowsExactlyAsync<RefusedException>(() => patient)).Refusal);
        pool.Leave(new LaneTurn(lane));
        Assert.IsTrue(pool.TryTake(out _));
    }

    [TestMethod]
    public async Task Tenants_are_served_in_turn_whoever_came_first()
    {
        // Turns are settled by the time they took: on a clock that runs by itself a busy machine would decide.
        using LanePool pool = Make(1, 100, new TestClock());
        Assert.IsTrue(pool.TryTake(out Lane lane));
        Task<Lane?>[] flood = [.. Enumerable.Range(0, 20).Select(_ => WaitAsync(pool, Request(0)))];
        Task<Lane?>[] modest = [.. Enumerable.Range(0, 5).Select(_ => WaitAsync(pool, Request(1)))];
        for (int i = 0; i < 10; i++)
        {
            pool.Leave(new LaneTurn(lane));
            await UntilAsync(() => flood.Concat(modest).Count(task => task.IsCompleted) == i + 1);
        }

        Assert.AreEqual((5, 5), (flood.Count(task => task.IsCompleted), modest.Count(task => task.IsCompleted)));
    }

    private static async Task<Lane?> WaitAsync(LanePool pool, LaneRequest request, CancellationToken cancel = default)
    {
        LaneTurn turn = await pool.WaitAsync(new LaneWaiter(), request, cancel);
        return turn.IsNone ? null : turn.Lane;
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        for (var waited = System.Diagnostics.Stopwatch.StartNew(); !holds(); await Task.Yield())
        {
            Assert.IsLessThan(TimeSpan.FromSeconds(30), waited.Elapsed);
        }
    }

    private static LaneRequest Request(int tenant = 0, long deadline = long.MaxValue) => new(tenant, 1, RequestPriority.Default, 100, deadline);

    private static LanePool Make(int lanes, int queue, TimeProvider? clock = null)
    {
        var memory = new TensorBlockPool(1 << 20);
        return new LanePool(
            [.. Enumerable.Range(0, lanes).Select(index => new Lane(index, [], memory))], queue, work => ThreadPool.UnsafeQueueUserWorkItem(work, preferLocal: false), clock ?? TimeProvider.System);
    }
}
