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

    [TestMethod]
    public void So_many_callers_that_memory_would_have_no_end_begin_anew()
    {
        var lines = new RefusalLines(new TestClock());
        for (int i = 0; i < 101; i++)
        {
            Assert.AreEqual(i < 100, lines.TryTake("unix:1", out _));
        }

        for (int i = 0; i < 4095; i++)
        {
            lines.TryTake($"unix:{1000 + i}", out _);
        }

        Assert.IsFalse(lines.TryTake("unix:1", out _), "there is still room for all");
        lines.TryTake("unix:9", out _);
        Assert.IsTrue(lines.TryTake("unix:1", out _), "one more, and all were forgotten");
    }
}
