using EdgeDaemon.Engine.Voting;
using EdgeDaemon.Tests.Admission;

namespace EdgeDaemon.Tests.Engine.Voting;

[TestClass]
public sealed class MemberRecordTests
{
    [TestMethod]
    public void Every_failure_counts_and_one_a_minute_is_told()
    {
        var clock = new TestClock();
        var record = new MemberRecord("a", clock);
        Assert.IsNull(record.Last);
        Assert.IsTrue(record.Count(late: false, out long leftOut));
        Assert.AreEqual(0, leftOut);
        for (int i = 0; i < 500; i++)
        {
            Assert.IsFalse(record.Count(late: i % 2 == 0, out _));
        }

        clock.Advance(TimeSpan.FromSeconds(59));
        Assert.IsFalse(record.Count(late: true, out _));
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.IsTrue(record.Count(late: true, out leftOut));
        Assert.AreEqual(501, leftOut);
        Assert.AreEqual((251L, 252L), (record.Failed, record.Late));
        Assert.IsNotNull(record.Last);
    }
}
