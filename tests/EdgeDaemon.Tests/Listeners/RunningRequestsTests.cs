using EdgeDaemon.Listeners;

namespace EdgeDaemon.Tests.Listeners;

[TestClass]
public sealed class RunningRequestsTests
{
    [TestMethod]
    public void Requests_run_until_each_has_ended()
    {
        var requests = new RunningRequests();
        Assert.IsFalse(requests.Any);
        requests.Begin();
        requests.Begin();
        requests.End();
        Assert.IsTrue(requests.Any);
        requests.End();
        Assert.IsFalse(requests.Any);
    }

    [TestMethod]
    public void A_request_that_came_and_went_between_two_looks_is_noticed()
    {
        var requests = new RunningRequests();
        long before = requests.Begun;
        requests.Begin();
        requests.End();
        Assert.AreNotEqual(before, requests.Begun);
    }
}
