using System.Diagnostics;
using EdgeDaemon.Engine;

namespace EdgeDaemon.Tests.Engine;

[TestClass]
public sealed class RunEstimateTests
{
    private static readonly long Millisecond = Stopwatch.Frequency / 1000;

    [TestMethod]
    public void A_first_run_counts_as_long_and_later_ones_as_they_were()
    {
        var estimate = new RunEstimate();
        Assert.IsTrue(estimate.IsLong(64));
        estimate.Learn(64, Millisecond / 10);
        Assert.IsFalse(estimate.IsLong(64));
        Assert.IsTrue(estimate.IsLong(64 * 11), "a batch eleven times as large");
    }

    [TestMethod]
    public void One_slow_run_changes_little_and_many_change_all()
    {
        var estimate = new RunEstimate();
        estimate.Learn(64, Millisecond / 10);
        estimate.Learn(64, Millisecond * 4);
        Assert.IsFalse(estimate.IsLong(64));
        for (int i = 0; i < 20; i++)
        {
            estimate.Learn(64, Millisecond * 4);
        }

        Assert.IsTrue(estimate.IsLong(64));
    }
}
