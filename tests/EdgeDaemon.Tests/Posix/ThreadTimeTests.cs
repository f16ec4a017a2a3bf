using System.Diagnostics;
using EdgeDaemon.Native.Posix;

namespace EdgeDaemon.Tests.Posix;

[TestClass]
public sealed class ThreadTimeTests
{
    [TestMethod]
    public void A_threads_own_work_is_counted_and_its_waiting_is_not()
    {
        long before = ThreadTime.Used();
        var waited = Stopwatch.StartNew();
        Thread.Sleep(200);
        long asleep = ThreadTime.Used() - before;
        Assert.IsLessThan(waited.Elapsed.TotalNanoseconds / 4, asleep);

        var other = new Thread(() => Spin(TimeSpan.FromMilliseconds(100)));
        other.Start();
        other.Join();
        Assert.IsLessThan(50_000_000, ThreadTime.Used() - before - asleep);

        before = ThreadTime.Used();
        Spin(TimeSpan.FromMilliseconds(20));
        Assert.IsGreaterThanOrEqualTo(20_000_000, ThreadTime.Used() - before);
    }

    private static void Spin(TimeSpan time)
    {
        for (long start = ThreadTime.Used(); ThreadTime.Used() - start < time.TotalNanoseconds;)
        {
        }
    }
}
