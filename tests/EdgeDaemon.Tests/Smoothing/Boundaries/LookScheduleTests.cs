using EdgeDaemon.Core.Smoothing.Boundaries;

namespace EdgeDaemon.Tests.Smoothing.Boundaries;

[TestClass]
public sealed class LookScheduleTests
{
    [TestMethod]
    public void Every_look_is_a_multiple_of_the_period_and_the_last_is_the_end()
    {
        LookSchedule looks = LookSchedule.Every(100, 1050);
        CollectionAssert.AreEqual((int[])[100, 200, 300, 400, 500, 600, 700, 800, 900, 1000, 1050], looks.Looks.ToArray());
        Assert.AreEqual(1050, looks.MaxSamples);
    }

    [TestMethod]
    public void A_growing_schedule_keeps_to_whole_batches()
    {
        LookSchedule looks = LookSchedule.Growing(32, 0.02, 131_072);
        Assert.AreEqual(301, looks.Count);
        for (int i = 1; i < looks.Count; i++)
        {
            Assert.AreEqual(0, looks[i] % 32);
            Assert.IsTrue(looks[i] - looks[i - 1] <= Math.Max(32, looks[i - 1] * 0.02), $"{looks[i]}");
        }
    }

    [TestMethod]
    public void Schedules_that_are_none_are_refused()
    {
        Assert.ThrowsExactly<ArgumentException>(() => new LookSchedule([]));
        Assert.ThrowsExactly<ArgumentException>(() => new LookSchedule([0]));
        Assert.ThrowsExactly<ArgumentException>(() => new LookSchedule([5, 5]));
        Assert.ThrowsExactly<ArgumentException>(() => new LookSchedule([5, 4]));
        Assert.ThrowsExactly<ArgumentException>(() => new LookSchedule([LookSchedule.MostSamples + 1]));
        Assert.ThrowsExactly<ArgumentException>(() => LookSchedule.Every(0, 100));
        Assert.ThrowsExactly<ArgumentException>(() => LookSchedule.Every(200, 100));
        Assert.ThrowsExactly<ArgumentException>(() => LookSchedule.Every(1, LookSchedule.MostLooks + 2));
        Assert.ThrowsExactly<ArgumentException>(() => LookSchedule.Growing(1, double.NaN, 100));
        Assert.ThrowsExactly<ArgumentException>(() => LookSchedule.Every(1, int.MaxValue));
    }
}
