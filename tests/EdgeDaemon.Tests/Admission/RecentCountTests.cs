using EdgeDaemon.Admission;

namespace EdgeDaemon.Tests.Admission;

[TestClass]
public sealed class RecentCountTests
{
    [TestMethod]
    public void Never_fewer_than_there_were_within_the_window_and_none_older_than_it_and_an_eighth()
    {
        const long Window = 8000;
        var random = new Random(3);
        var count = new RecentCount();
        var all = new List<long>();
        long now = 1_000_000;
        for (int i = 0; i < 5000; i++)
        {
            now += random.Next(20) == 0 ? random.Next(0, 20_000) : random.Next(0, 200);
            all.Add(now);
            int counted = count.Add(now, Window);
            Assert.IsGreaterThanOrEqualTo(all.Count(time => time > now - Window), counted);
            Assert.IsLessThanOrEqualTo(all.Count(time => time > now - Window - (Window / 8)), counted);
        }
    }

    [TestMethod]
    public void Another_window_begins_anew()
    {
        var count = new RecentCount();
        for (int i = 0; i < 10; i++)
        {
            count.Add(1_000_000, 80);
        }

        Assert.AreEqual(1, count.Add(1_000_001, 8000));
        Assert.AreEqual(1, count.Add(1_020_000, 8000), "and goes on");
    }
}
