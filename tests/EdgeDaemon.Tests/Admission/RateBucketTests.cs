using EdgeDaemon.Admission;

namespace EdgeDaemon.Tests.Admission;

[TestClass]
public sealed class RateBucketTests
{
    private const long Second = 1_000_000_000;

    [TestMethod]
    public void A_burst_goes_through_at_once_and_then_the_wait_is_exact()
    {
        var bucket = new RateBucket(Second);
        for (int i = 0; i < 5; i++)
        {
            Assert.IsTrue(bucket.TryTake(0, 1, perSecond: 10, burst: 5, out long none));
            Assert.AreEqual(0, none);
        }

        Assert.IsFalse(bucket.TryTake(0, 1, 10, 5, out long wait));
        Assert.AreEqual(Second / 10, wait);
        Assert.IsFalse(bucket.TryTake(wait - 1, 1, 10, 5, out long rest), "a tick too early");
        Assert.AreEqual(1, rest);
        Assert.IsTrue(bucket.TryTake(wait, 1, 10, 5, out _));
        Assert.IsFalse(bucket.TryTake(wait, 1, 10, 5, out _));
    }

    [TestMethod]
    public void After_a_pause_there_is_one_burst_however_long_it_was()
    {
        var bucket = new RateBucket(Second);
        int passed = 0;
        while (bucket.TryTake(3600 * Second, 1, 10, 7, out _))
        {
            passed++;
        }

        Assert.AreEqual(7, passed);
    }

    [TestMethod]
    public void Never_more_than_the_burst_and_the_rate_in_any_window_and_nothing_less_when_all_is_asked_for()
    {
        // The oracle counts in every window of the log; the bucket only ever sees the present.
        var random = new Random(7);
        for (int round = 0; round < 20; round++)
        {
            long perSecond = random.Next(1, 50);
            long burst = random.Next(1, 20);
            var bucket = new RateBucket(Second);
            var passed = new List<long>();
            long now = 0;
            for (int i = 0; i < 2000; i++)
            {
                now += random.Next(0, (int)(Second / perSecond));
                if (bucket.TryTake(now, 1, perSecond, burst, out _))
                {
                    passed.Add(now);
                }
            }

            for (int from = 0; from < passed.Count; from++)
            {
                for (int to = from; to < Math.Min(passed.Count, from + 60); to++)
                {
                    double most = burst + ((passed[to] - passed[from]) * (double)perSecond / Second);
                    Assert.IsLessThanOrEqualTo(most + 1e-6, to - from + 1, $"rate {perSecond}, burst {burst}");
                }
            }

            double whole = now * (double)perSecond / Second;
            Assert.IsGreaterThan(0.97 * Math.Min(whole, 1900), passed.Count, "the rate that was asked for comes");
        }
    }

    [TestMethod]
    public void Amounts_count_and_what_came_unasked_makes_the_next_ones_wait()
    {
        var bucket = new RateBucket(Second);
        Assert.IsTrue(bucket.TryTake(0, 600, 1000, 1000, out _));
        Assert.IsFalse(bucket.TryTake(0, 600, 1000, 1000, out long wait));
        Assert.AreEqual(Second / 5, wait);
        bucket.Charge(0, 2400, 1000);
        Assert.IsFalse(bucket.TryTake(0, 0, 1000, 1000, out wait), "in debt");
        Assert.AreEqual(2 * Second, wait);
        Assert.IsTrue(bucket.TryTake(2 * Second, 0, 1000, 1000, out _));
    }

    [TestMethod]
    public void Rates_beyond_the_clocks_own_count_exactly_to_a_tick_a_call()
    {
        var bucket = new RateBucket(Second);
        long taken = 0;
        while (bucket.TryTake(0, 1L << 30, 1L << 40, 1L << 36, out _))
        {
            taken++;
        }

        Assert.AreEqual(63, taken, "each of the 64 is rounded up by less than a tick: never one more");
    }

    [TestMethod]
    public void From_many_threads_exactly_the_burst()
    {
        var bucket = new RateBucket(Second);
        int passed = 0;
        Parallel.For(0, 100_000, _ =>
        {
            if (bucket.TryTake(Second, 1, 1, 1234, out long _))
            {
                Interlocked.Increment(ref passed);
            }
        });
        Assert.AreEqual(1234, passed);
    }

    [TestMethod]
    public void New_settings_count_from_the_next_call()
    {
        var bucket = new RateBucket(Second);
        Assert.IsTrue(bucket.TryTake(0, 1, 1, 1, out _));
        Assert.IsFalse(bucket.TryTake(0, 1, 1, 1, out _));
        Assert.IsTrue(bucket.TryTake(0, 1, 100, 200, out _), "the second that was used up is half of this burst");
    }
}
