using EdgeDaemon.Engine;
using EdgeDaemon.Native.Onnx;

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
        Task<Lane?> first = pool.WaitAsync(default).AsTask();
        Task<Lane?> second = pool.WaitAsync(default).AsTask();
        Assert.IsNull(await pool.WaitAsync(default), "the queue holds two");
        pool.Return(lane);
        Assert.AreSame(lane, await first);
        Assert.IsFalse(second.IsCompleted);
        Assert.IsFalse(pool.TryTake(out _), "nobody overtakes the queue");
        pool.Return(lane);
        Assert.AreSame(lane, await second);
        pool.Return(lane);
        Assert.IsTrue(pool.TryTake(out _));
    }

    [TestMethod]
    public async Task Who_gives_up_leaves_the_queue_and_takes_no_lane_with_him()
    {
        using LanePool pool = Make(1, 1);
        Assert.IsTrue(pool.TryTake(out Lane lane));
        using var cancel = new CancellationTokenSource();
        Task<Lane?> waiting = pool.WaitAsync(cancel.Token).AsTask();
        await cancel.CancelAsync();
        await Assert.ThrowsExactlyAsync<OperationCanceledException>(() => waiting);
        Task<Lane?> next = pool.WaitAsync(default).AsTask();
        Assert.IsFalse(next.IsCompleted, "his place is free for another");
        pool.Return(lane);
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
                        ValueTask<Lane?> waiting = pool.WaitAsync(cancel.Token);
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
                pool.Return(lane);
            }
        }

        await Task.WhenAll(Enumerable.Range(0, 12).Select(seed => Task.Run(() => CallAsync(seed)))).WaitAsync(TimeSpan.FromSeconds(60));
        Assert.IsGreaterThan(0, served);
        for (int i = 0; i < Lanes; i++)
        {
            Assert.IsTrue(pool.TryTake(out _), $"{Lanes - i} lanes are lost");
        }
    }

    private static LanePool Make(int lanes, int queue)
    {
        var memory = new TensorBlockPool(1 << 20);
        return new LanePool(
            [.. Enumerable.Range(0, lanes).Select(index => new Lane(index, [], 0, memory))], queue, work => ThreadPool.UnsafeQueueUserWorkItem(work, preferLocal: false));
    }
}
