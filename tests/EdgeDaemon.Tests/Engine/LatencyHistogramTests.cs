using System.Diagnostics;
using EdgeDaemon.Engine;

namespace EdgeDaemon.Tests.Engine;

[TestClass]
public sealed class LatencyHistogramTests
{
    [TestMethod]
    public void Each_observation_lies_in_the_first_bucket_whose_end_it_does_not_pass()
    {
        double[] seconds = [0, 0.00005, 0.000051, 0.0001, 0.3, 1, 1.0001, 9.99, 10, 10.1, 100_000];
        foreach (double second in seconds)
        {
            var histogram = new LatencyHistogram();
            long ticks = (long)(second * Stopwatch.Frequency);
            histogram.Observe(ticks);
            long[] counts = new long[LatencyHistogram.Bounds.Length + 1];
            histogram.AddTo(counts);
            int expected = LatencyHistogram.Bounds.TakeWhile(bound => bound < (double)ticks / Stopwatch.Frequency).Count();
            Assert.AreEqual(expected, Array.IndexOf(counts, 1), $"{second} s");
            Assert.AreEqual(1, counts.Sum());
            Assert.AreEqual(ticks, histogram.Ticks);
        }
    }

    [TestMethod]
    public void Around_every_bound_and_every_power_of_two_the_bucket_is_the_one_that_counting_up_finds()
    {
        long[] limits = [.. LatencyHistogram.Bounds.Select(bound => (long)(bound * Stopwatch.Frequency))];
        IEnumerable<long> edges = limits.Concat(Enumerable.Range(0, 63).Select(bit => 1L << bit)).SelectMany(edge => (long[])[edge - 1, edge, edge + 1]);
        foreach (long ticks in edges.Concat([0, -1, long.MinValue, long.MaxValue]))
        {
            var histogram = new LatencyHistogram();
            histogram.Observe(ticks);
            long[] counts = new long[limits.Length + 1];
            histogram.AddTo(counts);
            Assert.AreEqual(limits.TakeWhile(limit => ticks > limit).Count(), Array.IndexOf(counts, 1), $"{ticks} ticks");
        }
    }

    [TestMethod]
    public void Bounds_ascend() => CollectionAssert.AreEqual(LatencyHistogram.Bounds.Order().ToArray(), LatencyHistogram.Bounds.ToArray());
}
