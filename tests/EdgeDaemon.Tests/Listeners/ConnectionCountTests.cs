using EdgeDaemon.Listeners;

namespace EdgeDaemon.Tests.Listeners;

[TestClass]
public sealed class ConnectionCountTests
{
    [TestMethod]
    public void As_many_as_may_enter_and_each_that_leaves_makes_room_for_one()
    {
        var count = new ConnectionCount(2);
        Assert.IsTrue(count.TryEnter());
        Assert.IsTrue(count.TryEnter());
        Assert.IsFalse(count.TryEnter());
        Assert.IsFalse(count.TryEnter());
        count.Leave();
        Assert.AreEqual(1, count.Open);
        Assert.IsTrue(count.TryEnter());
        Assert.IsFalse(count.TryEnter());
    }

    [TestMethod]
    public void Never_more_than_that_from_many_threads()
    {
        var count = new ConnectionCount(3);
        int inside = 0;
        int most = 0;
        Parallel.For(0, 100_000, _ =>
        {
            if (count.TryEnter())
            {
                int now = Interlocked.Increment(ref inside);
                for (int seen = Volatile.Read(ref most); now > seen; seen = Volatile.Read(ref most))
                {
                    Interlocked.CompareExchange(ref most, now, seen);
                }

                Interlocked.Decrement(ref inside);
                count.Leave();
            }
        });
        Assert.IsLessThanOrEqualTo(3, most);
        Assert.AreEqual(0, count.Open);
    }
}
