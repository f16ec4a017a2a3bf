using System.Net;
using EdgeDaemon.Core.Configuration;
using EdgeDaemon.Listeners;

namespace EdgeDaemon.Tests.Listeners;

/// <summary>What one address may take, and that its neighbours have their own.</summary>
[TestClass]
public sealed class SourceLimitsTests
{
    private static readonly IPAddress One = IPAddress.Parse("192.0.2.1");
    private static readonly IPAddress Two = IPAddress.Parse("192.0.2.2");

    private readonly MovedClock _clock = new();

    [TestMethod]
    public void Handshakes_ComeAtOnceAfterAPause_ThenAtTheirRate()
    {
        SourceLimits limits = With(connections: 1000, handshakes: 2);
        for (int i = 0; i < 20; i++)
        {
            Assert.AreEqual(SourceVerdict.Admitted, limits.Enter(One, out SourceNetwork network));
            limits.Leave(network);
        }

        Assert.AreEqual(SourceVerdict.TooManyHandshakes, limits.Enter(One, out _));
        Assert.AreEqual(SourceVerdict.Admitted, limits.Enter(Two, out _), "control: another");
        _clock.Move(TimeSpan.FromSeconds(0.4));
        Assert.AreEqual(SourceVerdict.TooManyHandshakes, limits.Enter(One, out _));
        _clock.Move(TimeSpan.FromSeconds(0.1));
        Assert.AreEqual(SourceVerdict.Admitted, limits.Enter(One, out _));
        Assert.AreEqual(SourceVerdict.TooManyHandshakes, limits.Enter(One, out _));
    }

    [TestMethod]
    public void OpenConnections_AreBounded_AndComeBack()
    {
        SourceLimits limits = With(connections: 2, handshakes: 1000);
        Assert.AreEqual(SourceVerdict.Admitted, limits.Enter(One, out SourceNetwork network));
        Assert.AreEqual(SourceVerdict.Admitted, limits.Enter(One, out _));
        Assert.AreEqual(SourceVerdict.TooManyConnections, limits.Enter(One, out _));
        Assert.AreEqual(SourceVerdict.Admitted, limits.Enter(Two, out _), "control: another");
        limits.Leave(network);
        Assert.AreEqual(SourceVerdict.Admitted, limits.Enter(One, out _));
    }

    [TestMethod]
    [DataRow("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true)]
    [DataRow("2001:db8:1:2::1", "2001:db8:1:3::1", false)]
    [DataRow("192.0.2.1", "192.0.2.2", false)]
    public void Addresses_CountTogether_ByTheirNetwork(string one, string other, bool together)
    {
        SourceLimits limits = With(connections: 1, handshakes: 1000);
        Assert.AreEqual(SourceVerdict.Admitted, limits.Enter(IPAddress.Parse(one), out _));
        Assert.AreEqual(together ? SourceVerdict.TooManyConnections : SourceVerdict.Admitted, limits.Enter(IPAddress.Parse(other), out _));
    }

    [TestMethod]
    public void Sources_AreForgotten_AndTheirNumberIsBounded()
    {
        SourceLimits limits = With(connections: 10, handshakes: 1);
        for (uint i = 0; i < 200_000; i++)
        {
            if (limits.Enter(new IPAddress(i + 1), out SourceNetwork network) == SourceVerdict.Admitted)
            {
                limits.Leave(network);
            }
        }

        Assert.IsLessThan(70_000, limits.Count);
        _clock.Move(TimeSpan.FromSeconds(10));
        Assert.AreEqual(SourceVerdict.Admitted, limits.Enter(IPAddress.Parse("203.0.113.1"), out _), "when they have gone, there is room");
        Assert.AreEqual(1, limits.Count);
    }

    [TestMethod]
    public void WhoSharesTheLastPlace_TakesNothingFromAnAddress()
    {
        SourceLimits limits = With(connections: 1, handshakes: 1);
        for (uint i = 0; i < 1 << 16; i++)
        {
            Assert.AreEqual(SourceVerdict.Admitted, limits.Enter(new IPAddress(i + 1), out _));
        }

        Assert.AreEqual(SourceVerdict.Admitted, limits.Enter(One, out SourceNetwork shared));
        Assert.AreEqual(SourceVerdict.TooManyConnections, limits.Enter(Two, out SourceNetwork again), "control: both are in the place that is left");
        Assert.AreEqual(shared, again);
        Assert.AreNotEqual(SourceNetwork.Of(IPAddress.IPv6Loopback), shared);
        Assert.AreNotEqual(SourceNetwork.Of(IPAddress.Broadcast), shared);
    }

    private SourceLimits With(int connections, int handshakes) => new(
        EdgedSettings.Parse(System.Text.Encoding.UTF8.GetBytes($"format = 1\n[limits]\nmax_source_connections = {connections}\nsource_handshakes_per_second = {handshakes}\n"), "t").Limits, _clock);
}
