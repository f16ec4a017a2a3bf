using EdgeDaemon.Pipeline;
using EdgeDaemon.Tests.Admission;

namespace EdgeDaemon.Tests.Pipeline;

[TestClass]
public sealed class RefusalLinesTests
{
    [TestMethod]
    public void A_flood_of_one_caller_fills_a_hundred_lines_and_then_one_a_second_and_what_is_left_out_is_counted()
    {
        var clock = new TestClock();
        var lines = new RefusalLines(clock);
        int written = 0;
        for (int i = 0; i < 5000; i++)
        {
            written += lines.TryTake("unix:1", out long none) ? 1 : 0;
            Assert.AreEqual(0, none);
        }

        Assert.AreEqual(100, written);
        Assert.IsTrue(lines.TryTake("unix:2", out _), "another's lines are his own");
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.IsTrue(lines.TryTake("unix:1", out long leftOut));
        Assert.AreEqual(4900, leftOut);
        Assert.IsFalse(lines.TryTake("unix:1", out _));
    }
}
