using EdgeDaemon.Listeners;

namespace EdgeDaemon.Tests.Listeners;

[TestClass]
public sealed class BodyClockTests
{
    [TestMethod]
    public async Task A_deadline_before_the_bodys_time_ends_the_waiting_and_has_then_passed()
    {
        var clock = new BodyClock();
        clock.SetDeadline(TimeSpan.FromMilliseconds(30));
        CancellationToken token = clock.Start(TimeSpan.FromMinutes(10));
        var fired = new TaskCompletionSource();
        using (token.Register(fired.SetResult))
        {
            await fired.Task.WaitAsync(TimeSpan.FromSeconds(20));
        }

        Assert.IsTrue(clock.Expired);
        Assert.IsTrue(clock.DeadlinePassed);
    }

    [TestMethod]
    public async Task The_bodys_time_before_the_deadline_is_no_deadline()
    {
        var clock = new BodyClock();
        clock.SetDeadline(TimeSpan.FromMinutes(10));
        var fired = new TaskCompletionSource();
        using (clock.Start(TimeSpan.FromMilliseconds(30)).Register(fired.SetResult))
        {
            await fired.Task.WaitAsync(TimeSpan.FromSeconds(20));
        }

        Assert.IsTrue(clock.Expired);
        Assert.IsFalse(clock.DeadlinePassed);
    }

    [TestMethod]
    public void A_request_without_a_deadline_has_none_of_the_one_before()
    {
        var clock = new BodyClock();
        clock.SetDeadline(TimeSpan.Zero);
        Assert.IsTrue(clock.DeadlinePassed);
        clock.SetDeadline(null);
        Assert.IsFalse(clock.DeadlinePassed);
        clock.Start(TimeSpan.FromMinutes(10));
        clock.Stop();
        Assert.IsFalse(clock.Expired);
    }
}
